//! Agents are down when they should be, sessions last as configured, partitions part.

use super::*;
use crate::distribution::Distribution;
use crate::settings::{Keys, Problems, Sources, Span as Place, Table};
use crate::units::{AgentId, SimTime};

/// Reads one `[[fault]]`.
fn read(text: &str) -> Result<FaultSettings, String> {
    let mut sources = Sources::default();
    let source = sources.add("test.toml", format!("[[fault]]\n{text}"));
    let mut problems = Problems::default();
    let document = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("", Place::default(), Some(&document), &mut problems);
    let (mut faults, _, _) = keys.run(|keys| keys.tables("fault", "Faults", super::read));
    if problems.is_empty() {
        return Ok(faults.remove(0).expect("no mistake, so a fault"));
    }
    Err(problems.into_error(&sources).to_string())
}

fn ms(ms: f64) -> SimTime {
    SimTime::from_ms(ms)
}

fn time(from: f64, to: f64) -> Span {
    Span::Time {
        from: ms(from),
        to: Some(ms(to)),
    }
}

fn iterations(from: u64, to: Option<u64>) -> Span {
    Span::Iterations { from, to }
}

fn down(agents: &[u32], span: Span) -> Fault {
    let agents = agents.iter().copied().map(AgentId).collect();
    Fault::Down { agents, span }
}

fn churn(up: &str, down: &str) -> Fault {
    let text = format!("kind = \"churn\"\nagents = [0]\nup_ms = {up}\ndown_ms = {down}");
    match read(&text) {
        Ok(FaultSettings::Churn { up, down, .. }) => Fault::Churn {
            agents: (0..2000).map(AgentId).collect(),
            up,
            down,
        },
        other => panic!("{other:?}"),
    }
}

fn outages(faults: Vec<Fault>, agent: u32) -> Outages {
    Faults::new(1, 2000, faults, None).outages(AgentId(agent))
}

#[test]
fn a_span_has_its_first_moment_and_not_its_last() {
    let faults = vec![down(&[3, 1], time(5.0, 9.0))];
    let mut third = outages(faults.clone(), 3);
    let at = |at| third.is_down(0, ms(at));
    assert_eq!([4.999, 5.0, 8.999, 9.0].map(at), [false, true, true, false]);
    assert_eq!(third.up_from(ms(4.0)), Some(ms(4.0)));
    assert_eq!(third.up_from(ms(6.0)), Some(ms(9.0)));
    assert_eq!(third.recovers_at_iteration(0), None);
    assert!(outages(faults, 2).none_at_all());
}

#[test]
fn without_an_end_it_is_for_good() {
    let span = Span::Time {
        from: ms(5.0),
        to: None,
    };
    let mut outages = outages(vec![down(&[0], span)], 0);
    assert!(outages.is_down(0, SimTime::from_us(u64::MAX)));
    assert_eq!(outages.up_from(ms(4.0)), Some(ms(4.0)));
    assert_eq!(outages.up_from(ms(5.0)), None);
}

#[test]
fn spans_that_follow_each_other_are_one_outage() {
    let spans = [time(5.0, 9.0), time(1.0, 5.0), time(8.0, 20.0)];
    let mut in_time = outages(spans.map(|span| down(&[0], span)).to_vec(), 0);
    assert_eq!(in_time.up_from(ms(1.0)), Some(ms(20.0)));

    let spans = [
        iterations(5, Some(9)),
        iterations(1, Some(5)),
        iterations(8, Some(20)),
    ];
    let in_iterations = outages(spans.map(|span| down(&[0], span)).to_vec(), 0);
    assert_eq!(in_iterations.recovers_at_iteration(1), Some(20));
    assert_eq!(in_iterations.recovers_at_iteration(0), None);
    assert_eq!(in_iterations.recovers_at_iteration(20), None);
    let for_good = outages(vec![down(&[0], iterations(2, None))], 0);
    assert_eq!(for_good.recovers_at_iteration(2), None);
}

