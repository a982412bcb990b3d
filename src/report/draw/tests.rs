//! Drawings of all kinds: what they look like, and that they are SVG whatever is drawn.

use super::*;
use crate::report::{Axis, Bars, Cells, Curves, Network, Node, Series};
use proptest::collection::vec;
use proptest::prelude::*;
use roxmltree::Document;

fn figure(content: Content) -> Figure {
    Figure {
        name: "a-figure".to_owned(),
        title: "A figure".to_owned(),
        caption: String::new(),
        alternative: "What is seen".to_owned(),
        content,
    }
}

fn axis(label: &str, is_log: bool) -> Axis {
    Axis {
        label: label.to_owned(),
        is_log,
        ..Axis::default()
    }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|k| format!("name {k}")).collect()
}

/// Numbers that look drawn by chance, from 0 to 1.
fn noise(count: usize) -> Vec<f64> {
    (0..count).map(|k| (k as f64 * 0.618_034).fract()).collect()
}

fn curves(points: usize) -> Curves {
    let series = |(color, label): (usize, &&str)| {
        let y: Vec<f64> = noise(points)
            .iter()
            .map(|r| 0.06 + r + color as f64 * 9.0)
            .collect();
        let band = [0.7, 1.6].map(|factor| y.iter().map(|y| y * factor).collect());
        Series {
            label: (*label).to_owned(),
            color,
            x: (0..points).map(|k| k as f64).collect(),
            y,
            band: Some(band),
            interval: None,
            has_points: points < 10,
        }
    };
    let labels = ["no cooperation", "average", "distance", "loss"];
    Curves {
        x: axis("iteration", false),
        y: axis("loss", true),
        series: labels.iter().enumerate().map(series).collect(),
        marks: vec![(2.0, "attack begins".to_owned())],
    }
}

fn cells(rows: usize, columns: usize, has_numbers: bool) -> Cells {
    Cells {
        row_label: "receiver".to_owned(),
        column_label: "sender".to_owned(),
        rows: names(rows),
        columns: names(columns),
        values: noise(rows * columns),
        scale: axis("weight", false),
        row_breaks: vec![1],
        column_breaks: vec![2],
        has_numbers,
    }
}

fn network(nodes: usize, links: usize) -> Network {
    let places = noise(2 * nodes);
    let node = |k: usize| Node {
        label: format!("agent {k}"),
        place: [places[2 * k], places[2 * k + 1]],
        group: k % 2,
        is_byzantine: k % 5 == 3,
    };
    Network {
        nodes: (0..nodes).map(node).collect(),
        links: (0..links)
            .map(|k| [k % nodes, (k * 7 + 1) % nodes])
            .collect(),
        groups: names(2),
    }
}

fn bars() -> Bars {
    Bars {
        axis: axis("share of copies", false),
        parts: ["delivered", "dropped", "late"].map(str::to_owned).into(),
        bars: vec![
            ("average".to_owned(), vec![0.7, 0.2, 0.1]),
            ("loss".to_owned(), vec![0.5, 0.0, 0.5]),
        ],
    }
}

fn svg(content: Content) -> String {
    draw(&figure(content)).svg
}

#[test]
fn drawings_look_as_they_did() {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("curves", svg(Content::Curves(curves(4))));
        let mut few = cells(2, 3, true);
        (few.values[1], few.values[2]) = (f64::INFINITY, f64::NAN);
        insta::assert_snapshot!("cells", svg(Content::Cells(few)));
        insta::assert_snapshot!("network", svg(Content::Network(network(5, 6))));
        insta::assert_snapshot!("bars", svg(Content::Bars(bars())));
    });
}

#[test]
fn drawings_are_small() {
    let sizes = [
        (svg(Content::Curves(curves(500))), 60_000),
        (svg(Content::Curves(curves(100_000))), 120_000),
        (svg(Content::Cells(cells(80, 80, false))), 150_000),
        (svg(Content::Network(network(100, 450))), 40_000),
        (svg(Content::Network(network(300, 44_850))), 120_000),
    ];
    for (svg, most) in sizes {
        assert!(svg.len() < most, "{} bytes of at most {most}", svg.len());
    }
}

