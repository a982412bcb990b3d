//! The oracle: what a run must tell, found by plain loops over time, without actors.
//!
//! It shares with the program the random streams, how a network is drawn from a seed, the drawn
//! attackers and sets, and the task's data, and nothing else: it reads the scenario itself, draws
//! measurements, permutations, coins, payloads, delays and losses itself, and has its own clock
//! modes, links, faults, losses, gradients, rules and attacks.
//!
//! `compare` lays a run of the program (`told`) beside a run of the oracle (`run`).

#![allow(dead_code, reason = "each test program uses a part")]

pub mod agents;
pub mod asynchronous;
pub mod attacks;
pub mod clock;
pub mod compare;
pub mod deadline;
pub mod distribution;
pub mod faults;
pub mod links;
pub mod mail;
pub mod network;
pub mod rules;
pub mod run;
pub mod scenario;
pub mod shelf;
pub mod slip;
pub mod synchronous;
pub mod tasks;
pub mod told;
