//! What a page keeps to, whatever it reports on.

use super::{SWEEP, document, figure, figures, ran, run_into};
use byzsim::report::{Content, page};

#[test]
fn a_page_names_nothing_outside_itself() {
    let folder = ran(SWEEP, &["sweep.seed=[1]"]);
    let page = page(&document(&[folder.path()]));
    let without_names = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        assert!(!without_names.contains(outside), "{outside}");
    }
}

#[test]
fn names_that_are_html_do_no_harm() {
    let hostile =
        r#"</script><script>alert(1)</script><img src=x onerror="alert('2')"> & "quotes'"#;
    let scenario = SWEEP
        .replace("[sweep]", "[sets]\n'<b>' = [1]\n[sweep]")
        .replace("alone =", r#""</title><i onclick='x()'>" ="#)
        .replace("\"drift\"", "'<svg onload=alert(3)>'");
    let folder = tempfile::tempdir().unwrap();
    run_into(folder.path(), hostile, &scenario, &["sweep.seed=[1]"]);
    let page = page(&document(&[folder.path()]));
    for harm in [
        "<script>alert",
        "<img src=x",
        "<i onclick",
        "<svg onload",
        "<b>",
    ] {
        assert!(!page.contains(harm), "{harm}");
    }
    assert!(
        page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"),
        "it is told as it is"
    );
}

#[test]
fn every_figure_has_a_name_of_its_own_and_words() {
    let folder = ran(SWEEP, &["sweep.link.drop=[0.0, 0.5]"]);
    let report = document(&[folder.path()]);
    let all = figures(&report);
    let mut names: Vec<&String> = all.iter().map(|figure| &figure.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all.len());
    for figure in all {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(figure.name.chars().all(legal), "{}", figure.name);
        assert!(
            figure.alternative.len() > 20,
            "{}: {}",
            figure.name,
            figure.alternative
        );
        assert!(!figure.caption.is_empty() && !figure.title.is_empty());
        assert!(
            !figure.alternative.contains("NaN"),
            "{}",
            figure.alternative
        );
    }
}

#[test]
fn a_large_network_is_reported_by_groups_and_by_a_part_of_it() {
    let scenario = r#"
        iterations = 3
        [task]
        kind = "target-localization"
        [topology]
        kind = "regular"
        agents = 10_000
        degree = 8
        [[attack]]
        agents = { fraction = 0.2 }
        kind = "uniform"
        low = 15.0
        high = 16.0
        [sweep]
        rule = { alone = { kind = "no-cooperation" }, loss = { kind = "loss" } }
    "#;
    let folder = ran(scenario, &[]);
    let report = document(&[folder.path()]);
    let Content::Network(network) = &figure(&report, "network").content else {
        panic!()
    };
    assert_eq!(network.nodes.len(), 300);
    assert!(
        network.links.len() >= 299,
        "they are near each other: {}",
        network.links.len()
    );
    assert!(
        figure(&report, "network")
            .alternative
            .starts_with("10000 agents")
    );
    let Content::Cells(cells) = &figure(&report, "weights-1-loss").content else {
        panic!()
    };
    assert_eq!(
        cells.columns,
        ["group 0", "group 1", "group 2", "group 3", "Byzantine"]
    );
    for row in cells.values.chunks(5) {
        let sum: f64 = row.iter().filter(|x| !x.is_nan()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{row:?}");
    }
    let page = page(&report);
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
}

#[test]
fn the_page_of_a_hundred_agents_under_four_rules_with_five_seeds_is_small() {
    let scenario = r#"
        [task]
        kind = "target-localization"
        [[attack]]
        agents = { random = 20 }
        kind = "uniform"
        low = 15.0
        high = 16.0
        [sweep]
        rule = { alone = { kind = "no-cooperation" }, average = { kind = "average" }, distance = { kind = "distance" }, loss = { kind = "loss" } }
        seed = { from = 1, count = 5 }
    "#;
    let folder = ran(scenario, &[]);
    let page = page(&document(&[folder.path()]));
    assert!(page.len() <= 3_000_000, "{} bytes", page.len());
}
