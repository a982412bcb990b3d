//! An actor-based, in-process simulator of Byzantine-resilient distributed multi-task learning.
//!
//! Agents on a graph each learn a task of their own, send their models to their neighbors, and
//! weigh what they receive by its loss on their own data, shutting out whoever does worse than
//! themselves (Li, Abbas, Koutsoukos, NeurIPS 2020). Every agent is an actor, a clock broadcasts
//! ticks, models move as messages, attackers send what they like. Time is simulated: the same
//! scenario and seed give the same bits on any number of threads.
//!
//! # How to use it
//!
//! 1. Write a scenario in TOML and open it: [`scenario::ScenarioFile::open`]. All mistakes are
//!    told at once, each with its place.
//! 2. Draw the network, load the data, assign everybody's part: [`scenario::Plan::draw`].
//! 3. Run it: [`actors::run`], with an example. Watch it with a [`record::Observer`].
//! 4. Or run all points of a sweep into a results folder: [`campaign::Campaign`].
//!
//! The program `byzsim` does all that from the command line ([`cli`]).
//!
//! # How to add to it
//!
//! A rule is a struct that implements [`rule::Rule`], an attack one that implements
//! [`attack::Attack`], a task [`task::Task`], a network [`topology::Topology`]. Each declares its
//! TOML keys once, in its `read` function ([`settings`]); checks, defaults, resolved settings,
//! `byzsim list`, the schema that editors read and the comments of new scenarios follow from that. Put it into the [`scenario::Catalogues`] and scenarios can name
//! it; `examples/plugin` is a whole crate that does so. An attack sees what its level of knowledge
//! allows ([`attack::Knowledge`]), which is the type of what its forger is handed:
//!
//! ```
//! use byzsim::attack::{AnyForger, Attack, Forger, OwnState};
//! use byzsim::checkpoint::{Book, Kept};
//! use byzsim::scenario::{Catalogues, ScenarioFile};
//! use byzsim::settings::{Keys, kind};
//! use byzsim::units::AgentId;
//!
//! /// Sends zeros but for one coordinate.
//! #[derive(Clone, Debug)]
//! struct Spike {
//!     height: f64,
//! }
//!
//! impl Spike {
//!     const NAME: &str = "spike";
//!     const ABOUT: &str = "Zeros with one high coordinate";
//!     fn read(keys: &mut Keys<'_>) -> Self {
//!         Spike { height: keys.key("height", "The coordinate").above(0.0).required() }
//!     }
//! }
//!
//! impl Attack for Spike {
//!     fn forger(&self, _: AgentId) -> AnyForger {
//!         AnyForger::Blind(Box::new(self.clone()))
//!     }
//! }
//!
//! impl Forger<OwnState<'_>> for Spike {
//!     fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
//!         payload.resize(sight.honest.len(), 0.0);
//!         payload[0] = self.height as f32;
//!     }
//!
//!     // It remembers nothing that a checkpoint would have to keep.
//!     fn keep(&mut self, _: &mut Book<'_>) -> Kept {
//!         Ok(())
//!     }
//! }
//!
//! let mut catalogues = Catalogues::default();
//! catalogues.attacks.add(kind!(Spike));
//! let text = r#"
//!     [task]
//!     kind = "target-localization"
//!     [[attack]]
//!     agents = { random = 20 }
//!     kind = "spike"
//!     heigth = 30.0
//! "#;
//! let wrong = ScenarioFile::parse("demo.toml", text, "demo", ".".into(), &[], &catalogues);
//! let message = wrong.err().unwrap().to_string();
//! assert!(message.contains("demo.toml:7:5") && message.contains("did you mean `height`?"));
//! ```
//!
//! # Parts
//!
//! Ground floor first; a part uses only parts above it in this table.
//!
//! | part | what it answers |
//! |---|---|
//! | [`units`], [`kernel`] | agents, simulated time; loops for the processor's vector units |
//! | [`rng`], `files`, `delimited` | keyed random streams; files that users name; small tables in text files |
//! | [`settings`], [`distribution`] | strict TOML; random durations |
//! | [`topology`] | who is whose neighbor |
//! | [`learner`] | the adapt step |
//! | [`data`], [`model`] | rows to learn from, read or generated; what is fitted to them |
//! | [`task`] | what an agent learns: its rows or stream, loss, gradient, evaluation |
//! | [`rule`] | the combine step |
//! | [`attack`] | what a Byzantine agent sends to whom, and when |
//! | [`link`] | what happens to a message on its way |
//! | [`fault`] | who is down when, and who is cut off from whom |
//! | [`scenario`] | TOML to a checked plan |
//! | [`record`] | tables, histograms, the summary |
//! | [`actors`] | clock, agents, attackers; the only part that knows actix |
//! | [`campaign`] | the points of a sweep, side by side, and what goes on where it ended |
//! | [`report`] | pages and figures out of results folders |
//! | [`cli`] | the commands |
//!
//! # What is promised
//!
//! - **Determinism.** One binary on one kind of processor gives one fingerprint on any number of
//!   threads: random streams are keyed by purpose, owner and count; sums run in the order of the
//!   agents; no wall-clock time comes near a result.
//! - **No silent misconfiguration.** An unknown key at any depth is an error with its place.
//! - **No silent hang.** A panic in an agent, an attack, a task or an observer ("the
//!   recorder") ends the run with its name, iteration and simulated time; what was recorded until then is readable.
//!   A synchronous run that can never go on, because everyone is down for good or a link has lost a
//!   model too often, ends with a message that says who waits for what.
//! - **Nothing lost.** Files appear whole or not at all. A run that was interrupted or killed goes on
//!   from its last checkpoint, and then is equal to one that was not: all rows and columns but those
//!   about wall-clock time. A checkpoint is cut when everyone has done what the clock asked for, so
//!   that whatever was sent is in a mailbox; whoever remembers something, rules and attacks of one's
//!   own too, says what in a method `keep` ([`checkpoint`]). One of another program or another kind of
//!   processor is refused.
//! - **Conservation.** Every message that was sent is accounted for, checked at the end of each
//!   run: sent + duplicated = delivered + dropped + expired + malformed + in flight.
//!
//! # Time
//!
//! Time is simulated, in whole microseconds; a message takes at least one. What is there at a
//! moment counts as in time. Three modes say who waits for whom ([`scenario::Pace`]):
//!
//! - **Synchronous**, the paper's rule. Iteration i begins for everyone at T_i; an agent combines
//!   when the models of the iteration have arrived (or a quorum of them), and T_{i+1} is the moment
//!   at which the slowest agent has combined. Agents know at once who is down, and when a model is
//!   lost: that is what the rule idealizes.
//! - **Deadline.** Iteration i ends at tick i+1, whatever has arrived. Models that come later are
//!   used later, or not at all. Who still computes at a tick skips it.
//! - **Asynchronous.** Nobody waits: whoever has adapted sends and combines with the newest models
//!   that are there.
//!
//! Faults are apart from attacks. An agent is looked up at three moments: at the beginning of an
//! iteration (down: it takes no part), at the end of its computation (down: what it computed is
//! lost, θ and φ stay), and when a message reaches it (down: the message is dropped).
#![warn(missing_docs)]

pub mod actors;
pub mod attack;
pub mod campaign;
pub mod checkpoint;
mod checksum;
pub mod cli;
pub mod data;
mod delimited;
pub mod distribution;
pub mod fault;
mod files;
pub mod guide;
pub mod kernel;
pub mod learner;
pub mod link;
pub mod model;
pub mod record;
pub mod report;
pub mod rng;
pub mod rule;
pub mod scenario;
pub mod settings;
pub mod task;
pub mod topology;
pub mod units;
