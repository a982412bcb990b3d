//! The data files themselves, and the paper's case studies on them.
//!
//! The files are where the variable `BYZSIM_DATA` says. Without it these tests are reported as
//! ignored, which the standard harness cannot do at run time: so they have their own.
//! All tests share one reading of the files.

mod activity;
mod digits;
mod images;
#[path = "../shipped/mod.rs"]
mod shipped;

use byzsim::data::Library;
use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

static LIBRARY: LazyLock<Arc<Library>> =
    LazyLock::new(|| Arc::new(Library::new(None, shipped::folder())));

/// Tests under their names.
macro_rules! trials {
    ($($module:ident::$test:ident,)*) => {
        vec![$(trial(stringify!($test), $module::$test)),*]
    };
}

fn trial(name: &str, test: fn()) -> Trial {
    let data_is_absent = std::env::var_os("BYZSIM_DATA").is_none();
    let run = move || {
        test();
        Ok(())
    };
    Trial::test(name, run).with_ignored_flag(data_is_absent)
}

fn main() -> ExitCode {
    let trials = trials![
        activity::one_agent_among_29_attackers_predicts_as_if_alone,
        activity::after_10_epochs_the_filtered_rule_is_ahead_of_no_cooperation,
        activity::ten_attackers_leave_the_average_far_behind,
        activity::recordings_give_one_fingerprint_on_any_number_of_threads,
        activity::the_published_files_have_10299_rows_of_30_subjects,
        images::mnist_has_60000_images_to_train_on_and_10000_to_test_on,
        images::plain_and_gzip_files_give_the_same_examples_and_digests,
        images::photo_digits_have_10000_images_to_train_on_and_2000_to_test_on,
        images::the_jpeg_samples_of_synthetic_digits_are_six_of_each_class,
        digits::after_3_epochs_the_filtered_rule_reads_digits_better_than_an_agent_alone,
        digits::images_give_one_fingerprint_on_any_number_of_threads,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