#[test]
fn spans_of_iterations_go_by_the_iteration() {
    let mut outages = outages(vec![down(&[0], iterations(3, Some(5)))], 0);
    let at = |iteration| outages.is_down(iteration, ms(1000.0));
    assert_eq!([2, 3, 4, 5].map(at), [false, true, true, false]);
    assert_eq!(outages.up_from(ms(3.0)), Some(ms(3.0)));
}

#[test]
fn where_iterations_have_a_period_they_are_times() {
    let faults = vec![
        down(&[0], iterations(3, Some(5))),
        Fault::Partition {
            groups: vec![vec![AgentId(0)]],
            span: iterations(2, None),
        },
    ];
    let faults = Faults::new(1, 2, faults, Some(ms(100.0)));
    let mut outages = faults.outages(AgentId(0));
    let at = |at| outages.is_down(0, ms(at));
    assert_eq!(
        [299.0, 300.0, 499.0, 500.0].map(at),
        [false, true, true, false]
    );
    assert_eq!(outages.up_from(ms(300.0)), Some(ms(500.0)));
    assert_eq!(outages.recovers_at_iteration(3), None);
    let parted = |at| faults.parts(AgentId(0), AgentId(1), 0, ms(at));
    assert_eq!([199.0, 200.0, 1e9].map(parted), [false, true, true]);
}

#[test]
fn constant_sessions_come_one_after_the_other() {
    let mut outages = outages(vec![churn("30", "12.5")], 5);
    for (at, up_from) in [
        (0.0, 0.0),
        (29.999, 29.999),
        (30.0, 42.5),
        (42.499, 42.5),
        (42.5, 42.5),
        (72.499, 72.499),
        (80.0, 85.0),
    ] {
        assert_eq!(outages.up_from(ms(at)), Some(ms(up_from)));
        assert_eq!(outages.is_down(0, ms(at)), at != up_from);
    }
}

/// Of 2,000 agents, 4 standard errors are 0.26 and 0.45 ms for the mean times up and down, 0.04 for
/// the share that is down.
#[test]
fn sessions_last_as_configured_and_agents_do_not_share_them() {
    let fault = churn(
        "{ kind = \"uniform\", low = 10, high = 20 }",
        "{ kind = \"exponential\", mean = 5, offset = 1 }",
    );
    let mut all = Vec::new();
    let faults = Faults::new(1, 2000, vec![fault.clone()], None);
    let mut down_at_once = 0;
    for agent in 0..2000 {
        let mut outages = faults.outages(AgentId(agent));
        // Sessions are at most 20 ms up and at least 1 ms down: look every half millisecond.
        let is_down = |step: u32| outages.is_down(0, ms(f64::from(step) * 0.5));
        let states: Vec<bool> = (0..400).map(is_down).collect();
        let begun = states
            .iter()
            .position(|&down| down)
            .expect("at 20 ms at the latest");
        let up = begun as f64 * 0.5;
        assert!((10.0..=20.5).contains(&up), "{up}");
        let again = states[begun..].iter().position(|&down| !down);
        all.push((up, again.map_or(f64::NAN, |steps| steps as f64 * 0.5)));
        down_at_once += u32::from(states[399]);
    }
    let mean = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).sum::<f64>() / 2000.0;
    // Times up are rounded up to half milliseconds; times down as often up as down.
    assert!((mean(|s| s.0) - 15.25).abs() < 0.3, "{}", mean(|s| s.0));
    assert!((mean(|s| s.1) - 6.0).abs() < 0.5, "{}", mean(|s| s.1));
    // In the long run an agent is down 6 ms of 21.
    let share = f64::from(down_at_once) / 2000.0;
    assert!((share - 6.0 / 21.0).abs() < 0.04, "{share}");
}

