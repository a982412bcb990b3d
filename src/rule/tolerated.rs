//! How many Byzantine models an aggregator is told to tolerate: `f`, and what it does where too few
//! models are present for that.
//!
//! `f = "largest"` says something else under each rule, as it is the most that the rule's own
//! condition allows among the n models of a full neighborhood, the agent's included: ⌊(n−1)/2⌋ where
//! most have to be honest (2f < n), ⌊(n−3)/2⌋ under Krum (n ≥ 2f + 3), n − 2 under clipped gossip with
//! an adaptive radius (f ≤ n − 2) and under R-DLMSAW, and less where a rule would have to search more
//! than 10⁶ subsets. n is what the pre-aggregations before it make of the neighborhood, and only
//! full neighborhoods count: f stays while models are missing. `byzsim check` prints it.

use super::{Misfit, Place};
use crate::settings::{Bounds, Choice, Chosen, Form, Keys, Node, Problems, Setting, Value, wrong};

/// What an aggregator asks of the number n of models that it sees.
#[derive(Clone, Copy, Debug)]
pub struct Precondition {
    /// As it is written: `2f < n`.
    pub says: &'static str,
    /// The largest f that n models allow; absent where they allow none.
    pub largest: fn(usize) -> Option<usize>,
}

impl Precondition {
    /// Most of the models are honest.
    pub const MINORITY: Precondition = Precondition {
        says: "2f < n",
        largest: |models| models.checked_sub(1).map(|others| others / 2),
    };
}

/// The settings `f` and `too_few` of an aggregator or a pre-aggregation.
#[derive(Clone, Debug)]
pub struct Tolerance {
    f: F,
    too_few: TooFew,
    needs: Precondition,
}

/// The value of `f`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum F {
    /// The same everywhere.
    Number(u32),
    /// Of all models of the full neighborhood, rounded down.
    Fraction(f64),
    /// The largest that the full neighborhood allows.
    Largest,
}

/// What is done where too few models are present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum TooFew {
    /// The agent keeps its own model.
    #[default]
    Own,
    /// f is the largest that the models present allow.
    ShrinkF,
}

impl Choice for TooFew {
    const NAMES: &'static [(&'static str, Self)] =
        &[("own", Self::Own), ("shrink-f", Self::ShrinkF)];
}

impl Tolerance {
    /// What `f` is where most of the models have to be honest.
    pub const OF_A_MINORITY: &str = "How many Byzantine models it withstands; \"largest\": \
        ⌊(n−1)/2⌋ of the n models of the full neighborhood";

    /// Declares and reads `f` and `too_few`. `about` says what f is, and which one is the largest.
    pub fn read(keys: &mut Keys<'_>, needs: Precondition, about: &'static str) -> Tolerance {
        let f = keys.key("f", about).symbol("f").required();
        let Chosen(too_few) = keys
            .key(
                "too_few",
                "What is done where too few models are present for `f`: \
                 the own model is kept, or f is the largest that they allow",
            )
            .default(Chosen(TooFew::Own), "the safe choice");
        Tolerance { f, too_few, needs }
    }

    /// f where the full neighborhood has so many models, the own one included, of which
    /// pre-aggregations make `models`.
    pub fn at(&self, neighborhood: usize, models: usize) -> usize {
        self.f.at(neighborhood, (self.needs.largest)(models))
    }

    /// The same where not even f = 0 may be allowed: `None` there.
    pub fn allowed_at(&self, neighborhood: usize, models: usize) -> Option<usize> {
        (self.needs.largest)(models)?;
        Some(self.at(neighborhood, models))
    }

    /// f among the models present, given that of the full neighborhood. `None` where the agent
    /// keeps its own model. Notes in `starved` that too few are present.
    pub fn among(&self, f: usize, present: usize, starved: &mut bool) -> Option<usize> {
        let largest = (self.needs.largest)(present);
        let too_few = largest.is_none_or(|largest| f > largest);
        *starved |= too_few;
        match self.too_few {
            _ if !too_few => Some(f),
            TooFew::Own => None,
            TooFew::ShrinkF => largest,
        }
    }

