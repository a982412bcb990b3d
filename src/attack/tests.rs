//! What all attacks of the catalogue promise.

use super::testing::attack;
use super::*;

/// Attacks that look at others, with settings of every sort of forger that they have.
const LOOKERS: [(&str, Knowledge); 9] = [
    ("kind = \"a-little-is-enough\"", Knowledge::Neighbors),
    (
        "kind = \"a-little-is-enough\"\nz = 1.0",
        Knowledge::Neighbors,
    ),
    (
        "kind = \"inner-product-manipulation\"\nepsilon = 0.5",
        Knowledge::Neighbors,
    ),
    ("kind = \"mimic\"\ncopy = 1", Knowledge::Neighbors),
    (
        "kind = \"targeted-drift\"\ntarget = 1.0\nstate = \"estimated\"",
        Knowledge::Neighbors,
    ),
    (
        "kind = \"targeted-drift\"\ntarget = 1.0",
        Knowledge::Omniscient,
    ),
    (
        "kind = \"local-model-poisoning\"\nagainst = \"krum\"",
        Knowledge::Omniscient,
    ),
    ("kind = \"dissensus\"", Knowledge::Omniscient),
    (
        "kind = \"loss-mimicry\"\ntarget = 1.0",
        Knowledge::VictimData,
    ),
];

#[test]
fn attacks_need_what_their_forgers_are_handed() {
    for (settings, least) in LOOKERS {
        let attack = attack(settings);
        assert_eq!(attack.knowledge(), least, "{settings}");
        assert_eq!(attack.forger(AgentId(0)).needs(), least, "{settings}");
    }
    for (name, attack) in catalogue().examples() {
        let is_looker = LOOKERS
            .iter()
            .any(|(s, _)| s.contains(&format!("\"{name}\"")));
        let needs = attack.forger(AgentId(0)).needs();
        assert_eq!(attack.knowledge(), needs, "{name}");
        assert_eq!(needs > Knowledge::None, is_looker, "{name}");
    }
}

#[test]
fn label_flip_alone_flips_labels() {
    for (name, attack) in catalogue().examples() {
        assert_eq!(attack.flips_labels(), name == LabelFlip::NAME, "{name}");
    }
}
