//! Tests of the tasks on small files.
