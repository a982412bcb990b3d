//! Tests of the task on generated images.

use super::*;
use crate::settings::{Problems, Sources, Span, Table};
use crate::units::AgentId;

const SEEDS: TaskSeeds = TaskSeeds {
    topology: 1,
    data: 2,
};

fn settings(text: &str) -> Result<(DigitClassification, toml::Table), String> {
    let (mut sources, mut problems) = (Sources::default(), Problems::default());
    let source = sources.add("a.toml", text);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("task", Span::default(), Some(&table), &mut problems);
    let (task, _, resolved) = keys.run(DigitClassification::read);
    if problems.is_empty() {
        Ok((task, resolved))
    } else {
        Err(problems.into_error(&sources).to_string())
    }
}

fn load(text: &str, agents: usize) -> Result<Arc<Supervised>, DataError> {
    let (task, _) = settings(text).expect("good settings");
    let graph = Graph::undirected(agents, vec![]);
    let world = task.world(&graph, SEEDS, &Library::new(None, "."));
    world.map(Arc::new)
}

const SMALL: &str = "source = 'generated'\ntrain = 30\ntest = 10\nbatch = [8, 16]\n\
    model = { kind = 'cnn', channels = [4, 4], hidden = [16] }\n";

fn small(agents: usize) -> Arc<Supervised> {
    load(SMALL, agents).expect("generated images")
}

fn refusal(text: &str, agents: usize) -> String {
    let text = format!("source = 'generated'\n{text}");
    load(&text, agents).expect_err("a refusal").to_string()
}

#[test]
fn no_settings_are_the_papers_settings() {
    let (task, resolved) = settings("").expect("good settings");
    assert_eq!(
        resolved.to_string(),
        "source = \"files\"\ngroup2 = \"synthetic-digits\"\ntrain = 2000\ntest = 400\n\
         batch = [64, 128]\nmirror = 0.0\n\n[model]\nkind = \"cnn\"\nchannels = [32, 64, 64]\nhidden = [128]\n"
    );
    let defaults: toml::Table = task.defaults().parse().expect("the defaults are TOML");
    // Of five agents, the adapt step is skipped with 1/2, 2/3, 3/4, 3/4 and never.
    let skipped: Vec<f64> = defaults["learner"]["override"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|o| 1.0 - o["adapt_probability"].as_float().expect("a number"))
        .collect();
    for (found, expected) in skipped.iter().zip([0.5, 2.0 / 3.0, 0.75, 0.75]) {
        assert!((found - expected).abs() < 1e-12);
    }
    assert_eq!(skipped.len(), 4);
}

#[test]
fn an_epoch_of_the_paper_has_16_iterations() {
    let world = load("source = 'generated'", 2).expect("generated images");
    assert_eq!(world.iterations_per_epoch(), Some(16));
    assert_eq!(world.dimension(), 130_890);
    let rows = |share: &Share| (share.train.rows.len(), share.test.rows.len(), share.batch);
    let found: Vec<_> = world.shares().iter().map(rows).collect();
    assert_eq!(found, [(2000, 400, 64), (2000, 400, 128)]);
}

#[test]
fn the_first_half_of_the_agents_reads_plain_digits() {
    let world = small(5);
    let groups: Vec<u32> = (0..5).map(|k| world.group(AgentId(k))).collect();
    assert_eq!(groups, [0, 0, 0, 1, 1]);
    let mut input = vec![0.0; 784];
    for share in world.shares() {
        let Rows { examples, rows } = &share.train;
        let mut least = f32::INFINITY;
        for &row in rows {
            examples.read(row, &mut input);
            least = input.iter().fold(least, |least, &x| least.min(x));
        }
        assert_eq!(least < 0.0, share.group == 1, "from 0, or from -1");
    }
}

#[test]
fn nobody_has_an_image_of_anybody_elses() {
    let world = small(6);
    for group in [0, 1] {
        let shares = world.shares().iter().filter(|share| share.group == group);
        let mut rows: Vec<u32> = shares
            .flat_map(|share| [&share.train.rows[..], &share.test.rows].concat())
            .collect();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..3 * 40));
    }
}

