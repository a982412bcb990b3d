//! Figures as numbers: CSV for whoever draws them otherwise.
//!
//! One row per value. Numbers read back to what they were; `inf` is infinity, an empty field what
//! is not known.

use super::figure::{Bars, Cells, Content, Curves, Figure, Network, Series};

/// A figure's numbers.
///
/// | figure | columns |
/// |---|---|
/// | curves | `series`, the label of x, the label of y; `low` and `high` where there are bands; `low_95` and `high_95` where there are 95 % intervals |
/// | cells | what rows are, what columns are, what values are |
/// | network | `node` (from 0), `label`, `x`, `y`, `group`, `byzantine` (`true`, `false`) |
/// | bars | `bar`, `part`, the label of lengths |
///
/// A label that is empty or stands above another column already is replaced by `x`, `y`, `row`,
/// `column`, `value` or `length`.
pub fn csv(figure: &Figure) -> String {
    let mut rows = Rows::default();
    match &figure.content {
        Content::Curves(curves) => write_curves(curves, &mut rows),
        Content::Cells(cells) => write_cells(cells, &mut rows),
        Content::Network(network) => write_nodes(network, &mut rows),
        Content::Bars(bars) => write_bars(bars, &mut rows),
    }
    rows.into_csv()
}

/// The links of a network: columns `from` and `to`, each a `node` of [`csv()`]. `None` of other
/// figures.
pub fn links_csv(figure: &Figure) -> Option<String> {
    let Content::Network(network) = &figure.content else {
        return None;
    };
    let mut rows = Rows::default();
    rows.head(&[("from", ""), ("to", "")]);
    for [from, to] in &network.links {
        rows.push([from.to_string(), to.to_string()]);
    }
    Some(rows.into_csv())
}

fn write_curves(curves: &Curves, rows: &mut Rows) {
    type Ends = fn(&Series) -> &Option<[Vec<f64>; 2]>;
    let pairs: [(Ends, [&str; 2]); 2] = [
        (|series| &series.band, ["low", "high"]),
        (|series| &series.interval, ["low_95", "high_95"]),
    ];
    let has = |ends: Ends| curves.series.iter().any(|s| ends(s).is_some());
    let pairs: Vec<_> = pairs.into_iter().filter(|(ends, _)| has(*ends)).collect();
    let (x, y) = (&*curves.x.label, &*curves.y.label);
    let mut columns = vec![("series", ""), ("x", x), ("y", y)];
    columns.extend(pairs.iter().flat_map(|(_, names)| names.map(|n| (n, ""))));
    rows.head(&columns);
    for series in &curves.series {
        for (at, (x, y)) in series.x.iter().zip(&series.y).enumerate() {
            let mut row = vec![text(&series.label), number(*x), number(*y)];
            for (ends, _) in &pairs {
                let end = |end: usize| ends(series).as_ref()?[end].get(at).copied();
                row.extend([0, 1].map(|e| number(end(e).unwrap_or(f64::NAN))));
            }
            rows.push(row);
        }
    }
}

fn write_cells(cells: &Cells, rows: &mut Rows) {
    rows.head(&[
        ("row", &cells.row_label),
        ("column", &cells.column_label),
        ("value", &cells.scale.label),
    ]);
    let names = cells
        .rows
        .iter()
        .flat_map(|row| cells.columns.iter().map(move |c| (row, c)));
    for ((row, column), value) in names.zip(&cells.values) {
        rows.push([text(row), text(column), number(*value)]);
    }
}

fn write_nodes(network: &Network, rows: &mut Rows) {
    rows.head(&["node", "label", "x", "y", "group", "byzantine"].map(|name| (name, "")));
    for (at, node) in network.nodes.iter().enumerate() {
        let group = network.groups.get(node.group).cloned();
        rows.push([
            at.to_string(),
            text(&node.label),
            number(node.place[0]),
            number(node.place[1]),
            group.map_or_else(|| node.group.to_string(), |group| text(&group)),
            node.is_byzantine.to_string(),
        ]);
    }
}

fn write_bars(bars: &Bars, rows: &mut Rows) {
    rows.head(&[("bar", ""), ("part", ""), ("length", &bars.axis.label)]);
    for (bar, lengths) in &bars.bars {
        for (part, length) in bars.parts.iter().zip(lengths) {
            rows.push([text(bar), text(part), number(*length)]);
        }
    }
}

/// A label. Spreadsheets take text that begins in certain ways for a formula: an apostrophe before it
/// makes it text again. Numbers begin so, too, and are left alone.
fn text(label: &str) -> String {
    let begins_formula = label.starts_with(['=', '+', '-', '@', '\t', '\r']);
    match begins_formula && label.parse::<f64>().is_err() {
        true => format!("'{label}"),
        false => label.to_owned(),
    }
}

