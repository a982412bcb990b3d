//! Classification and regression on the user's own rows: whole runs from CSV and NPZ files.

mod scenario;
mod shipped;

use byzsim::record::{Seen, Summary};
use byzsim::rng::{Key, Purpose, Stream};
use ndarray::{Array1, Array2};
use ndarray_npy::NpzWriter;
use rand::RngExt;
use scenario::Read;
use shipped::{Study, mean, run_on, side_by_side, watch};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

const FEATURES: usize = 3;

/// Rows that were made up.
struct Data {
    x: Vec<[f64; FEATURES]>,
    y: Vec<f64>,
    agents: Vec<u32>,
    groups: Vec<u32>,
}

fn stream(seed: u64) -> Stream {
    Key::new(seed, Purpose::Generated).stream()
}

impl Data {
    /// Agents with 30 rows each, in two groups; `target` says `y` of a row.
    fn new(agents: u32, target: impl Fn(&[f64; FEATURES], u32, &mut Stream) -> f64) -> Data {
        let mut stream = stream(3);
        let mut data = Data {
            x: Vec::new(),
            y: Vec::new(),
            agents: Vec::new(),
            groups: Vec::new(),
        };
        for row in 0..30 * agents {
            let (agent, group) = (row % agents, row % agents % 2);
            let x = [(); FEATURES].map(|()| stream.random_range(-1.0..1.0));
            data.y.push(target(&x, group, &mut stream));
            data.x.push(x);
            data.agents.push(agent);
            data.groups.push(group);
        }
        data
    }

    /// Two classes on the sides of a plane, which differs a little between groups.
    fn classes(agents: u32) -> Data {
        Data::new(agents, |x, group, _| {
            let height = x[0] + (0.5 + f64::from(group)) * x[1] - x[2];
            f64::from(u8::from(height > 0.1))
        })
    }

    /// A line with noise.
    fn values(agents: u32) -> Data {
        Data::new(agents, |x, group, stream| {
            let line = 1.0 + 2.0 * x[0] - x[1] + f64::from(group) * x[2];
            line + stream.random_range(-0.2..0.2)
        })
    }

    fn write_csv(&self, path: &Path) {
        let mut text = "agent,group,a,b,c,y\n".to_owned();
        for row in 0..self.y.len() {
            let ([a, b, c], y) = (self.x[row], self.y[row]);
            let (agent, group) = (self.agents[row], self.groups[row]);
            text.push_str(&format!("{agent},{group},{a},{b},{c},{y}\n"));
        }
        std::fs::write(path, text).unwrap();
    }

    fn write_npz(&self, path: &Path) {
        let mut npz = NpzWriter::new_compressed(File::create(path).unwrap());
        let x = Array2::from_shape_vec((self.y.len(), FEATURES), self.x.concat()).unwrap();
        let whole = |all: &[u32]| Array1::from_iter(all.iter().map(|&n| i64::from(n)));
        npz.add_array("x", &x).unwrap();
        npz.add_array("y", &Array1::from_vec(self.y.clone()))
            .unwrap();
        npz.add_array("agent", &whole(&self.agents)).unwrap();
        npz.add_array("group", &whole(&self.groups)).unwrap();
        npz.finish().unwrap();
    }

    /// A folder with `own.csv` and `own.npz`.
    fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.write_csv(&folder.path().join("own.csv"));
        self.write_npz(&folder.path().join("own.npz"));
        folder
    }
}

/// A scenario of six agents, one of them an attacker.
fn six(kind: &str, file: &str, task: &str) -> String {
    format!(
        r#"
epochs = 4
[task]
kind = "{kind}"
path = "{file}"
batch = 5
{task}
[topology]
agents = 6
[learner]
step_size = 0.1
[[attack]]
agents = [2]
kind = "uniform"
low = 0.0
high = 2.0
"#
    )
}

fn read(folder: &Path, text: &str) -> Read {
    scenario::read_at("own", text, folder, &[])
}

fn summary(folder: &Path, text: &str, threads: usize) -> Summary {
    let plan = read(folder, text).plans().remove(0);
    run_on(&Arc::new(plan), threads)
}

