//! What other tables may say only in some modes of the clock.

use super::clock::Mode;
use super::read::AttackSettings;
use crate::fault::FaultSettings;
use crate::settings::Keys;

/// What the tables say that depend on the mode.
pub(super) struct Dependent<'a> {
    pub link_overrides: usize,
    pub faults: &'a [Option<FaultSettings>],
    pub attacks: &'a [Option<AttackSettings>],
}

/// Notes what has no meaning in a mode, at the key that says it.
pub(super) fn check(keys: &mut Keys<'_>, mode: Mode, said: &Dependent<'_>) {
    if mode != Mode::Synchronous {
        retransmissions(keys, mode, said.link_overrides);
    }
    if mode == Mode::Asynchronous {
        iterations_of_faults(keys, said.faults);
    }
    if mode != Mode::Deadline {
        timings(keys, mode, said.attacks);
    }
}

fn retransmissions(keys: &mut Keys<'_>, mode: Mode, overrides: usize) {
    let help = "remove it, or write mode = \"synchronous\" in [clock]";
    let mut refuse = |table: &[&str]| {
        // One of the two tells of both.
        ["retransmit_ms", "retransmit_limit"].iter().any(|key| {
            let message = format!(
                "`{key}` has nothing to do in {} mode: nobody waits for a lost model",
                mode.name()
            );
            keys.problem_at(&[table, &[key]].concat(), &message, help)
        })
    };
    refuse(&["link"]);
    for index in 0..overrides {
        refuse(&["link", "override", &index.to_string()]);
    }
}

fn iterations_of_faults(keys: &mut Keys<'_>, faults: &[Option<FaultSettings>]) {
    let numbered = faults.iter().enumerate();
    let is_by_iteration =
        |fault: &Option<FaultSettings>| fault.as_ref().is_some_and(FaultSettings::is_by_iteration);
    for (index, _) in numbered.filter(|(_, fault)| is_by_iteration(fault)) {
        let index = index.to_string();
        ["from_iteration", "to_iteration"].iter().any(|key| {
            let message = format!(
                "`{key}` says nothing in asynchronous mode: agents are in iterations of their own"
            );
            let help = "write times, `from_ms` and `to_ms`, or another mode in [clock]";
            keys.problem_at(&["fault", &index, key], &message, help)
        });
    }
}

fn timings(keys: &mut Keys<'_>, mode: Mode, attacks: &[Option<AttackSettings>]) {
    for (index, attack) in attacks.iter().enumerate() {
        let needs = |attack: &AttackSettings| attack.timing.needs_deadlines();
        if attack.as_ref().is_some_and(needs) {
            let path = ["attack", &index.to_string(), "timing", "kind"];
            let message = format!("there are no deadlines in {} mode", mode.name());
            let help = "choose another timing, or write mode = \"deadline\" in [clock]";
            keys.problem_at(&path, &message, help);
        }
    }
}
