//! What every kind of network promises.

use super::*;
use crate::settings::{Keys, Problems, Sources, Span, Table, WrongSettings};
use crate::units::AgentId;
use std::fs;

/// Reads a `[topology]` table as a scenario does.
pub(super) fn read(toml: &str) -> Result<Box<dyn Topology>, WrongSettings> {
    let mut sources = Sources::default();
    let source = sources.add("s.toml", toml);
    let mut problems = Problems::default();
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("topology", Span::default(), Some(&table), &mut problems);
    let (read, _, _) = keys.run(|keys| catalogue().read(keys, Some(Geometric::NAME)));
    match read {
        Some(topology) if problems.is_empty() => Ok(topology),
        _ => Err(problems.into_error(&sources)),
    }
}

/// The mistakes in a `[topology]` table, as `line:column: message; help`.
fn mistakes(toml: &str) -> Vec<String> {
    let located = read(toml).expect_err("a mistake").mistakes;
    let shown = located
        .iter()
        .map(|l| format!("{}:{}: {}; {}", l.line, l.column, l.message, l.help));
    shown.collect()
}

fn draw(topology: &dyn Topology, seed: u64) -> Graph {
    let graph = topology.draw(seed, Path::new("")).expect("a network");
    assert_sound(&graph);
    graph
}

/// Lists are ascending without repetition, nobody is its own neighbor, edges go both ways.
fn assert_sound(graph: &Graph) {
    for agent in graph.ids() {
        let neighbors = graph.receives_from(agent);
        assert!(neighbors.is_sorted_by(|a, b| a < b));
        assert!(!neighbors.contains(&agent));
        for &neighbor in neighbors {
            assert!(graph.sends_to(neighbor).contains(&agent));
            assert!(graph.is_directed() || graph.sends_to(agent).contains(&neighbor));
        }
    }
}

fn degrees(graph: &Graph) -> Vec<usize> {
    let degree = |agent| graph.receives_from(agent).len();
    graph.ids().map(degree).collect()
}

pub(super) fn lists(graph: &Graph) -> Vec<Vec<u32>> {
    let list = |agent| graph.sends_to(agent).iter().map(|a| a.0).collect();
    graph.ids().map(list).collect()
}

pub(super) fn every_random_kind() -> Vec<Box<dyn Topology>> {
    vec![
        Box::new(Regular {
            agents: 50,
            degree: 4,
        }),
        Box::new(ErdosRenyi {
            agents: 50,
            probability: 0.1,
        }),
        Box::new(SmallWorld {
            agents: 50,
            degree: 4,
            rewire: 0.3,
        }),
        read("kind = 'geometric'").expect("the paper's network"),
    ]
}

#[test]
fn the_same_seed_gives_the_same_network_and_another_seed_another() {
    for topology in every_random_kind() {
        let first = lists(&draw(&*topology, 1));
        assert_eq!(first, lists(&draw(&*topology, 1)), "{topology:?}");
        assert_ne!(first, lists(&draw(&*topology, 2)), "{topology:?}");
    }
}

#[test]
fn every_kind_is_read_from_its_keys() {
    for keys in [
        "kind = 'complete'\nagents = 3",
        "kind = 'ring'\nagents = 3",
        "kind = 'regular'\nagents = 4\ndegree = 3",
        "kind = 'erdos-renyi'\nagents = 3\nprobability = 0.5",
        "kind = 'small-world'\nagents = 5\ndegree = 2\nrewire = 0.1",
        "kind = 'torus'\nrows = 3\ncolumns = 4",
        "kind = 'star'\nagents = 3",
        "kind = 'geometric'\nagents = 3\nside = 1.0\nrange = 0.5\nmax_neighbors = 1",
    ] {
        draw(&*read(keys).expect(keys), 1);
    }
    read("kind = 'file'\npath = 'n.csv'\ndirected = true\nagents = 7").expect("file");
}