#[test]
fn questions_may_go_back_however_far() {
    let fault = churn(
        "{ kind = \"exponential\", mean = 2 }",
        "{ kind = \"exponential\", mean = 1 }",
    );
    let mut asked = outages(vec![fault.clone()], 7);
    let early: Vec<bool> = (0..1000)
        .map(|t| asked.is_down(0, ms(f64::from(t))))
        .collect();
    // More sessions than are remembered.
    let _ = asked.is_down(0, ms(30_000.0));
    let late: Vec<bool> = (0..1000)
        .map(|t| asked.is_down(0, ms(29_000.0 + f64::from(t))))
        .collect();
    let again: Vec<bool> = (0..1000)
        .map(|t| asked.is_down(0, ms(f64::from(t))))
        .collect();
    assert_eq!(early, again);
    let mut fresh = outages(vec![fault], 7);
    let ahead: Vec<bool> = (0..1000)
        .map(|t| fresh.is_down(0, ms(29_000.0 + f64::from(t))))
        .collect();
    assert_eq!(late, ahead);
}

#[test]
fn two_faults_with_the_same_sessions_draw_their_own() {
    let fault = || churn("{ kind = \"exponential\", mean = 20 }", "5");
    let faults = Faults::new(1, 2000, vec![fault(), fault()], None);
    let mut both = faults.outages(AgentId(0));
    let mut first = outages(vec![fault()], 0);
    let (mut together, mut alone) = (0, 0);
    for at in 0..10_000 {
        let (of_both, of_first) = (
            both.is_down(0, ms(at.into())),
            first.is_down(0, ms(at.into())),
        );
        assert!(of_both || !of_first);
        together += u32::from(of_both);
        alone += u32::from(of_first);
    }
    assert!(together > alone + alone / 2, "{together} and {alone}");
}

/// Two churns that let an agent up for a microsecond per cycle each: at the multiples of
/// both cycles.
#[test]
fn outages_that_overlap_are_followed_to_a_gap_and_given_up_if_none_is_near() {
    let churn = |down: f64| Fault::Churn {
        agents: vec![AgentId(0)],
        up: Distribution::constant(0.001),
        down: Distribution::constant(down),
    };
    let mut near = outages(vec![churn(2.999), churn(4.999)], 0);
    assert_eq!(near.up_from(ms(0.0)), Some(ms(0.0)));
    assert_eq!(near.up_from(ms(1.0)), Some(ms(15.0)));
    let mut far = outages(vec![churn(1000.002), churn(999.982)], 0);
    assert_eq!(far.up_from(ms(1.0)), None);
}

#[test]
fn time_ends_somewhere() {
    let fault = churn("3.2e12", "3.2e12");
    let mut outages = outages(vec![fault], 0);
    assert!(outages.is_down(0, ms(3.2e12)));
    let _ = outages.is_down(0, SimTime::from_us(u64::MAX));
    let _ = outages.up_from(SimTime::from_us(u64::MAX));
}

#[test]
fn a_partition_parts_its_groups_and_the_rest_is_one_more() {
    let groups = [[0, 1], [2, 3]].map(|group| group.map(AgentId).to_vec());
    let partition = Fault::Partition {
        groups: groups.to_vec(),
        span: time(5.0, 9.0),
    };
    let faults = Faults::new(1, 6, vec![partition], None);
    let parts = |a, b, at| faults.parts(AgentId(a), AgentId(b), 0, ms(at));
    assert!(!parts(0, 1, 6.0) && !parts(2, 3, 6.0) && !parts(4, 5, 6.0));
    assert!(parts(0, 2, 6.0) && parts(2, 0, 6.0) && parts(1, 4, 6.0) && parts(5, 3, 6.0));
    assert_eq!(
        [4.0, 5.0, 8.999, 9.0].map(|at| parts(0, 2, at)),
        [false, true, true, false]
    );
    assert!(faults.outages(AgentId(0)).none_at_all());
    assert!(!faults.is_none() && Faults::none().is_none());
    assert!(!Faults::none().parts(AgentId(0), AgentId(9), 0, ms(0.0)));
}

