//! What different kinds of agents send.

use super::desk::Desk;
use super::forgery::Forgery;
use super::lane::Trip;
use super::ledger::Ledger;
use super::letter::{Head, Letter};
use super::member::Member;
use super::outbox::Mailing;
use super::stopwatch::Stopwatch;
use crate::attack::{Knowledge, Timing};
use crate::checkpoint::{Book, Kept, keep};
use crate::record::Stage;
use crate::scenario::{AttackPlan, Plan, Role};
use crate::units::{AgentId, SimTime};
use std::collections::VecDeque;
use std::sync::Arc;

/// Decides what goes to whom. Everything else, agents of all kinds do alike.
pub(super) trait Voice: Unpin + 'static {
    /// One agent's.
    fn new(plan: &Arc<Plan>, id: AgentId) -> Self;

    /// What messages call the agent.
    fn who(plan: &Plan, id: AgentId) -> String;

    /// An iteration begins. Says whether its labels are false, where that can differ.
    fn begin(&mut self, trip: Trip) -> Option<bool>;

    /// Whether it is an attacker that looks at others' models.
    fn looks(&self) -> bool;

    /// Whether it looks in this iteration, and sends after that.
    fn waits(&self) -> bool;

    /// An iteration's model is there, and all that is waited for.
    fn prepare(&mut self, desk: &Desk, member: &Member, trip: Trip);

    /// What goes to a neighbor; `None` is nothing.
    fn mailing(
        &mut self,
        member: &Member,
        receiver: AgentId,
        ledger: &mut Ledger,
    ) -> Option<Mailing>;

    /// Whether it is an attacker whose attack is on.
    fn is_attacking(&self) -> bool;

    /// Whether it draws batches with false labels.
    fn flips_labels(&self) -> bool;

    /// Keeps what it remembers from one iteration to the next.
    fn keep(&mut self, book: &mut Book<'_>) -> Kept;
}

/// A normal agent: it sends its model to everyone.
pub(super) struct Honest;

impl Voice for Honest {
    fn new(_: &Arc<Plan>, _: AgentId) -> Honest {
        Honest
    }

    fn who(_: &Plan, id: AgentId) -> String {
        format!("agent {id}")
    }

    fn begin(&mut self, _: Trip) -> Option<bool> {
        None
    }

    fn looks(&self) -> bool {
        false
    }

    fn waits(&self) -> bool {
        false
    }

    fn prepare(&mut self, _: &Desk, _: &Member, _: Trip) {}

    fn mailing(&mut self, member: &Member, _: AgentId, _: &mut Ledger) -> Option<Mailing> {
        Some(Mailing {
            letter: member.adapted().clone(),
            copies: 1,
        })
    }

    fn is_attacking(&self) -> bool {
        false
    }

