//! What robust aggregators promise, whatever models they are given.

mod bounds;
mod combined;
mod hull;
mod symmetries;
mod trivial;