#[test]
fn an_agent_in_two_groups_is_found_and_is_of_the_first() {
    let groups = vec![vec![AgentId(4), AgentId(1)], vec![AgentId(2), AgentId(1)]];
    assert_eq!(in_two_groups(&groups), Some(AgentId(1)));
    assert_eq!(in_two_groups(&groups[..1]), None);
    let span = Span::default();
    let faults = Faults::new(1, 6, vec![Fault::Partition { groups, span }], None);
    assert!(!faults.parts(AgentId(1), AgentId(4), 0, ms(0.0)));
    assert!(faults.parts(AgentId(1), AgentId(2), 0, ms(0.0)));
}

#[test]
fn faults_are_read_in_time_or_in_iterations() {
    let crash = read("kind = \"crash\"\nagents = [0]\nfrom_ms = 5\nto_ms = 9").expect("right");
    assert!(matches!(crash, FaultSettings::Crash { span, .. } if span == time(5.0, 9.0)));
    assert!(!crash.is_by_iteration());
    let crash = read("kind = \"crash\"\nagents = [0]\nfrom_iteration = 5").expect("right");
    assert!(crash.is_by_iteration());
    assert!(matches!(crash, FaultSettings::Crash { span, .. } if span == iterations(5, None)));
    let late = read("kind = \"late-join\"\nagents = [0]\nto_iteration = 5").expect("right");
    assert!(matches!(late, FaultSettings::LateJoin { span, .. } if span == iterations(0, Some(5))));
    let parted = read("kind = \"partition\"\ngroups = [\"eu\", [1]]").expect("right");
    let FaultSettings::Partition { groups, span } = parted else {
        panic!("{parted:?}");
    };
    assert_eq!((groups.len(), span), (2, Span::default()));
}

#[test]
fn wrong_faults_are_told_with_what_would_be_right() {
    let agents = "agents = [0]";
    for (text, message, help) in [
        (
            "kind = \"crush\"".into(),
            "unknown fault `crush`",
            "did you mean `crash`?",
        ),
        (
            "agents = [0]".into(),
            "lacks the key `kind`",
            "\"crash\" | \"late-join\"",
        ),
        (
            format!("kind = \"crash\"\n{agents}\nfrom_ms = 3\nto_iteration = 5"),
            "`to_iteration` cannot stand beside `from_ms`",
            "both ends in milliseconds or both in iterations",
        ),
        (
            format!("kind = \"crash\"\n{agents}\nfrom_ms = 5\nto_ms = 5"),
            "would end before it begins",
            "write a time after 5 ms",
        ),
        (
            format!("kind = \"crash\"\n{agents}\nfrom_iteration = 5\nto_iteration = 3"),
            "would end before it begins",
            "write an iteration after 5",
        ),
        (
            format!("kind = \"late-join\"\n{agents}"),
            "nothing says when the agents join",
            "add to_ms = …",
        ),
        (
            format!("kind = \"late-join\"\n{agents}\nfrom_ms = 3\nto_ms = 5"),
            "unknown key `from_ms`",
            "to_ms",
        ),
        (
            format!("kind = \"late-join\"\n{agents}\nto_ms = 0"),
            "would end before it begins",
            "write a time after 0 ms",
        ),
        (
            format!("kind = \"churn\"\n{agents}\nup_ms = 30"),
            "lacks the key `down_ms`",
            "a number or { kind",
        ),
        (
            format!("kind = \"churn\"\n{agents}\nup_ms = 0.5\ndown_ms = 0.25"),
            "up and then down for 0.75 ms on average",
            "1 ms or more together",
        ),
        (
            "kind = \"partition\"\ngroups = []".into(),
            "`groups` names no group",
            "[\"eu\", \"us\"]",
        ),
        (
            "kind = \"partition\"\ngroups = \"eu\"".into(),
            "`groups` cannot be text",
            "a list of groups",
        ),
        (
            format!("kind = \"crash\"\n{agents}\nfrom_ms = -1"),
            "cannot be -1",
            "in [0,",
        ),
    ] {
        let error = read(&text).expect_err(&text);
        assert!(error.contains(message), "{text}: {error}");
        assert!(error.contains(help), "{text}: {error}");
    }
}
