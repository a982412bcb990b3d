//! What networks promise that change while a run lasts.

use super::tests::{every_random_kind, from_text, lists, read};
use super::*;
use crate::rng::{Key, Purpose};
use crate::units::{AgentId, SimTime};
use rand::RngExt;
use std::path::PathBuf;

fn networks(topology: Box<dyn Topology>, redraw_every: Option<u64>) -> Networks {
    Networks::new(topology, 7, PathBuf::new(), redraw_every).expect("a network")
}

/// Whether the edge from `a` to `b` is there at these times in µs.
fn presence<const N: usize>(graph: &Graph, a: u32, b: u32, at_us: [u64; N]) -> [bool; N] {
    let there = at_us.map(|us| graph.is_there(AgentId(a), AgentId(b), SimTime::from_us(us)));
    let from = AgentId(a);
    let at = graph.sends_to(from).iter().position(|l| *l == AgentId(b));
    let link = graph.link_numbers(from).start + at.expect("an edge");
    let by_link = at_us.map(|us| graph.is_link_there(link, SimTime::from_us(us)));
    assert_eq!(there, by_link);
    there
}

#[test]
fn an_edge_with_a_window_is_there_from_its_start_until_before_its_end() {
    let text = "a,b,from_ms,to_ms\n0,1,0.5,2\n1,2,3,\n2,0,,3\n3,0,,\n3,1,,\n3,2,1,\n";
    let graph = from_text(text, false, None).expect("a network");
    assert!(graph.has_windows());
    let at = [0, 499, 500, 1000, 1999, 2000, 2999, 3000, u64::MAX - 1];
    let (yes, no) = (true, false);
    for (a, b, expected) in [
        (0, 1, [no, no, yes, yes, yes, no, no, no, no]),
        (1, 2, [no, no, no, no, no, no, no, yes, yes]),
        (2, 0, [yes, yes, yes, yes, yes, yes, yes, no, no]),
        (3, 0, [yes; 9]),
        (3, 1, [yes; 9]),
        (3, 2, [no, no, no, yes, yes, yes, yes, yes, yes]),
    ] {
        assert_eq!(presence(&graph, a, b, at), expected, "{a},{b}");
        assert_eq!(presence(&graph, b, a, at), expected, "{b},{a}");
    }
    // Neighbors are whoever can ever be one.
    assert_eq!(lists(&graph)[3], [0, 1, 2]);
}

#[test]
fn an_edge_with_several_windows_is_there_in_each_of_them() {
    // Apart, overlapping, touching, one inside another, in any order, in both directions.
    let text = "a,b,from_ms,to_ms\n0,1,10,20\n1,0,5,6\n0,1,15,25\n0,1,25,26\n0,1,11,12\n\
                0,2,10,20\n0,2,,\n\
                1,2,10,20\n1,2,,10\n2,1,20,\n1,1,3,4\n";
    let graph = from_text(text, false, None).expect("a network");
    let at = [0, 4999, 5000, 6000, 9999, 10_000, 14_000, 25_500, 26_000];
    let (yes, no) = (true, false);
    assert_eq!(
        presence(&graph, 0, 1, at),
        [no, no, yes, no, no, yes, yes, yes, no]
    );
    assert_eq!(presence(&graph, 0, 2, at), [yes; 9]);
    assert_eq!(presence(&graph, 2, 1, at), [yes; 9]);
}

#[test]
fn windows_of_a_directed_edge_are_its_own() {
    let text = "a,b,from_ms,to_ms\n0,1,,1\n1,0,2,\n2,0,,\n";
    let graph = from_text(text, true, None).expect("a network");
    let at = [0, 1000, 2000];
    assert_eq!(presence(&graph, 0, 1, at), [true, false, false]);
    assert_eq!(presence(&graph, 1, 0, at), [false, false, true]);
    assert_eq!(presence(&graph, 2, 0, at), [true; 3]);
    assert!(!graph.is_there(AgentId(0), AgentId(2), SimTime::ZERO));
}

#[test]
fn a_file_whose_edges_are_always_there_has_no_windows() {
    for text in [
        "0,1\n1,2\n",
        "a,b,from_ms,to_ms\n0,1,,\n",
        "a,b,from_ms,to_ms\n0,1,0,5\n0,1,5,\n",
        "a,b,from_ms,to_ms\n2,2,1,3\n0,1,,\n",
    ] {
        let graph = from_text(text, false, None).expect("a network");
        assert!(!graph.has_windows(), "{text}");
        assert_eq!(presence(&graph, 0, 1, [0, 5000]), [true; 2]);
    }
}

#[test]
fn a_network_is_drawn_anew_every_so_many_iterations() {
    for topology in every_random_kind() {
        let networks = networks(topology, Some(10));
        assert!(!networks.is_static());
        let epochs = [0, 9, 10, 19, 20, u64::MAX].map(|i| networks.epoch(i));
        assert_eq!(epochs, [0, 0, 1, 1, 2, u64::MAX / 10]);
        let drawn: Vec<_> = (0..5).map(|epoch| lists(&networks.at(epoch))).collect();
        assert_eq!(drawn[0], lists(networks.first()));
        assert!((1..5).all(|e| drawn[e] != drawn[e - 1]));
        assert!(drawn.iter().all(|lists| lists.len() == drawn[0].len()));
    }
}

