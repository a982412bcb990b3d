//! What `check` forecasts is what runs need: memory and disk, in 24 kinds of cases, within a factor
//! of 1.5 both ways.

use super::bench::Bench;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// How far a forecast may be from what is measured, both ways.
const FACTOR: f64 = 1.5;

/// What a case is about, its scenario, and how it is run.
const CASES: [(&str, &str, &[&str]); 24] = [
    (
        "base",
        r#"iterations=10
[task]
kind="target-localization""#,
        &[],
    ),
    (
        "threads",
        r#"iterations=50
[task]
kind="target-localization"
[topology]
kind="regular"
agents=2000
degree=10"#,
        &["--threads", "2"],
    ),
    (
        "neighbors",
        r#"iterations=4
[task]
kind="target-localization"
[topology]
kind="complete"
agents=1000"#,
        &["--threads", "1"],
    ),
    (
        "agents",
        r#"iterations=3
[task]
kind="target-localization"
[topology]
kind="ring"
agents=30000"#,
        &["--threads", "1"],
    ),
    (
        "large d",
        r#"iterations=5
[task]
kind="linear-regression"
dimension=20000
[topology]
kind="ring"
agents=20"#,
        &["--threads", "1"],
    ),
    (
        "under way",
        r#"iterations=30
[task]
kind="linear-regression"
dimension=2000
[topology]
kind="complete"
agents=12
[link]
delay_ms=400
[clock]
mode="deadline"
period_ms=20"#,
        &[],
    ),
    (
        "under way random",
        r#"iterations=60
[task]
kind="linear-regression"
dimension=2000
[topology]
kind="complete"
agents=10
[link]
delay_ms={kind="exponential",mean=300}
[clock]
mode="asynchronous"
compute_ms=10"#,
        &[],
    ),
    (
        "replay",
        r#"iterations=300
[task]
kind="linear-regression"
dimension=4000
[topology]
kind="complete"
agents=8
[[attack]]
kind="sign-flip"
agents=[0,1]
timing={kind="replay",age_iterations=250}"#,
        &[],
    ),
    (
        "retransmission",
        r#"iterations=20
[task]
kind="linear-regression"
dimension=100
[topology]
kind="complete"
agents=20
[link]
drop=0.9
retransmit_ms=5
retransmit_limit=1000"#,
        &[],
    ),
    (
        "flood",
        r#"iterations=20
[task]
kind="linear-regression"
dimension=100
[topology]
kind="complete"
agents=20
[[attack]]
kind="sign-flip"
agents=[0,1]
timing={kind="flood",copies=500}"#,
        &[],
    ),
    (
        "trace",
        r#"iterations=30
[task]
kind="linear-regression"
dimension=1000
[topology]
kind="complete"
agents=10
[record]
trace=true"#,
        &[],
    ),
    (
        "timeline",
        r#"iterations=200
[task]
kind="target-localization"
[topology]
kind="complete"
agents=20
[clock]
mode="asynchronous"
compute_ms=10
[record]
every_ms=0.5"#,
        &[],
    ),
    (
        "latency",
        r#"iterations=9000
[task]
kind="target-localization"
[topology]
kind="ring"
agents=5
[record]
latency_every_iterations=1"#,
        &[],
    ),
    (
        "weights all",
        r#"iterations=100
[task]
kind="target-localization"
[topology]
kind="complete"
agents=60
[record]
weights="all""#,
        &[],
    ),
    (
        "agent rows",
        r#"iterations=3000
[task]
kind="target-localization"
[topology]
kind="ring"
agents=40
[record]
agents="all""#,
        &[],
    ),
    (
        "rounds",
        r#"iterations=6000
[task]
kind="target-localization"
[topology]
kind="ring"
agents=5"#,
        &[],
    ),
    (
        "localization sweep",
        r#"iterations=100
[task]
kind="target-localization"
[topology]
kind="complete"
agents=30
[sweep]
seed=[1,2,3,4,5,6]"#,
        &["--threads", "2"],
    ),
    (
        "own data",
        r#"iterations=20
[task]
kind="regression"
path="own.csv"
[topology]
kind="ring"
agents=5"#,
        &[],
    ),
    (
        "digits generated",
        r#"iterations=1
[task]
kind="digit-classification"
source="generated"
[topology]
kind="ring"
agents=4
[record]
evaluate_every_epochs=100"#,
        &[],
    ),
    (
        "har generated",
        r#"iterations=5
[task]
kind="activity-recognition"
source="generated""#,
        &[],
    ),
    (
        "cnn",
        r#"iterations=1
[task]
kind="digit-classification"
source="generated"
model={kind="cnn"}
[topology]
kind="ring"
agents=6"#,
        &[],
    ),
    (
        "checkpoints",
        r#"iterations=20
[task]
kind="linear-regression"
dimension=20000
[topology]
kind="ring"
agents=20"#,
        &["--threads", "1", "--checkpoint-every", "5"],
    ),
    (
        "adam",
        r#"iterations=20
[task]
kind="linear-regression"
dimension=20000
[topology]
kind="ring"
agents=20
[learner]
optimizer="adam""#,
        &["--threads", "1"],
    ),
    (
        "async agents",
        r#"iterations=10
[task]
kind="target-localization"
[topology]
kind="regular"
agents=5000
degree=6
[clock]
mode="asynchronous"
compute_ms={kind="exponential",mean=10}"#,
        &["--threads", "1"],
    ),
];

