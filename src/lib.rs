pub mod record;
pub mod rng;
pub mod settings;
pub mod task;
pub mod topology;
pub mod units;
