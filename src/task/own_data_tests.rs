//! Tests of the tasks on small files: shares, groups, tests, and what is refused at which key.

use super::*;
use crate::data::Targets;
use crate::settings::{Problems, Sources, Span, Table};
use crate::topology::{Complete, Topology};

fn graph(agents: u32) -> Graph {
    let graph = Complete { agents }.draw(1, std::path::Path::new("."));
    graph.expect("a complete network")
}

/// A folder with files, for scenarios that lie there.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Folder(folder)
    }

    fn try_load(
        &self,
        settings: &str,
        wanted: Wanted,
        agents: u32,
        seed: u64,
    ) -> Result<Supervised, DataError> {
        let (settings, _) = read(settings, wanted).unwrap_or_else(|e| panic!("{e}"));
        let seeds = TaskSeeds {
            topology: 1,
            data: seed,
        };
        let library = Library::new(None, self.0.path());
        settings.world(&graph(agents), seeds, &library)
    }

    /// The world that settings give to so many agents.
    fn load(&self, settings: &str, wanted: Wanted, agents: u32) -> Supervised {
        self.try_load(settings, wanted, agents, 1)
            .unwrap_or_else(|e| panic!("{e}"))
    }

    /// At which key settings are refused, with what message and help.
    fn refusal(&self, settings: &str, wanted: Wanted, agents: u32) -> (String, String, String) {
        match self.try_load(settings, wanted, agents, 1) {
            Err(DataError::Unfit { key, message, help }) => {
                let folder = format!("{}/", self.0.path().display());
                (key.join("."), message.replace(&folder, ""), help)
            }
            other => panic!("{:?}", other.map(|_| ())),
        }
    }
}

fn read(text: &str, wanted: Wanted) -> Result<(OwnRowsTask, toml::Table), String> {
    let (mut sources, mut problems) = (Sources::default(), Problems::default());
    let source = sources.add("a.toml", text);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("task", Span::default(), Some(&table), &mut problems);
    let (settings, _, resolved) = keys.run(|keys| match wanted {
        Wanted::Class => Classification::read(keys),
        Wanted::Values => Regression::read(keys),
    });
    if problems.is_empty() {
        Ok((settings, resolved))
    } else {
        Err(problems.into_error(&sources).to_string())
    }
}

/// Rows of agents and groups, with features that tell rows apart, and two classes.
fn table(owners: &[(u32, u32)]) -> String {
    let row = |(row, (agent, group)): (usize, &(u32, u32))| {
        format!("{agent},{group},{row},{}\n", row / 2 % 2)
    };
    let rows: String = owners.iter().enumerate().map(row).collect();
    format!("agent,group,x,y\n{rows}")
}

/// Agents 0, 1 and 2 with 8, 12 and 4 rows; agent 1 is of group 5.
fn three_agents() -> Folder {
    let owners = [vec![(0, 0); 8], vec![(1, 5); 12], vec![(2, 0); 4]].concat();
    Folder::new(&[("own.csv", &table(&owners))])
}

const OWN: &str = "path = \"own.csv\"\nbatch = 3\n";

fn with(more: &str) -> String {
    format!("{OWN}{more}")
}

fn sizes(world: &Supervised) -> Vec<(usize, usize)> {
    let size = |share: &Share| (share.train.rows.len(), share.test.rows.len());
    world.shares().iter().map(size).collect()
}

fn groups(world: &Supervised) -> Vec<u32> {
    world.shares().iter().map(|share| share.group).collect()
}

/// All rows of an agent, sorted.
fn rows(share: &Share) -> Vec<u32> {
    let mut rows = [&share.train.rows[..], &share.test.rows[..]].concat();
    rows.sort_unstable();
    rows
}

#[test]
fn agents_have_their_own_rows_where_the_file_says_whose_they_are() {
    let world = three_agents().load(OWN, Wanted::Class, 3);
    assert_eq!(sizes(&world), [(6, 2), (9, 3), (3, 1)]);
    assert_eq!(groups(&world), [0, 5, 0]);
    let all: Vec<Vec<u32>> = world.shares().iter().map(rows).collect();
    let expected: [Vec<u32>; 3] = [(0..8).collect(), (8..20).collect(), (20..24).collect()];
    assert_eq!(all, expected);
    assert_eq!(world.iterations_per_epoch(), Some(1));
    let said = with("partition = { kind = \"by-agent\" }");
    let said = three_agents().load(&said, Wanted::Class, 3);
    assert_eq!(said.shares()[1].train.rows, world.shares()[1].train.rows);
}

