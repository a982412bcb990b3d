//! What is recorded is what the scenario asks for, and equal in equal runs.

use super::reading::{self, files};
use super::{ATTACKED, Ran, is_close, ran, ran_with};
use std::collections::BTreeSet;

#[test]
fn what_is_recorded_is_what_was_asked_for() {
    let whole = ran(ATTACKED, &[]);
    let sparse = ran(ATTACKED, &["record.every_iterations=15"]);
    // Every fifteenth, and the last.
    let rounds = sparse.table("rounds").only("group", "all");
    assert_eq!(rounds.all("iteration"), [0.0, 15.0, 30.0, 39.0]);
    assert_eq!(sparse.table("agents").rows.len(), 4 * 10);
    assert_eq!(sparse.summary.fingerprint(), whole.summary.fingerprint());
    for path in [
        ["messages", "sent"],
        ["messages", "used"],
        ["steady", "from_iteration"],
    ] {
        assert_eq!(sparse.number(&path), whole.number(&path));
    }

    let none = ran(
        ATTACKED,
        &["record.agents=\"none\"", "record.weights=\"none\""],
    );
    let expected = [
        "latency.hlog",
        "latency.parquet",
        "latency.run.hlog",
        "latency.wall.hlog",
        "network/agents.parquet",
        "network/edges.parquet",
    ];
    let expected = [&expected[..], &["rounds.parquet", "summary.json"]].concat();
    assert_eq!(files(none.folder.path()), expected);
    // Agent 6 is an attacker: what it would have is not in the network.
    let some = ran(ATTACKED, &["record.agents=[2, 6, 9]"]);
    let agents = some.table("agents");
    assert_eq!(agents.rows.len(), 2 * 40);
    let mut whole_agents = whole.table("agents");
    let chosen = whole_agents.texts("agent");
    let mut chosen = chosen.iter().map(|agent| agent == "2" || agent == "9");
    whole_agents.rows.retain(|_| chosen.next().unwrap());
    assert_eq!(agents.without(&["point"]), whole_agents.without(&["point"]));

    let iterations = |ran: &Ran| {
        let mut iterations = ran.table("weights").all("iteration");
        iterations.dedup();
        iterations
    };
    assert_eq!(iterations(&whole), [39.0]);
    let every = ran(ATTACKED, &["record.weights={ every = 16 }"]);
    assert_eq!(iterations(&every), [0.0, 16.0, 32.0]);
}

#[test]
fn latency_tells_each_interval_and_constants_exactly() {
    let ran = ran(
        ATTACKED,
        &["record.wall=true", "record.latency_every_iterations=16"],
    );
    let latency = ran.table("latency");
    let rounds = latency.only("histogram", "round_ms");
    assert_eq!(rounds.all("from_iteration"), [0.0, 16.0, 32.0]);
    assert_eq!(rounds.all("to_iteration"), [15.0, 31.0, 39.0]);
    assert_eq!(rounds.all("count"), [16.0, 16.0, 8.0]);
    // 10 ms of computing and 1 µs on the way.
    for column in ["min", "mean", "p50", "p90", "p99", "p999", "max"] {
        assert_eq!(rounds.all(column), [10.001; 3], "{column}");
        assert_eq!(ran.number(&["latency", "round_ms", column]), 10.001);
    }
    // An agent's first combination has no value.
    let agent_rounds = latency.only("histogram", "agent_round_ms");
    assert_eq!(agent_rounds.all("count"), [150.0, 160.0, 80.0]);
    assert_eq!(agent_rounds.all("min"), [10.001; 3]);
    assert_eq!(agent_rounds.all("max"), [10.001; 3]);
    // Computing done, a message takes 1 µs along each edge, and that is how old its model is.
    let edges = ran.table("network/edges").rows.len() as f64;
    let to_normal = {
        let agents = ran.table("network/agents").only("byzantine", "false");
        agents.all("degree").iter().sum::<f64>()
    };
    for (name, told, per_iteration) in [
        ("delivery_ms", 0.001, edges),
        ("wait_ms", 0.001, 10.0),
        ("age_ms", 0.001, to_normal),
        ("age_iterations", 0.0, to_normal),
    ] {
        let rows = latency.only("histogram", name);
        let counts = [16.0, 16.0, 8.0].map(|iterations| iterations * per_iteration);
        assert_eq!(rows.all("count"), counts, "{name}");
        assert_eq!(rows.all("p50"), [told; 3], "{name}");
        assert_eq!(rows.all("max"), [told; 3], "{name}");
        assert!(rows.texts("clock").iter().all(|clock| clock == "simulated"));
        let count = ran.number(&["latency", name, "count"]);
        assert_eq!(count, 40.0 * per_iteration, "{name}");
    }
    // Ticks, and what came along the edges.
    let messages = 12.0 + ran.table("network/edges").rows.len() as f64;
    for name in ["mailbox_us", "handler_us"] {
        let times = latency.only("histogram", name);
        assert!(times.texts("clock").iter().all(|clock| clock == "wall"));
        assert_eq!(
            times.all("count").iter().sum::<f64>(),
            messages * 40.0,
            "{name}"
        );
        for row in 0..times.rows.len() {
            let at = |column: &str| times.all(column)[row];
            let order = ["min", "p50", "p90", "p99", "p999", "max"].map(at);
            assert!(order.is_sorted(), "{order:?}");
            assert!((at("min")..=at("max")).contains(&at("mean")));
        }
    }
    let whole = latency.only("histogram", "iteration_us");
    let mean: f64 = (0..3)
        .map(|i| whole.all("mean")[i] * whole.all("count")[i])
        .sum::<f64>()
        / 40.0;
    assert!(is_close(
        ran.number(&["latency", "iteration_us", "mean"]),
        mean
    ));
    let wall = ran.table("rounds").only("group", "all").all("wall_us");
    // Rows tell whole microseconds.
    assert!((wall.iter().sum::<f64>() / 40.0 - mean).abs() <= 1.0);
    let plain = ran_with(ATTACKED, &[], 1).table("latency");
    assert_eq!(plain.only("histogram", "mailbox_us").rows.len(), 0);
}

