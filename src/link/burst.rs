//! Losses in bursts: the model of Gilbert and Elliott.
//!
//! A link is good or bad, and loses models with another probability in each. It takes one step per
//! iteration of its sender, whether or not something is sent, so that the losses of an iteration
//! do not depend on what else was sent. It begins as it is in the long run.
//!
//! Where a lost model is sent again, time passes between two attempts, and a burst can end or begin
//! in it: the attempts of an iteration follow a chain of their own, which starts at the state of that
//! iteration and takes one step per pause. The states of later iterations do not depend on it, so
//! that an attempt more changes the fate of no other model.

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
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
            "Probability that a burst begins, per sender iteration and per pause before a retransmission",
        );
        let enter = enter.symbol("p").at_least(0.0).at_most(1.0).required();
        let leave = keys.key(
            "leave",
            "Probability that a burst ends, per sender iteration and per pause before a retransmission",
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

    /// Whether every model is lost, however often it is sent.
    pub(super) fn loses_all(&self) -> bool {
        // Without a way out the link is bad from the start, unless there is no way in either.
        let is_ever_good = self.enter == 0.0 || self.leave > 0.0;
        let is_ever_bad = self.enter > 0.0;
        (!is_ever_good || self.drop_good == 1.0) && (!is_ever_bad || self.drop_bad == 1.0)
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
            if self.seen == 0 {
                self.is_bad = u < burst.bad_share();
            } else {
                self.step(burst, u);
            }
            self.seen += 1;
        }
    }

    /// One step; `u` is its number in \[0, 1).
    fn step(&mut self, burst: &Burst, u: f64) {
        self.is_bad = if self.is_bad {
            u >= burst.leave
        } else {
            u < burst.enter
        };
    }

    /// The state that an iteration's model meets when it is sent again, where `self` is the one that
    /// it met the time before.
    pub(super) fn after_a_pause(mut self, burst: &Burst, u: f64) -> BurstState {
        self.step(burst, u);
        self
    }
}
