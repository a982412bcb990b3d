//! What the recorder makes of entries, without actors.

use super::assembler::Assembler;
use super::*;
use crate::data::Library;
use crate::scenario::{Catalogues, Plan, ScenarioFile};
use crate::units::{AgentId, SimTime};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::path::Path;
use std::sync::Arc;

/// Four agents on a ring in two task groups of 0, 1 and 2, 3; agent 3 is an attacker.
fn plan(more: &str) -> Plan {
    let text = format!(
        "iterations = 3
        {more}
        [task]
        kind = \"target-localization\"
        [topology]
        kind = \"ring\"
        agents = 4
        [[attack]]
        agents = [3]
        kind = \"uniform\"
        low = 15.0
        high = 16.0
        "
    );
    let catalogues = Catalogues::default();
    let file = ScenarioFile::parse("test", &text, "test", ".".into(), &[], &catalogues).unwrap();
    let library = Library::new(None, &file.folder);
    Plan::draw(&file, &file.points[0], &library, &catalogues).unwrap()
}

fn us(us: u64) -> SimTime {
    SimTime::from_us(us)
}

/// A sample whose loss tells agent and iteration apart.
fn sample(agent: u32, iteration: u64, combined_at: u64) -> Sample {
    Sample {
        agent: AgentId(agent),
        iteration,
        started_at: us(combined_at - 1000),
        adapted_at: us(combined_at - 100),
        combined_at: us(combined_at),
        loss: f64::from(agent) + 10.0 * iteration as f64,
        models_used: 2,
        fingerprint: u64::from(agent) + 100 * iteration,
        ..Sample::default()
    }
}

fn round(iteration: u64, samples: Vec<Sample>) -> Entry {
    Entry::Round(Round {
        iteration,
        last: iteration == 2,
        start: us(1000 * iteration),
        end: us(1000 * iteration + 1000),
        wall: None,
        samples,
    })
}

fn closing(end: u64, finals: Vec<Sample>) -> Entry {
    Entry::Finished(Closing {
        end: us(end),
        finals,
        ..Closing::default()
    })
}

/// Records entries; `participants` where they come as events.
fn record(
    plan: Plan,
    folder: &Path,
    participants: Option<&[u32]>,
    entries: Vec<Entry>,
) -> Result<Summary, RunError> {
    let output = Output {
        folder: Some(folder.to_owned()),
        threads: 1,
    };
    let mut recorder = Recorder::open(Arc::new(plan), output, Vec::new(), None).unwrap();
    recorder.assembler = participants.map(|all| Assembler::new(all.iter().copied()));
    let (sender, receiver) = crossbeam_channel::unbounded();
    entries
        .into_iter()
        .for_each(|entry| sender.send(entry).unwrap());
    drop(sender);
    recorder.run(&receiver)
}

/// Some columns of a table, row by row.
fn read(folder: &Path, table: &str, columns: &[&str]) -> Vec<Vec<Field>> {
    let file = std::fs::File::open(folder.join(format!("{table}.parquet"))).unwrap();
    let file = SerializedFileReader::new(file).unwrap();
    let rows = file.get_row_iter(None).unwrap().map(|row| {
        let all = row.unwrap().into_columns();
        let field = |column: &&str| {
            let field = all.iter().find(|(name, _)| name == column);
            field.unwrap_or_else(|| panic!("no `{column}`")).1.clone()
        };
        columns.iter().map(field).collect()
    });
    rows.collect()
}

/// The numbers in some columns of a table; -1 for null.
fn numbers(folder: &Path, table: &str, columns: &[&str]) -> Vec<Vec<f64>> {
    let number = |field: &Field| match field {
        Field::Null => -1.0,
        Field::Long(i) => *i as f64,
        Field::Double(x) => *x,
        Field::Bool(b) => f64::from(u8::from(*b)),
        other => panic!("{other:?} is no number"),
    };
    let rows = read(folder, table, columns).into_iter();
    rows.map(|row| row.iter().map(number).collect()).collect()
}