/// A number in as few characters as read back to it.
fn number(value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    let text = format!("{value:?}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Rows of a file.
struct Rows(csv::Writer<Vec<u8>>);

impl Default for Rows {
    fn default() -> Rows {
        Rows(csv::Writer::from_writer(Vec::new()))
    }
}

impl Rows {
    /// Headers: each with the label that it has instead, where that can stand for it.
    fn head(&mut self, columns: &[(&str, &str)]) {
        let mut heads: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        for (at, (_, label)) in columns.iter().enumerate() {
            if !label.is_empty() && !heads.contains(label) {
                heads[at] = label;
            }
        }
        self.push(heads.iter().map(|head| text(head)));
    }

    fn push(&mut self, fields: impl IntoIterator<Item = String>) {
        let fields: Vec<String> = fields.into_iter().collect();
        // All rows of a file have as many fields, and memory takes them all.
        self.0
            .write_record(fields)
            .expect("a row as long as the others");
    }

    fn into_csv(self) -> String {
        let bytes = self.0.into_inner().expect("memory takes it all");
        String::from_utf8(bytes).expect("made of strings")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Axis, Node};

    fn figure(content: Content) -> Figure {
        Figure {
            name: "figure".to_owned(),
            title: String::new(),
            caption: String::new(),
            alternative: String::new(),
            content,
        }
    }

    #[test]
    fn labels_that_look_like_formulas_are_text() {
        for label in ["=1+1", "+x", "-x", "@SUM(A1)", "\t=1", "\r=1", "-1e"] {
            assert_eq!(text(label), format!("'{label}"));
        }
        for label in ["-1", "+2.5", "loss", "a=b", ""] {
            assert_eq!(text(label), label);
        }
    }

    fn axis(label: &str) -> Axis {
        Axis {
            label: label.to_owned(),
            ..Axis::default()
        }
    }

    fn curves(label: &str, y: Vec<f64>, band: Option<[Vec<f64>; 2]>) -> Content {
        Content::Curves(Curves {
            x: axis("iteration"),
            y: axis(label),
            series: vec![Series {
                label: "loss, \"filtered\"".to_owned(),
                color: 0,
                x: (0..y.len()).map(|x| x as f64).collect(),
                y,
                band,
                interval: None,
                has_points: false,
            }],
            marks: Vec::new(),
        })
    }

    #[test]
    fn curves_are_rows_under_the_labels_of_their_axes() {
        let band = [vec![0.5, f64::NAN], vec![f64::INFINITY, 3.0]];
        assert_eq!(
            csv(&figure(curves("loss", vec![1.0, f64::NAN], Some(band)))),
            "series,iteration,loss,low,high\n\
             \"loss, \"\"filtered\"\"\",0,1,0.5,inf\n\
             \"loss, \"\"filtered\"\"\",1,,,3\n"
        );
    }

    #[test]
    fn intervals_have_columns_of_their_own() {
        let mut content = curves("loss", vec![1.0, 2.0], None);
        if let Content::Curves(curves) = &mut content {
            curves.series[0].interval = Some([vec![0.5, f64::NAN], vec![1.5, f64::NAN]]);
        }
        assert_eq!(
            csv(&figure(content)),
            "series,iteration,loss,low_95,high_95\n\
             \"loss, \"\"filtered\"\"\",0,1,0.5,1.5\n\
             \"loss, \"\"filtered\"\"\",1,2,,\n"
        );
    }

    #[test]
    fn columns_never_share_a_header() {
        let head = |label| {
            let text = csv(&figure(curves(label, vec![], None)));
            text.trim_end().to_owned()
        };
        assert_eq!(head("series"), "series,iteration,y");
        assert_eq!(head("iteration"), "series,iteration,y");
        assert_eq!(head(""), "series,iteration,y");
    }

    #[test]
    fn numbers_read_back_to_what_they_were() {
        let values = vec![
            0.1 + 0.2,
            1e300,
            -5e-324,
            f64::MAX,
            1e16,
            -0.0,
            f64::NEG_INFINITY,
        ];
        let text = csv(&figure(curves("y", values.clone(), None)));
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let read = reader
            .records()
            .map(|row| row.expect("a row")[2].parse().expect("a number"));
        let read: Vec<f64> = read.collect();
        assert_eq!(
            read.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            values.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        );
    }

    #[test]
    fn cells_and_bars_are_rows_by_name() {
        let cells = Content::Cells(Cells {
            row_label: "rule".to_owned(),
            column_label: "attack".to_owned(),
            rows: vec!["average".to_owned()],
            columns: vec!["none".to_owned(), "uniform".to_owned()],
            values: vec![0.1, f64::INFINITY],
            scale: axis("loss"),
            row_breaks: Vec::new(),
            column_breaks: Vec::new(),
            has_numbers: true,
        });
        let text = "rule,attack,loss\naverage,none,0.1\naverage,uniform,inf\n";
        assert_eq!(csv(&figure(cells)), text);
        let bars = Content::Bars(Bars {
            axis: axis(""),
            parts: vec!["used".to_owned(), "late".to_owned()],
            bars: vec![("average".to_owned(), vec![0.75, 0.25])],
        });
        let text = "bar,part,length\naverage,used,0.75\naverage,late,0.25\n";
        assert_eq!(csv(&figure(bars)), text);
    }

    #[test]
    fn a_network_is_its_nodes_and_its_links() {
        let node = |label: &str, is_byzantine| Node {
            label: label.to_owned(),
            place: [0.5, 1.0],
            group: 0,
            is_byzantine,
        };
        let network = figure(Content::Network(Network {
            nodes: vec![node("agent 0", false), node("agent 1", true)],
            links: vec![[0, 1]],
            groups: vec!["group 0".to_owned()],
        }));
        assert_eq!(
            csv(&network),
            "node,label,x,y,group,byzantine\n\
             0,agent 0,0.5,1,group 0,false\n\
             1,agent 1,0.5,1,group 0,true\n"
        );
        assert_eq!(links_csv(&network).as_deref(), Some("from,to\n0,1\n"));
        assert_eq!(links_csv(&figure(curves("", vec![], None))), None);
    }
}