#[test]
fn rows_without_owners_are_shared_out_equally() {
    let file: String = (0..20).map(|row| format!("{row},{}\n", row % 2)).collect();
    let folder = Folder::new(&[("own.csv", &format!("x,y\n{file}"))]);
    let world = folder.load(OWN, Wanted::Class, 3);
    assert_eq!(sizes(&world), [(5, 2), (5, 2), (4, 2)]);
    let mut all: Vec<u32> = world.shares().iter().flat_map(rows).collect();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>());
    // Seeds share rows out anew.
    let other = folder
        .try_load(OWN, Wanted::Class, 3, 2)
        .expect("as before");
    assert_ne!(rows(&other.shares()[0]), rows(&world.shares()[0]));
}

/// Owners and groups of rows mean nothing where rows are dealt out.
#[test]
fn other_partitions_take_no_notice_of_owners_and_groups() {
    for kind in ["\"iid\"", "\"dirichlet\", alpha = 5"] {
        let settings = with(&format!("partition = {{ kind = {kind} }}"));
        let world = three_agents().load(&settings, Wanted::Class, 2);
        assert_eq!(groups(&world), [0, 0]);
        let mut all: Vec<u32> = world.shares().iter().flat_map(rows).collect();
        all.sort_unstable();
        assert_eq!(all, (0..24).collect::<Vec<_>>());
    }
}

#[test]
fn no_share_for_test_is_no_test_set() {
    let world = three_agents().load(&with("test_share = 0"), Wanted::Class, 3);
    assert_eq!(sizes(&world), [(8, 0), (12, 0), (4, 0)]);
    assert!(!world.has_test_set());
}

#[test]
fn agents_are_tested_on_their_own_rows_of_a_test_file_or_on_all() {
    let owners = [vec![(0, 0); 8], vec![(1, 5); 12], vec![(2, 0); 4]].concat();
    let folder = Folder::new(&[
        ("own.csv", &table(&owners)),
        ("owned.csv", "agent,x,y\n2,1,0\n0,2,1\n1,3,0\n0,4,0\n"),
        ("common.csv", "x,y\n1,0\n2,1\n"),
    ]);
    let owned = with("test_path = \"owned.csv\"");
    let world = folder.load(&owned, Wanted::Class, 3);
    assert_eq!(sizes(&world), [(8, 2), (12, 1), (4, 1)]);
    assert_eq!(world.shares()[0].test.rows, [1, 3]);
    assert_eq!(world.files().len(), 2);
    let world = folder.load(&with("test_path = \"common.csv\""), Wanted::Class, 3);
    assert_eq!(sizes(&world), [(8, 2), (12, 2), (4, 2)]);
    let iid = format!("{owned}\npartition = {{ kind = \"iid\" }}");
    assert_eq!(
        sizes(&folder.load(&iid, Wanted::Class, 2)),
        [(12, 4), (12, 4)]
    );
}

#[test]
fn a_test_file_has_rows_of_all_agents_or_says_nothing_of_agents() {
    let owners = [vec![(0, 0); 3], vec![(1, 0); 3]].concat();
    let folder = Folder::new(&[
        ("own.csv", &table(&owners)),
        ("one.csv", "agent,x,y\n0,1,0\n"),
        ("more.csv", "agent,x,y\n0,1,0\n1,1,0\n2,1,0\n"),
    ]);
    for (name, message) in [
        ("one.csv", "agent 1 has no row in one.csv"),
        (
            "more.csv",
            "more.csv:4: `agent` is 2, and the agents go from 0 to 1",
        ),
    ] {
        let settings = with(&format!("test_path = \"{name}\""));
        let refusal = folder.refusal(&settings, Wanted::Class, 2);
        assert_eq!(
            (refusal.0.as_str(), refusal.1.as_str()),
            ("task.test_path", message)
        );
    }
}

