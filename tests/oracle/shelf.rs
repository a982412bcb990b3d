//! What an agent keeps of each neighbor until it combines: the newest model.

use super::agents::Chosen;
use super::clock::Missing;
use super::mail::Arrived;
use super::slip::Slip;

pub struct Shelf {
    /// By sender: the newest copy, and whether it has had a weight in a combination.
    newest: Vec<Option<(Arrived, bool)>>,
    /// By sender: the stamp that took part last.
    last_used: Vec<Option<u64>>,
    missing: Missing,
    slip: Slip,
}

impl Shelf {
    pub fn new(agents: usize, missing: Missing, slip: Slip) -> Shelf {
        Shelf {
            newest: vec![None; agents],
            last_used: vec![None; agents],
            missing: match (slip, missing) {
                (Slip::HoldSwapped, Missing::Skip) => Missing::Hold,
                (Slip::HoldSwapped, Missing::Hold) => Missing::Skip,
                (_, missing) => missing,
            },
            slip,
        }
    }

    /// Highest stamp, then latest arrival, then highest copy number, then attempt.
    pub fn put(&mut self, arrived: Arrived) {
        let order = |a: &Arrived| (a.copy.stamp, a.at, a.copy.copy, a.copy.attempt);
        let slot = &mut self.newest[arrived.copy.from];
        let is_newer = slot.as_ref().is_none_or(|(old, _)| {
            if self.slip == Slip::OldestWins {
                order(&arrived) < order(old) || arrived.copy.stamp > old.copy.stamp + 1
            } else {
                order(&arrived) > order(old)
            }
        });
        if is_newer {
            *slot = Some((arrived, false));
        }
    }

    /// The models of these senders that may take part; `age` gives a copy's age in iterations, or
    /// nothing where it is too old.
    pub fn choose(
        &self,
        neighbors: &[usize],
        age: &dyn Fn(&Arrived) -> Option<u64>,
    ) -> Vec<Chosen> {
        let choose = |&l: &usize| {
            let (arrived, _) = self.newest[l].as_ref()?;
            let held = self.last_used[l] == Some(arrived.copy.stamp);
            if held && self.missing == Missing::Skip {
                return None;
            }
            Some(Chosen {
                sender: l,
                payload: arrived.copy.payload.clone(),
                adapted: arrived.copy.adapted,
                age: age(arrived)?,
                held,
            })
        };
        neighbors.iter().filter_map(choose).collect()
    }

    /// Notes that these have taken part, `weighed` of them with a weight, and says how many copies had
    /// one for the first time.
    pub fn mark(&mut self, chosen: &[Chosen], weighed: &[usize]) -> u64 {
        let mut first = 0;
        for chosen in chosen {
            let newest = self.newest[chosen.sender].as_mut();
            let (arrived, used) = newest.expect("it was chosen from here");
            self.last_used[chosen.sender] = Some(arrived.copy.stamp);
            if weighed.contains(&chosen.sender) {
                first += u64::from(!*used);
                *used = true;
            }
        }
        first
    }
}
