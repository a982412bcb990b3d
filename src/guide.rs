//! The guide: pages for people who run studies, also readable in the repository (`src/guide`).

#[doc = include_str!("guide/time.md")]
pub mod time {}

#[doc = include_str!("guide/forecasts.md")]
pub mod forecasts {}

#[doc = include_str!("guide/own-data.md")]
pub mod own_data {}