#[test]
fn the_topology_has_the_agents_of_the_file() {
    let (key, message, help) = three_agents().refusal(OWN, Wanted::Class, 2);
    assert_eq!(key, "topology.agents");
    assert_eq!(
        message,
        "own.csv has rows of agent 2, and the agents go from 0 to 1"
    );
    assert_eq!(help, "let the topology have 3 agents");
    let (key, message, help) = three_agents().refusal(OWN, Wanted::Class, 5);
    assert_eq!(key, "topology.agents");
    assert_eq!(
        message,
        "agent 3 has no row in own.csv, whose agents go up to 2, and the topology has 5 agents"
    );
    assert_eq!(help, "let the topology have 3 agents");
    let gap = Folder::new(&[("own.csv", &table(&[(0, 0), (2, 0), (2, 0)]))]);
    let (_, message, help) = gap.refusal(OWN, Wanted::Class, 3);
    assert!(message.starts_with("agent 1 has no row"), "{message}");
    assert_eq!(help, "add rows of agent 1, or choose another partition");
}

#[test]
fn an_agents_rows_are_of_one_group() {
    let folder = Folder::new(&[("own.csv", &table(&[(0, 0), (1, 4), (0, 0), (0, 3)]))]);
    let (key, message, _) = folder.refusal(OWN, Wanted::Class, 2);
    assert_eq!(key, "task.path");
    assert_eq!(
        message,
        "own.csv:5: `group` is 3, and agent 0 has rows of group 0"
    );
}

/// Groups are of agents, and a file that says nothing of agents cannot give them any.
#[test]
fn groups_without_owners_are_refused() {
    let rows = "group,x,y\n0,1,0\n0,2,1\n1,3,0\n1,4,1\n";
    let folder = Folder::new(&[("own.csv", rows)]);
    let iid = "path = \"own.csv\"\nbatch = 1\npartition = { kind = \"iid\" }";
    for settings in [OWN, iid] {
        let (key, message, help) = folder.refusal(settings, Wanted::Class, 2);
        assert_eq!(key, "task.path");
        assert_eq!(
            message,
            "own.csv has `group` and does not say with `agent` whose rows are: groups are of agents"
        );
        assert_eq!(help, "add `agent`, or remove `group`");
    }
}

#[test]
fn what_a_partition_cannot_do_is_refused_with_what_would() {
    let folder = Folder::new(&[("own.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n7,0\n8,1\n")]);
    let by_agent = with("partition = { kind = \"by-agent\" }");
    let (key, message, _) = folder.refusal(&by_agent, Wanted::Class, 2);
    assert_eq!(key, "task.partition");
    assert_eq!(
        message,
        "by-agent goes by a column `agent`, and own.csv has none"
    );
    let dirichlet = with("partition = { kind = \"dirichlet\", alpha = 0.001 }");
    let (_, message, help) = folder.refusal(&dirichlet, Wanted::Values, 2);
    assert!(
        message.ends_with("class by class, and regression has no classes"),
        "{message}"
    );
    assert!(help.contains("\"iid\""), "{help}");
    let (key, message, help) = folder.refusal(&dirichlet, Wanted::Class, 3);
    assert_eq!(key, "task.partition");
    assert_eq!(
        message,
        "8 rows are too few for 3 agents: each needs a batch of 3 for training, besides its rows \
         for test"
    );
    assert_eq!(
        help,
        "let topology.agents be at most 2, or lower task.batch"
    );
    let huge = dirichlet.replace("batch = 3", "batch = 9");
    let (_, _, help) = folder.refusal(&huge, Wanted::Class, 1);
    assert_eq!(help, "lower task.batch, or task.test_share");
    let few = dirichlet.replace("batch = 3", "batch = 1\ntest_share = 0.0");
    let (_, message, help) = folder.refusal(&few, Wanted::Class, 4);
    assert_eq!(
        message,
        "no draw with alpha = 0.001 gives every agent enough rows for training: a batch has 1"
    );
    assert!(help.starts_with("write alpha = "), "{help}");
    // What the message says does.
    let alpha = help["write alpha = ".len()..]
        .split(',')
        .next()
        .expect("a number");
    folder.load(&few.replace("0.001", alpha), Wanted::Class, 4);
}

