//! Tests of the task on generated recordings.

use super::*;
use crate::data::Targets;
use crate::data::har::FEATURES;
use crate::data::har_generated::ROWS;
use crate::settings::{Problems, Sources, Span, Table};
use crate::units::AgentId;

const SEEDS: TaskSeeds = TaskSeeds {
    topology: 1,
    data: 2,
};

fn generated(batch: u64, test_share: f64) -> ActivityRecognition {
    ActivityRecognition {
        source: DataSource::Generated,
        data: None,
        batch,
        test_share,
    }
}

fn load(task: &ActivityRecognition, agents: usize) -> Result<Arc<Supervised>, DataError> {
    let graph = Graph::undirected(agents, vec![]);
    task.world(&graph, SEEDS, &Library::new(None, "."))
        .map(Arc::new)
}

/// The first agents' world with the paper's settings.
fn world(agents: usize) -> Arc<Supervised> {
    load(&generated(10, 0.25), agents).expect("generated data")
}

fn refusal(task: &ActivityRecognition, agents: usize) -> String {
    load(task, agents).expect_err("a refusal").to_string()
}

#[test]
fn a_subject_keeps_a_quarter_of_its_rows_for_test() {
    let world = world(30);
    let shares = world.shares();
    assert_eq!(shares[0].train.examples.len(), 10_299);
    assert_eq!(shares[7].train.rows.len(), 210);
    assert_eq!(world.iterations_per_epoch(), Some(21));
    for (agent, (share, rows)) in shares.iter().zip(ROWS).enumerate() {
        assert_eq!(share.test.rows.len(), rows.div_ceil(4));
        let mut all = [&share.train.rows[..], &share.test.rows[..]].concat();
        all.sort_unstable();
        let first = ROWS[..agent].iter().sum::<usize>() as u32;
        assert!(all.into_iter().eq(first..first + rows as u32));
    }
}

#[test]
fn an_agents_data_does_not_depend_on_how_many_agents_there_are() {
    let (few, many) = (world(2), world(5));
    let [few, many] = [few, many].map(|world| world.shares()[1].train.clone());
    assert_eq!(few.rows, many.rows);
    let [few, many] = [few, many].map(|train| {
        let mut input = vec![0.0; FEATURES];
        train.examples.read(train.rows[0], &mut input);
        input
    });
    assert_eq!(few, many);
}

#[test]
fn generated_recordings_look_like_the_published_ones() {
    let all = generate(3, 30);
    assert_eq!(all.examples.len(), all.subjects.len());
    let mut input = vec![0.0; FEATURES];
    for row in 0..all.examples.len() as u32 {
        all.examples.read(row, &mut input);
        assert!(input.iter().all(|x| (-1.0..=1.0).contains(x)));
    }
    for subject in 0..30 {
        let of = all.subjects.iter().filter(|&&s| s == subject).count();
        assert_eq!(of, ROWS[usize::from(subject)]);
    }
    let Targets::Classes { labels, classes } = all.examples.targets() else {
        panic!("activities are classes");
    };
    assert!((0..6).all(|a| labels.contains(&a)) && *classes == 6);
}

#[test]
fn an_agent_alone_learns_from_generated_recordings_but_not_at_once() {
    let world = world(3);
    let mut accuracies = Vec::new();
    for agent in [0, 1, 2] {
        let mut model = world.initial(AgentId(agent));
        let mut subject = world.clone().objective(AgentId(agent));
        let mut gradient = vec![0.0; world.dimension()];
        for step in 0..10 * 21 {
            subject.draw(step);
            subject.gradient(&model, &mut gradient);
            for (x, slope) in model.iter_mut().zip(&gradient) {
                *x = (f64::from(*x) - 0.01 * slope) as f32;
            }
        }
        let found = subject.evaluate(&model).expect("a test set");
        accuracies.push(found.accuracy.expect("classes"));
    }
    let mean = accuracies.iter().sum::<f64>() / 3.0;
    // Chance is 1/6.
    assert!((0.5..0.97).contains(&mean), "{accuracies:?}");
}

#[test]
fn more_agents_than_subjects_are_refused() {
    let message = "activity-recognition has 30 subjects, one for each agent, and the topology has \
                   31 agents: let it have at most 30";
    assert_eq!(refusal(&generated(10, 0.25), 31), message);
}

#[test]
fn a_batch_larger_than_a_training_set_is_refused() {
    let message = "a batch has 240 rows, and subject 2 has 226 for training and 76 for test: lower \
                   task.batch or task.test_share";
    assert_eq!(refusal(&generated(240, 0.25), 3), message);
    assert!(refusal(&generated(1, 1.0), 1).contains("subject 1 has 0 for training"));
    assert!(refusal(&generated(u64::MAX, 0.25), 1).contains("a batch has 18446744073709551615"));
}

#[test]
fn files_without_a_folder_are_an_error_and_never_generated() {
    let task = ActivityRecognition {
        source: DataSource::Files,
        data: Some("no/such/folder".into()),
        ..generated(10, 0.25)
    };
    let error = refusal(&task, 1);
    assert!(
        error.contains("no/such/folder/har/UCI HAR Dataset is missing"),
        "{error}"
    );
    assert!(error.contains("archive.ics.uci.edu"), "{error}");
}

fn settings(text: &str) -> Result<(ActivityRecognition, toml::Table), String> {
    let (mut sources, mut problems) = (Sources::default(), Problems::default());
    let source = sources.add("a.toml", text);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("task", Span::default(), Some(&table), &mut problems);
    let (task, _, resolved) = keys.run(ActivityRecognition::read);
    if problems.is_empty() {
        Ok((task, resolved))
    } else {
        Err(problems.into_error(&sources).to_string())
    }
}

#[test]
fn no_settings_are_the_papers_settings() {
    let (task, resolved) = settings("").expect("good settings");
    assert_eq!(
        (task.source, &task.data, task.batch),
        (DataSource::Files, &None, 10)
    );
    assert_eq!(
        resolved.to_string(),
        "source = \"files\"\nbatch = 10\ntest_share = 0.25\n"
    );
    task.defaults()
        .parse::<toml::Table>()
        .expect("the defaults are TOML");
}

#[test]
fn wrong_settings_are_refused() {
    for text in [
        "batch = 0",
        "test_share = 0.0",
        "test_share = 1.1",
        "source = \"file\"",
        "rows = 1",
    ] {
        assert!(settings(text).is_err(), "{text}");
    }
}