#[test]
fn the_same_numbers_give_the_same_run_from_either_format() {
    for (kind, data) in [
        ("classification", Data::classes(6)),
        ("regression", Data::values(6)),
    ] {
        let folder = data.folder();
        for task in ["", "partition = { kind = \"iid\" }"] {
            let of = |file| summary(folder.path(), &six(kind, file, task), 1);
            let (csv, npz) = (of("own.csv"), of("own.npz"));
            assert_eq!(csv.fingerprint(), npz.fingerprint(), "{kind} {task}");
        }
    }
}

#[test]
fn one_seed_gives_one_run_on_any_number_of_threads() {
    let folder = Data::classes(6).folder();
    let mut all = BTreeSet::new();
    for partition in ["by-agent\"", "iid\"", "dirichlet\", alpha = 1"] {
        let task = format!("partition = {{ kind = \"{partition} }}");
        let text = six("classification", "own.csv", &task);
        let of = |threads| {
            summary(folder.path(), &text, threads)
                .fingerprint()
                .to_owned()
        };
        let fingerprints = [1, 2, 8].map(of);
        assert!(fingerprints.iter().all(|f| *f == fingerprints[0]), "{task}");
        all.insert(fingerprints[0].clone());
    }
    assert_eq!(all.len(), 3, "partitions differ");
}

#[test]
fn agents_learn_their_classes() {
    let folder = Data::classes(6).folder();
    let text = six("classification", "own.csv", "").replace("epochs = 4", "epochs = 60");
    let found = summary(folder.path(), &text, 1);
    let accuracy = found.number(&["final", "accuracy", "mean"]);
    // The larger class has 55 % of the rows.
    assert!(accuracy.unwrap() > 0.85, "{accuracy:?}");
    for group in ["0", "1"] {
        let of = found.number(&["final", "groups", group, "accuracy", "mean"]);
        assert!(of.is_some(), "group {group}");
    }
}

#[test]
fn regression_is_measured_by_its_loss_alone() {
    let folder = Data::values(6).folder();
    let found = summary(folder.path(), &six("regression", "own.csv", ""), 1);
    let of = |name| found.number(&["final", name, "mean"]);
    assert!(of("test_loss").unwrap() < 2.0);
    assert_eq!(of("accuracy"), None);
    let none = six("regression", "own.csv", "test_share = 0");
    let found = summary(folder.path(), &none, 1);
    assert_eq!(found.number(&["final", "test_loss", "mean"]), None);
}

/// The weights w and the bias b that minimize Σ (w·x + b − y)², from the normal equations.
fn least_squares(data: &Data) -> Vec<f64> {
    const N: usize = FEATURES + 1;
    let mut system = [[0.0; N + 1]; N];
    for (x, y) in data.x.iter().zip(&data.y) {
        let row = [x[0], x[1], x[2], 1.0, *y];
        for i in 0..N {
            for j in 0..=N {
                system[i][j] += row[i] * row[j];
            }
        }
    }
    // Gauss–Jordan; the matrix is positive definite, so no pivot is 0.
    for pivot in 0..N {
        let scale = system[pivot][pivot];
        system[pivot].iter_mut().for_each(|value| *value /= scale);
        let pivot_row = system[pivot];
        for (_, row) in system.iter_mut().enumerate().filter(|(i, _)| *i != pivot) {
            let factor = row[pivot];
            for (value, above) in row.iter_mut().zip(pivot_row) {
                *value -= factor * above;
            }
        }
    }
    system.map(|row| row[N]).to_vec()
}

#[test]
fn linear_regression_alone_with_all_rows_finds_the_least_squares() {
    let mut data = Data::values(4);
    data.agents.fill(0);
    data.groups.fill(0);
    let folder = data.folder();
    let text = r#"
epochs = 300
[task]
kind = "regression"
path = "own.npz"
test_share = 0
batch = 120
[topology]
agents = 1
[learner]
step_size = 0.3
[rule]
kind = "no-cooperation"
"#;
    let plan = Arc::new(read(folder.path(), text).plans().remove(0));
    assert_eq!(plan.iterations, 300);
    let look = |end: &mut Vec<f32>, seen: &Seen<'_>| {
        if seen.round.last {
            let model = seen.round.samples[0].model.as_ref();
            end.extend_from_slice(model.expect("models were asked for").values());
        }
    };
    let (_, found) = watch(&plan, Vec::new(), look);
    let expected = least_squares(&data);
    // Inputs have variance 1/3, so a step of 0.3 shrinks the distance by 0.8: what is left is the
    // rounding of 32 bits.
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (f64::from(*found) - expected).abs() < 1e-5,
            "{found} {expected}"
        );
    }
}