/// Nothing is drawn for so many agents.
#[test]
fn a_partition_that_has_no_chance_is_refused_before_it_is_drawn() {
    let folder = Folder::new(&[("own.csv", "x,y\n1,0\n2,1\n3,0\n4,1\n")]);
    let text = with("partition = { kind = \"dirichlet\", alpha = 1 }").replace("= 3", "= 1");
    let (settings, _) = read(&text, Wanted::Class).expect("good settings");
    let library = Library::new(None, folder.0.path());
    let data = settings.data(&library).expect("good rows");
    let sharing = Sharing {
        partition: Partition::Dirichlet { alpha: 1.0 },
        agents: usize::MAX,
        batch: 1,
        test_share: 0.25,
        seed: 1,
    };
    let refused = sharing.shares(&data.train);
    let message = refused.expect_err("four rows").to_string();
    assert!(message.starts_with("4 rows are too few for"), "{message}");
}

#[test]
fn a_batch_larger_than_a_training_set_is_refused() {
    let (key, message, help) =
        three_agents().refusal("path = \"own.csv\"\nbatch = 4", Wanted::Class, 3);
    assert_eq!(key, "task.batch");
    assert_eq!(
        message,
        "a batch has 4 rows, and agent 2 has 3 for training and 1 for test"
    );
    assert_eq!(help, "lower task.batch to 3, or task.test_share");
    let all = "path = \"own.csv\"\ntest_share = 1";
    let (_, message, help) = three_agents().refusal(all, Wanted::Class, 3);
    assert!(
        message.contains("agent 0 has 0 for training and 8 for test"),
        "{message}"
    );
    assert!(help.contains("lower task.test_share"), "{help}");
}

#[test]
fn a_model_that_predicts_something_else_is_refused() {
    let folder = three_agents();
    let linear = with("model = { kind = \"linear\" }");
    let softmax = with("model = { kind = \"softmax\" }");
    for (settings, wanted) in [(linear, Wanted::Class), (softmax, Wanted::Values)] {
        let (key, message, _) = folder.refusal(&settings, wanted, 3);
        assert_eq!(key, "task.model.kind");
        assert!(message.contains("predicts"), "{message}");
    }
}

#[test]
fn one_file_gives_classes_to_one_task_and_values_to_the_other() {
    let folder = three_agents();
    let library = Library::new(None, folder.0.path());
    let targets = |wanted| {
        let (settings, _) = read(OWN, wanted).expect("good settings");
        let data = settings.data(&library).expect("a good file");
        matches!(data.train.examples.targets(), Targets::Classes { .. })
    };
    assert!(targets(Wanted::Class) && !targets(Wanted::Values) && targets(Wanted::Class));
}

#[test]
fn settings_have_their_defaults() {
    let (_, resolved) = read("path = \"own.csv\"", Wanted::Class).expect("good");
    let expected = "path = \"own.csv\"\nmissing = \"refuse\"\nstandardize = false\ntest_share = 0.25\nbatch = 10\n\n[model]\nkind = \"softmax\"\n";
    assert_eq!(resolved.to_string(), expected);
    let tested = "path = \"own.csv\"\ntest_path = \"test.csv\"";
    let (_, resolved) = read(tested, Wanted::Values).expect("good");
    let expected = format!(
        "{tested}\nmissing = \"refuse\"\nstandardize = false\nbatch = 10\n\n[model]\nkind = \"linear\"\n"
    );
    assert_eq!(resolved.to_string(), expected);
    DEFAULTS
        .parse::<toml::Table>()
        .expect("the defaults are TOML");
}

#[test]
fn wrong_settings_are_refused() {
    for text in [
        "",
        "path = 1",
        "path = \"a.csv\"\nbatch = 0",
        "path = \"a.csv\"\ntest_share = -0.1",
        "path = \"a.csv\"\ntest_share = 1.1",
        "path = \"a.csv\"\ntest_share = 0.5\ntest_path = \"b.csv\"",
        "path = \"a.csv\"\npartition = \"iid\"",
        "path = \"a.csv\"\npartition = { kind = \"dirichlet\" }",
        "path = \"a.csv\"\npartition = { kind = \"dirichlet\", alpha = 0 }",
        "path = \"a.csv\"\npartition = { kind = \"iid\", alpha = 1 }",
        "path = \"a.csv\"\nmodel = { kind = \"forest\" }",
        "path = \"a.csv\"\nrows = 1",
    ] {
        assert!(read(text, Wanted::Class).is_err(), "{text}");
    }
}

