//! Runs that can never go on: they end, say who waits for what, and leave what they had recorded
//! readable. Whoever is down or lost without anybody's waiting stalls nothing.

use super::bench::{Bench, Ended, RING, is_readable};
use super::reading::{self, Table};

super::tests![
    a_link_that_loses_everything_ends_the_run_and_is_named,
    a_partition_that_lasts_ends_a_run_that_sends_again,
    a_synchronous_run_ends_when_everybody_is_down_for_good,
    a_run_goes_on_when_somebody_comes_back,
    an_asynchronous_run_that_would_never_end_is_refused_with_names,
    an_asynchronous_run_with_a_last_moment_ends_at_it,
    deadlines_come_though_everybody_is_down,
    what_is_lost_for_good_stalls_nobody,
    other_points_of_a_sweep_go_on,
];

/// Ten agents in a ring for 40 iterations of 10 ms, and these tables.
fn ring(tables: &str) -> String {
    format!("{RING}[task]\nkind = \"target-localization\"\n{tables}")
}

/// On any number of threads.
fn runs(scenario: &str, check: impl Fn(&Bench, Ended)) {
    for threads in ["1", "2", "8"] {
        let bench = Bench::new(scenario);
        let ended = bench.run(&["--threads", threads, "--jobs", "1"]);
        check(&bench, ended);
    }
}

const ALL_DOWN: &str = "[[fault]]\nkind = \"crash\"\nagents = { every = 1 }\n";

fn a_link_that_loses_everything_ends_the_run_and_is_named() {
    let link = "[link]\nretransmit_ms = 5\nretransmit_limit = 3\n\
                [[link.override]]\nfrom = [3]\nto = [4]\ndrop = 0.9999999\n";
    runs(&ring(link), |bench, ended| {
        ended.with_status(1).tells(&[
            "stalls in iteration 0, which began at 0 ms",
            "agent 4 waits for the model of agent 3",
            "the link from 3 to 4 has lost 4 times",
            "link.retransmit_limit",
        ]);
        is_readable(&bench.run_folder(), "failed", 0);
    });
}

fn a_partition_that_lasts_ends_a_run_that_sends_again() {
    let parted = "[link]\nretransmit_ms = 5\nretransmit_limit = 20\n\
                  [[fault]]\nkind = \"partition\"\ngroups = [[0, 1, 2, 3, 4]]\nfrom_iteration = 12\n";
    runs(&ring(parted), |bench, ended| {
        let ended = ended.with_status(1);
        ended.tells(&["stalls in iteration 12, which began at 120.012 ms"]);
        // Four links are cut. The first sender's is named, on any number of threads.
        ended.tells(&["the link from 0 to 9 has lost 21 times"]);
        is_readable(&bench.run_folder(), "failed", 12);
    });
    // An end in iterations never comes: the iteration waits for what the partition keeps back.
    runs(
        &ring(&format!("{parted}to_iteration = 13\n")),
        |bench, ended| {
            ended
                .with_status(1)
                .tells(&["stalls in iteration 12, which began at"]);
            is_readable(&bench.run_folder(), "failed", 12);
        },
    );
    // One that ends before the last attempt stalls nobody.
    let times = parted.replace("from_iteration = 12", "from_ms = 120.0\nto_ms = 180.0");
    runs(&ring(&times), |bench, ended| {
        ended.with_status(0);
        is_readable(&bench.run_folder(), "done", 40);
    });
}

fn a_synchronous_run_ends_when_everybody_is_down_for_good() {
    // Iteration 9 begins at 90.009 ms, and its computing is lost.
    for (span, iterations, at) in [
        ("from_ms = 95.0\n", 10, "100.009 ms"),
        ("from_iteration = 7\n", 7, "70.007 ms"),
        ("from_iteration = 0\n", 0, "0 ms"),
    ] {
        runs(&ring(&format!("{ALL_DOWN}{span}")), |bench, ended| {
            ended.with_status(1).tells(&[
                &format!("stalls in iteration {iterations}, which began at {at}"),
                "all 10 agents are down for good",
                "[[fault]]",
            ]);
            let run = bench.run_folder();
            assert_eq!(reading::summary(&run)["status"], "failed");
            let agents = Table::read(&run, "agents");
            let expected = 10 * if span.contains("ms") { 9 } else { iterations };
            assert_eq!(agents.rows.len(), expected, "{span}");
        });
    }
}