#[test]
fn what_files_hold_is_part_of_a_runs_name_and_what_they_are_called_is_not() {
    let (data, other) = (Data::classes(6), Data::classes(5));
    let id = |train: &str, test: &str, held: &Data| {
        let folder = tempfile::tempdir().unwrap();
        data.write_csv(&folder.path().join(train));
        held.write_csv(&folder.path().join(test));
        let task = format!("test_path = \"{test}\"\npartition = {{ kind = \"iid\" }}");
        let read = read(folder.path(), &six("classification", train, &task));
        // Its resolved form leads to the same files from anywhere.
        let resolved = read.file.resolved();
        let again = scenario::read_at("again", &resolved, Path::new("/tmp"), &[]);
        assert_eq!(again.file.resolved(), resolved);
        assert_eq!(again.ids(), read.ids());
        read.ids().remove(0)
    };
    let own = id("a.csv", "b.csv", &data);
    assert_eq!(id("c.csv", "d.csv", &data), own);
    assert_ne!(id("a.csv", "b.csv", &other), own);
}

#[test]
fn sweeps_go_over_partitions_and_their_keys() {
    let folder = Data::classes(6).folder();
    let partition = "partition = { kind = \"dirichlet\", alpha = 1.0 }";
    let text = six("classification", "own.csv", partition);
    let alphas = format!("{text}\n[sweep]\n\"task.partition.alpha\" = [0.5, 5.0]\n");
    let read_alphas = read(folder.path(), &alphas);
    assert_eq!(read_alphas.values("task.partition.alpha"), ["0.5", "5.0"]);
    // Only one kind has `alpha`.
    let kinds = format!("{text}\n[sweep]\n\"task.partition.kind\" = [\"iid\", \"dirichlet\"]\n");
    let read_kinds = read(folder.path(), &kinds);
    assert_eq!(read_kinds.values("task.partition.alpha"), ["", "1.0"]);
    let tables = "task.partition = { own = { kind = \"by-agent\" }, mixed = { kind = \"iid\" } }";
    let (key, labels) = tables.split_once(" = ").unwrap();
    let text = six("classification", "own.csv", "");
    let read_tables = read(
        folder.path(),
        &format!("{text}\n[sweep]\n\"{key}\" = {labels}\n"),
    );
    assert_eq!(
        read_tables.settings(),
        ["task.partition=own", "task.partition=mixed"]
    );
    for read in [read_alphas, read_kinds, read_tables] {
        assert_eq!(BTreeSet::from_iter(read.ids()).len(), 2);
        let again = scenario::read_at("again", &read.file.resolved(), Path::new("/tmp"), &[]);
        assert_eq!(again.ids(), read.ids());
    }
}

#[test]
fn the_shipped_scenario_shows_the_filtered_rule_ahead() {
    let accuracy = |rule: &str| {
        let seeds = [1, 2, 3, 4, 5];
        let accuracies = side_by_side(&seeds, |seed| {
            let plan = Study::open("own-data", &[&format!("seed={seed}")]).rule(rule);
            let accuracy = run_on(&plan, 1).number(&["final", "accuracy", "mean"]);
            accuracy.expect("an accuracy")
        });
        mean(&accuracies)
    };
    let [alone, average, filtered] = ["alone", "average", "loss"].map(accuracy);
    println!("alone {alone:.3}, average {average:.3}, loss {filtered:.3}");
    assert!(filtered > alone + 0.04, "{filtered} {alone}");
    assert!(alone > average + 0.15, "{alone} {average}");
}

/// The file is what the scenario's comment says: two makes, twelve sites, 50 rows each.
#[test]
fn the_shipped_file_has_twelve_sites_in_two_groups() {
    let plan = Study::open("own-data", &[]).plan(0);
    let groups: Vec<u32> = plan.graph.ids().map(|k| plan.world.group(k)).collect();
    assert_eq!(groups, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!(plan.world.iterations_per_epoch(), Some(5));
    // Six sensors and a bias for each of three states.
    assert_eq!(plan.world.dimension(), 21);
}