#[test]
fn one_agent_is_a_network_of_every_kind() {
    for keys in [
        "kind = 'complete'\nagents = 1",
        "kind = 'ring'\nagents = 1",
        "kind = 'regular'\nagents = 1\ndegree = 0",
        "kind = 'erdos-renyi'\nagents = 1\nprobability = 1",
        "kind = 'small-world'\nagents = 1\ndegree = 0\nrewire = 1",
        "kind = 'torus'\nrows = 1\ncolumns = 1",
        "kind = 'star'\nagents = 1",
        "kind = 'geometric'\nagents = 1",
    ] {
        let graph = draw(&*read(keys).expect(keys), 1);
        assert_eq!((graph.agents(), graph.edges()), (1, 0), "{keys}");
    }
}

#[test]
fn mistakes_over_two_keys_stand_at_the_key_at_fault() {
    let shown = [
        mistakes("kind = 'regular'\nagents = 5\ndegree = 5"),
        mistakes("kind = 'regular'\nagents = 5\ndegree = 3"),
        mistakes("kind = 'small-world'\nagents = 6\ndegree = 3\nrewire = 0"),
        mistakes("kind = 'complete'\nagents = 100_000"),
        mistakes("kind = 'torus'\nrows = 10_000\ncolumns = 10_000"),
        mistakes("kind = 'geometric'\nagents = 100_000"),
    ];
    assert_eq!(
        shown.concat(),
        [
            "3:10: each of 5 agents cannot have 5 neighbors; \
             `degree` is less than `agents`: at most 4",
            "3:10: 5 agents cannot have 3 neighbors each: both are odd; \
             every edge has two ends, so `agents` or `degree` is even",
            "3:10: `degree` cannot be 3 among 6 agents; \
             an even number less than `agents`: at most 4",
            "2:10: this network would have about 5.0e9 edges; \
             at most 5e7 edges: fewer agents, or fewer neighbors for each",
            "3:11: `rows` times `columns` would be 100000000 agents; at most 10000000 agents",
            "1:1: these agents would have about 1.7e9 pairs in range; \
             at most 5e7 pairs: fewer `agents`, a longer `side` or a shorter `range`",
        ]
    );
}

#[test]
fn a_mistake_in_one_key_brings_no_second_one() {
    for keys in [
        "kind = 'complete'",
        "kind = 'regular'\nagents = 0\ndegree = 3",
        "kind = 'small-world'\nagents = -1\ndegree = 3\nrewire = 0",
        "kind = 'small-world'\nagents = 3\ndegree = 2\nrewire = 2",
        "kind = 'erdos-renyi'\nagents = 3\nprobability = 1.5",
        "kind = 'torus'\nrows = 0\ncolumns = 3",
        "kind = 'geometric'\nside = 0",
        "kind = 'ring'\nagents = 10_000_001",
    ] {
        assert_eq!(mistakes(keys).len(), 1, "{keys}");
    }
}

#[test]
fn impossible_parameters_are_errors_for_users_of_the_library_too() {
    let impossible: [&dyn Topology; 5] = [
        &Regular {
            agents: 5,
            degree: 3,
        },
        &ErdosRenyi {
            agents: 5,
            probability: f64::NAN,
        },
        &SmallWorld {
            agents: 5,
            degree: 2,
            rewire: -0.1,
        },
        &Geometric {
            agents: 5,
            side: 0.0,
            range: 1.0,
            max_neighbors: 9,
        },
        &Complete { agents: 1_000_000 },
    ];
    for topology in impossible {
        let drawn = topology.draw(1, Path::new(""));
        assert!(matches!(drawn, Err(TopologyError::Impossible { .. })));
    }
}

#[test]
fn complete_ring_and_star_have_their_shape() {
    assert_eq!(degrees(&draw(&Complete { agents: 5 }, 1)), [4; 5]);
    let ring = draw(&Ring { agents: 4 }, 1);
    assert_eq!(lists(&ring), [[1, 3], [0, 2], [1, 3], [0, 2]]);
    assert_eq!(draw(&Ring { agents: 2 }, 1).edges(), 1);
    let star = draw(&Star { agents: 4 }, 1);
    assert_eq!(lists(&star), [vec![1, 2, 3], vec![0], vec![0], vec![0]]);
}