fn a_run_goes_on_when_somebody_comes_back() {
    for (span, end) in [
        // Iterations 9 and 10 are cut short and late: T jumps from 100.009 ms to 500 ms.
        ("from_ms = 95.0\nto_ms = 500.0\n", 500.0 + 30.0 * 10.001),
        // Seven iterations pass in no time.
        ("from_iteration = 7\nto_iteration = 14\n", 33.0 * 10.001),
    ] {
        runs(&ring(&format!("{ALL_DOWN}{span}")), |bench, ended| {
            ended.with_status(0);
            let summary = reading::summary(&bench.run_folder());
            let found = summary["simulated_ms"].as_f64().unwrap();
            assert!((found - end).abs() < 1e-6, "{span}: {found}, not {end}");
        });
    }
}

fn an_asynchronous_run_that_would_never_end_is_refused_with_names() {
    let clock = "[clock]\nmode = \"asynchronous\"\n";
    // The lower median of ten is the fifth: with six down for good it never ends.
    let down = "[[fault]]\nkind = \"crash\"\nagents = [0, 2, 3, 5, 7, 8]\nfrom_ms = 100.0\n";
    let bench = Bench::new(&ring(&format!("{clock}{down}")));
    let ended = bench.run(&[]).with_status(2);
    ended.tells(&["would stall"]);
    assert!(
        ended.stderr.contains("0, 2, 3, 5, 7, 8"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("until_ms"), "{}", ended.stderr);
    assert!(!bench.results().exists(), "nothing was run");
    // With five of them, it does.
    let five = down.replace(", 8]", "]");
    let bench = Bench::new(&ring(&format!("{clock}{five}")));
    bench.run(&[]).with_status(0);
    let summary = reading::summary(&bench.run_folder());
    assert_eq!(summary["simulated_ms"].as_f64(), Some(400.0));
}

fn an_asynchronous_run_with_a_last_moment_ends_at_it() {
    let clock = "[clock]\nmode = \"asynchronous\"\n";
    let down = format!("{ALL_DOWN}from_ms = 100.5\n");
    let text = format!("until_ms = 250\n{}", ring(&format!("{clock}{down}")));
    runs(&text, |bench, ended| {
        ended.with_status(0);
        let run = bench.run_folder();
        let summary = reading::summary(&run);
        assert_eq!(summary["simulated_ms"].as_f64(), Some(250.0));
        assert_eq!(Table::read(&run, "agents").rows.len(), 10 * 10);
    });
}

fn deadlines_come_though_everybody_is_down() {
    let clock = "[clock]\nmode = \"deadline\"\nperiod_ms = 30\n";
    let down = format!("{ALL_DOWN}from_ms = 100.0\n");
    runs(&ring(&format!("{clock}{down}")), |bench, ended| {
        ended.with_status(0);
        let run = bench.run_folder();
        let summary = reading::summary(&run);
        assert_eq!(summary["simulated_ms"].as_f64(), Some(1200.0));
        // Iteration 3 began at 90 ms, and its computing ended at 100 ms: lost.
        assert_eq!(Table::read(&run, "agents").rows.len(), 10 * 3);
    });
}

fn what_is_lost_for_good_stalls_nobody() {
    let modes = [
        "mode = \"synchronous\"",
        "mode = \"deadline\"\nperiod_ms = 30",
        "mode = \"asynchronous\"",
    ];
    for mode in modes {
        let text = ring(&format!("[link]\ndrop = 1.0\n[clock]\n{mode}\n"));
        runs(&text, |bench, ended| {
            ended.with_status(0);
            let summary = reading::summary(&bench.run_folder());
            let messages = &summary["messages"];
            assert_eq!(messages["sent"], messages["dropped"], "{mode}");
            assert_eq!(messages["used"], 0, "{mode}");
        });
    }
}

fn other_points_of_a_sweep_go_on() {
    let link = "[link]\nretransmit_ms = 5\nretransmit_limit = 3\n";
    let sweep = "[sweep]\n\"link.drop\" = [0.0, 0.9999999]\nseed = [1, 2]\n";
    let bench = Bench::new(&ring(&format!("{link}{sweep}")));
    let ended = bench.run(&[]).with_status(1);
    let errors = ended.errors();
    let told = "2 runs: the run stalls in iteration 0";
    assert!(
        matches!(&errors[..], [one] if one.contains(told)),
        "{errors:?}"
    );
    let points = Table::read(&bench.results(), "points");
    assert_eq!(points.texts("status"), ["done", "done", "failed", "failed"]);
}
