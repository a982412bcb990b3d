//! Pages say what their documents say, and nothing in a document does harm.

use super::super::document::{Cell, Table};
use super::super::figure::{Axis, Bars, Cells, Content, Curves, Network, Node, Series};
use super::*;

/// What looks like markup, in one way or another.
const HOSTILE: [&str; 4] = [
    "<img src=x onerror=alert(1)>",
    "\"quotes' & &amp;",
    "</script><script>window.pwned=1</script>",
    "--><!--]]>",
];

/// A page on which every text is this one, with what it stands for behind it.
fn document(text: &str) -> Document {
    let said = |what: &str| format!("{text}{what}");
    let axis = |what: &str| Axis {
        label: said(what),
        ..Axis::default()
    };
    let figure = |name: &str, content: Content| Figure {
        name: name.to_owned(),
        title: said(&format!("the title of {name}")),
        caption: said(&format!("the caption of {name}")),
        alternative: said(&format!("the words of {name}")),
        content,
    };
    let curves = Curves {
        x: axis("iteration"),
        y: axis("loss"),
        series: vec![Series {
            label: said("a series"),
            color: 1,
            x: vec![0.0, 1.0, 2.0],
            y: vec![3.0, 2.0, 1.5],
            band: Some([vec![2.0, 1.0, 0.5], vec![4.0, 3.0, 2.5]]),
            interval: None,
            has_points: false,
        }],
        marks: vec![(1.0, said("a moment"))],
    };
    let cells = Cells {
        row_label: said("receiver"),
        column_label: said("sender"),
        rows: vec![said("a row")],
        columns: vec![said("a column")],
        values: vec![0.5],
        scale: axis("weight"),
        row_breaks: Vec::new(),
        column_breaks: Vec::new(),
        has_numbers: true,
    };
    let network = Network {
        nodes: vec![Node {
            label: said("a node"),
            place: [0.0, 0.0],
            group: 0,
            is_byzantine: true,
        }],
        links: Vec::new(),
        groups: vec![said("a group")],
    };
    let bars = Bars {
        axis: axis("messages"),
        parts: vec![said("a part")],
        bars: vec![(said("a bar"), vec![0.5])],
    };
    let table = Table {
        caption: said("the caption of a table"),
        columns: vec![
            (said("a header"), said("what it means")),
            ("loss".to_owned(), String::new()),
        ],
        rows: vec![
            vec![Cell::Text(said("a word")), Cell::Number(0.123_456_789)],
            vec![Cell::Missing, Cell::Number(f64::INFINITY)],
        ],
        is_sortable: true,
    };
    Document {
        title: said("the title"),
        damaged: Vec::new(),
        sections: vec![Section {
            heading: said("a section"),
            blocks: vec![
                Block::Heading(said("a case")),
                Block::Text(said("a paragraph")),
                Block::Facts(vec![(said("a name"), said("what it is"))]),
                Block::Figures(vec![
                    figure("curves", Content::Curves(curves)),
                    figure("cells", Content::Cells(cells)),
                    figure("network", Content::Network(network)),
                    figure("bars", Content::Bars(bars)),
                ]),
                Block::Table(table),
                Block::Listing(said("a file"), said("what is in it")),
            ],
        }],
    }
}

/// The tags of a page, in order, without what stands in its style and script; and whether it
/// closes every element that it opens, the last one first.
fn tags(page: &str) -> Vec<&str> {
    const VOID: [&str; 3] = ["meta", "link", "!DOCTYPE"];
    let mut tags = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        tags.push(tag);
        let name = tag.trim_start_matches('/').split_whitespace().next();
        let name = name.expect("a tag has a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closes what is open");
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        if name == "style" || name == "script" {
            rest = &rest[rest.find("</").expect("it ends")..];
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
    tags
}

/// The text of the only element of a name.
fn inside<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, text) = page.split_once(&format!("<{name}>")).expect("it is there");
    let (text, rest) = text.split_once(&format!("</{name}>")).expect("it ends");
    assert!(!rest.contains(&format!("<{name}>")), "there is one");
    text
}