#[test]
fn the_first_network_is_the_one_without_redrawing() {
    for (once, anew) in every_random_kind().into_iter().zip(every_random_kind()) {
        let once = networks(once, None);
        assert!(once.is_static());
        assert_eq!(
            (once.epoch(u64::MAX), once.at(0).agents()),
            (0, once.first().agents())
        );
        assert_eq!(lists(once.first()), lists(&networks(anew, Some(3)).at(0)));
    }
}

#[test]
fn a_redrawn_network_depends_on_seed_and_epoch_alone() {
    let ring = || read("kind = 'small-world'\nagents = 20\ndegree = 4\nrewire = 0.5").expect("one");
    let forward = networks(ring(), Some(1));
    let order: Vec<u64> = (0..40).collect();
    let expected: Vec<_> = order.iter().map(|e| lists(&forward.at(*e))).collect();
    // Backward, over and over, and far more epochs than are kept.
    let backward = networks(ring(), Some(5));
    for _ in 0..2 {
        for &epoch in order.iter().rev() {
            assert_eq!(lists(&backward.at(epoch)), expected[epoch as usize]);
        }
    }
    // The seed of an epoch is part of the promise that a seed gives the same run.
    let seed: u64 = Key::new(7, Purpose::Redraw).at(3).stream().random();
    let drawn = ring().draw(seed, Path::new("")).expect("a network");
    assert_eq!(lists(&drawn), expected[3]);
}

#[test]
fn a_network_without_chance_is_never_drawn_anew() {
    for keys in [
        "kind = 'complete'\nagents = 3",
        "kind = 'ring'\nagents = 3",
        "kind = 'torus'\nrows = 3\ncolumns = 4",
        "kind = 'star'\nagents = 3",
    ] {
        let networks = networks(read(keys).expect(keys), Some(2));
        assert!(networks.is_static());
        assert_eq!(networks.epoch(100), 0);
        assert!(std::sync::Arc::ptr_eq(networks.first(), &networks.at(50)));
    }
}

#[test]
fn agents_stay_in_their_places_when_links_are_drawn_anew() {
    let geometric = || read("kind = 'geometric'\nagents = 60").expect("one");
    let networks = networks(geometric(), Some(1));
    let places = networks.first().positions().expect("places").to_vec();
    for epoch in 1..20 {
        let graph = networks.at(epoch);
        assert_eq!(graph.positions(), Some(&places[..]));
        for (a, list) in lists(&graph).into_iter().enumerate() {
            assert!(list.len() <= 9);
            for b in list {
                let [x, y] = [0, 1].map(|axis| places[a][axis] - places[b as usize][axis]);
                assert!(x.hypot(y) <= 1.0, "{a}, {b}");
            }
        }
    }
}

#[test]
fn a_network_without_a_choice_is_never_drawn_anew() {
    for keys in [
        "kind = 'geometric'\nagents = 10",
        "kind = 'geometric'\nmax_neighbors = 0",
        "kind = 'geometric'\nrange = 0",
        "kind = 'erdos-renyi'\nagents = 5\nprobability = 0",
        "kind = 'erdos-renyi'\nagents = 5\nprobability = 1",
        "kind = 'regular'\nagents = 5\ndegree = 4",
        "kind = 'regular'\nagents = 5\ndegree = 0",
        "kind = 'small-world'\nagents = 9\ndegree = 4\nrewire = 0",
        "kind = 'small-world'\nagents = 5\ndegree = 4\nrewire = 0.5",
    ] {
        let networks = networks(read(keys).expect(keys), Some(2));
        assert!(networks.is_static(), "{keys}");
    }
}

#[test]
fn connected_components_are_counted_with_the_smallest() {
    let parts = |count, smallest| Parts { count, smallest };
    let graph = from_text("0,1\n1,2\n3,4\n", false, Some(6)).expect("a network");
    assert_eq!(graph.parts(|_| true), parts(3, 1));
    assert_eq!(graph.parts(|k| k.0 < 5), parts(2, 2));
    // Without the agent in between.
    assert_eq!(graph.parts(|k| k.0 != 1 && k.0 < 5), parts(3, 1));
    assert_eq!(graph.parts(|_| false), parts(0, 0));
    let directed = from_text("1,0\n2,0\n2,3\n", true, None).expect("a network");
    assert_eq!(directed.parts(|_| true), parts(1, 4));
    let ring = read("kind = 'ring'\nagents = 1_000_000").expect("a ring");
    let ring = ring.draw(1, Path::new("")).expect("a ring");
    assert_eq!(ring.parts(|_| true), parts(1, 1_000_000));
}

#[test]
fn agents_in_different_epochs_share_the_networks_that_are_kept() {
    let networks = networks(every_random_kind().remove(0), Some(1));
    let held: Vec<_> = (1..=10).map(|epoch| (epoch, networks.at(epoch))).collect();
    for (epoch, graph) in held.iter().rev() {
        assert!(std::sync::Arc::ptr_eq(graph, &networks.at(*epoch)));
    }
    // Epoch 10 was asked for longest ago.
    (11..=42).for_each(|epoch| drop(networks.at(epoch)));
    assert!(!std::sync::Arc::ptr_eq(&held[9].1, &networks.at(10)));
}
