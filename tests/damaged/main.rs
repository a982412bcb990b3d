//! However a file is damaged that the program reads, it answers with a result or with an error: it never
//! panics, hangs, takes memory without bound, or ends with another status than 0, 1 or 2.
//!
//! Every reader has a seed corpus, which is mutated by its structure, for ten seconds;
//! `BYZSIM_FUZZ_SECONDS` sets another time. Inputs are numbered: a failure names its number, from which on
//! `BYZSIM_FUZZ_FROM` repeats.

mod binary;
mod data;
mod mutate;
mod program;
mod results;
mod scenarios;
mod text;