#[test]
fn mirrored_images_are_in_batches_of_the_second_group_only() {
    let text = format!("{SMALL}mirror = 1.0\n");
    let mirrored = load(&text, 2).expect("generated images");
    let plain = small(2);
    let losses = |world: &Arc<Supervised>, agent| {
        let model = world.initial(AgentId(agent));
        let mut objective = world.clone().objective(AgentId(agent));
        objective.draw(3);
        objective.loss(&model)
    };
    assert_eq!(losses(&mirrored, 0), losses(&plain, 0));
    assert_ne!(losses(&mirrored, 1), losses(&plain, 1));
    // What is learned from is mirrored, what is tested on is not.
    let evaluation = |world: &Arc<Supervised>| {
        let model = world.initial(AgentId(1));
        world.clone().objective(AgentId(1)).evaluate(&model)
    };
    assert_eq!(evaluation(&mirrored), evaluation(&plain));
}

#[test]
fn results_say_that_images_were_generated() {
    assert!(small(2).generated().expect("a word").contains("generated"));
}

#[test]
fn an_agent_alone_learns_but_not_at_once() {
    let text = "source = 'generated'\ntrain = 320\ntest = 100\nbatch = [32, 32]\n\
                model = { kind = 'cnn', channels = [8, 16], hidden = [32] }";
    let world = load(text, 2).expect("generated images");
    let accuracies = [0, 1].map(|agent| {
        let agent = AgentId(agent);
        let mut model = world.initial(agent);
        let mut objective = world.clone().objective(agent);
        let mut gradient = vec![0.0; world.dimension()];
        for step in 0..150 {
            objective.draw(step);
            objective.gradient(&model, &mut gradient);
            for (x, slope) in model.iter_mut().zip(&gradient) {
                *x = (f64::from(*x) - 0.2 * slope) as f32;
            }
        }
        let found = objective.evaluate(&model).expect("a test set");
        found.accuracy.expect("classes")
    });
    // Chance is 0.1; backgrounds make it harder.
    assert!((0.5..0.99).contains(&accuracies[0]), "{accuracies:?}");
    assert!(accuracies[1] < accuracies[0], "{accuracies:?}");
}

#[test]
fn more_images_than_there_are_are_refused() {
    let examples = Arc::new(generate(1, Style::Plain, 100));
    let all = Rows {
        examples,
        rows: (0..100).collect(),
    };
    let key = Key::new(1, Purpose::Split);
    let shares = share_out(all.clone(), ("train", 33), 3, key).expect("enough");
    assert_eq!(shares.len(), 3);
    let refused = share_out(all, ("train", 34), 3, key).expect_err("too few");
    assert_eq!(
        refused.to_string(),
        "3 agents with 34 images each need 102, and the data set has 100 for training: write at \
         most 33, or have fewer agents"
    );
}

#[test]
fn one_agent_learns_plain_digits_and_needs_no_others() {
    let world = small(1);
    assert_eq!(world.shares().len(), 1);
    assert_eq!(world.group(AgentId(0)), 0);
}

#[test]
fn a_batch_larger_than_a_training_set_is_refused() {
    let message = settings("train = 100").expect_err("a mistake");
    let expected = "a batch has 128 images, and an agent has 100 for training";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn more_images_than_fit_into_memory_are_refused_before_they_take_any() {
    let message = refusal("train = 1_000_000", 4);
    let expected = "2 agents need 2000800 generated images: let all need at most 1000000";
    assert_eq!(message, expected);
}

#[test]
fn without_test_images_nothing_is_evaluated() {
    let world = load(&format!("{SMALL}test = 0\n").replace("test = 10\n", ""), 2);
    let world = world.expect("generated images");
    assert!(!world.has_test_set());
    let model = world.initial(AgentId(0));
    assert_eq!(world.objective(AgentId(0)).evaluate(&model), None);
}

#[test]
fn a_network_that_halves_too_often_is_refused() {
    let message = refusal("model = { channels = [2, 2, 2, 2, 2] }", 2);
    assert!(message.contains("are 1×1 before layer 5"), "{message}");
}

#[test]
fn files_without_a_folder_are_an_error_and_never_generated() {
    let error = load("data = 'no/such/folder'", 2).expect_err("no files");
    let error = error.to_string();
    assert!(error.contains("no/such/folder/mnist"), "{error}");
    assert!(error.contains("train-images-idx3-ubyte"), "{error}");
}

#[test]
fn wrong_settings_are_refused() {
    for text in [
        "train = 0",
        "batch = [64]",
        "batch = [64, 0]",
        "batch = 64",
        "mirror = 1.5",
        "group2 = 'digits'",
        "model = { kind = 'lstm' }",
        "model = { kind = 'mlp', channels = [2] }",
        "model = { channels = [0] }",
        "images = 1",
    ] {
        let message = settings(text).expect_err(text);
        let key = text.split(['=', '\'']).next().expect("a key").trim();
        assert!(message.contains(key), "{text}: {message}");
    }
}
