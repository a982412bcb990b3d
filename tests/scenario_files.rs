//! What scenario files mean: sweeps, assignments, selections, seeds.

mod scenario;

use byzsim::learner::Method;
use byzsim::scenario::{Catalogues, ScenarioFile};
use byzsim::units::{AgentId, SimTime};
use scenario::{ATTACK, RULES, SMALL, read, read_with, text};

// Sweeps.

#[test]
fn the_points_of_a_sweep_are_the_product_of_its_keys_the_first_being_the_slowest() {
    let file = read(&text(&[SMALL, RULES, "seed = { from = 3, count = 2 }\n"]));
    assert_eq!(
        file.settings(),
        [
            "rule=alone seed=3",
            "rule=alone seed=4",
            "rule=mean seed=3",
            "rule=mean seed=4",
            "rule=loss seed=3",
            "rule=loss seed=4",
        ]
    );
    assert_eq!(file.values("rule.kind")[2], r#""average""#);
    assert_eq!(file.values("seed"), ["3", "4", "3", "4", "3", "4"]);
}

#[test]
fn zipped_lists_advance_together() {
    let sweep = r#"
[sweep]
seed = [1, 2]
"rule.forgetting" = [0.1, 0.2]
iterations = [5, 6]
zip = [["seed", "rule.forgetting"]]
"#;
    let file = read(&text(&[SMALL, sweep]));
    assert_eq!(
        file.settings(),
        [
            "seed=1 rule.forgetting=0.1 iterations=5",
            "seed=1 rule.forgetting=0.1 iterations=6",
            "seed=2 rule.forgetting=0.2 iterations=5",
            "seed=2 rule.forgetting=0.2 iterations=6",
        ]
    );
}

#[test]
fn a_dotted_path_finds_an_attack_by_its_name() {
    let sweep = "[sweep]\n\"attack.noise.low\" = [1.0, 2.0]\n";
    let file = read(&text(&[SMALL, ATTACK, sweep]));
    assert_eq!(file.values("attack.0.low"), ["1.0", "2.0"]);
    assert_eq!(file.values("attack.0.high"), ["16.0", "16.0"]);
}

#[test]
fn labels_stand_for_whole_lists_of_attacks() {
    let sweep = r#"
[sweep]
attack = { none = [], flip = [{ agents = [1], kind = "sign-flip" }] }
"#;
    let file = read(&text(&[SMALL, sweep]));
    assert_eq!(file.settings(), ["attack=none", "attack=flip"]);
    assert_eq!(file.byzantine(), [0, 1]);
}

#[test]
fn a_whole_table_does_not_undo_a_key_that_is_swept_in_it_whatever_comes_first() {
    let sweep = r#"
[sweep]
"rule.forgetting" = [0.2, 0.3]
rule = { mean = { kind = "average" }, loss = { kind = "loss", forgetting = 0.9 } }
"#;
    let file = read(&text(&[SMALL, sweep]));
    assert_eq!(file.values("rule.forgetting"), ["", "0.2", "", "0.3"]);
}

#[test]
fn where_a_kind_is_swept_a_key_is_legal_if_any_kind_has_it_and_only_its_own_points_have_it() {
    let rule = r#"
[rule]
filter = false
power = 3.0
[sweep]
"rule.kind" = ["loss", "distance", "average"]
"#;
    let file = read(&text(&[SMALL, rule]));
    assert_eq!(file.values("rule.filter"), ["false", "", ""]);
    assert_eq!(file.values("rule.power"), ["", "3.0", ""]);

    let topology = r#"
[sweep]
"topology.kind" = ["regular", "small-world", "ring"]
"topology.degree" = [2, 4]
"#;
    let file = read(&text(&[SMALL, "rewire = 0.5\n", topology]));
    assert_eq!(
        file.values("topology.rewire"),
        ["", "", "0.5", "0.5", "", ""]
    );
    assert_eq!(file.values("topology.degree"), ["2", "4", "2", "4", "", ""]);

    let attack = "std = 2.0\n[sweep]\n\"attack.noise.kind\" = [\"uniform\", \"add-noise\"]\n";
    let file = read(&text(&[SMALL, ATTACK, attack]));
    assert_eq!(file.values("attack.0.std"), ["", "2.0"]);
    assert_eq!(file.values("attack.0.low"), ["15.0", ""]);

    let task = r#"
iterations = 4
[task]
source = "generated"
noisy_agents = 2
[topology]
agents = 8
[sweep]
"task.kind" = ["target-localization", "activity-recognition"]
"#;
    let file = read(task);
    assert_eq!(file.values("task.source"), ["", r#""generated""#]);
    assert_eq!(file.values("task.noisy_agents"), ["2", ""]);
    assert_eq!(
        file.values("topology.kind"),
        [r#""geometric""#, r#""complete""#]
    );
}

#[test]
fn where_an_optimizer_is_swept_a_key_is_legal_if_any_swept_one_has_it() {
    let adam = r#"
[learner]
beta1 = 0.8
[[learner.override]]
agents = [1]
epsilon = 0.1
[sweep]
"learner.optimizer" = ["sgd", "adam"]
"#;
    let file = read(&text(&[SMALL, adam]));
    assert_eq!(file.values("learner.beta1"), ["", "0.8"]);
    assert_eq!(file.values("learner.beta2"), ["", "0.999"]);
    assert_eq!(file.values("learner.override.0.epsilon"), ["", "0.1"]);
    let file = read_with(
        &text(&[SMALL, "[learner]\nbeta1 = 0.8"]),
        &["learner.optimizer=adam"],
    );
    assert_eq!(file.values("learner.beta1"), ["0.8"]);
}

#[test]
fn agents_can_differ_in_optimizer_whatever_the_others_have() {
    let overrides = r#"
[learner]
optimizer = "adam"
beta1 = 0.8
[[learner.override]]
agents = { range = [0, 5] }
beta2 = 0.9
[[learner.override]]
agents = { range = [4, 7] }
optimizer = "sgd"
[[learner.override]]
agents = [7]
optimizer = "adam"
"#;
    let plan = read(&text(&[SMALL, overrides])).plans().remove(0);
    let method = |agent| match plan.learner(AgentId(agent)).method {
        Method::Sgd => None,
        Method::Adam(adam) => Some((adam.beta1, adam.beta2)),
    };
    assert_eq!(method(3), Some((0.8, 0.9)));
    assert_eq!(method(4), None);
    assert_eq!(method(7), Some((0.8, 0.999)));
    assert_eq!(method(8), Some((0.8, 0.999)));
}

#[test]
fn where_a_mode_is_swept_a_key_is_legal_if_any_swept_mode_has_it() {
    let clock = r#"
[clock]
quorum = 0.5
period_ms = 100
late = "discard"
max_age_ms = 300
[sweep]
"clock.mode" = ["synchronous", "deadline", "asynchronous"]
"#;
    let file = read(&text(&[SMALL, clock]));
    assert_eq!(file.values("clock.quorum"), ["0.5", "", ""]);
    assert_eq!(file.values("clock.period_ms"), ["", "100.0", ""]);
    assert_eq!(file.values("clock.late"), ["", r#""discard""#, ""]);
    assert_eq!(file.values("clock.max_age_ms"), ["", "", "300.0"]);
    let missing = ["", r#""skip""#, r#""hold""#];
    assert_eq!(file.values("clock.missing"), missing);
    let modes: Vec<&str> = file.plans().iter().map(|p| p.mode().name()).collect();
    assert_eq!(modes, ["synchronous", "deadline", "asynchronous"]);
}

#[test]
fn the_kind_of_a_distribution_is_swept_like_any_other() {
    let spread = r#"
[link]
delay_ms = { mean = 30, median = 25, sigma = 0.5, offset = 1 }
[clock]
compute_ms = { value = 8, low = 5, high = 9 }
[[fault]]
name = "churners"
kind = "churn"
agents = [1]
up_ms = { mean = 900, std = 9 }
down_ms = 100
[sweep]
"link.delay_ms.kind" = ["exponential", "lognormal"]
"clock.compute_ms.kind" = ["constant", "uniform"]
"fault.churners.up_ms.kind" = ["exponential", "normal"]
zip = [["link.delay_ms.kind", "clock.compute_ms.kind", "fault.churners.up_ms.kind"]]
"#;
    let file = read(&text(&[SMALL, spread]));
    assert_eq!(file.values("link.delay_ms.mean"), ["30.0", ""]);
    assert_eq!(file.values("link.delay_ms.median"), ["", "25.0"]);
    assert_eq!(file.values("link.delay_ms.offset"), ["1.0", "1.0"]);
    // A constant that is nothing but that is a bare number.
    assert_eq!(file.values("clock.compute_ms")[0], "8.0");
    assert_eq!(file.values("clock.compute_ms.low"), ["", "5.0"]);
    assert_eq!(file.values("fault.0.up_ms.std"), ["", "9.0"]);

    let timing = "timing = { ms = 5, copies = 3 }\n[sweep]\n\"attack.noise.timing.kind\" = [\"delay\", \"flood\"]\n";
    let file = read(&text(&[SMALL, ATTACK, timing]));
    assert_eq!(file.values("attack.0.timing.ms"), ["5.0", ""]);
    assert_eq!(file.values("attack.0.timing.copies"), ["", "3"]);

    let faults = r#"
[[fault]]
name = "first"
agents = [1]
from_ms = 20
up_ms = 30
down_ms = 5
[sweep]
"fault.first.kind" = ["crash", "churn"]
"#;
    let file = read(&text(&[SMALL, faults]));
    assert_eq!(file.values("fault.0.from_ms"), ["20.0", ""]);
    assert_eq!(file.values("fault.0.up_ms"), ["", "30.0"]);
}

#[test]
fn a_period_and_a_delay_advance_together() {
    let sweep = r#"
[clock]
mode = "deadline"
[link]
delay_ms = { kind = "exponential", offset = 1 }
[sweep]
"clock.period_ms" = [50, 100]
"link.delay_ms.mean" = [10, 20]
zip = [["clock.period_ms", "link.delay_ms.mean"]]
"#;
    let file = read(&text(&[SMALL, sweep]));
    let expected = [
        "clock.period_ms=50 link.delay_ms.mean=10",
        "clock.period_ms=100 link.delay_ms.mean=20",
    ];
    assert_eq!(file.settings(), expected);
    assert_eq!(file.values("link.delay_ms.mean"), ["10.0", "20.0"]);
}

#[test]
fn labels_stand_for_whole_tables_of_links_clocks_and_faults() {
    let sweep = r#"
[sets]
far = [1, 2]
[sweep]
link = { ideal = {}, far = { delay_ms = 5, override = [{ between = ["far", [3]], drop = 1 }] } }
clock = { waits = { quorum = 0.5 }, ticks = { mode = "deadline", period_ms = 50, override = [{ agents = "far", speed = 0.5 }] } }
fault = { none = [], churn = [{ kind = "churn", agents = "far", up_ms = 50, down_ms = 5 }] }
zip = [["link", "clock", "fault"]]
"#;
    let file = read(&text(&[SMALL, sweep]));
    let expected = [
        "link=ideal clock=waits fault=none",
        "link=far clock=ticks fault=churn",
    ];
    assert_eq!(file.settings(), expected);
    assert_eq!(file.values("link.override.0.drop"), ["", "1.0"]);
    assert_eq!(file.values("link.delay_ms"), ["0.0", "5.0"]);
    assert_eq!(file.values("clock.mode")[1], r#""deadline""#);
    assert_eq!(file.values("fault.0.kind"), ["", r#""churn""#]);
    let speeds: Vec<f64> = file.plans().iter().map(|p| p.speed(AgentId(2))).collect();
    assert_eq!(speeds, [1.0, 0.5]);
}

// Overrides.

#[test]
fn labels_inherit_the_file_s_own_table_key_by_key() {
    let own = r#"
[rule]
kind = "loss"
forgetting = 0.5
[[rule.override]]
agents = [1]
initial = 3.0
[[rule.override]]
agents = [2]
kind = "coordinate-median"
[clock]
period_ms = 100
compute_ms = 77
[[clock.override]]
agents = [3]
speed = 0.5
[link]
delay_ms = { kind = "exponential", mean = 3, offset = 1 }
burst = { enter = 0.1, leave = 0.2, drop_good = 0.05 }
[sweep]
rule = { alone = { kind = "no-cooperation" }, loss = {}, slow = { forgetting = 0.1 }, distance = { kind = "distance" } }
clock = { waits = {}, ticks = { mode = "deadline" }, asynchronous = { mode = "asynchronous", override = [] } }
link = { bursts = { burst = { enter = 0.3 } }, far = { delay_ms = { kind = "uniform", low = 1, high = 2 } } }
zip = [["rule", "clock"]]
"#;
    let zipped = own.replace("loss = {}, slow", "slow");
    let read = read(&text(&[SMALL, &zipped]));
    assert_eq!(
        read.values("rule.kind").concat(),
        "\"no-cooperation\"".repeat(2) + &"\"loss\"".repeat(2) + &"\"distance\"".repeat(2)
    );
    assert_eq!(
        read.values("rule.forgetting"),
        ["", "", "0.1", "0.1", "0.5", "0.5"]
    );
    // Rules without `initial` have only the override that names a kind of its own.
    assert_eq!(
        read.values("rule.override.0.agents"),
        ["[2]", "[2]", "[1]", "[1]", "[1]", "[1]"]
    );
    assert_eq!(
        read.values("rule.override.1.agents"),
        ["", "", "[2]", "[2]", "[2]", "[2]"]
    );
    assert_eq!(read.values("clock.compute_ms"), ["77.0"; 6]);
    assert_eq!(
        read.values("clock.period_ms"),
        ["", "", "100.0", "100.0", "", ""]
    );
    assert_eq!(
        read.values("clock.override.0.speed"),
        ["0.5", "0.5", "0.5", "0.5", "", ""]
    );
    let twice = |a: &str, b: &str| [a, b, a, b, a, b].map(str::to_owned);
    assert_eq!(read.values("link.burst.enter"), twice("0.3", "0.1"));
    assert_eq!(read.values("link.burst.drop_good"), twice("0.05", "0.05"));
    // A distribution is one value.
    assert_eq!(read.values("link.delay_ms.offset"), twice("1.0", "0.0"));

    let set = read_with(&text(&[SMALL, &zipped]), &["rule.forgetting=0.9"]);
    assert_eq!(
        set.values("rule.forgetting"),
        ["", "", "0.9", "0.9", "0.9", "0.9"]
    );
    // Labels that `--set` leaves out may be the ones that a key of the file is for.
    let alone = "[rule]\nforgetting = 0.5\n".to_owned() + RULES;
    let alone = read_with(&text(&[SMALL, &alone]), &["rule=alone"]);
    assert_eq!(alone.values("rule.forgetting"), [""]);
}

#[test]
fn a_task_s_step_size_is_for_its_own_optimizer() {
    let size = |text: &str| read(text).values("learner.step_size").remove(0);
    let adam = "[learner]\noptimizer = \"adam\"\n";
    assert_eq!(size(SMALL), "0.1");
    assert_eq!(size(&text(&[SMALL, adam])), "0.001");
    // Overrides of the optimizer alone keep the table's step size, as the resolved scenario does.
    let mixed = "[[learner.override]]\nagents = [1]\noptimizer = \"adam\"\n";
    let plan = read(&text(&[SMALL, mixed])).plans().remove(0);
    let of = |agent| plan.learner(byzsim::units::AgentId(agent)).step_size.at(0);
    assert_eq!([of(0), of(1)], [0.1, 0.1]);
}

#[test]
fn an_agent_in_several_overrides_has_what_each_says_the_later_ones_first() {
    let overrides = r#"
[clock]
compute_ms = 8
[[clock.override]]
agents = [1, 2]
speed = 0.5
[[clock.override]]
agents = [2, 3]
compute_ms = 3
[[clock.override]]
agents = [2]
speed = 3
[learner]
step_size = 0.5
[[learner.override]]
agents = { range = [0, 3] }
steps_per_exchange = 2
[[learner.override]]
agents = [3, 4]
adapt_probability = 0.25
step_size = 0.75
[rule]
kind = "trimmed-mean"
f = 1
[[rule.override]]
agents = [1, 2, 3]
too_few = "shrink-f"
[[rule.override]]
agents = [1]
kind = "average"
[[rule.override]]
agents = [2]
f = 0
"#;
    let plan = read(&text(&[SMALL, overrides])).plans().remove(0);
    let ms = |agent| plan.compute_time(AgentId(agent), 0).ms();
    assert_eq!([0, 1, 2, 3].map(ms), [8.0, 16.0, 1.0, 3.0]);
    let learner = |agent| {
        let learner = plan.learner(AgentId(agent));
        let step_size = learner.step_size.at(0);
        (
            learner.steps_per_exchange,
            learner.adapt_probability,
            step_size,
        )
    };
    assert_eq!(learner(0), (2, 1.0, 0.5));
    assert_eq!(learner(3), (2, 0.25, 0.75));
    assert_eq!(learner(4), (1, 0.25, 0.75));
    assert_eq!(learner(5), (1, 1.0, 0.5));
    let rule = |agent| format!("{:?}", plan.rule(AgentId(agent)).rule);
    assert!(
        rule(0).contains("f: Number(1), too_few: Own"),
        "{}",
        rule(0)
    );
    assert_eq!(plan.rule(AgentId(1)).kind, "average");
    assert!(
        rule(2).contains("f: Number(0), too_few: ShrinkF"),
        "{}",
        rule(2)
    );
    assert!(
        rule(3).contains("f: Number(1), too_few: ShrinkF"),
        "{}",
        rule(3)
    );
}

// Assignments.

#[test]
fn an_assignment_overrides_the_file_and_ends_the_sweep_of_its_key() {
    let sweep = "[sweep]\nseed = [1, 2]\niterations = [5, 6]\nzip = [[\"seed\", \"iterations\"]]\n";
    let text = text(&[SMALL, sweep]);
    let file = read_with(&text, &["seed=9", "rule.forgetting=0.3", "name=my run"]);
    assert_eq!(file.settings(), ["iterations=5", "iterations=6"]);
    assert_eq!(file.values("seed"), ["9", "9"]);
    assert_eq!(file.values("rule.forgetting"), ["0.3", "0.3"]);
    assert_eq!(file.file.name, "my run");
}

#[test]
fn an_assigned_list_or_range_takes_the_place_of_a_swept_list() {
    let text = text(&[SMALL, "[sweep]\nseed = [1, 2]\n"]);
    assert_eq!(read_with(&text, &["seed=[7]"]).settings(), ["seed=7"]);
    let range = read_with(&text, &["seed={ from = 4, count = 2 }"]);
    assert_eq!(range.settings(), ["seed=4", "seed=5"]);
}

#[test]
fn an_assigned_label_selects_it_and_stays_the_setting() {
    let file = read_with(&text(&[SMALL, RULES]), &["rule=loss"]);
    assert_eq!(file.settings(), ["rule=loss"]);
    assert_eq!(file.values("rule.kind"), [r#""loss""#]);
    let table = read_with(&text(&[SMALL, RULES]), &["rule={ kind = 'distance' }"]);
    assert_eq!(table.settings(), [""]);
    assert_eq!(table.values("rule.kind"), [r#""distance""#]);
}

#[test]
fn an_assignment_into_a_swept_table_reaches_every_point_whose_kind_has_the_key() {
    let file = read_with(&text(&[SMALL, RULES]), &["rule.forgetting=0.3"]);
    assert_eq!(file.values("rule.forgetting"), ["", "", "0.3"]);
    let sweep = r#"
[sweep]
attack = { none = [], flip = [{ name = "noise", agents = [1], kind = "sign-flip" }], uniform = [{ name = "noise", agents = [1], kind = "uniform", low = 1, high = 9 }] }
"#;
    let file = read_with(&text(&[SMALL, sweep]), &["attack.noise.low=5"]);
    assert_eq!(file.values("attack.0.low"), ["", "", "5.0"]);
}

#[test]
fn an_assignment_makes_tables_and_leaves_their_default_kind() {
    let alone = "[task]\nkind = \"target-localization\"\n";
    let file = read_with(alone, &["topology.agents=10"]);
    assert_eq!(file.values("topology.kind"), [r#""geometric""#]);
    assert_eq!(file.plans()[0].graph.agents(), 10);
    let activity = "[task]\nkind = \"activity-recognition\"\nsource = \"generated\"\n";
    let file = read_with(activity, &["topology.agents=6", "iterations=3"]);
    assert_eq!(file.values("topology.kind"), [r#""complete""#]);
}

#[test]
fn an_assigned_length_takes_the_place_of_the_other() {
    let file = "epochs = 3\n[task]\nkind = \"activity-recognition\"\nsource = \"generated\"\n";
    let file = read_with(file, &["iterations=7"]);
    assert_eq!(file.values("iterations"), ["7"]);
    assert_eq!(file.values("epochs"), [""]);
}

#[test]
fn an_assigned_mode_needs_no_change_of_the_file() {
    let set = ["clock.mode=deadline", "clock.period_ms=50"];
    let file = read_with(SMALL, &set);
    assert_eq!(file.values("clock.period_ms"), ["50.0"]);
    assert_eq!(file.plans()[0].mode().name(), "deadline");
    let quorum = text(&[SMALL, "[clock]\nquorum = 0.5\n"]);
    let file = read_with(&quorum, &set);
    assert_eq!(file.values("clock.quorum"), [""]);
    let delay = text(&[
        SMALL,
        "[link]\ndelay_ms = { kind = \"exponential\", mean = 3 }\n",
    ]);
    let set = ["link.delay_ms.kind=constant", "link.delay_ms.value=7"];
    assert_eq!(read_with(&delay, &set).values("link.delay_ms"), ["7.0"]);
    assert_eq!(
        read_with(&delay, &["link.delay_ms=2"]).values("link.delay_ms"),
        ["2.0"]
    );
}

#[test]
fn an_assigned_kind_leaves_the_keys_of_the_kind_before_unread() {
    for kind in ["kind = \"loss\"\n", ""] {
        let rule = format!("[rule]\n{kind}forgetting = 0.3\n");
        let file = read_with(&text(&[SMALL, &rule]), &["rule.kind=average"]);
        assert_eq!(file.values("rule.forgetting"), [""]);
    }
}

// Selections and seeds.

#[test]
fn every_way_to_choose_agents() {
    let sets = r#"
[sets]
late = "list"
list = [7, 2]
range = { range = [3, 5] }
every = { every = 5 }
from = { every = 4, from = 3 }
random = { random = 3 }
fraction = { fraction = 0.25 }
degree = { highest-degree = 2 }
group = { group = 1 }
none = []
"#;
    let star = SMALL.replace("ring", "star");
    let plan = read(&text(&[&star, sets])).plans().remove(0);
    let members = |name: &str| {
        let set = plan.sets.iter().find(|(n, _)| n == name);
        let numbers = set.unwrap().1.iter().map(|k| k.0);
        numbers.collect::<Vec<u32>>()
    };
    assert_eq!(members("list"), [2, 7]);
    assert_eq!(members("late"), [2, 7]);
    assert_eq!(members("range"), [3, 4, 5]);
    assert_eq!(members("every"), [0, 5, 10]);
    assert_eq!(members("from"), [3, 7, 11]);
    assert_eq!(members("random").len(), 3);
    assert_eq!(members("fraction").len(), 3);
    assert_eq!(members("degree"), [0, 1]);
    assert_eq!(members("group"), [3, 4, 5]);
    assert!(members("none").is_empty());
}

#[test]
fn random_attackers_avoid_explicit_ones_and_stay_when_an_attack_is_added_behind() {
    let random = "[[attack]]\nname = \"a\"\nagents = { random = 4 }\nkind = \"empty\"\n";
    let more = "[[attack]]\nname = \"b\"\nagents = { fraction = 0.25 }\nkind = \"sign-flip\"\n";
    let explicit = "[[attack]]\nname = \"c\"\nagents = [0, 5]\nkind = \"sign-flip\"\n";
    for seed in 0..20 {
        let of = |parts: &[&str]| {
            let set = format!("seeds.attackers={seed}");
            read_with(&text(parts), &[&set]).attackers()
        };
        let alone = of(&[SMALL, random]);
        assert_eq!(alone[0].len(), 4);
        let both = of(&[SMALL, random, more]);
        assert_eq!(both[0], alone[0]);
        assert_eq!(both[1].len(), 3);
        assert!(both[1].iter().all(|k| !both[0].contains(k)));
        let behind = of(&[SMALL, random, explicit]);
        assert_eq!((behind[0].len(), behind[1].clone()), (4, vec![0, 5]));
        // Only those who are taken now are replaced.
        let stay = alone[0].iter().filter(|k| ![0, 5].contains(*k));
        assert!(stay.into_iter().all(|k| behind[0].contains(k)));
        assert!(!behind[0].contains(&0) && !behind[0].contains(&5));
    }
}

/// Everyone whom a scenario of 12 agents chooses at random, by what for, where all selections ask
/// for as many, and two attacks share as many.
fn chosen_at_random(count: u32, seed: u64) -> Vec<(&'static str, Vec<u32>)> {
    let share = f64::from(count) / 12.0;
    let first = count / 2;
    let parts = format!(
        "[sets]\nnumber = {{ random = {count} }}\nshare = {{ fraction = {share} }}\n\
         [[learner.override]]\nagents = {{ random = {count} }}\nadapt_probability = 0.5\n\
         [[rule.override]]\nagents = {{ random = {count} }}\nforgetting = 0.01\n\
         [[clock.override]]\nagents = {{ fraction = {share} }}\nspeed = 0.5\n\
         [[fault]]\nkind = \"crash\"\nagents = {{ random = {count} }}\nfrom_iteration = 1\n\
         [[attack]]\nname = \"a\"\nagents = {{ random = {first} }}\nkind = \"sign-flip\"\n\
         victims = {{ fraction = {share} }}\n\
         [[attack]]\nname = \"b\"\nagents = {{ random = {} }}\nkind = \"empty\"\n\
         [record]\nagents = {{ random = {count} }}\n",
        count - first,
    );
    let read = read_with(&text(&[SMALL, &parts]), &[&format!("seed={seed}")]);
    let plan = read.plans().remove(0);
    let numbers = |agents: &[AgentId]| agents.iter().map(|k| k.0).collect::<Vec<u32>>();
    let those = |is_chosen: &dyn Fn(AgentId) -> bool| {
        let chosen = plan.graph.ids().filter(|&k| is_chosen(k));
        numbers(&chosen.collect::<Vec<AgentId>>())
    };
    let start = SimTime::from_us(0);
    vec![
        ("number", numbers(&plan.sets[0].1)),
        ("share", numbers(&plan.sets[1].1)),
        (
            "learner",
            those(&|k| plan.learner(k).adapt_probability < 1.0),
        ),
        (
            "rule",
            those(&|k| plan.rule(k).rule.forgetting(0) == Some(0.01)),
        ),
        ("clock", those(&|k| plan.speed(k) < 1.0)),
        (
            "fault",
            those(&|k| plan.faults.outages(k).is_down(1, start)),
        ),
        ("attack a", read.attackers().remove(0)),
        ("attackers", those(&|k| plan.is_byzantine(k))),
        (
            "victims",
            numbers(plan.attacks[0].victims.as_ref().unwrap()),
        ),
        ("record", those(&|k| plan.recorded[k.index()])),
    ]
}

#[test]
fn fewer_agents_are_part_of_more_in_every_random_choice() {
    for seed in 1..=5 {
        let all: Vec<_> = (0..=11)
            .map(|count| chosen_at_random(count, seed))
            .collect();
        for (count, pair) in all.windows(2).enumerate() {
            for ((what, fewer), (_, more)) in pair[0].iter().zip(&pair[1]) {
                assert_eq!(
                    fewer.len(),
                    match *what {
                        "attack a" => count / 2,
                        _ => count,
                    }
                );
                let is_part = fewer.iter().all(|k| more.contains(k));
                assert!(is_part, "{what}, seed {seed}: {fewer:?} of {more:?}");
            }
        }
        // Each choice is one of its own.
        let mut halves: Vec<_> = all[6].iter().map(|(_, chosen)| chosen).collect();
        halves.sort_unstable();
        halves.dedup();
        assert!(halves.len() > 7, "{halves:?}");
    }
}

#[test]
fn each_seed_of_its_own_varies_one_purpose_alone() {
    let base = text(&[
        &SMALL.replace("ring", "erdos-renyi"),
        "probability = 0.4\n",
        ATTACK,
    ])
    .replace("[3, 4]", "{ random = 4 }");
    let drawn = |set: &[&str]| {
        let read = read_with(&base, set);
        let plan = read.plans().remove(0);
        let edges: Vec<Vec<u32>> = plan
            .graph
            .ids()
            .map(|k| plan.graph.receives_from(k).iter().map(|l| l.0).collect())
            .collect();
        let data: Vec<Vec<f32>> = plan.graph.ids().map(|k| plan.world.initial(k)).collect();
        (edges, read.attackers(), data, plan.seeds)
    };
    let own = drawn(&[]);
    let topology = drawn(&["seeds.topology=2"]);
    assert_ne!(topology.0, own.0);
    assert_eq!(topology.1, own.1);
    let attackers = drawn(&["seeds.attackers=2"]);
    assert_eq!((&attackers.0, &attackers.2), (&own.0, &own.2));
    assert_ne!(attackers.1, own.1);
    let data = drawn(&["seeds.data=2"]);
    assert_eq!((&data.0, &data.1), (&own.0, &own.1));
    assert_eq!(data.3.data, 2);
    let all = drawn(&["seed=2"]);
    assert_eq!(all.0, topology.0);
    assert_eq!(all.1, attackers.1);
}

// What runs.

#[test]
fn points_of_one_run_id_are_run_once_and_share_the_outcome() {
    let sweep =
        "[sweep]\n\"rule.kind\" = [\"average\", \"loss\"]\n\"rule.forgetting\" = [0.1, 0.2]\n";
    let read = read(&text(&[SMALL, sweep]));
    let ids = read.ids();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[2], ids[3]);
    let (outcomes, runs) = scenario::run(read.file);
    assert_eq!(runs, 3);
    let prints: Vec<String> = outcomes
        .iter()
        .map(|s| s.fingerprint().to_owned())
        .collect();
    assert_eq!(prints[0], prints[1]);
    assert_ne!(prints[2], prints[3]);
}

#[test]
fn a_swept_key_may_be_called_like_a_column_of_a_table() {
    let sweep =
        "[sweep]\nattack = { none = [], flip = [{ agents = [1], kind = \"sign-flip\" }] }\n";
    let read = read(&text(&[SMALL, sweep]));
    let (outcomes, runs) = scenario::run(read.file);
    assert_eq!((outcomes.len(), runs), (2, 2));
}

/// However long what is wrong, the message is short.
#[test]
fn messages_are_short_whatever_is_wrong() {
    let catalogues = Catalogues::default();
    let base = "iterations = 2\n[task]\nkind = \"target-localization\"\n";
    let long = "x".repeat(1_000_000);
    let keys =
        |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let cases = [
        (
            format!("name = \"{long}\"\n{base}"),
            "has 1000000 characters",
        ),
        (
            format!("name = \"{}\"\n{base}", "é".repeat(201)),
            "write at most 200",
        ),
        (
            format!("{long} = 1\n{base}"),
            "this key has 1000000 characters",
        ),
        (
            format!("{base}[topology]\nkind = \"{long}\"\n"),
            "`kind` has 1000000 characters",
        ),
        (
            format!("{base}{}", keys(50_000, &|i| format!("k{i} = {i}\n"))),
            "unknown key `k0`",
        ),
        (
            format!(
                "{base}[sweep]\n{}",
                keys(5_000, &|i| format!("\"k{i}\" = [1, 2]\n"))
            ),
            "[sweep] has 5000 keys",
        ),
        (
            format!(
                "{base}[sweep]\n\"rule.kind\" = [{}]\n",
                keys(50_000, &|i| format!("\"w{i}\","))
            ),
            "has 50000 texts or tables",
        ),
        (
            format!(
                "{base}[sweep]\nseed = {{ from = 1, count = 100000 }}\n\"rule.wrong\" = [1, 2]\n"
            ),
            "unknown key `wrong`",
        ),
        (
            format!("{base}[sweep]\nrule = {{ \"{long}\" = {{ kind = \"loss\" }} }}\n"),
            "this key has 1000000 characters",
        ),
    ];
    for (text, expected) in cases {
        let parsed = ScenarioFile::parse("a.toml", &text, "a", ".".into(), &[], &catalogues);
        let told = parsed.err().expect("a mistake").to_string();
        assert!(told.contains(expected), "{}", &told[..told.len().min(2000)]);
        assert!(told.len() < 150_000, "{expected}: {} bytes", told.len());
    }
    for option in [
        format!("name={long}"),
        format!("{}=1", "a.".repeat(10_000)),
        long.clone(),
    ] {
        let parsed = ScenarioFile::parse("a.toml", base, "a", ".".into(), &[option], &catalogues);
        let told = parsed.err().expect("a mistake").to_string();
        assert!(
            told.contains("too long for an option") && told.len() < 2_000,
            "{}",
            told.len()
        );
    }
}

#[test]
fn names_have_as_many_characters_as_are_told() {
    let text = |name: &str| {
        format!("name = \"{name}\"\niterations = 2\n[task]\nkind = \"target-localization\"\n")
    };
    let catalogues = Catalogues::default();
    let parse =
        |name: &str| ScenarioFile::parse("a.toml", &text(name), "a", ".".into(), &[], &catalogues);
    assert_eq!(parse(&"é".repeat(200)).unwrap().name.chars().count(), 200);
    assert!(parse(&"é".repeat(201)).is_err());
}
