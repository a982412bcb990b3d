//! What different kinds of agents send.

use super::lane::Trip;
use super::ledger::Ledger;
use super::letter::{Head, Letter};
use super::member::Member;
use super::outbox::Mailing;
use super::stopwatch::Stopwatch;
use crate::attack::{AnyForger, OwnState, Timing};
use crate::record::Stage;
use crate::rng::{Key, Purpose};
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

    /// An iteration's model is there.
    fn begin(&mut self, member: &Member, trip: Trip);

    /// What goes to a neighbor; `None` is nothing.
    fn mailing(
        &mut self,
        member: &Member,
        receiver: AgentId,
        ledger: &mut Ledger,
    ) -> Option<Mailing>;

    /// Whether it is an attacker whose attack is on.
    fn is_attacking(&self) -> bool;
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

    fn begin(&mut self, _: &Member, _: Trip) {}

    fn mailing(&mut self, member: &Member, _: AgentId, _: &mut Ledger) -> Option<Mailing> {
        Some(Mailing {
            letter: member.adapted().clone(),
            copies: 1,
        })
    }

    fn is_attacking(&self) -> bool {
        false
    }
}

/// An attacker: when its attack is on, it sends something else to its victims, or at another time.
pub(super) struct Byzantine {
    plan: Arc<Plan>,
    attack: usize,
    forger: AnyForger,
    attacking: bool,
    /// What goes to all victims in this iteration.
    shared: Option<Letter>,
    /// What it would have sent in its last iterations, oldest first; where it replays.
    past: VecDeque<Vec<(Option<AgentId>, Vec<f32>)>>,
    payload: Vec<f32>,
}

impl Byzantine {
    fn attack(&self) -> &AttackPlan {
        &self.plan.attacks[self.attack]
    }

    fn forge(&mut self, member: &Member, victim: Option<AgentId>) {
        let key = Key::new(self.plan.seeds.attackers, Purpose::Payload).of(member.id());
        let own = OwnState {
            iteration: member.iteration(),
            attacker: member.id(),
            victim,
            honest: member.adapted().values(),
            key: victim.map_or(key, |victim| key.toward(victim)),
        };
        self.payload.clear();
        match &mut self.forger {
            AnyForger::Blind(forger) => forger.forge(own, &mut self.payload),
            _ => unreachable!("handed over in the next commit"),
        }
    }

    /// Forges what would be sent now, for the time when it is old.
    fn remember(&mut self, member: &Member, age: u64) {
        let graph = &self.plan.graph;
        let victims: Vec<Option<AgentId>> = match self.attack().per_victim {
            false => vec![None],
            true if self.plan.networks.is_static() => graph
                .sends_to(member.id())
                .iter()
                .copied()
                .map(Some)
                .collect(),
            true => graph.ids().map(Some).collect(),
        };
        let mut forged = Vec::with_capacity(victims.len());
        for victim in victims {
            if victim.is_none_or(|victim| self.attack().has_victim(victim)) {
                self.forge(member, victim);
                forged.push((victim, self.payload.clone()));
            }
        }
        self.past.push_back(forged);
        if self.past.len() as u64 > age + 1 {
            self.past.pop_front();
        }
    }

    /// A letter with the payload in the place of ψ, put on the links when the attack says.
    fn letter(&self, member: &Member) -> Letter {
        let honest = member.adapted().head();
        let departs = match (self.attack().timing, self.plan.clock.pace.period()) {
            (Timing::Delay(delay), _) => honest.adapted + delay,
            (Timing::JustBeforeDeadline(margin), Some(period)) => {
                let tick = period.us().saturating_mul(honest.stamp + 1);
                (SimTime::from_us(tick) - margin).max(honest.adapted)
            }
            _ => honest.adapted,
        };
        let head = Head {
            departs,
            posted: Stopwatch::stamp(&self.plan).map(Box::new),
            ..*honest
        };
        Letter::new(head, &self.payload)
    }

    /// What goes to a victim, before it is told how often.
    fn payload_for(&mut self, member: &Member, receiver: AgentId) -> Letter {
        let per_victim = self.attack().per_victim;
        if let Some(shared) = self.shared.as_ref().filter(|_| !per_victim) {
            return shared.clone();
        }
        let victim = per_victim.then_some(receiver);
        let old = self.past.front().into_iter().flatten();
        match old
            .filter(|(of, _)| *of == victim)
            .map(|(_, payload)| payload)
            .next()
        {
            Some(payload) => self.payload.clone_from(payload),
            None => self.forge(member, victim),
        }
        let letter = self.letter(member);
        self.shared = (!per_victim).then(|| letter.clone());
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
            forger: plan.attacks[attack].attack.forger(id),
            attacking: false,
            shared: None,
            past: VecDeque::new(),
            payload: Vec::new(),
        }
    }

    fn who(plan: &Plan, id: AgentId) -> String {
        match plan.roles[id.index()] {
            Role::Byzantine(attack) => format!("attacker {id} ({})", plan.attacks[attack].name),
            Role::Honest => format!("agent {id}"),
        }
    }

    fn begin(&mut self, member: &Member, trip: Trip) {
        self.attacking = self.attack().active.is_on(trip.iteration, trip.instant);
        self.shared = None;
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
}