/// Rows of two agents; the value that is missing is filled in, and all are put on one scale, by what
/// training rows have.
#[test]
fn features_are_filled_in_and_scaled_by_training_rows() {
    let mut text = "agent,a,b,y\n".to_owned();
    for row in 0..40 {
        let a = if row == 7 {
            "NA".to_owned()
        } else {
            format!("{}", 1000 * row)
        };
        text += &format!("s{},{a},{},{}\n", row % 2, row % 5, row % 2);
    }
    let folder = Folder::new(&[("own.csv", &text)]);
    let settings = "path = \"own.csv\"\nmissing = \"mean\"\n";
    let plain = folder.load(settings, Wanted::Class, 2);
    let scaled = format!("{settings}standardize = true\n");
    let scaled = folder.load(&scaled, Wanted::Class, 2);
    let column = |world: &Supervised, at: usize, rows: fn(&Share) -> &super::super::Rows| {
        let one = |share: &Share| {
            let rows = rows(share);
            let read = |&row: &u32| {
                let mut input = [0.0; 2];
                rows.examples.read(row, &mut input);
                f64::from(input[at])
            };
            rows.rows.iter().map(read).collect::<Vec<f64>>()
        };
        world.shares().iter().flat_map(one).collect::<Vec<f64>>()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    for at in 0..2 {
        let (train, test) = (
            column(&scaled, at, |s| &s.train),
            column(&scaled, at, |s| &s.test),
        );
        let square: Vec<f64> = train.iter().map(|x| x * x).collect();
        assert!(
            mean(&train).abs() < 1e-6 && (mean(&square) - 1.0).abs() < 0.05,
            "{train:?}"
        );
        // Rows for test have no part in it.
        let before = column(&plain, at, |s| &s.train);
        let deviation = mean(
            &before
                .iter()
                .map(|x| (x - mean(&before)).powi(2))
                .collect::<Vec<_>>(),
        );
        let expected = column(&plain, at, |s| &s.test);
        let expected = expected
            .iter()
            .map(|x| (x - mean(&before)) / deviation.sqrt());
        for (found, expected) in test.iter().zip(expected) {
            assert!((found - expected).abs() < 0.05, "{found} {expected}");
        }
    }
    assert!(
        column(&plain, 0, |s| &s.train)
            .iter()
            .chain(&column(&plain, 0, |s| &s.test))
            .all(|x| x.is_finite())
    );
    let about = plain.summary().expect("some words");
    for part in [
        "0: 20",
        "numbered in this order: s0, s1",
        "`standardize = true`",
    ] {
        assert!(about.contains(part), "no {part} in: {about}");
    }
    assert!(
        !scaled
            .summary()
            .expect("some words")
            .contains("`standardize = true`")
    );
}

#[test]
fn agents_that_are_numbered_or_named_otherwise_get_advice_that_helps() {
    let rows = |agents: &[&str]| {
        let rows = agents
            .iter()
            .flat_map(|agent| (0..20).map(move |y| format!("{agent},{y},{}\n", y % 2)));
        format!("agent,a,y\n{}", rows.collect::<String>())
    };
    let advice = |agents: &[&str], topology: u32| {
        let folder = Folder::new(&[("own.csv", &rows(agents))]);
        let (key, message, help) = folder.refusal("path = \"own.csv\"", Wanted::Class, topology);
        assert_eq!(key, "topology.agents");
        format!("{message}: {help}")
    };
    let from_1 = advice(&["1", "2", "3"], 3);
    assert!(
        from_1.contains("from 1 to 3") && from_1.ends_with("subtract 1 from the numbers"),
        "{from_1}"
    );
    assert!(advice(&["1", "2", "3"], 4).ends_with("and let the topology have 3 agents"));
    let gaps = advice(&["3", "17", "40"], 3);
    assert!(
        gaps.contains("number the 3 agents of the file from 0 without gaps"),
        "{gaps}"
    );
    let named = advice(&["ann", "bob", "cem"], 5);
    assert!(
        named.contains("3 agents (ann, bob, cem)") && named.ends_with("have 3 agents"),
        "{named}"
    );
    assert!(advice(&["0", "1", "2"], 2).ends_with("let the topology have 3 agents"));
    let folder = Folder::new(&[("own.csv", &rows(&["bob", "ann"]))]);
    folder.load("path = \"own.csv\"", Wanted::Class, 2);
}
