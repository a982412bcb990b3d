//! How many Byzantine models an aggregator is told to tolerate: `f`, and what it does where too few
//! models are present for that.

use super::{Combination, Misfit, Place};
use crate::settings::{Choice, Chosen, Keys, Node, Problems, Setting, Value, wrong};

/// What an aggregator asks of the number n of models, the own one included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precondition {
    /// As it is written: `2f < n`.
    pub says: &'static str,
    /// The largest f that n models allow; absent where they allow none.
    pub largest: fn(usize) -> Option<usize>,
}

/// The settings `f` and `too_few` of an aggregator.
#[derive(Clone, Debug)]
pub(super) struct Tolerance {
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
    /// Declares and reads `f` and `too_few`.
    pub(super) fn read(keys: &mut Keys<'_>, needs: Precondition) -> Tolerance {
        let f = keys.key("f", "How many Byzantine models it withstands");
        let f = f.symbol("f").required();
        let Chosen(too_few) = keys
            .key(
                "too_few",
                "What is done where too few models are present for `f`: \
                 the own model is kept, or f is the largest that they allow",
            )
            .default(Chosen(TooFew::Own), "the safe choice");
        Tolerance { f, too_few, needs }
    }

    /// f in a full neighborhood.
    pub(super) fn at(&self, place: &Place<'_>) -> usize {
        self.f.at(place, self.needs.largest)
    }

    /// f among the models present, given that of the full neighborhood. `None` where the agent
    /// keeps its own model. Notes in `out` that too few are present.
    pub(super) fn among(&self, f: usize, present: usize, out: &mut Combination) -> Option<usize> {
        let largest = (self.needs.largest)(present);
        out.starved = largest.is_none_or(|largest| f > largest);
        match self.too_few {
            _ if !out.starved => Some(f),
            TooFew::Own => None,
            TooFew::ShrinkF => largest,
        }
    }

    /// Refuses an f that a full neighborhood cannot meet.
    pub(super) fn check(&self, place: &Place<'_>) -> Result<(), Misfit> {
        let models = place.neighbors.len() + 1;
        let f = self.at(place);
        let largest = (self.needs.largest)(models);
        if self.f == F::Largest || largest.is_some_and(|largest| f <= largest) {
            return Ok(());
        }
        let given = self.f.in_words();
        Err(Misfit {
            key: "f",
            message: format!(
                "f = {f}{given} does not fit agent {}: {} is needed, and its neighborhood has \
                 n = {models} ({})",
                place.agent,
                self.needs.says,
                who(place)
            ),
            largest: largest.map(|f| f as u64),
        })
    }
}

impl F {
    /// f in a full neighborhood; `largest` is the largest that so many models allow.
    pub(super) fn at(self, place: &Place<'_>, largest: fn(usize) -> Option<usize>) -> usize {
        let models = place.neighbors.len() + 1;
        match self {
            F::Number(f) => f as usize,
            // A product that should be whole may fall short of it by a rounding error.
            F::Fraction(x) => (x * models as f64 + 1e-9) as usize,
            // Where none fits, too few are present in every iteration.
            F::Largest => largest(models).unwrap_or(0),
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
                let (fraction, _, _) = keys.run(|keys| {
                    let share = keys.key("fraction", "Share of the full neighborhood");
                    share.at_least(0.0).at_most(1.0).required()
                });
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
}