/// Rows of a table with groups that are of all agents.
fn of_all(folder: &Path, table: &str, columns: &[&str]) -> Vec<Vec<f64>> {
    let groups = read(folder, table, &["group"]).into_iter();
    let is_all = groups.map(|row| row[0] == Field::Str("all".to_owned()));
    let rows = numbers(folder, table, columns).into_iter().zip(is_all);
    rows.filter(|(_, is_all)| *is_all)
        .map(|(row, _)| row)
        .collect()
}

#[test]
fn who_did_not_combine_has_no_row_and_no_part_in_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let mut late = sample(1, 1, 2000);
    late.oldest = Some(Age {
        iterations: 2,
        time: us(2500),
    });
    late.starved = true;
    let entries = vec![
        round(0, (0..4).map(|k| sample(k, 0, 1000)).collect()),
        round(1, vec![late, sample(3, 1, 2000)]),
        round(2, vec![]),
        closing(3000, vec![sample(0, 0, 1000), sample(1, 1, 2000)]),
    ];
    let summary = record(plan(""), folder.path(), None, entries).unwrap();
    let columns = ["iteration", "agents", "loss_mean", "starved", "models_used"];
    assert_eq!(
        of_all(folder.path(), "rounds", &columns),
        [
            [0.0, 3.0, 1.0, 0.0, 6.0],
            [1.0, 1.0, 11.0, 1.0, 2.0],
            [2.0, 0.0, -1.0, 0.0, 0.0],
        ]
    );
    let columns = ["iteration", "agent", "age_iterations_max", "age_ms_max"];
    assert_eq!(
        numbers(folder.path(), "agents", &columns),
        [
            [0.0, 0.0, -1.0, -1.0],
            [0.0, 1.0, -1.0, -1.0],
            [0.0, 2.0, -1.0, -1.0],
            [1.0, 1.0, 2.0, 2.5],
        ]
    );
    // A row of each group, whether or not anybody of it combined.
    let groups = read(folder.path(), "rounds", &["group"]).len() / 3;
    assert_eq!(read(folder.path(), "rounds", &["group"]).len(), 3 * groups);
    // The last states, of whichever iteration: losses 0 and 11.
    assert_eq!(summary.number(&["final", "loss", "mean"]), Some(5.5));
    // The steady state is iterations 2 to 3, in which nobody combined.
    assert_eq!(summary.number(&["steady", "loss", "mean"]), None);
    assert_eq!(summary.number(&["latency", "wait_ms", "count"]), Some(4.0));
}

