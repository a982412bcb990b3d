//! Recording what a run does: what agents tell, tables, statistics, the summary.
//!
//! A [`Recorder`] is a thread behind a bounded channel. It takes whole iterations
//! ([`Entry::Round`]), or events in the order of time ([`Entry::Events`]) which it puts together
//! to iterations, writes tables, shows each iteration to [`Observer`]s, and ends with a
//! [`Summary`]. Watching a run is an observer's business: nothing it does reaches the run.

mod assembler;
mod build;
mod came_to;
mod checkpoint;
mod columns;
mod delays;
mod elapsed;
mod failure;
mod files;
mod filtered;
mod groups;
mod histograms;
mod interval_log;
mod latency;
mod leaves;
mod machine;
mod network;
mod observer;
mod packing;
mod parquet_file;
mod recorder;
mod relationship;
mod rounds;
mod rows;
mod sample;
mod seal;
mod stats;
mod steady;
mod summary;
mod table;
mod tally;
mod timeline;
mod trace;
mod traced;

#[cfg(test)]
mod tests;

pub use build::Build;
pub use came_to::CameTo;
pub use checkpoint::Checkpoint;
pub use columns::{Columns, ColumnsError, Values};
pub use delays::{Delay, Delays};
pub use failure::{Panic, RunError, Stall, Standstill};
pub use files::{begin_anew, has_checkpoint, tidy};
pub(crate) use files::{is_run, remove_run, write_whole};
pub use groups::GroupStats;
pub use histograms::{Histograms, HistogramsError, RUN_LOG};
pub use machine::{Machine, peak_memory_bytes};
pub use observer::{Observer, Seen};
pub use recorder::{Entry, Output, Recorder};

pub use sample::{Age, Closing, Filter, Round, Sample, Traffic, WallTimes, WeightRow};
pub use seal::{Care, Found};
pub use stats::Spread;
pub use summary::Summary;
pub use table::{Column, Constant, Integer, Kind, Row, Table, TableError, Value};
pub use tally::Percentiles;
pub(crate) use timeline::LONGEST_SILENCE;
pub use traced::{DroppedBy, MessageEnd, MessageKey, MessageRow, ModelRow, Stage, Trace};