/// Where values stand by the frame, in units.
fn place(frame: &Frame, x: f64, y: f64) -> (i32, i32) {
    let across = frame.left + frame.x.place(x) * (frame.right - frame.left);
    let up = frame.bottom - frame.y.place(y) * (frame.bottom - frame.top);
    (across.round() as i32, up.round() as i32)
}

#[test]
fn the_frame_tells_where_values_stand() {
    let mut lone = curves(3);
    lone.series.truncate(1);
    (lone.series[0].band, lone.series[0].has_points) = (None, false);
    let (x, y) = (lone.series[0].x[0], lone.series[0].y[0]);
    let drawn = draw(&figure(Content::Curves(lone)));
    let (across, up) = place(&drawn.frame, x, y);
    assert!(
        drawn.svg.contains(&format!("d=\"M{across} {up}l")),
        "{}",
        drawn.svg
    );

    let drawn = draw(&figure(Content::Cells(cells(2, 3, false))));
    assert_eq!(place(&drawn.frame, 0.0, 0.0).1, drawn.frame.top as i32);
    let (across, up) = place(&drawn.frame, 1.0, 0.0);
    assert!(
        drawn.svg.contains(&format!("M{across} {up}h")),
        "{}",
        drawn.svg
    );

    let network = network(5, 6);
    let [x, y] = network.nodes[0].place;
    let drawn = draw(&figure(Content::Network(network)));
    let (across, up) = place(&drawn.frame, x, y);
    assert!(
        drawn.svg.contains(&format!("M{across} {up}l")),
        "{}",
        drawn.svg
    );
    let Frame { x, y, .. } = drawn.frame;
    let (wide, high) = (drawn.frame.right, drawn.frame.bottom - drawn.frame.top);
    let units = (wide / (x.to - x.from), high / (y.to - y.from));
    assert!(
        (units.0 / units.1 - 1.0).abs() < 1e-3,
        "a unit is as long across as up"
    );

    let drawn = draw(&figure(Content::Bars(bars())));
    assert_eq!(
        place(&drawn.frame, 0.0, 2.0),
        (drawn.frame.left as i32, drawn.frame.bottom as i32)
    );
}

#[test]
fn lines_that_diverge_leave_the_others_their_room() {
    let mut content = curves(20);
    content.series[0].y = (0..20).map(|k| 10f64.powi(15 * k)).collect();
    content.series[0].y[19] = f64::INFINITY;
    let drawn = draw(&figure(Content::Curves(content)));
    assert!(drawn.frame.y.to < 1000.0, "{:?}", drawn.frame.y);
}

#[test]
fn labels_of_an_axis_do_not_lie_on_each_other() {
    let mut content = curves(3);
    content.x.ticks = [(0.0, "0 %"), (0.1, "50 %"), (2.0, "90 %")]
        .map(|(x, t)| (x, t.into()))
        .into();
    let svg = svg(Content::Curves(content));
    assert!(svg.contains(">50 %<") && svg.contains(">90 %<") && !svg.contains(">0 %<"));
}

#[test]
fn title_and_description_are_there_for_who_listens() {
    let svg = svg(Content::Bars(bars()));
    let document = Document::parse(&svg).expect("XML");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let ids = root.attribute("aria-labelledby").expect("what names it");
    let words: Vec<_> = ids
        .split(' ')
        .map(|id| {
            document
                .descendants()
                .find(|n| n.attribute("id") == Some(id))
        })
        .map(|node| node.expect("an element of that name").text())
        .collect();
    assert_eq!(words, [Some("A figure"), Some("What is seen")]);
}

/// Numbers of all sorts.
fn value() -> impl Strategy<Value = f64> {
    let special = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        5e-324,
        1e-310,
        1e300,
        -1e300,
        f64::MAX,
        f64::MIN,
        1.0,
    ];
    prop_oneof![
        prop::sample::select(special.to_vec()),
        any::<f64>(),
        -10.0..10.0f64
    ]
}

fn word() -> impl Strategy<Value = String> {
    let special = [
        "",
        "</script><b>&amp;\"'",
        "\u{0}\u{1b}[31m\r\n\u{fffe}",
        "]]>",
        "名前",
        "$x$",
    ];
    prop_oneof![
        prop::sample::select(special.map(str::to_owned).to_vec()),
        any::<String>(),
        Just("very long ".repeat(100)),
    ]
}