#[test]
fn an_iteration_without_anybody_leaves_attackers_shut_out() {
    let weighed = |iteration: u64, weight: f64| {
        let mut samples: Vec<Sample> = (0..4).map(|k| sample(k, iteration, 1000)).collect();
        samples[3].attacking = true;
        samples[0].filter.byzantine_weight = weight;
        samples
    };
    for (entries, expected) in [
        ([weighed(0, 0.5), weighed(1, 0.0), vec![]], Some(1.0)),
        ([weighed(0, 0.5), vec![], weighed(2, 0.0)], Some(2.0)),
        ([weighed(0, 0.0), vec![], weighed(2, 1e-3)], None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut entries: Vec<Entry> = (0..).zip(entries).map(|(i, s)| round(i, s)).collect();
        entries.push(closing(3000, vec![]));
        let summary = record(plan(""), folder.path(), None, entries).unwrap();
        let found = summary.number(&["filter", "shut_out_iteration"]);
        assert_eq!(found, expected);
    }
}

/// What nobody waits for: Byzantine weights of agents 0 and 1, whose combinations come at these moments.
fn weighed_over_time(of_first: &[(u64, f64)], of_second: &[(u64, f64)]) -> Summary {
    let of = |agent: u32, all: &[(u64, f64)]| -> Vec<Sample> {
        let numbered = (0..).zip(all);
        let one = |(iteration, &(at, weight)): (u64, &(u64, f64))| {
            let mut sample = sample(agent, iteration, at);
            sample.filter.byzantine_weight = weight;
            sample.starved = weight.is_nan();
            sample.kept_own = sample.starved;
            sample
        };
        numbered.map(one).collect()
    };
    let mut attacker = sample(3, 0, 2100);
    attacker.attacking = true;
    let mut samples = [of(0, of_first), of(1, of_second), vec![attacker]].concat();
    samples.sort_by_key(|s| (s.combined_at, s.agent));
    let iterations = of_first.len().max(of_second.len());
    let participants: Vec<u32> = (0..iterations)
        .map(|i| {
            let has = |count: usize| u32::from(i < count);
            has(of_first.len()) + has(of_second.len()) + has(1)
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let until = us(20_000);
    let plan = plan("clock.mode = \"asynchronous\"\nclock.compute_ms = 5");
    // The steady state begins after 2/5 of the horizon.
    assert_eq!(plan.timetable.as_ref().unwrap().horizon(), us(15_000));
    let entries = vec![Entry::Events { samples, until }, closing(15_000, vec![])];
    record(plan, folder.path(), Some(&participants), entries).unwrap()
}

#[test]
fn where_nobody_waits_filters_are_told_per_agent_and_moment() {
    let fast: Vec<(u64, f64)> = (1..=10)
        .map(|i| (1500 * i, if i < 8 { 0.25 } else { 0.0 }))
        .collect();
    let slow = [(7000, 0.5), (14_000, 0.0)];
    let summary = weighed_over_time(&fast, &slow);
    let number = |name| summary.number(&["filter", name]);
    // After 6 ms: of the fast one three combinations of six, of the slow one one of two.
    assert_eq!(number("byzantine_weight"), Some((0.125 + 0.25) / 2.0));
    // The attacker began at 2 ms; the slow agent gives no weight from 14 ms on.
    assert_eq!(number("shut_out_ms"), Some(12.0));
    assert_eq!(number("shut_out_iteration"), None);
    assert_eq!(summary.number(&["steady", "starved"]), Some(0.0));
}

#[test]
fn it_is_not_over_where_an_agents_last_combination_gives_weight() {
    let shut_out = |fast: &[(u64, f64)], slow: &[(u64, f64)]| {
        let summary = weighed_over_time(fast, slow);
        summary.number(&["filter", "shut_out_ms"])
    };
    let fast = [(1000, 0.5), (2500, 0.0), (9000, 0.0)];
    assert_eq!(shut_out(&fast, &[(4000, 0.25)]), None);
    assert_eq!(shut_out(&fast, &[(4000, f64::NAN)]), None, "nobody knows");
    assert_eq!(shut_out(&fast, &[(4000, 0.0)]), Some(0.5));
    assert_eq!(shut_out(&[(1000, 0.0)], &[(4000, 0.0)]), Some(0.0));
}

#[test]
fn the_starved_share_is_per_agent_where_nobody_waits() {
    let fast: Vec<(u64, f64)> = (1..=10).map(|i| (1500 * i, 0.0)).collect();
    let summary = weighed_over_time(&fast, &[(7000, f64::NAN), (14_000, 0.5)]);
    // None of six combinations, and one of two.
    for name in ["starved", "kept_own"] {
        assert_eq!(summary.number(&["steady", name]), Some(0.25), "{name}");
    }
    let weight = summary.number(&["filter", "byzantine_weight"]);
    assert_eq!(
        weight,
        Some(0.25),
        "of the second, one combination has weights"
    );
}

#[test]
fn an_iteration_that_an_agent_misses_does_not_take_its_last_weight_away() {
    let weighed = |k: u32, iteration: u64, weight: f64| {
        let mut sample = sample(k, iteration, 1000 * (iteration + 1));
        sample.filter.byzantine_weight = weight;
        sample.attacking = k == 3;
        sample
    };
    for (weight, expected) in [(0.5, None), (0.0, Some(0.0))] {
        let folder = tempfile::tempdir().unwrap();
        let entries = vec![
            round(
                0,
                vec![
                    weighed(0, 0, 0.0),
                    weighed(1, 0, weight),
                    weighed(3, 0, 0.0),
                ],
            ),
            round(1, vec![weighed(0, 1, 0.0)]),
            round(2, vec![weighed(0, 2, 0.0)]),
            closing(3000, vec![]),
        ];
        let summary = record(plan(""), folder.path(), None, entries).unwrap();
        let found = summary.number(&["filter", "shut_out_iteration"]);
        assert_eq!(found, expected);
    }
}

/// Agent 0 is three times as fast as agents 1 and 3; agent 2 is down.
fn events() -> Vec<Entry> {
    let until = |until: u64, samples: Vec<Sample>| Entry::Events {
        samples,
        until: us(until),
    };
    vec![
        until(2500, vec![sample(0, 0, 1000), sample(0, 1, 2000)]),
        until(3001, vec![sample(0, 2, 3000), sample(1, 0, 3000)]),
        until(3001, vec![]),
        until(6000, vec![sample(3, 0, 3001)]),
        until(6001, vec![sample(1, 1, 6000), sample(3, 1, 6000)]),
    ]
}

#[test]
fn events_are_put_together_to_iterations() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = events();
    entries.push(closing(6500, vec![sample(0, 2, 3000), sample(1, 1, 6000)]));
    let summary = record(plan(""), folder.path(), Some(&[3, 3, 1]), entries).unwrap();
    let columns = ["iteration", "agents", "simulated_ms", "loss_mean"];
    assert_eq!(
        of_all(folder.path(), "rounds", &columns),
        [
            [0.0, 2.0, 3.001, 0.5],
            [1.0, 2.0, 6.0, 10.5],
            [2.0, 1.0, 3.0, 20.0],
        ]
    );
    assert_eq!(summary.number(&["simulated_ms"]), Some(6.5));
    assert_eq!(summary.number(&["latency", "wait_ms", "max"]), Some(0.1));
    // Agent 0 combined at 1, 2 and 3 ms, agent 1 at 3 and 6 ms; agent 3 is an attacker.
    let agent_round = |column| summary.number(&["latency", "agent_round_ms", column]);
    let found = ["count", "min", "mean", "max"].map(agent_round);
    assert_eq!(found, [3.0, 1.0, 5.0 / 3.0, 3.0].map(Some));
    // The same fingerprint as of the same models in another order.
    let in_order = tempfile::tempdir().unwrap();
    let rounds = vec![
        round(0, vec![sample(0, 0, 1000), sample(1, 0, 3000)]),
        round(1, vec![sample(0, 1, 2000), sample(1, 1, 6000)]),
        round(2, vec![sample(0, 2, 3000)]),
        closing(6500, vec![sample(0, 2, 3000), sample(1, 1, 6000)]),
    ];
    let other = record(plan(""), in_order.path(), None, rounds).unwrap();
    assert_eq!(summary.fingerprint(), other.fingerprint());
}

#[test]
fn what_is_incomplete_at_an_interruption_is_recorded_and_at_the_end_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let participants = Some(&[4, 3, 1][..]);
    let error = record(plan(""), folder.path(), participants, events());
    assert!(matches!(error, Err(RunError::Interrupted { .. })));
    let columns = ["iteration", "agents"];
    assert_eq!(
        of_all(folder.path(), "rounds", &columns),
        [[0.0, 2.0], [1.0, 2.0], [2.0, 1.0]]
    );
    let mut entries = events();
    entries.push(closing(6500, vec![]));
    let error = record(plan(""), folder.path(), participants, entries).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("not everybody told of iteration 0")
    );
}

