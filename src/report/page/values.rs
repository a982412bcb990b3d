//! What the page knows of a figure's data, to tell it under the pointer.
//!
//! JSON, deflated, in Base64: some half of what it is as it stands, and numbers make up most of a
//! page.

use super::super::draw::{Frame, clean, palette::SERIES};
use super::super::figure::{Bars, Cells, Content, Curves, Figure, Network, Series};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::{Compression, write::ZlibEncoder};
use serde::{Serialize, Serializer};
use std::io::Write;

/// Values that curves tell at most: of four with bands, each of 500 iterations. More of them
/// tell every second or third, which the pointer does not notice.
const MOST_VALUES: usize = 6000;
/// Places that a figure tells values at, at most: a pointer cannot tell more apart.
const MOST_STOPS: usize = 1000;
/// Places that a figure tells values at where it has more, however many its curves.
const LEAST_STOPS: usize = 100;

/// The values of a figure and where they are drawn.
pub(super) fn packed(figure: &Figure, frame: &Frame) -> String {
    let values = Values {
        frame,
        content: match &figure.content {
            Content::Curves(curves) => Told::curves(curves),
            Content::Cells(cells) => Told::cells(cells),
            Content::Network(network) => Told::network(network),
            Content::Bars(bars) => Told::bars(bars),
        },
    };
    let json = serde_json::to_string(&values).expect("text keys and numbers are JSON");
    // Half the time of the default, for one part in a hundred.
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(3));
    packed
        .write_all(clean(&json).as_bytes())
        .expect("memory takes what is written");
    let packed = packed.finish().expect("memory takes what is written");
    BASE64_STANDARD.encode(packed)
}

#[derive(Serialize)]
struct Values<'a> {
    frame: &'a Frame,
    content: Told<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Told<'a> {
    Curves {
        label: &'a str,
        y_label: &'a str,
        /// Names of places, where they have names.
        ticks: &'a [(f64, String)],
        /// Where values are known; each once, for many series share them.
        x: Vec<Vec<Place>>,
        series: Vec<Line<'a>>,
    },
    Cells {
        label: &'a str,
        row_label: &'a str,
        column_label: &'a str,
        rows: &'a [String],
        columns: &'a [String],
        values: Vec<Number>,
    },
    Network {
        /// Label and place.
        nodes: Vec<(&'a str, [Place; 2])>,
    },
    Bars {
        label: &'a str,
        parts: &'a [String],
        bars: Vec<(&'a str, Vec<Number>)>,
    },
}

/// A series of curves.
#[derive(Serialize)]
struct Line<'a> {
    label: &'a str,
    color: usize,
    /// Which of the lists of places.
    x: usize,
    y: Vec<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    band: Option<[Vec<End>; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<[Vec<End>; 2]>,
}

impl<'a> Told<'a> {
    fn curves(curves: &'a Curves) -> Told<'a> {
        let stops = stops(&curves.series);
        let mut x: Vec<Vec<Place>> = Vec::new();
        let mut series = Vec::new();
        for one in &curves.series {
            let is_told = |&i: &usize| {
                let place = |stop: &f64| stop.total_cmp(&one.x[i]);
                !one.y[i].is_nan() && stops.binary_search_by(place).is_ok()
            };
            let told: Vec<usize> = (0..one.x.len()).filter(is_told).collect();
            let places: Vec<Place> = told.iter().map(|&i| Place(one.x[i])).collect();
            let ends = |end: &Vec<f64>| told.iter().map(|&i| End(end[i])).collect();
            series.push(Line {
                label: &one.label,
                color: one.color % SERIES.len(),
                x: x.iter()
                    .position(|known| *known == places)
                    .unwrap_or(x.len()),
                y: told.iter().map(|&i| Number(one.y[i])).collect(),
                band: one.band.as_ref().map(|band| band.each_ref().map(ends)),
                interval: one.interval.as_ref().map(|i| i.each_ref().map(ends)),
            });
            if series.last().is_some_and(|line| line.x == x.len()) {
                x.push(places);
            }
        }
        Told::Curves {
            label: &curves.x.label,
            y_label: &curves.y.label,
            ticks: &curves.x.ticks,
            x,
            series,
        }
    }

    fn cells(cells: &'a Cells) -> Told<'a> {
        Told::Cells {
            label: &cells.scale.label,
            row_label: &cells.row_label,
            column_label: &cells.column_label,
            rows: &cells.rows,
            columns: &cells.columns,
            values: cells.values.iter().copied().map(Number).collect(),
        }
    }

    fn network(network: &'a Network) -> Told<'a> {
        let nodes = network.nodes.iter();
        Told::Network {
            nodes: nodes
                .map(|node| (&*node.label, node.place.map(Place)))
                .collect(),
        }
    }

    fn bars(bars: &'a Bars) -> Told<'a> {
        let numbers = |parts: &[f64]| parts.iter().copied().map(Number).collect();
        Told::Bars {
            label: &bars.axis.label,
            parts: &bars.parts,
            bars: bars
                .bars
                .iter()
                .map(|(name, parts)| (&**name, numbers(parts)))
                .collect(),
        }
    }
}

/// Where values of any series are told, ascending: everywhere, or evenly many of all.
fn stops(series: &[Series]) -> Vec<f64> {
    let known = |s: &Series| -> Vec<f64> {
        let pairs = s.x.iter().zip(&s.y);
        pairs
            .filter(|(_, y)| !y.is_nan())
            .map(|(x, _)| *x)
            .collect()
    };
    let mut all: Vec<f64> = series.iter().flat_map(known).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let at_each: usize = series
        .iter()
        .map(|s| {
            let pairs = [&s.band, &s.interval].into_iter().flatten();
            1 + 2 * pairs.count()
        })
        .sum();
    let most = (MOST_VALUES / at_each.max(1)).clamp(LEAST_STOPS, MOST_STOPS);
    if all.len() <= most {
        return all;
    }
    let last = all.len() - 1;
    (0..most).map(|i| all[i * last / (most - 1)]).collect()
}

/// A value, with four digits.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        digits(self.0, 4, serializer)
    }
}

/// An end of a band, with three digits: enough for how far values spread.
struct End(f64);

impl Serialize for End {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        digits(self.0, 3, serializer)
    }
}

/// Where a value stands, with as many digits as iterations and milliseconds have.
#[derive(PartialEq)]
struct Place(f64);

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        digits(self.0, 9, serializer)
    }
}