prop_compose! {
    fn any_axis()(
        label in word(),
        is_log in any::<bool>(),
        range in prop::option::of([value(), value()]),
        ticks in vec((value(), word()), 0..4),
    ) -> Axis {
        Axis { label, is_log, range, ticks }
    }
}

prop_compose! {
    fn any_series()(
        label in word(),
        color in 0..100usize,
        x in vec(value(), 0..12),
        y in vec(value(), 0..12),
        band in prop::option::of([vec(value(), 0..12), vec(value(), 0..12)]),
        interval in prop::option::of([vec(value(), 0..12), vec(value(), 0..12)]),
        has_points in any::<bool>(),
    ) -> Series {
        Series { label, color, x, y, band, interval, has_points }
    }
}

fn any_curves() -> impl Strategy<Value = Content> {
    let parts = (
        any_axis(),
        any_axis(),
        vec(any_series(), 0..5),
        vec((value(), word()), 0..5),
    );
    parts.prop_map(|(x, y, series, marks)| {
        Content::Curves(Curves {
            x,
            y,
            series,
            marks,
        })
    })
}

fn any_cells() -> impl Strategy<Value = Content> {
    let names = || vec(word(), 0..6);
    let parts = (
        (
            [word(), word()],
            names(),
            names(),
            vec(value(), 0..40),
            any_axis(),
        ),
        (vec(0..9usize, 0..3), vec(0..9usize, 0..3), any::<bool>()),
    );
    parts.prop_map(|((labels, rows, columns, values, scale), rest)| {
        let [row_label, column_label] = labels;
        let (row_breaks, column_breaks, has_numbers) = rest;
        Content::Cells(Cells {
            row_label,
            column_label,
            rows,
            columns,
            values,
            scale,
            row_breaks,
            column_breaks,
            has_numbers,
        })
    })
}

fn any_network() -> impl Strategy<Value = Content> {
    let node = (word(), [value(), value()], 0..50usize, any::<bool>());
    let node = node.prop_map(|(label, place, group, is_byzantine)| Node {
        label,
        place,
        group,
        is_byzantine,
    });
    let parts = (
        vec(node, 0..8),
        vec([0..9usize, 0..9usize], 0..9),
        vec(word(), 0..20),
    );
    parts.prop_map(|(nodes, links, groups)| {
        Content::Network(Network {
            nodes,
            links,
            groups,
        })
    })
}

fn any_bars() -> impl Strategy<Value = Content> {
    let bar = (word(), vec(value(), 0..12));
    let parts = (any_axis(), vec(word(), 0..12), vec(bar, 0..8));
    parts.prop_map(|(axis, parts, bars)| Content::Bars(Bars { axis, parts, bars }))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_drawn_is_svg_with_places_that_are_numbers(
        content in prop_oneof![any_curves(), any_cells(), any_network(), any_bars()],
        title in word(),
        alternative in word(),
        name in word(),
    ) {
        let figure = Figure { name, title, caption: String::new(), alternative, content };
        let drawn = draw(&figure);
        let document = Document::parse(&drawn.svg).expect("well-formed");
        for node in document.descendants().filter(|node| node.is_element()) {
            let elements = ["svg", "title", "desc", "path", "text"];
            prop_assert!(elements.contains(&node.tag_name().name()), "{:?}", node.tag_name());
            for attribute in node.attributes().filter(|a| !a.name().contains("label")) {
                let is_place = ["d", "x", "y", "transform", "font-size", "viewBox", "width"];
                if is_place.contains(&attribute.name()) {
                    let words = attribute.value();
                    prop_assert!(!words.contains("NaN") && !words.contains("inf"), "{words}");
                    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
                    let long = words.split(|c| !is_digit(c)).find(|number| number.len() > 7);
                    prop_assert_eq!(long, None, "far outside: {}", words);
                }
            }
        }
        let Frame { left, top, right, bottom, x, y, view } = drawn.frame;
        prop_assert!(0.0 <= left && left < right && right <= view[0], "{:?}", drawn.frame);
        prop_assert!(0.0 <= top && top < bottom && bottom <= view[1], "{:?}", drawn.frame);
        for scale in [x, y] {
            prop_assert!(scale.from != scale.to && scale.from.is_finite() && scale.to.is_finite());
        }
    }
}