#[test]
fn the_timeline_has_the_latest_states_at_its_moments() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan("");
    plan.timeline_every = Some(us(1500));
    let mut entries = events();
    if let Entry::Events { samples, .. } = &mut entries[0] {
        (samples[0].test_loss, samples[0].starved) = (7.0, true);
    }
    entries.push(closing(6500, vec![]));
    record(plan, folder.path(), Some(&[3, 3, 1]), entries).unwrap();
    let columns = [
        "simulated_ms",
        "iteration",
        "agents",
        "loss_mean",
        "test_loss_mean",
        "models_used",
        "starved",
        "round_ms",
    ];
    assert_eq!(
        of_all(folder.path(), "timeline", &columns),
        [
            [1.5, 0.0, 1.0, 0.0, 7.0, 2.0, 1.0, -1.0],
            // At the moment of a combination, it is in.
            [3.0, 0.0, 2.0, 10.5, 7.0, 6.0, 0.0, -1.0],
            [4.5, 0.0, 2.0, 10.5, 7.0, 0.0, 0.0, -1.0],
            [6.0, 1.0, 2.0, 15.5, 7.0, 2.0, 0.0, -1.0],
        ]
    );
}

#[test]
fn the_timeline_of_iterations_goes_up_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = plan("");
    plan.timeline_every = Some(us(500));
    let entries = vec![
        // The slowest does not come last.
        round(0, vec![sample(0, 0, 1000), sample(1, 0, 500)]),
        round(1, vec![sample(0, 1, 1500), sample(1, 1, 2000)]),
        closing(2000, vec![]),
    ];
    record(plan, folder.path(), None, entries).unwrap();
    let columns = ["simulated_ms", "iteration", "agents", "loss_max"];
    assert_eq!(
        of_all(folder.path(), "timeline", &columns),
        [
            [0.5, 0.0, 1.0, 1.0],
            [1.0, 0.0, 2.0, 1.0],
            [1.5, 0.0, 2.0, 10.0],
            [2.0, 1.0, 2.0, 11.0],
        ]
    );
}

