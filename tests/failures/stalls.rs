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
    what_comes_after_the_end_of_time_ends_the_run,
    a_run_that_would_last_beyond_time_is_refused,
    what_can_never_get_through_is_refused,
    a_run_without_a_complete_iteration_is_no_success,
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

/// Two agents, and many iterations of a hundred years.
fn ages(iterations: u32, tables: &str) -> String {
    format!(
        "iterations = {iterations}\n[task]\nkind = \"target-localization\"\n[topology]\n\
         kind = \"complete\"\nagents = 2\n{tables}"
    )
}

fn what_comes_after_the_end_of_time_ends_the_run() {
    let late = "waits for the model of agent";
    for (iterations, tables, why) in [
        (
            3000,
            "[link]\ndelay_ms = { kind = \"pareto\", scale = 1, shape = 0.02 }\n",
            late,
        ),
        // A model takes 100 years in a line.
        (
            3000,
            "[link]\nmodel_bytes = 400_000_000_000\ndownlink_mbps = 0.000_001\n",
            late,
        ),
        (3000, "[link]\ndrop = 0.6\nretransmit_ms = 3.2e12\n", late),
        (
            3000,
            "[[attack]]\nagents = [0]\nkind = \"sign-flip\"\n\
             timing = { kind = \"delay\", ms = 3.2e12 }\n",
            "agent 1 waits for the model of agent 0, which would arrive later",
        ),
        (
            1500,
            "[clock]\ncompute_ms = { kind = \"uniform\", low = 0, high = 3.2e12 }\n\
             [[clock.override]]\nagents = [1]\nspeed = 0.5\n",
            late,
        ),
    ] {
        let bench = Bench::new(&ages(iterations, tables));
        let ended = bench.run(&[]).with_status(1);
        ended.tells(&["simulated time ends, after 100,000 years,", why]);
        let run = bench.run_folder();
        assert_eq!(reading::summary(&run)["status"], "failed");
        let times = Table::read(&run, "rounds").all("simulated_ms");
        assert!(times.iter().all(|&ms| ms <= 3.2e15), "{tables}");
    }
}

fn a_run_that_would_last_beyond_time_is_refused() {
    for tables in [
        "[link]\ndelay_ms = 3.2e12\n",
        "[link]\nmodel_bytes = 400_000_000_000\nuplink_mbps = 0.000_001\n",
        "[clock]\nmode = \"asynchronous\"\ncompute_ms = 3.2e12\n",
    ] {
        let bench = Bench::new(&ages(3000, tables));
        let ended = bench.run(&[]).with_status(2);
        ended.tells_only(&["are beyond simulated time", "100,000 years"]);
        assert!(!ended.stderr.contains("down"), "{}", ended.stderr);
        // A run that ends before that is none of them.
        let bench = Bench::new(&format!("until_ms = 3.2e12\n{}", ages(3000, tables)));
        let ended = bench.run(&[]);
        assert!(!ended.stderr.contains("beyond"), "{}", ended.stderr);
    }
}

fn what_can_never_get_through_is_refused() {
    let again = "[link]\nretransmit_ms = 5\n";
    for (link, key) in [
        ("drop = 1.0\n", "`drop = 1` loses every model"),
        (
            "burst = { enter = 0.1, leave = 0 }\n",
            "`leave = 0` lets no burst end",
        ),
        (
            "burst = { enter = 0.1, leave = 0.5, drop_good = 1 }\n",
            "`burst` loses every model",
        ),
        (
            "[[link.override]]\nfrom = [3]\nto = [4]\ndrop = 1.0\n",
            "agent 4 would wait in vain for the model of agent 3",
        ),
    ] {
        let bench = Bench::new(&ring(&format!("{again}{link}")));
        bench
            .run(&[])
            .with_status(2)
            .tells_only(&[key, "retransmit_ms"]);
        // Without retransmission nobody waits for what is lost.
        let bench = Bench::new(&ring(&format!("[link]\n{link}")));
        bench.run(&[]).with_status(0);
    }
    for link in [
        // Links that never turn bad, or do not stay so.
        "burst = { enter = 0, leave = 0 }\n",
        "burst = { enter = 0.1, leave = 0.5 }\n",
    ] {
        let bench = Bench::new(&ring(&format!("{again}{link}")));
        bench.run(&[]).with_status(0);
    }
}

fn a_run_without_a_complete_iteration_is_no_success() {
    let head = |until: f64, clock: &str| format!("until_ms = {until}\n{}", ring(clock));
    for (until, clock) in [
        (9.0, ""),
        (14.0, "[link]\ndelay_ms = 5\n"),
        (29.0, "[clock]\nmode = \"deadline\"\nperiod_ms = 30\n"),
        (9.0, "[clock]\nmode = \"asynchronous\"\n"),
    ] {
        let bench = Bench::new(&head(until, clock));
        let ended = bench.run(&[]).with_status(2);
        ended.tells_only(&["no iteration is complete by", "write a later until_ms"]);
        let bench = Bench::new(&head(until + 1.001, clock));
        bench.run(&[]).with_status(0);
    }
    // Nobody knows before how long random delays are.
    let random = "[link]\ndelay_ms = { kind = \"exponential\", mean = 50 }\n";
    let bench = Bench::new(&head(20.0, random));
    let ended = bench.run(&[]).with_status(1);
    ended.tells(&["no iteration is complete by 20 ms; let the run be longer"]);
    assert_eq!(reading::summary(&bench.run_folder())["status"], "failed");
}