/// A number with so many digits, in few characters; text where it is infinite, null where it is
/// none.
fn digits<S: Serializer>(x: f64, digits: usize, serializer: S) -> Result<S::Ok, S::Error> {
    if x.is_nan() {
        return serializer.serialize_none();
    }
    if x.is_infinite() {
        return serializer.serialize_str(if x > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let rounded = round(x, digits);
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 {
        serializer.serialize_i64(rounded as i64)
    } else {
        serializer.serialize_f64(rounded)
    }
}

/// A number with so many digits. A page has hundreds of thousands.
fn round(x: f64, digits: usize) -> f64 {
    let decimals = digits as f64 - 1.0 - x.abs().log10().floor();
    // Powers of ten up to here are exact, so the quotient is the nearest number to the decimal.
    if (0.0..=22.0).contains(&decimals) {
        let power = 10f64.powi(decimals as i32);
        return (x * power).round() / power;
    }
    let text = format!("{x:.*e}", digits - 1);
    text.parse().expect("a number as it was written")
}

#[cfg(test)]
mod tests {
    use super::super::super::draw::draw;
    use super::super::super::figure::Axis;
    use super::*;
    use flate2::read::ZlibDecoder;
    use serde_json::{Value, json};
    use std::io::Read;

    fn unpacked(figure: &Figure) -> Value {
        let packed = packed(figure, &draw(figure).frame);
        let bytes = BASE64_STANDARD.decode(packed).unwrap();
        let mut json = String::new();
        ZlibDecoder::new(&bytes[..])
            .read_to_string(&mut json)
            .unwrap();
        serde_json::from_str(&json).unwrap()
    }

    fn figure(content: Content) -> Figure {
        Figure {
            name: "figure".to_owned(),
            title: String::new(),
            caption: String::new(),
            alternative: String::new(),
            content,
        }
    }

    fn curves(series: Vec<Series>) -> Figure {
        figure(Content::Curves(Curves {
            x: Axis::default(),
            y: Axis::default(),
            series,
            marks: Vec::new(),
        }))
    }

    fn series(x: Vec<f64>, y: Vec<f64>) -> Series {
        Series {
            label: "loss".to_owned(),
            color: 9,
            x,
            y,
            band: None,
            interval: None,
            has_points: false,
        }
    }

    #[test]
    fn curves_tell_what_is_known_in_four_digits() {
        let mut with_band = series(
            vec![0.0, 1.0, 2.0, 123_456.5],
            vec![0.123_456, f64::NAN, f64::INFINITY, -1.5e-30],
        );
        with_band.band = Some([
            vec![0.012_345, f64::NAN, f64::NAN, -2e-30],
            vec![98_765.0, f64::NAN, f64::NEG_INFINITY, 0.0],
        ]);
        let told = unpacked(&curves(vec![with_band]));
        assert_eq!(told["content"]["x"], json!([[0, 2, 123_456.5]]));
        let line = &told["content"]["series"][0];
        assert_eq!(line["y"], json!([0.1235, "Infinity", -1.5e-30]));
        let band = json!([[0.0123, null, -2e-30], [98_800, "-Infinity", 0]]);
        assert_eq!(line["band"], band);
        assert_eq!(line["color"], 1);
    }

    #[test]
    fn names_turn_no_writing() {
        let mut turned = series(vec![0.0], vec![1.0]);
        turned.label = "lo\u{202e}ss\u{7f}".to_owned();
        let told = unpacked(&curves(vec![turned]));
        assert_eq!(told["content"]["series"][0]["label"], "loss ");
    }

    #[test]
    fn places_that_curves_share_are_told_once() {
        let x = vec![0.0, 10.0, 20.0];
        let one = series(x.clone(), vec![1.0, 2.0, 3.0]);
        let gap = series(x.clone(), vec![1.0, f64::NAN, 3.0]);
        let told = unpacked(&curves(vec![one.clone(), gap, one]));
        assert_eq!(told["content"]["x"], json!([[0, 10, 20], [0, 20]]));
        let lists = [0, 1, 2].map(|i| told["content"]["series"][i]["x"].clone());
        assert_eq!(lists, [0, 1, 0]);
    }

    #[test]
    fn long_curves_tell_evenly_many_of_their_values() {
        let long = |count: u32| {
            let x: Vec<f64> = (0..count).map(f64::from).collect();
            series(x.clone(), x)
        };
        for (count, curves_of, told_of) in [(500, 12, 500), (100_000, 1, 1000), (9_000, 12, 500)] {
            let told = unpacked(&curves(vec![long(count); curves_of]));
            let x = told["content"]["x"][0].as_array().unwrap();
            assert_eq!(x.len(), told_of);
            assert_eq!(x[0], 0);
            assert_eq!(x[told_of - 1], count - 1);
        }
    }
}