#[test]
fn a_page_says_all_that_its_document_says() {
    let page = page(&document(""));
    for text in [
        "<title>the title</title>",
        "<h1>the title</h1>",
        "<a href=\"#section-1\">a section</a>",
        "<section id=\"section-1\"><h2>a section</h2>",
        "<h3 class=\"case\">a case</h3>",
        "<p>a paragraph</p>",
        "<dt>a name</dt><dd>what it is</dd>",
        "<h4>the title of curves</h4>",
        "<p>the caption of cells</p>",
        "<p>the words of network</p>",
        "<caption><span>the caption of a table</span></caption>",
        ">a header</th>",
        "<dt>a header</dt><dd>what it means</dd>",
        "<td class=\"whole\">a word</td>",
        "<summary>a file</summary>",
        "what is in it</pre>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(page.matches("<svg").count(), 4);
}

#[test]
fn a_page_is_well_formed_and_its_names_are_unique() {
    let page = page(&document(""));
    let id = |tag: &&str| Some(tag.split_once(" id=\"")?.1.split('"').next()?.to_owned());
    let mut ids: Vec<String> = tags(&page).iter().filter_map(id).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn names_stay_text_whatever_they_look_like() {
    let names_of = |page: &str| -> Vec<String> {
        let name = |tag: &&str| tag.split_whitespace().next().unwrap_or("").to_owned();
        tags(page).iter().map(name).collect()
    };
    let plain = names_of(&page(&document("")));
    for hostile in HOSTILE {
        let page = page(&document(hostile));
        // Longer names take more lines of a drawing; no other element comes of them.
        let mut names = names_of(&page);
        names.retain(|name| !plain.contains(name));
        assert_eq!(names, Vec::<String>::new(), "{hostile}");
        assert_eq!(page.matches("<script").count(), 1, "{hostile}");
        assert!(!page.contains(hostile), "{hostile}");
    }
}

#[test]
fn names_turn_no_writing_and_hold_nothing_but_text() {
    let page = page(&document("a\u{0}b\u{1b}c\u{202e}d\u{2066}e\u{ffff}f"));
    assert!(page.contains("<h1>a b cdefthe title</h1>"));
    let is_text = |c: char| c == '\n' || clean(&c.to_string()) == c.to_string();
    assert!(page.chars().all(is_text));
    let lines = super::page(&document("one\ntwo "));
    assert!(
        lines.contains("one\ntwo what is in it</pre>"),
        "lines of files stay lines"
    );
}

#[test]
fn a_page_asks_nobody_for_anything() {
    let page = page(&document(""));
    let page = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for outside in ["http:", "https:", "src=", "url(", "@import", "//www"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for tag in tags(&page) {
        if let Some((_, link)) = tag.split_once("href=\"") {
            assert!(link.starts_with('#') || link.starts_with("data:"), "{tag}");
        }
        assert!(!tag.contains(" on"), "{tag} handles events");
        assert!(!tag.contains(" style="), "{tag} has a style of its own");
    }
}

#[test]
fn a_page_lets_its_own_script_and_style_run_and_nothing_else() {
    let page = page(&document(""));
    let policy = tags(&page)
        .into_iter()
        .find(|tag| tag.contains("Content-Security-Policy"))
        .expect("there is a policy")
        .to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for name in ["style", "script"] {
        let source = source(inside(&page, name));
        assert!(policy.contains(&format!("{name}-src {source}")), "{policy}");
    }
}

#[test]
fn the_script_makes_no_markup_of_data() {
    for way in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "</",
        "<!--",
    ] {
        assert!(!SCRIPT.contains(way), "{way}");
    }
}

#[test]
fn tables_tell_few_digits_and_have_all_of_them() {
    let page = page(&document(""));
    let number = "<td class=\"number\" title=\"0.123456789\">0.1235</td>";
    assert!(page.contains(number));
    assert!(page.contains("<td class=\"number\">∞</td>"));
    assert!(page.contains("<td class=\"missing\">–</td>"));
}

/// Sixty figures of four curves with bands, each of 500 iterations, all of them restless.
fn large() -> Document {
    let key = crate::rng::Key::new(1, crate::rng::Purpose::World);
    let figures = (0..60).map(|number| {
        let series = (0..4).map(|color| {
            let mut stream = key.at(4 * number + color).stream();
            let mut noise = |level: f64| -> Vec<f64> {
                let value = |i: i32| {
                    let restless: f64 = rand::RngExt::random_range(&mut stream, 0.8..1.25);
                    level * restless * (0.05 + 30.0 * (-f64::from(i) / 60.0).exp())
                };
                (0..500).map(value).collect()
            };
            Series {
                label: format!("rule {color}"),
                color: color as usize,
                x: (0..500).map(f64::from).collect(),
                y: noise(1.0),
                band: Some([noise(0.5), noise(2.0)]),
                interval: None,
                has_points: false,
            }
        });
        Figure {
            name: format!("figure-{number}"),
            title: "Loss".to_owned(),
            caption: String::new(),
            alternative: String::new(),
            content: Content::Curves(Curves {
                x: Axis::default(),
                y: Axis {
                    is_log: number % 2 == 0,
                    ..Axis::default()
                },
                series: series.collect(),
                marks: Vec::new(),
            }),
        }
    });
    Document {
        title: "large".to_owned(),
        damaged: Vec::new(),
        sections: vec![Section {
            heading: "Figures".to_owned(),
            blocks: vec![Block::Figures(figures.collect())],
        }],
    }
}

#[test]
fn a_page_of_sixty_figures_can_be_sent_by_mail() {
    let size = page(&large()).len();
    assert!(size < 3_000_000, "{size} bytes");
}
