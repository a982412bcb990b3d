//! Losses in bursts: the model of Gilbert and Elliott.
//!
//! A link is good or bad, and loses models with another probability in each. It takes one step per
//! iteration of its sender, whether or not something is sent, so that the losses of an iteration
//! do not depend on what else was sent. It begins as it is in the long run.

use crate::settings::Keys;

/// How a link's bursts come, go and lose; all are probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// That a good link turns bad in a step.
    pub enter: f64,
    /// That a bad link turns good in a step.
    pub leave: f64,
    /// That a good link loses a model.
    pub drop_good: f64,
    /// That a bad link loses a model.
    pub drop_bad: f64,
}

/// The state of one directed link's bursts. Begins before the sender's iteration 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BurstState {
    /// How many iterations of the sender it has seen.
    seen: u64,
    is_bad: bool,
}

impl Burst {
    /// Declares and reads the keys of `burst = { … }`.
    pub(super) fn read(keys: &mut Keys<'_>) -> Burst {
        let enter = keys.key(
            "enter",
            "Probability per sender iteration that a burst begins",
        );
        let enter = enter.symbol("p").at_least(0.0).at_most(1.0).required();
        let leave = keys.key(
            "leave",
            "Probability per sender iteration that a burst ends",
        );
        let leave = leave.symbol("r").at_least(0.0).at_most(1.0).required();
        let good = keys.key("drop_good", "Probability of loss outside bursts");
        let good = good.symbol("1 − k").at_least(0.0).at_most(1.0);
        let drop_good = good.default(0.0, "Gilbert 1960");
        let bad = keys.key("drop_bad", "Probability of loss in bursts");
        let bad = bad.symbol("1 − h").at_least(0.0).at_most(1.0);
        Burst {
            enter,
            leave,
            drop_good,
            drop_bad: bad.default(1.0, "a burst loses everything"),
        }
    }

    /// The share of iterations in which the link is bad, in the long run. A link that never
    /// changes is good.
    pub fn bad_share(&self) -> f64 {
        if self.enter == 0.0 {
            return 0.0;
        }
        self.enter / (self.enter + self.leave)
    }

    /// The probability that a model is lost in a state.
    pub(super) fn loss(&self, state: BurstState) -> f64 {
        if state.is_bad {
            self.drop_bad
        } else {
            self.drop_good
        }
    }

    /// The probability that a model is lost, in the long run.
    pub(super) fn mean_loss(&self) -> f64 {
        let bad = self.bad_share();
        bad * self.drop_bad + (1.0 - bad) * self.drop_good
    }
}

impl BurstState {
    /// Whether the link is in a burst.
    pub fn is_bad(&self) -> bool {
        self.is_bad
    }

    /// Steps to an iteration of the sender; `coin` draws an iteration's number in \[0, 1). To one
    /// that was seen already it does not go back: senders number their iterations upward.
    pub(super) fn advance(&mut self, burst: &Burst, iteration: u64, coin: impl Fn(u64) -> f64) {
        while self.seen <= iteration {
            let u = coin(self.seen);
            self.is_bad = match (self.seen, self.is_bad) {
                (0, _) => u < burst.bad_share(),
                (_, false) => u < burst.enter,
                (_, true) => u >= burst.leave,
            };
            self.seen += 1;
        }
    }
}