#[test]
fn a_torus_has_four_neighbors_or_as_many_as_there_are() {
    let degree = |rows, columns| {
        let degrees = degrees(&draw(&Torus { rows, columns }, 1));
        assert_eq!(degrees.len(), (rows * columns) as usize);
        assert!(degrees.iter().all(|d| *d == degrees[0]));
        degrees[0]
    };
    assert_eq!(degree(1, 1), 0);
    assert_eq!(degree(1, 2), 1);
    assert_eq!(degree(2, 2), 2);
    assert_eq!(degree(1, 5), 2);
    assert_eq!(degree(2, 5), 3);
    assert_eq!(degree(3, 3), 4);
    let grid = Torus {
        rows: 3,
        columns: 4,
    };
    assert_eq!(lists(&draw(&grid, 1))[0], [1, 3, 4, 8]);
}

#[test]
fn regular_gives_everyone_exactly_the_degree() {
    for agents in 1..=14 {
        for degree in (0..agents).filter(|degree| agents * degree % 2 == 0) {
            for seed in 0..20 {
                let graph = draw(&Regular { agents, degree }, seed);
                assert!(degrees(&graph).iter().all(|&d| d == degree as usize));
            }
        }
    }
    // Dense ones, where the repair has the most to do, on both sides of the complement.
    for (agents, degree) in [(200, 99), (200, 100), (201, 100), (1000, 999), (1000, 499)] {
        let graph = draw(&Regular { agents, degree }, 1);
        assert!(degrees(&graph).iter().all(|&d| d == degree as usize));
    }
}

/// Labeled 2-regular networks of 6 agents: 60 hexagons and 10 pairs of triangles. A uniform draw
/// gives pairs of triangles in 1/7 of the cases; the repair may shift that somewhat.
#[test]
fn regular_reaches_every_shape_about_as_often_as_it_should() {
    let regular = Regular {
        agents: 6,
        degree: 2,
    };
    let is_triangles = |seed: &u64| {
        let lists = lists(&draw(&regular, *seed));
        let [a, b] = lists[0][..] else { panic!() };
        lists[a as usize].contains(&b)
    };
    let triangles = (0..2000).filter(is_triangles).count();
    assert!((150..450).contains(&triangles), "{triangles} of 2000");
}

/// Anything quadratic in the agents would make this test take minutes.
#[test]
fn a_hundred_thousand_agents_are_no_hardship() {
    let large: [&dyn Topology; 4] = [
        &Regular {
            agents: 100_000,
            degree: 8,
        },
        &ErdosRenyi {
            agents: 100_000,
            probability: 8e-5,
        },
        &SmallWorld {
            agents: 100_000,
            degree: 8,
            rewire: 0.1,
        },
        &Geometric {
            agents: 100_000,
            side: 200.0,
            range: 1.0,
            max_neighbors: 9,
        },
    ];
    for topology in large {
        let graph = topology.draw(1, Path::new("")).expect("a network");
        assert!(graph.edges() > 300_000);
    }
}

/// The number of edges is binomial: mean p·n(n−1)/2 = 4995, standard deviation 70; 20 networks
/// have a mean within 5 standard errors, 79.
#[test]
fn erdos_renyi_has_as_many_edges_as_expected() {
    let sparse = ErdosRenyi {
        agents: 1000,
        probability: 0.01,
    };
    let edges: usize = (0..20).map(|seed| draw(&sparse, seed).edges()).sum();
    let mean = edges as f64 / 20.0;
    assert!((mean - 4995.0).abs() < 79.0, "{mean}");
}

