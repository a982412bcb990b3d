//! Campaigns as their users meet them: what is run when, what the folder tells meanwhile, and who
//! may be in it.

mod bench;
mod forecasts;
mod goes_on;
mod grows;
#[cfg(unix)]
mod hostile;
mod in_progress;
#[path = "../reading/mod.rs"]
mod reading;
mod shared;