    fn flips_labels(&self) -> bool {
        false
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

/// An attacker: when its attack is on, it sends something else to its victims, or at another time.
pub(super) struct Byzantine {
    plan: Arc<Plan>,
    attack: usize,
    forgery: Forgery,
    attacking: bool,
    /// What goes to all victims in this iteration.
    shared: Option<Letter>,
    /// What it would have sent in its last iterations, oldest first; where it replays.
    past: VecDeque<Vec<(Option<AgentId>, Vec<f32>)>>,
}

impl Byzantine {
    fn attack(&self) -> &AttackPlan {
        &self.plan.attacks[self.attack]
    }

    /// Whether each victim gets a payload of its own.
    fn is_by_victim(&self) -> bool {
        self.attack().per_victim || self.forgery.is_by_victim()
    }

    /// Forges what would be sent now, for the time when it is old.
    fn remember(&mut self, member: &Member, age: u64) {
        let victims: Vec<Option<AgentId>> = match self.is_by_victim() {
            false => vec![None],
            true => {
                let victims = self.forgery.victims(member.id()).iter();
                victims.copied().map(Some).collect()
            }
        };
        let mut forged = Vec::with_capacity(victims.len());
        for victim in victims {
            if victim.is_none_or(|victim| self.attack().has_victim(victim)) {
                let payload = self.forgery.forge(member, victim).to_vec();
                forged.push((victim, payload));
            }
        }
        self.past.push_back(forged);
        if self.past.len() as u64 > age + 1 {
            self.past.pop_front();
        }
    }

    /// What stands over a payload: it is put on the links when the attack says.
    fn head(&self, member: &Member) -> Head {
        let honest = member.adapted().head();
        let earliest = honest.adapted.max(self.forgery.seen_at());
        let departs = match (self.attack().timing, self.plan.clock.pace.period()) {
            (Timing::Delay(delay), _) => earliest + delay,
            (Timing::JustBeforeDeadline(margin), Some(period)) => {
                let tick = period.us().saturating_mul(honest.stamp + 1);
                (SimTime::from_us(tick) - margin).max(earliest)
            }
            _ => earliest,
        };
        Head {
            departs,
            posted: Stopwatch::stamp(&self.plan).map(Box::new),
            ..*honest
        }
    }

    /// What goes to a victim, before it is told how often.
    fn payload_for(&mut self, member: &Member, receiver: AgentId) -> Letter {
        let by_victim = self.is_by_victim();
        if let Some(shared) = self.shared.as_ref().filter(|_| !by_victim) {
            return shared.clone();
        }
        let victim = by_victim.then_some(receiver);
        let mut old = self.past.front().into_iter().flatten();
        let old = old.find(|(of, _)| *of == victim);
        let head = self.head(member);
        let letter = match old {
            Some((_, payload)) => Letter::new(head, payload),
            None => Letter::new(head, self.forgery.forge(member, victim)),
        };
        self.shared = (!by_victim).then(|| letter.clone());
        letter
    }
}

impl Voice for Byzantine {
    fn new(plan: &Arc<Plan>, id: AgentId) -> Byzantine {
        let Role::Byzantine(attack) = plan.roles[id.index()] else {
            unreachable!("attackers alone are started as attackers");
        };
        Byzantine {
            plan: plan.clone(),
            attack,
            forgery: Forgery::new(plan, id, &plan.attacks[attack]),
            attacking: false,
            shared: None,
            past: VecDeque::new(),
        }
    }

    fn who(plan: &Plan, id: AgentId) -> String {
        match plan.roles[id.index()] {
            Role::Byzantine(attack) => format!("attacker {id} ({})", plan.attacks[attack].name),
            Role::Honest => format!("agent {id}"),
        }
    }

    fn begin(&mut self, trip: Trip) -> Option<bool> {
        self.attacking = self.attack().active.is_on(trip.iteration, trip.instant);
        self.shared = None;
        let flips = self.attack().attack.flips_labels();
        flips.then_some(self.attacking)
    }

    fn looks(&self) -> bool {
        self.attack().knowledge > Knowledge::None
    }

    fn waits(&self) -> bool {
        let replays = matches!(self.attack().timing, Timing::Replay(_));
        let is_silent = self.attack().timing == Timing::Silent;
        self.looks() && !is_silent && (self.attacking || replays)
    }

    fn prepare(&mut self, desk: &Desk, member: &Member, trip: Trip) {
        if self.waits() {
            self.forgery.look(desk, member.id(), trip);
        }
        if let Timing::Replay(age) = self.attack().timing {
            self.remember(member, age);
        }
    }

    fn mailing(
        &mut self,
        member: &Member,
        receiver: AgentId,
        ledger: &mut Ledger,
    ) -> Option<Mailing> {
        if !self.attacking || !self.attack().has_victim(receiver) {
            return Honest.mailing(member, receiver, ledger);
        }
        let copies = match self.attack().timing {
            Timing::Silent => return None,
            Timing::Flood(copies) => copies,
            _ => 1,
        };
        let letter = self.payload_for(member, receiver);
        let sender = (member.id(), member.iteration());
        ledger.note_model(sender, Stage::Sent, Some(receiver), letter.values());
        Some(Mailing { letter, copies })
    }

    fn is_attacking(&self) -> bool {
        self.attacking
    }

    fn flips_labels(&self) -> bool {
        self.attacking && self.attack().attack.flips_labels()
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.forgery.keep(book)?;
        keep!(book: self.attacking, self.past)
    }
}