#[test]
fn erdos_renyi_treats_all_pairs_alike() {
    let small = ErdosRenyi {
        agents: 4,
        probability: 0.3,
    };
    let mut counts = [[0_i32; 4]; 4];
    for seed in 0..2000 {
        for (a, list) in lists(&draw(&small, seed)).into_iter().enumerate() {
            list.into_iter().for_each(|b| counts[a][b as usize] += 1);
        }
    }
    // Binomial: mean 600, standard deviation 20.5, so 100 is five of them.
    for (a, b) in (0..4).flat_map(|b| (0..b).map(move |a| (a, b))) {
        assert!((counts[a][b] - 600).abs() < 100, "{a},{b}: {counts:?}");
    }
}

#[test]
fn erdos_renyi_is_empty_at_0_and_complete_at_1() {
    let edges = |agents, probability| {
        let topology = ErdosRenyi {
            agents,
            probability,
        };
        draw(&topology, 1).edges()
    };
    assert_eq!(edges(50, 0.0), 0);
    assert_eq!(edges(50, 1e-300), 0);
    assert_eq!(edges(50, 1.0), 50 * 49 / 2);
}

#[test]
fn small_world_without_rewiring_is_the_lattice() {
    let lattice = SmallWorld {
        agents: 10,
        degree: 4,
        rewire: 0.0,
    };
    let lists = lists(&draw(&lattice, 1));
    assert_eq!(lists[0], [1, 2, 8, 9]);
    assert_eq!(lists[5], [3, 4, 6, 7]);
}

#[test]
fn small_world_keeps_the_number_of_edges_and_half_of_each_agents() {
    for (agents, degree) in [(40, 6), (8, 6), (9, 8), (3, 2)] {
        for rewire in [0.1, 1.0] {
            let topology = SmallWorld {
                agents,
                degree,
                rewire,
            };
            let graph = draw(&topology, 1);
            assert_eq!(graph.edges(), (agents * degree / 2) as usize);
            let least = degree as usize / 2;
            assert!(degrees(&graph).iter().all(|&d| d >= least));
        }
    }
}

#[test]
fn small_world_rewires_its_share_of_edges() {
    let topology = SmallWorld {
        agents: 1000,
        degree: 10,
        rewire: 0.2,
    };
    let far = |&(a, b): &(usize, u32)| {
        let apart = (a as i32 - b as i32).rem_euclid(1000);
        apart.min(1000 - apart) > 5
    };
    let lists = lists(&draw(&topology, 1));
    let ends = (0..1000).flat_map(|a| lists[a].iter().map(move |&b| (a, b)));
    let far = ends.filter(far).count() / 2;
    // Mean 1000, standard deviation 28; a few rewired edges land near by chance.
    assert!((850..1150).contains(&far), "{far}");
}

#[test]
fn geometric_keeps_every_pair_in_range_unless_one_of_them_is_full() {
    for (agents, side, range, max_neighbors) in [
        (100, 3.0, 1.0, 9),
        (100, 3.0, 1.0, 100),
        (200, 10.0, 1.0, 3),
        (50, 1.0, 2.0, 5),
        (50, 1.0, 0.0, 5),
        (50, 1.0, 0.5, 0),
        (300, 7.0, 0.7, 9),
    ] {
        let topology = Geometric {
            agents,
            side,
            range,
            max_neighbors,
        };
        for seed in 0..5 {
            let graph = draw(&topology, seed);
            let at = graph.positions().expect("places");
            assert_eq!(at, positions(seed, agents as usize, side));
            let full = |a: AgentId| graph.receives_from(a).len() == max_neighbors as usize;
            assert!(degrees(&graph).iter().all(|&d| d <= max_neighbors as usize));
            for (a, b) in graph.ids().flat_map(|b| graph.ids().map(move |a| (a, b))) {
                let [x, y] = [0, 1].map(|axis| at[a.index()][axis] - at[b.index()][axis]);
                let near = a != b && x * x + y * y <= range * range;
                let joined = graph.sends_to(a).contains(&b);
                assert!(near || !joined);
                assert!(!near || joined || full(a) || full(b));
            }
        }
    }
}

