//! How a distribution is written: a number, or a table with a `kind`.

use super::empirical::{Empirical, Order};
use super::{Distribution, Shape};
use crate::settings::{
    Bounds, Catalogue, Chosen, Form, Keys, Kind, Node, Problems, Setting, Table, Tolerances, Value,
    wrong,
};
use crate::units::SimTime;

/// The least mean of a normal distribution in standard deviations: below it, more than 43 draws of
/// 44 would be negative and drawn anew.
const LEAST_NORMAL_MEAN: f64 = -2.0;

/// The largest sigma of a lognormal distribution: its mean is e⁵⁰ medians, and beyond, numbers end.
const MOST_SIGMA: f64 = 10.0;

/// The kinds of distributions.
///
/// ```
/// assert!(byzsim::distribution::catalogue().names().contains(&"lognormal"));
/// ```
pub fn catalogue() -> Catalogue<Distribution> {
    macro_rules! kind {
        ($name:literal, $about:literal, $read:expr) => {
            Kind {
                name: $name,
                about: $about,
                read: |keys| Box::new(read(keys, $read)),
            }
        };
    }
    let kinds = vec![
        kind!("constant", "Always the same", constant),
        kind!("uniform", "As likely anywhere between two ends", uniform),
        kind!("normal", "A bell, cut off at 0", normal),
        kind!("exponential", "Of no memory", exponential),
        kind!("lognormal", "Its logarithm is a bell: skewed", lognormal),
        kind!("pareto", "A heavy tail: now and then very long", pareto),
        kind!("empirical", "Values from a file", empirical),
    ];
    Catalogue::new("distribution", kinds)
}

fn read(keys: &mut Keys<'_>, shape: fn(&mut Keys<'_>) -> Shape) -> Distribution {
    let shape = shape(keys);
    let offset = keys.key("offset", "Added to every sample [ms]");
    let offset = offset.at_least(0.0).at_most(SimTime::MAX_MS);
    let offset = offset.default(0.0, "design");
    let cap: Option<f64> = keys
        .key("cap", "The longest sample [ms]")
        .at_least(0.0)
        .at_most(SimTime::MAX_MS)
        .optional("samples are as long as they come");
    let least = shape.bounds().map_or(0.0, |(low, _)| low) + offset;
    if let Some(cap) = cap.filter(|&cap| cap < least) {
        let message = format!("the cap {cap} lies below the shortest sample, {least}");
        let help = format!("write a number from {least} on, or remove `cap`");
        keys.problem("cap", message, help);
    } else if least > SimTime::MAX_MS {
        let message = format!("no sample would be below {least} ms");
        let help = format!("write times that make no more than {:e}", SimTime::MAX_MS);
        keys.problem("offset", message, help);
    }
    Distribution { shape, offset, cap }
}

/// A key that holds a time.
fn time(keys: &mut Keys<'_>, name: &'static str, about: &'static str) -> f64 {
    let field = keys.key(name, about);
    field.at_least(0.0).at_most(SimTime::MAX_MS).required()
}

fn constant(keys: &mut Keys<'_>) -> Shape {
    Shape::Constant {
        value: time(keys, "value", "Every sample [ms]"),
    }
}

fn uniform(keys: &mut Keys<'_>) -> Shape {
    let low = time(keys, "low", "The shortest sample [ms]");
    let high = time(keys, "high", "The longest sample [ms]");
    if low > high {
        let message = format!("`high` is {high} and lies below `low`");
        keys.problem("high", message, format!("write a number from {low} on"));
    }
    Shape::Uniform { low, high }
}

fn normal(keys: &mut Keys<'_>) -> Shape {
    let mean = keys.key("mean", "Mean before it is cut off [ms]");
    let mean = mean.at_least(-SimTime::MAX_MS).at_most(SimTime::MAX_MS);
    let mean: f64 = mean.symbol("μ").required();
    let std = keys.key("std", "Standard deviation before it is cut off [ms]");
    let std = std.at_least(0.0).at_most(SimTime::MAX_MS);
    let std: f64 = std.symbol("σ").required();
    let least = LEAST_NORMAL_MEAN * std;
    if mean < least {
        let message = format!("nearly all samples of mean {mean} and std {std} would be negative");
        let help = format!("write a mean of {least} or more, {LEAST_NORMAL_MEAN} times `std`");
        keys.problem("mean", message, help);
    }
    Shape::Normal { mean, std }
}

fn exponential(keys: &mut Keys<'_>) -> Shape {
    Shape::Exponential {
        mean: time(keys, "mean", "Mean [ms]"),
    }
}

fn lognormal(keys: &mut Keys<'_>) -> Shape {
    let median = time(keys, "median", "Median [ms]");
    let sigma = keys.key("sigma", "Standard deviation of the logarithm");
    let sigma = sigma.symbol("σ").at_least(0.0).at_most(MOST_SIGMA);
    Shape::Lognormal {
        median,
        sigma: sigma.required(),
    }
}

