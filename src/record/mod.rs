//! Recording what a run does: tables of columns and the statistics in them.

mod parquet_file;
mod stats;
mod table;

pub use stats::Spread;
pub use table::{Column, Constant, Integer, Kind, Row, Table, TableError, Value};