#[test]
fn positions_fill_the_square_and_belong_to_the_agent() {
    let many = positions(7, 1000, 3.0);
    assert_eq!(positions(7, 10, 3.0), many[..10]);
    assert!(many.iter().flatten().all(|x| (0.0..=3.0).contains(x)));
    for axis in [0, 1] {
        // The mean of 1000 uniform places: standard error 3/√12/√1000 = 0.027, five of them.
        let mean = many.iter().map(|at| at[axis]).sum::<f64>() / 1000.0;
        assert!((mean - 1.5).abs() < 0.14, "{mean}");
    }
}

/// Draws the network of a file with this text.
pub(super) fn from_text(text: &str, directed: bool, agents: Option<u32>) -> Result<Graph, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("n.csv"), text).expect("a file");
    let path = "n.csv".into();
    let topology = File {
        path,
        directed,
        agents,
    };
    let shown = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
    let drawn = topology.draw(1, folder.path());
    drawn.map_err(|error| error.to_string().replace(&shown, ""))
}

#[test]
fn a_file_lists_edges_with_comments_blank_lines_and_a_header() {
    let text = "\u{feff}# ours\r\n\r\na,b\r\n0, 2 # far\r\n2,0\r\n3,3\r\n";
    let graph = from_text(text, false, Some(4)).expect("a network");
    assert_sound(&graph);
    assert_eq!(lists(&graph), [vec![2], vec![], vec![0], vec![]]);
    let graph = from_text("0,1\n2,1\n", true, Some(5)).expect("a network");
    assert_sound(&graph);
    assert!(graph.is_directed());
    assert_eq!(graph.agents(), 5);
    assert_eq!(graph.receives_from(AgentId(1)), [AgentId(0), AgentId(2)]);
    assert!(graph.sends_to(AgentId(1)).is_empty());
    let isolated = from_text("# nobody\n", false, Some(3)).expect("a network");
    assert_eq!(degrees(&isolated), [0; 3]);
}

#[test]
fn edges_are_read_as_other_programs_write_them() {
    for text in [
        "0,1\n1,2\n",
        "a,b\n0,1\n1,2",
        "\"a\",\"b\"\n0,1\n1,2\n",
        "a,b\n0.0,1.0\n1.0,2.0\n",
        "b,a\r1,0\r2,1\r",
        " a , b \n\"0\", 1\n 1 ,\"2\"\n",
        "a,b,from_ms,to_ms\n0,1,,\n1,2,,\n",
        "to_ms,b,a\n,1,0\n,2,1\n",
    ] {
        let graph = from_text(text, false, None).expect(text);
        assert_eq!(lists(&graph), [vec![1], vec![0, 2], vec![1]], "{text:?}");
    }
}

#[test]
fn agents_without_an_edge_are_a_mistake_unless_their_number_is_given() {
    for (text, expected) in [
        (
            "a,b\n1,2\n2,3\n3,1\n",
            "n.csv: agent 0 has no edge; numbers begin at 0: subtract 1 from all of them, or write \
             `agents = 4` in [topology] if it is meant",
        ),
        (
            "0,1\n1,3\n",
            "n.csv: agent 2 has no edge; number agents from 0 without gaps, or write `agents = 4` \
             in [topology] if it is meant",
        ),
        (
            "10,20\n",
            "n.csv: 19 of 21 agents have no edge: 0, 1, 2, 3, 4, 5, 6, 7, …; number agents from 0 \
             without gaps, or write `agents = 21` in [topology] if it is meant",
        ),
    ] {
        assert_eq!(from_text(text, false, None).expect_err(text), expected);
        assert!(from_text(text, false, Some(30)).is_ok(), "{text}");
    }
    assert_eq!(
        from_text("1,2\n2,3\n3,1\n", false, Some(3)).expect_err("from 1"),
        "n.csv:2: there is no agent 3: numbers go from 0 to 2; no edge names agent 0: numbers \
         begin at 0; subtract 1 from all of them"
    );
}

