//! An actor-based, in-process simulator of Byzantine-resilient distributed multi-task learning.
#![warn(missing_docs)]

pub mod actors;
pub mod attack;
pub mod campaign;
pub mod cli;
pub mod kernel;
pub mod learner;
pub mod link;
pub mod record;
pub mod rng;
pub mod rule;
pub mod scenario;
pub mod settings;
pub mod task;
pub mod topology;
pub mod units;