/// Links and computing that vary, so that nothing simulated is the same twice by chance.
const VARYING: [&str; 3] = [
    "record.wall=true",
    "link.delay_ms={ kind = \"exponential\", mean = 8 }",
    "clock.compute_ms={ kind = \"lognormal\", median = 10, sigma = 0.5 }",
];

#[test]
fn simulated_and_wall_clock_times_have_nothing_in_common() {
    let modes: [&[&str]; 3] = [
        &["clock.mode=synchronous"],
        &["clock.mode=deadline", "clock.period_ms=20"],
        &["clock.mode=asynchronous"],
    ];
    for mode in modes {
        let asked = [&VARYING[..], mode].concat();
        let tables = [1, 1, 2].map(|threads| ran_with(ATTACKED, &asked, threads).table("latency"));
        let of = |clock: &str| tables.each_ref().map(|table| table.only("clock", clock));
        let (simulated, wall) = (of("simulated"), of("wall"));
        let names = |table: &reading::Table| {
            let names = table.texts("histogram").into_iter();
            names.collect::<BTreeSet<String>>()
        };
        assert!(names(&simulated[0]).is_disjoint(&names(&wall[0])));
        assert!(
            names(&simulated[0])
                .iter()
                .all(|name| !name.ends_with("_us"))
        );
        assert!(names(&wall[0]).iter().all(|name| name.ends_with("_us")));
        assert_eq!(
            simulated[0].rows.len() + wall[0].rows.len(),
            tables[0].rows.len()
        );
        for other in [1, 2] {
            assert_eq!(simulated[0], simulated[other], "{mode:?}");
            assert_ne!(wall[0], wall[other], "{mode:?}");
        }
        // Nor does it matter to simulated times whether the others are measured.
        let plain = [&asked[1..], &["record.wall=false"]].concat();
        let plain = ran(ATTACKED, &plain).table("latency");
        assert_eq!(plain.only("clock", "simulated"), simulated[0], "{mode:?}");
    }
}

/// Whether two runs have equal rows and columns, but for wall-clock times.
#[track_caller]
fn are_equal(one: &Ran, other: &Ran) {
    assert_eq!(one.summary.fingerprint(), other.summary.fingerprint());
    let names = files(one.folder.path());
    assert_eq!(names, files(other.folder.path()));
    let log = |ran: &Ran| std::fs::read(ran.folder.path().join("latency.hlog")).unwrap();
    assert!(log(one) == log(other), "latency.hlog");
    let log = |ran: &Ran| std::fs::read(ran.folder.path().join("latency.run.hlog")).unwrap();
    assert!(log(one) == log(other), "latency.run.hlog");
    for name in names
        .iter()
        .filter_map(|name| name.strip_suffix(".parquet"))
    {
        let clean = |ran: &Ran| {
            let mut table = ran.table(name).without(&["wall_us"]);
            if table.has("clock") {
                table = table.only("clock", "simulated");
            }
            table
        };
        assert_eq!(clean(one), clean(other), "{name}");
    }
    let clean = |ran: &Ran| {
        let mut json = reading::summary(ran.folder.path());
        let object = json.as_object_mut().unwrap();
        // Checksums are of files with wall-clock times, too.
        let of_files = ["files", "checksum"];
        for key in ["threads", "wall_s", "models_per_s", "peak_memory_bytes"]
            .into_iter()
            .chain(of_files)
        {
            assert!(object.remove(key).is_some(), "{key}");
        }
        json["latency"]
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !name.ends_with("_us"));
        json
    };
    assert_eq!(clean(one), clean(other));
}

#[test]
fn runs_are_equal_again_and_on_more_threads() {
    let generated = "epochs = 2\n[task]\nkind = \"activity-recognition\"\nsource = \"generated\"";
    let scenarios = [
        (ATTACKED, "rule.kind=\"loss\""),
        (generated, "rule.kind=\"average\""),
    ];
    for (scenario, rule) in scenarios {
        let ran = |threads| {
            let asked = [rule, "record.weights=\"all\"", "record.every_ms=25"];
            ran_with(scenario, &asked, threads)
        };
        let first = ran(1);
        for threads in [1, 2, 8] {
            are_equal(&first, &ran(threads));
        }
    }
}