#[test]
fn mistakes_in_a_file_are_told_with_line_and_remedy() {
    let weights = "weights are not used";
    for (text, line, part) in [
        // Without names of columns.
        ("0,1,5000\n1,2,5000\n0,2,5000\n", 1, weights),
        ("0,1,0.5\n1,2,0.5\n", 1, weights),
        (
            "0,1,0\n1,2,1\n0,2,2\n",
            1,
            "need a first line `a,b,from_ms,to_ms`",
        ),
        ("0,1,3,1600000000\n", 1, weights),
        ("0,1\n1,2,5\n", 2, weights),
        ("0,1,1\n1,0,1\n1,1,0\n", 1, "an adjacency matrix"),
        (
            "0,2,0,0,1\n2,0,0,0,0\n0,0,0,0,0\n0,0,0,0,0\n1,0,0,0,0\n",
            1,
            "an adjacency matrix",
        ),
        ("0,1,\n", 1, "a comma follows the last field"),
        ("0,1,{}\n", 1, "`data=False`"),
        ("0\n", 1, "`0` is not an edge"),
        ("\"0,1\"\n", 1, "put no quotes around a whole line"),
        // Names of columns.
        (
            "source,target\n0,1\n",
            1,
            "name the columns `a,b`, or leave the line out",
        ),
        (
            "Source,Target,Type,Weight\n0,1,Undirected,1.0\n",
            1,
            weights,
        ),
        ("from,to\n0,1\n", 1, "name the columns `a,b`"),
        ("u,v,time\n0,1,5\n", 1, "`a` and `b`"),
        ("a,c\n0,1\n", 1, "no column has the name `b` among `a`, `c`"),
        ("A,B\n0,1\n", 1, "name it `a`"),
        ("a,b,From_ms\n0,1,3\n", 1, "name it `from_ms`"),
        (
            "a,b,weight\n0,1,3\n",
            1,
            "weights are not used: leave the column out",
        ),
        ("a,b,from\n0,1,3\n", 1, "times are `from_ms` and `to_ms`"),
        (
            "a,b,timestamp\n0,1,3\n",
            1,
            "times are `from_ms` and `to_ms`",
        ),
        ("a,b,Type\n0,1,Directed\n", 1, "leave the column out"),
        ("a,b,a\n0,1,3\n", 1, "two columns have the name `a`"),
        (
            "\"\",\"a\",\"b\"\n\"1\",0,1\n",
            1,
            "`row.names = FALSE` in R",
        ),
        (
            "a,b\n0,1,5\n",
            2,
            "the first line has 2 fields, and this one has 3",
        ),
        ("a,b,\n0,1,\n", 1, "column 3 has no name"),
        ("a,b\n0,1,\n", 2, "a comma follows the last field"),
        (
            "a,b,from_ms,to_ms\n0,1,1,5,2,5\n",
            2,
            "decimals have a point",
        ),
        ("a,b,from_ms,to_ms\n0,1\n", 2, "write all commas"),
        ("0,1\na,b\n", 2, "`a` is `a`, no agent number"),
        // Other separators and formats.
        ("0,1\n\n1;2\n", 3, "separated by ';'"),
        ("a;b\n0;1\n", 1, "separated by ';'"),
        ("0;1;0,5\n", 1, "separated by ';'"),
        ("0\t1\n", 1, "separated by '\\t'"),
        ("0 1 {}\n1 2 {}\n", 1, "separated by blanks"),
        ("0 1 {'weight': 3, 'color': 1}\n", 1, "separated by blanks"),
        ("source target\n0 1\n", 1, "separated by blanks"),
        ("0 1 1600000000\n", 1, "separated by blanks"),
        (
            "%%MatrixMarket matrix coordinate\n",
            1,
            "a MatrixMarket file",
        ),
        (
            "% nodes\n0,1\n",
            1,
            "comments begin with `#`, and this line with `%`",
        ),
        ("// nodes\n0,1\n", 1, "with `//`"),
        ("*Vertices 3\n", 1, "a Pajek file"),
        ("<?xml version='1.0'?>\n", 1, "an XML file"),
        ("[[0, 1], [1, 2]]\n", 1, "a JSON file"),
        ("graph [\n", 1, "a GML or DOT file"),
        ("digraph {\n", 1, "a GML or DOT file"),
        ("sep=,\n0,1\n", 1, "leave the line out"),
        (
            "a,b\n0,\"1\n1,2\n",
            2,
            "the quote that opens in column 3 is never closed",
        ),
        // Numbers of agents, and times.
        (
            "a,b\n0,x\n",
            2,
            "`b` is `x`, no agent number: agents have whole numbers from 0",
        ),
        ("0,-1\n", 1, "`-1`"),
        ("0,\u{2212}1\n", 1, "write the sign as `-`"),
        ("0,0.5\n", 1, "whole numbers"),
        ("0,\n", 1, "`b` is empty"),
        ("a,b\n0,NA\n", 2, "a value is missing"),
        ("0,10000000\n", 1, "from 0 to 9999999"),
        ("a,b,from_ms\n0,1,-1\n", 2, "from 0 to 3.2e12"),
        ("a,b,to_ms\n0,1,inf\n", 2, "from 0 to 3.2e12"),
        ("a,b,to_ms\n0,1,4e12\n", 2, "from 0 to 3.2e12"),
        ("a,b,to_ms\n0,1,5s\n", 2, "leave the unit out"),
        ("a,b,to_ms\n0,1,NA\n", 2, "leave the field empty"),
        (
            "a,b,from_ms,to_ms\n0,1,5,5\n",
            2,
            "`to_ms` is not after `from_ms`",
        ),
        (
            "a,b,from_ms,to_ms\n0,1,,0\n",
            2,
            "`to_ms` is not after `from_ms`",
        ),
        (
            "a,b,from_ms,to_ms\n0,1,1,1.0004\n",
            2,
            "`to_ms` is not after `from_ms`",
        ),
    ] {
        let message = from_text(text, false, None).expect_err(text);
        let place = format!("n.csv:{line}: ");
        assert!(message.starts_with(&place), "{text:?}: {message}");
        assert!(message.contains(part), "{text:?}: {message}");
        assert!(message.ends_with(edge_list::LAYOUT), "{message}");
    }
    for empty in ["# nobody\n", "", "a,b\n"] {
        assert_eq!(
            from_text(empty, false, None).expect_err(empty),
            "the network file n.csv names no agent; \
             add edges to it, or say how many `agents` there are"
        );
    }
    let long = from_text(&"0 ".repeat(500_000), false, None).expect_err("a long line");
    assert!(long.len() < 400, "{}", long.len());
    let absent = File {
        path: "absent.csv".into(),
        directed: false,
        agents: None,
    };
    let error = absent.draw(1, Path::new("nowhere")).expect_err("no file");
    assert!(matches!(error, TopologyError::Unreadable { .. }), "{error}");
}

/// A dense circle is kept in another way than a sparse one, and draws the same.
#[test]
fn dense_and_sparse_small_worlds_are_ones_of_a_kind() {
    for (agents, degree) in [(65, 4), (64, 2), (200, 6), (130, 128), (40, 38), (12, 8)] {
        let world = SmallWorld {
            agents,
            degree,
            rewire: 0.3,
        };
        let graph = world.draw(5, std::path::Path::new(".")).expect("drawn");
        let degrees: usize = graph.ids().map(|a| graph.sends_to(a).len()).sum();
        assert_eq!(degrees, agents as usize * degree as usize);
        for a in graph.ids() {
            assert!(!graph.sends_to(a).contains(&a));
        }
    }
}