fn pareto(keys: &mut Keys<'_>) -> Shape {
    let scale = keys.key("scale", "The shortest sample [ms]");
    let scale = scale.above(0.0).at_most(SimTime::MAX_MS).required();
    let shape = keys.key(
        "shape",
        "How fast the tail falls; up to 1, the mean is infinite",
    );
    Shape::Pareto {
        scale,
        shape: shape.symbol("α").above(0.0).required(),
    }
}

fn empirical(keys: &mut Keys<'_>) -> Shape {
    let path = keys.key::<String>(
        "path",
        "Text file with a duration per line, relative to the scenario file",
    );
    let path = path.required().into();
    let column = keys.key::<String>(
        "column",
        "Column of the durations, by its name in the first line or its number from \"1\" on",
    );
    let column = column.optional("the file has one column");
    let scale = keys.key(
        "scale",
        "What every value is multiplied by to be the duration [ms]: 0.5 for half a round-trip time",
    );
    let scale = scale
        .above(0.0)
        .at_most(1e9)
        .default(1.0, "values are milliseconds");
    let order = keys.key("order", "Which value is the next");
    let Chosen(order) = order.default(Chosen(Order::Random), "design");
    Shape::Empirical(Box::new(Empirical::new(path, order, column, scale)))
}

impl Setting for Distribution {
    fn takes() -> String {
        let kinds = catalogue().names().join(" | ");
        format!("a number or {{ kind = \"…\", … }}, kinds: {kinds}")
    }

    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Distribution> {
        Distribution::read_tolerating(node, name, &[], problems)
    }

    fn read_tolerating(
        node: &Node,
        name: &str,
        tolerated: &[String],
        problems: &mut Problems,
    ) -> Option<Distribution> {
        match &node.value {
            Value::Float(_) | Value::Integer(_) => {
                let ms = f64::read(node, name, problems)?;
                if !(0.0..=SimTime::MAX_MS).contains(&ms) {
                    let help = format!("write a number in [0, {:e}]", SimTime::MAX_MS);
                    problems.add(node.span, format!("`{name}` cannot be {ms}"), help);
                    return None;
                }
                Some(Distribution::constant(ms))
            }
            Value::Table(table) => from_table(table, node, name, tolerated, problems),
            _ => wrong::<Distribution>(node, name, problems),
        }
    }

    fn to_toml(&self) -> toml::Value {
        if let (Shape::Constant { value }, 0.0, None) = (&self.shape, self.offset, self.cap) {
            return (*value).into();
        }
        let (kind, keys) = self.shape.keys();
        let mut table = toml::Table::new();
        table.insert("kind".into(), kind.into());
        table.extend(keys.into_iter().map(|(key, value)| (key.to_owned(), value)));
        table.insert("offset".into(), self.offset.into());
        if let Some(cap) = self.cap {
            table.insert("cap".into(), cap.into());
        }
        table.into()
    }

    /// The value, where it never varies: a range that a key declares binds it.
    fn magnitudes(&self) -> Vec<f64> {
        self.fixed().into_iter().collect()
    }

    fn form(bounds: Bounds) -> Form {
        let ms = Form::number(bounds.within(0.0, SimTime::MAX_MS));
        let table = Form::table_of(|keys| catalogue().read(keys, None));
        Form::Named("duration", Box::new(Form::Any(vec![ms, table])))
    }
}

impl Shape {
    /// Its `kind`, and its own keys with their values.
    fn keys(&self) -> (&'static str, Vec<(&'static str, toml::Value)>) {
        let (kind, numbers) = match *self {
            Shape::Constant { value } => ("constant", vec![("value", value)]),
            Shape::Uniform { low, high } => ("uniform", vec![("low", low), ("high", high)]),
            Shape::Normal { mean, std } => ("normal", vec![("mean", mean), ("std", std)]),
            Shape::Exponential { mean } => ("exponential", vec![("mean", mean)]),
            Shape::Lognormal { median, sigma } => {
                ("lognormal", vec![("median", median), ("sigma", sigma)])
            }
            Shape::Pareto { scale, shape } => ("pareto", vec![("scale", scale), ("shape", shape)]),
            Shape::Empirical(ref empirical) => {
                let path = empirical.path.display().to_string();
                let mut keys = vec![("path", path.into())];
                keys.extend(empirical.column.clone().map(|name| ("column", name.into())));
                keys.push(("scale", empirical.scale.into()));
                keys.push(("order", Chosen(empirical.order).to_toml()));
                return ("empirical", keys);
            }
        };
        let keys = numbers.into_iter().map(|(key, x)| (key, x.into()));
        (kind, keys.collect())
    }
}

fn from_table(
    table: &Table,
    node: &Node,
    name: &str,
    tolerated: &[String],
    problems: &mut Problems,
) -> Option<Distribution> {
    let before = problems.len();
    let tolerances = Tolerances::from([(name.to_owned(), tolerated.to_vec())]);
    let keys = Keys::new(name, node.span, Some(table), problems).tolerating(&tolerances);
    let (read, _, _) = keys.run(|keys| catalogue().read(keys, None));
    let mut distribution = *read?;
    if let Shape::Empirical(empirical) = &mut distribution.shape {
        empirical.span = table.get("path").map_or(node.span, |path| path.span);
    }
    (problems.len() == before).then_some(distribution)
}