const KEY: MessageKey = MessageKey {
    sender: AgentId(1),
    receiver: AgentId(0),
    stamp: 0,
    copy: 0,
    attempt: 0,
};

fn message(key: MessageKey, fate: MessageEnd) -> MessageRow {
    MessageRow {
        key,
        sent: us(100),
        arrives: None,
        fate,
        used: None,
        copies: 1,
    }
}

/// A run in which agent 0 uses one message in two iterations and others are lost.
fn traced() -> Vec<Entry> {
    let weight = |message, held| WeightRow {
        sender: AgentId(1),
        message,
        age_iterations: 0,
        age: us(5),
        loss: 0.5,
        accumulated: 0.5,
        weight: 0.5,
        held,
    };
    let duplicate = MessageKey { copy: 1, ..KEY };
    let mut first = sample(0, 0, 1000);
    first.weights = vec![weight(Some(KEY), false), weight(None, false)].into();
    first.trace = Some(Box::new(Trace {
        messages: vec![message(duplicate, MessageEnd::Dropped(DroppedBy::Burst))],
        models: vec![ModelRow {
            agent: AgentId(0),
            iteration: 0,
            stage: Stage::Sent,
            receiver: Some(AgentId(2)),
            parameters: crate::units::Params::new(&[1.5, 2.5]),
        }],
    }));
    let mut second = sample(0, 1, 2000);
    second.weights = vec![weight(Some(KEY), true)].into();
    second.trace = Some(Box::new(Trace {
        messages: vec![MessageRow {
            arrives: Some(us(900)),
            used: Some((us(1000), us(2000), 2)),
            ..message(KEY, MessageEnd::Delivered { late: true })
        }],
        models: Vec::new(),
    }));
    second.traffic = Traffic {
        sent: 1,
        duplicated: 1,
        delivered: 1,
        dropped: 1,
        late: 1,
        used: 1,
        bytes: 8,
        ..Traffic::default()
    };
    let flooded = MessageRow {
        copies: 40,
        ..message(
            MessageKey { copy: 200, ..KEY },
            MessageEnd::Dropped(DroppedBy::FloodBound),
        )
    };
    vec![
        round(0, vec![first]),
        round(1, vec![second]),
        round(2, vec![]),
        Entry::Finished(Closing {
            end: us(3000),
            traffic: Traffic {
                sent: 40,
                dropped: 40,
                ..Traffic::default()
            },
            traces: vec![Trace {
                messages: vec![flooded],
                models: Vec::new(),
            }],
            ..Closing::default()
        }),
    ]
}

/// The columns of the tables of a trace, in their order.
const TRACE_COLUMNS: [(&str, &str); 2] = [
    (
        "messages",
        "message,sender,receiver,stamp,copy,attempt,sent_ms,arrives_ms,fate,dropped_by,used_ms,\
         last_used_ms,times_used,copies",
    ),
    ("models", "agent,iteration,stage,receiver,parameters"),
];

