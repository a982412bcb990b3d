//! The numbers of the guide's page on time are those of its scenarios.

use super::{Ran, ran};

const PAGE: &str = include_str!("../../src/guide/time.md");

/// The scenarios of the page, each with the text up to the next.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts = PAGE.split("```toml\n").skip(1);
    let block = |part: &'static str| part.split_once("```\n").expect("a block ends");
    parts.map(block).collect()
}

fn list(values: impl IntoIterator<Item = f64>) -> String {
    let values = values.into_iter().map(|x| x.to_string());
    values.collect::<Vec<_>>().join(", ")
}

/// The rows of the tables under a scenario.
fn rows(ran: &Ran) -> Vec<String> {
    let agents = ran.table("agents");
    let row = |name: &str, column: &str| {
        let of = |agent: u32| list(agents.only("agent", &agent.to_string()).all(column));
        format!("| {name} | {} | {} | {} |", of(0), of(1), of(2))
    };
    let mut rows = vec![
        row("combines at (ms)", "simulated_ms"),
        row("models used", "models_used"),
    ];
    let counts = ["sent", "delivered", "late", "used", "expired", "in_flight"];
    let counts = counts.map(|name| ran.number(&["messages", name]).to_string());
    rows.push(format!("| {} |", counts.join(" | ")));
    for name in ["round_ms", "agent_round_ms", "wait_ms", "age_ms"] {
        let number = |column: &str| ran.number(&["latency", name, column]);
        let [count, min, max] = ["count", "min", "max"].map(number);
        rows.push(format!("| `{name}` | {count} | {min} | {max} |"));
    }
    rows
}

#[test]
fn the_guide_on_time_tells_what_its_scenarios_do() {
    let blocks = blocks();
    assert_eq!(blocks.len(), 6);
    for (number, (scenario, told)) in blocks.into_iter().enumerate() {
        let rows = rows(&ran(scenario, &[]));
        for row in &rows {
            let all = rows.join("\n");
            assert!(told.contains(row.as_str()), "scenario {number}:\n{all}");
        }
    }
}

#[test]
fn held_models_take_no_part_once_they_are_too_old() {
    let (asynchronous, _) = blocks()[5];
    let ran = ran(asynchronous, &["clock.max_age_ms=20", "record.weights=all"]);
    let rows = ran
        .table("weights")
        .only("receiver", "0")
        .only("sender", "2");
    assert_eq!(rows.all("simulated_ms"), [30.0, 40.0, 60.0]);
    assert_eq!(rows.all("age_ms"), [5.0, 15.0, 10.0]);
}