/// The most memory that a run holds \[bytes\], as the system says until its end. What `wait4` says
/// begins with the memory of this process, from which the program is started.
fn peak(bench: &Bench, arguments: &[&str]) -> f64 {
    let mut command = bench.byzsim(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program");
    let status = format!("/proc/{}/status", child.id());
    let mut peak: u64 = 0;
    loop {
        // Gone when the program is over, and of this process until it has begun.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        let has_begun = text
            .lines()
            .next()
            .is_some_and(|name| name.contains("byzsim"));
        peak = peak.max(number.filter(|_| has_begun).unwrap_or(0));
        if let Some(ended) = child.try_wait().expect("a child") {
            assert!(ended.success(), "{arguments:?}");
            return peak as f64 * 1024.0;
        }
        std::thread::sleep(std::time::Duration::from_micros(500));
    }
}

/// The size of all files below a folder \[bytes\].
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry").path());
    let sizes = entries.map(|path| match path.is_dir() {
        true => size(&path),
        false => path.metadata().expect("a file").len(),
    });
    sizes.sum()
}

#[test]
fn forecasts_hold_within_a_factor_of_one_and_a_half() {
    let mut wrong = Vec::new();
    for (name, scenario, how) in CASES {
        let bench = Bench::new(scenario);
        let row = |i: u32| {
            format!(
                "{},{},{}\n",
                f64::from(i % 7) * 0.37,
                f64::from(i % 13),
                i % 5
            )
        };
        let rows: String = (0..20_000).map(row).collect();
        std::fs::write(bench.path("own.csv"), format!("x,y,agent\n{rows}")).expect("a file");
        let mut check = vec!["check", "scenario.toml", "--format", "json"];
        match how {
            ["--threads", threads, more @ ..] => {
                check.extend(["--threads", threads]);
                check.extend((!more.is_empty()).then_some("--checkpoints"));
            }
            _ => check.extend(["--threads", "1"]),
        }
        let checked = bench.byzsim(&check).output().expect("the program");
        let checked: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
        let forecast = |key: &str| checked["in_all"][key].as_f64().expect("a number");
        let mut run = vec!["run", "scenario.toml", "--out", "out"];
        match how {
            [] => run.extend(["--threads", "1"]),
            _ => run.extend(how),
        }
        let memory = peak(&bench, &run);
        let disk = size(&bench.results()) as f64;
        for (of, forecast, measured) in [
            ("memory", forecast("memory_bytes"), memory),
            ("disk", forecast("disk_bytes"), disk),
        ] {
            if forecast > FACTOR * measured || measured > FACTOR * forecast {
                wrong.push(format!("{name}, {of}: {forecast} for {measured}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn check_estimates_the_time_unless_that_takes_much_itself() {
    let seconds = |scenario: &str, more: &[&str]| {
        let bench = Bench::new(scenario);
        let arguments = [&["check", "scenario.toml", "--format", "json"], more].concat();
        let checked = bench.byzsim(&arguments).output().expect("the program");
        let checked: Value = serde_json::from_slice(&checked.stdout).expect("JSON");
        checked["in_all"]["seconds"].as_f64()
    };
    let task = "[task]\nkind = 'target-localization'\n";
    let sweep = "[sweep]\nrule = [{ kind = 'loss' }, { kind = 'average' }]\nseed = [1, 2]\n";
    let small = format!("iterations = 50\n{task}");
    assert!(seconds(&small, &[]).is_some_and(|s| s > 0.0));
    assert!(seconds(&format!("{small}{sweep}"), &["--time", "0.2"]).is_some());
    assert_eq!(seconds(&small, &["--time", "0"]), None);
    let large = format!("iterations = 5\n{task}[topology]\nkind = 'ring'\nagents = 300000\n");
    assert_eq!(seconds(&large, &[]), None);
    let bench = Bench::new(&small);
    let told = bench
        .told(&["check", "scenario.toml"])
        .with_status(0)
        .stdout;
    assert!(told.contains("Time: "), "{told}");
    bench
        .told(&["check", "scenario.toml", "--time", "soon"])
        .with_status(2);
}

#[test]
fn runs_that_need_more_memory_than_is_allowed_are_refused() {
    for (scenario, part) in [
        (
            "iterations = 4000\n[task]\nkind = 'linear-regression'\ndimension = 100000\n\
             [topology]\nkind = 'complete'\nagents = 100\n[clock]\nmode = 'asynchronous'\n\
             compute_ms = 1\n[link]\ndelay_ms = 2000\n",
            "models under way",
        ),
        (
            "iterations = 20000\n[task]\nkind = 'linear-regression'\ndimension = 100000\n\
             [topology]\nkind = 'complete'\nagents = 100\n[[attack]]\nkind = 'sign-flip'\n\
             agents = { fraction = 0.2 }\n\
             timing = { kind = 'replay', age_iterations = 15000 }\n",
            "models to replay",
        ),
    ] {
        let bench = Bench::new(scenario);
        let run = bench.run(&[]);
        let errors = run.stderr;
        assert_eq!(run.status, Some(1), "{errors}");
        assert!(
            errors.contains(part) && errors.contains("--anyway"),
            "{errors}"
        );
        let check = bench.byzsim(&["check", "scenario.toml", "--format", "json"]);
        let told = { check }.output().expect("the program").stdout;
        assert!(String::from_utf8_lossy(&told).contains("--anyway"));
    }
}