const TRACED: &str = "record = { trace = true, weights = \"all\" }";

#[test]
fn a_trace_has_every_message_under_the_number_that_weights_name() {
    let folder = tempfile::tempdir().unwrap();
    record(plan(TRACED), folder.path(), None, traced()).unwrap();
    let columns = ["iteration", "message", "held"];
    assert_eq!(
        numbers(folder.path(), "weights", &columns),
        [[0.0, 0.0, 0.0], [0.0, -1.0, 0.0], [1.0, 0.0, 1.0]]
    );
    let columns = [
        "message",
        "copy",
        "arrives_ms",
        "used_ms",
        "last_used_ms",
        "times_used",
        "copies",
    ];
    assert_eq!(
        numbers(folder.path(), "messages", &columns),
        [
            [1.0, 1.0, -1.0, -1.0, -1.0, 0.0, 1.0],
            [0.0, 0.0, 0.9, 1.0, 2.0, 2.0, 1.0],
            [2.0, 200.0, -1.0, -1.0, -1.0, 0.0, 40.0],
        ]
    );
    let text = |text: &str| Field::Str(text.to_owned());
    assert_eq!(
        read(folder.path(), "messages", &["fate", "dropped_by"]),
        [
            [text("dropped"), text("burst")],
            [text("delivered"), Field::Null],
            [text("dropped"), text("flood-bound")],
        ]
    );
    let models = read(
        folder.path(),
        "models",
        &["stage", "receiver", "parameters"],
    );
    assert_eq!(models.len(), 1);
    assert_eq!(models[0][..2], [text("sent"), Field::Long(2)]);
    assert_eq!(models[0][2].to_string(), "[1.5, 2.5]");
}

#[test]
fn the_tables_of_a_trace_have_their_columns_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    record(plan(TRACED), folder.path(), None, traced()).unwrap();
    for (table, columns) in TRACE_COLUMNS {
        let file = std::fs::File::open(folder.path().join(format!("{table}.parquet"))).unwrap();
        let file = SerializedFileReader::new(file).unwrap();
        let fields = file.metadata().file_metadata().schema().get_fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
        assert_eq!(names.join(","), format!("point,{columns}"));
    }
}

#[test]
fn a_trace_that_does_not_come_to_what_was_counted_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = traced();
    if let Some(Entry::Finished(closing)) = entries.last_mut() {
        closing.traces[0].messages[0].copies = 39;
    }
    let error = record(plan(TRACED), folder.path(), None, entries).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("sent: 41") && message.contains("sent: 40"),
        "{message}"
    );
    // Without a trace, nobody counts again.
    let folder = tempfile::tempdir().unwrap();
    record(plan(""), folder.path(), None, traced()).unwrap();
    assert!(!folder.path().join("messages.parquet").exists());
}

#[test]
fn accounts_that_are_not_right_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut odd = sample(0, 0, 1000);
    odd.traffic.sent = 1;
    let entries = vec![round(0, vec![odd]), closing(3000, vec![])];
    let error = record(plan(""), folder.path(), None, entries).unwrap_err();
    assert!(matches!(error, RunError::Accounting(_)));
}

#[test]
fn last_models_are_asked_of_those_only_whose_relationship_is_told() {
    let asked = |more: &str, has_folder: bool| -> Vec<u32> {
        let folder = tempfile::tempdir().unwrap();
        let output = Output {
            folder: has_folder.then(|| folder.path().to_owned()),
            threads: 1,
        };
        let recorder = Recorder::open(Arc::new(plan(more)), output, Vec::new(), None).unwrap();
        recorder.wants_last_models().iter().map(|k| k.0).collect()
    };
    assert_eq!(asked("", true), [0, 1, 2], "all normal agents");
    assert_eq!(asked("", false), [0; 0], "no table");
    assert_eq!(
        asked("record.weights = \"none\"", true),
        [0; 0],
        "no weights either"
    );
}