    /// Refuses an f that a full neighborhood cannot meet, of which pre-aggregations make `models`.
    ///
    /// # Errors
    /// The f, and the largest that would fit.
    pub fn check(&self, place: &Place<'_>, models: usize) -> Result<(), Misfit> {
        let neighborhood = place.neighbors.len() + 1;
        let f = self.at(neighborhood, models);
        let largest = (self.needs.largest)(models);
        if self.f == F::Largest || largest.is_some_and(|largest| f <= largest) {
            return Ok(());
        }
        let given = self.f.in_words();
        let (agent, needs, who) = (place.agent, self.needs.says, who(place));
        let models = if models == neighborhood {
            format!("its neighborhood has n = {models} ({who})")
        } else {
            format!(
                "`pre` makes n = {models} of the {neighborhood} models of its neighborhood ({who})"
            )
        };
        Err(Misfit {
            key: "f".to_owned(),
            message: format!(
                "f = {f}{given} does not fit agent {agent}: {needs} is needed, and {models}"
            ),
            largest: largest.map(|f| f as u64),
            fits_all: Some(F::LARGEST),
        })
    }
}

impl F {
    /// The largest, as TOML.
    pub(super) const LARGEST: &'static str = "\"largest\"";

    /// f in a full neighborhood of so many models, which allow at most `largest`.
    pub(super) fn at(self, neighborhood: usize, largest: Option<usize>) -> usize {
        match self {
            F::Number(f) => f as usize,
            // A product that should be whole may fall short of it by a rounding error.
            F::Fraction(x) => (x * neighborhood as f64 + 1e-9) as usize,
            // Where none fits, too few are present in every iteration.
            F::Largest => largest.unwrap_or(0),
        }
    }

    /// What a message adds to the number.
    pub(super) fn in_words(self) -> String {
        match self {
            F::Number(_) | F::Largest => String::new(),
            F::Fraction(x) => format!(", {x} of the neighborhood,"),
        }
    }
}

/// The neighborhood in words.
pub(super) fn who(place: &Place<'_>) -> String {
    const MOST: usize = 12;
    let names: Vec<String> = place.neighbors.iter().map(|l| l.to_string()).collect();
    match names.len() {
        0 => "nobody but itself".to_owned(),
        1 => format!("itself and agent {}", names[0]),
        n if n <= MOST => format!("itself and agents {}", names.join(", ")),
        n => format!(
            "itself, agents {} and {} more",
            names[..MOST].join(", "),
            n - MOST
        ),
    }
}

fn fraction(keys: &mut Keys<'_>) -> f64 {
    let share = keys.key("fraction", "Share of the full neighborhood");
    share.at_least(0.0).at_most(1.0).required()
}

impl Default for F {
    fn default() -> Self {
        F::Number(0)
    }
}

impl Setting for F {
    fn takes() -> String {
        "a whole number, { fraction = x } of the neighborhood, or \"largest\"".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<F> {
        match &node.value {
            Value::Integer(_) => u32::read(node, name, problems).map(F::Number),
            Value::String(text) if text == "largest" => Some(F::Largest),
            Value::String(text) => {
                let message = format!("`{name}` cannot be \"{text}\"");
                problems.add(node.span, message, format!("write {}", F::takes()));
                None
            }
            Value::Table(table) => {
                let before = problems.len();
                let keys = Keys::new(name, node.span, Some(table), problems);
                let (fraction, _, _) = keys.run(fraction);
                (problems.len() == before).then_some(F::Fraction(fraction))
            }
            _ => wrong::<F>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        match self {
            F::Number(f) => i64::from(*f).into(),
            F::Fraction(x) => toml::Table::from_iter([("fraction".to_owned(), (*x).into())]).into(),
            F::Largest => "largest".into(),
        }
    }

    fn form(bounds: Bounds) -> Form {
        Form::Any(vec![
            u32::form(bounds),
            Form::one_of(&["largest"]),
            Form::table_of(fraction),
        ])
    }
}
