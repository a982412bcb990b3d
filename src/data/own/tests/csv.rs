//! Tests of CSV files: what is read from them, and what is refused, with which words.

use super::*;

/// The rows of a CSV file's text.
pub(super) fn csv_rows(text: &[u8], wanted: Wanted) -> Result<(OwnRows, Known), String> {
    let rows = checked(
        "own.csv",
        text,
        Format::Csv,
        &Reading::of(wanted),
        None,
        digest(),
    );
    rows.map_err(|mistakes| mistakes.to_string())
}

fn csv_ok(text: &str, wanted: Wanted) -> OwnRows {
    csv_rows(text.as_bytes(), wanted)
        .unwrap_or_else(|e| panic!("{e}"))
        .0
}

/// What is wrong with a CSV file of classes.
fn wrong_classes(text: &str) -> String {
    csv_rows(text.as_bytes(), Wanted::Class)
        .map(|_| ())
        .expect_err(text)
}

/// What is wrong with a CSV file of values.
fn wrong_values(text: &str) -> String {
    csv_rows(text.as_bytes(), Wanted::Values)
        .map(|_| ())
        .expect_err(text)
}

#[test]
fn columns_mean_what_their_names_say_and_the_others_are_features() {
    let text = "height,agent,y,group,weight\n1.5,0,1,3,-2\n+.25,1,0,4,1e2\n";
    let rows = csv_ok(text, Wanted::Class);
    assert_eq!(inputs(&rows), [[1.5, -2.0], [0.25, 100.0]]);
    assert_eq!(labels(&rows), (&[1, 0][..], 2));
    assert_eq!(numbers(&rows.agents), Some(vec![0, 1]));
    assert_eq!(numbers(&rows.groups), Some(vec![3, 4]));
    let rows = csv_ok("x,y\n1,0\n2,1\n", Wanted::Class);
    assert_eq!((rows.agents, rows.groups), (None, None));
}

#[test]
fn text_may_be_written_as_spreadsheets_and_editors_write_it() {
    let plain = csv_ok("x,y\n1,2\n3,4\n", Wanted::Values);
    for text in [
        "x,y\r\n1,2\r\n3,4\r\n",
        "\u{feff}x,y\n1,2\n3,4",
        " x , y \n 1 ,\t2\n\n3,4\n\n",
        "\"x\",\"y\"\n\"1\",2\n3,\"4\"\n",
    ] {
        let rows = csv_ok(text, Wanted::Values);
        assert_eq!(rows.examples, plain.examples, "{text:?}");
    }
}

#[test]
fn classes_of_text_are_sorted_by_name() {
    let rows = csv_ok("y,x\nsit,1\nrun,2\n3d,3\nsit,4\n", Wanted::Class);
    assert_eq!(labels(&rows), (&[2, 1, 0, 2][..], 3));
}

#[test]
fn classes_of_numbers_may_have_a_point() {
    let rows = csv_ok("y,x\n1.0,1\n0.0,2\n2.0,3\n", Wanted::Class);
    assert_eq!(labels(&rows), (&[1, 0, 2][..], 3));
}

#[test]
fn several_values_stand_in_the_order_of_their_numbers() {
    let rows = csv_ok("y1,x,y0\n10,1,20\n30,2,40\n", Wanted::Values);
    assert_eq!(values(&rows), (&[20.0, 10.0, 40.0, 30.0][..], 2));
    assert_eq!(inputs(&rows), [[1.0], [2.0]]);
    // With `y` alone, and where numbers stop, the others are features.
    let rows = csv_ok("y,y7,y1\n1,2,3\n", Wanted::Values);
    assert_eq!(
        (values(&rows), inputs(&rows)),
        ((&[1.0][..], 1), vec![vec![2.0, 3.0]])
    );
}

#[test]
fn wrong_columns_are_refused() {
    let refused = [
        ("", "own.csv is empty"),
        ("\n\n", "own.csv is empty"),
        ("x,y\n", "own.csv has no rows below its first line"),
        (
            "1,2\n3,4\n",
            "own.csv:1: the first line has to name the columns, and this one has numbers (`1`): \
             write a line of names above it",
        ),
        (
            "5.1,5.1,a\n4,3,b\n",
            "own.csv:1: the first line has to name the columns, and this one has numbers (`5.1`): \
             write a line of names above it",
        ),
        (
            "a,b\n1,2\n",
            "own.csv:1: no column has the name `y`: name one so, or name it with `target`; there \
             are `a`, `b`",
        ),
        (
            "agent|a|y\n0|1|0\n",
            "own.csv:1: columns are separated by '|': separate them by commas",
        ),
        (
            "x,Agent,y\n1,0,0\n",
            "own.csv:1: there is a column `Agent`: did you mean `agent`?",
        ),
        (
            "y,agent,group\n1,2,3\n",
            "own.csv:1: no column is a feature: add columns beside `y`, `agent` and `group`",
        ),
        (
            "\nx,y,x\n1,2,3\n",
            "own.csv:2: two columns have the name `x`: give each its own",
        ),
        (
            ",x,y\n0,1,2\n",
            "own.csv:1: column 1 has no name: give it one, or save the file without its row numbers",
        ),
        (
            "x,y,y0\n1,2,3\n",
            "own.csv:1: there are `y` and `y0`: `y` is the only value, or y0 the first",
        ),
    ];
    for (text, message) in refused {
        assert_eq!(wrong_values(text), message);
        assert_eq!(wrong_classes(text), message);
    }
    let message = "own.csv:1: there are `y0` and no `y`: a class stands in the column `y`";
    assert_eq!(wrong_classes("x,y0\n1,0\n2,1\n"), message);
}

#[test]
fn wrong_fields_are_refused_with_line_and_column() {
    let refused = [
        (
            "x,y\n1,2\n,3\n",
            "own.csv:3: `x` has no value: write it, or let `missing` be \"drop\" or \"mean\"",
        ),
        (
            "x,y\n1,2\n\n1,\n",
            "own.csv:4: `y` has no value: write it, or let `missing` be \"drop\" or \"mean\"",
        ),
        (
            "x,y\n1;2,3\n",
            "own.csv:2: `x` is `1;2`: write a finite number",
        ),
        (
            "x,y\nnan,3\n",
            "own.csv:2: `x` has no value: write it, or let `missing` be \"drop\" or \"mean\"",
        ),
        (
            "x,y\n1,-inf\n",
            "own.csv:2: `y` is infinite: write a finite number",
        ),
        (
            "x,y\n1e999,1\n",
            "own.csv:2: `x` is infinite: write a finite number",
        ),
        (
            "x,y\n1e39,1\n",
            "own.csv:2: `x` is 1e39: write a number within ±3.4e38",
        ),
        (
            "x,y\n1\n",
            "own.csv:2: the first line has 2 fields, and this one has 1",
        ),
        (
            "x,y\n1,2,3\n",
            "own.csv:2: the first line has 2 fields, and this one has 3",
        ),
        (
            "agent,x,y\n0.5,1,2\n",
            "own.csv:2: `agent` is `0.5`: write a whole number from 0 to 2147483647, or a name",
        ),
        (
            "agent,x,y\n-1,1,2\n",
            "own.csv:2: `agent` is `-1`: write a whole number from 0 to 2147483647, or a name",
        ),
        (
            "group,x,y\n2147483648,1,2\n",
            "own.csv:2: `group` is `2147483648`: write a whole number from 0 to 2147483647, or a name",
        ),
    ];
    for (text, message) in refused {
        assert_eq!(wrong_values(text), message);
    }
    assert_eq!(
        csv_rows(b"x,y\n1,2\n\xff,3\n", Wanted::Values).map(|_| ()),
        Err("own.csv:3: this is not UTF-8: save the file as UTF-8 text".to_owned())
    );
}

#[test]
fn the_first_mistakes_are_told_and_the_others_counted() {
    let text = format!("x,y\n{}", "1a,b\n".repeat(4));
    let expected = "own.csv:2: `x` is `1a`: write a finite number (leave the unit out)\n\
                    own.csv:2: `y` is `b`: write a finite number\n\
                    own.csv:3: `x` is `1a`: write a finite number (leave the unit out)\n\
                    own.csv:3: `y` is `b`: write a finite number\n\
                    own.csv:4: `x` is `1a`: write a finite number (leave the unit out)\n\
                    and 3 more";
    assert_eq!(wrong_values(&text), expected);
}

#[test]
fn wrong_classes_are_refused() {
    let refused = [
        (
            "x,y\n1,0\n2,2\n",
            "own.csv:3: `y` is 2, and no row has 1: let classes go from 0 without gaps",
        ),
        (
            "x,y\n1,1\n2,2\n",
            "own.csv:2: `y` is 1, and no row has 0: let classes go from 0 without gaps",
        ),
        (
            "x,y\n1,0\n2,0.5\n3,-1\n",
            "own.csv:3: `y` is 0.5: classes are whole numbers from 0, or text\n\
             own.csv:4: `y` is -1: classes are whole numbers from 0, or text",
        ),
        // What most rows' are, the others should be, in whatever order.
        (
            "x,y\n1,0\n2,1\n2,one\n",
            "own.csv:4: `y` is `one` among numbers: classes are all whole numbers, or all text",
        ),
        (
            "x,y\n1,7\n2,a\n2,b\n",
            "own.csv:2: `y` is 7 among text: classes are all whole numbers, or all text",
        ),
        (
            "x,y\n1,a\n2,\n",
            "own.csv:3: `y` has no value: write it, or let `missing` be \"drop\" or \"mean\"",
        ),
        (
            "x,y\n1,?\n2,a\n3,NA\n4,None\n5,nan\n6,b\n",
            "own.csv:2: `y` has no value: write it, or let `missing` be \"drop\" or \"mean\"\n\
             own.csv:4: `y` has no value: write it, or let `missing` be \"drop\" or \"mean\"\n\
             own.csv:5: `y` has no value: write it, or let `missing` be \"drop\" or \"mean\"\n\
             own.csv:6: `y` has no value: write it, or let `missing` be \"drop\" or \"mean\"",
        ),
        (
            "x,y\n1,0\n2,0\n",
            "own.csv: `y` is the same in all rows: let there be two classes or more",
        ),
        (
            "x,y\n1,a\n2,a\n",
            "own.csv: `y` is the same in all rows: let there be two classes or more",
        ),
    ];
    for (text, message) in refused {
        assert_eq!(wrong_classes(text), message);
    }
}

fn csv_as(text: &str, reading: &Reading) -> Result<OwnRows, String> {
    let rows = checked(
        "own.csv",
        text.as_bytes(),
        Format::Csv,
        reading,
        None,
        digest(),
    );
    rows.map(|(rows, _)| rows)
        .map_err(|mistakes| mistakes.to_string())
}

#[test]
fn semicolons_and_tabs_separate_where_the_first_line_has_them() {
    let plain = csv_ok("a b,y\n1,2\n3,4\n", Wanted::Values);
    for text in [
        "a b;y\n1;2\n3;4\n",
        "a b\ty\n1\t2\n3\t4\n",
        "\"a b\" ; y\n1 ; 2\n\"3\";4\n",
    ] {
        assert_eq!(
            csv_ok(text, Wanted::Values).examples,
            plain.examples,
            "{text:?}"
        );
    }
    // An empty field between tabs is no blank.
    assert!(wrong_values("a\tb\ty\n1\t\t2\n").starts_with("own.csv:2: `b` has no value"));
    // A comma is no point for decimals.
    assert!(wrong_values("a;y\n1,5;2\n").contains("write a point for decimals"));
}

#[test]
fn columns_may_have_other_names() {
    let reading = Reading {
        target: Some("what it is".to_owned()),
        agent_column: Some("taken by".to_owned()),
        group_column: Some("room no".to_owned()),
        ..Reading::of(Wanted::Class)
    };
    let text = "y,what it is,taken by,room no\n1,a,s1,3\n2,b,s0,4\n";
    let rows = csv_as(text, &reading).expect("good");
    assert_eq!(rows.features, ["y"]);
    assert_eq!(rows.classes, ["a", "b"]);
    assert_eq!(numbers(&rows.groups), Some(vec![3, 4]));
    let wrong = csv_as("x,y\n1,2\n", &reading).expect_err("no such column");
    assert!(
        wrong.contains("no column has the name `what it is`, which `target` asks for"),
        "{wrong}"
    );
    let twice = Reading {
        agent_column: Some("what it is".to_owned()),
        ..reading
    };
    assert!(
        csv_as(text, &twice)
            .expect_err("twice")
            .contains("cannot be two things")
    );
}

#[test]
fn agents_and_groups_may_have_names_which_are_numbered_in_their_order() {
    let text = |rows: &str| format!("agent,group,x,y\n{rows}");
    let one = csv_ok(&text("s2,north,1,0\ns1,south,2,1\n"), Wanted::Class);
    let agents = one.agents.expect("named");
    assert_eq!(agents.of_rows, [1, 0]);
    assert_eq!(agents.names, Some(vec!["s1".to_owned(), "s2".to_owned()]));
    assert_eq!(numbers(&one.groups), Some(vec![0, 1]));
    let mixed = wrong_classes(&text("s2,1,1,0\n7,1,2,1\ns1,1,2,1\n"));
    assert!(
        mixed.starts_with("own.csv:3: `agent` is 7 among text"),
        "{mixed}"
    );
}

#[test]
fn columns_of_text_are_a_feature_for_each_text() {
    let text = "color,y\nred,0\nblue,1\nred,1\nblue,0\n";
    let rows = csv_ok(text, Wanted::Class);
    assert_eq!(rows.features, ["color=blue", "color=red"]);
    assert_eq!(
        inputs(&rows),
        [[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    );
    // One field of text among numbers is a mistake, and so is a name for each row.
    let wrong = wrong_classes("x,y\n1,0\ntwo,1\n3,1\n");
    assert_eq!(wrong, "own.csv:3: `x` is `two`: write a finite number");
    let names: String = (0..9).map(|row| format!("n{row},{}\n", row % 2)).collect();
    assert!(wrong_classes(&format!("id,y\n{names}")).contains("9 different texts in 9 rows"));
}

#[test]
fn missing_values_are_refused_dropped_or_left_to_fill_in() {
    let text = "a,c,y\n1,red,0\nNA,blue,1\n3,,0\n4,red,?\n5,blue,1\n";
    let reading = |missing| Reading {
        missing,
        ..Reading::of(Wanted::Class)
    };
    let refused = csv_as(text, &reading(Missing::Refuse)).expect_err("refused");
    assert_eq!(refused.lines().count(), 3, "{refused}");
    let rows = csv_as(text, &reading(Missing::Drop)).expect("the others");
    assert_eq!((rows.dropped, rows.examples.len()), (3, 2));
    assert_eq!(inputs(&rows), [[1.0, 0.0, 1.0], [5.0, 1.0, 0.0]]);
    assert_eq!(rows.places.of("a", 1), "own.csv:6: `a`");
    let refused = csv_as(text, &reading(Missing::Mean)).expect_err("no class");
    assert!(
        refused.starts_with("own.csv:5: `y` is missing, and `missing = \"mean\"`"),
        "{refused}"
    );
    let rows = csv_as(&text.replace('?', "1"), &reading(Missing::Mean)).expect("features alone");
    assert!(inputs(&rows)[1][0].is_nan() && inputs(&rows)[2][1].is_nan());
    let none = csv_as("a,y\nNA,0\n1,NA\n", &reading(Missing::Drop)).expect_err("nothing left");
    assert!(
        none.contains("every row of own.csv has a missing value"),
        "{none}"
    );
}

#[test]
fn numbers_that_become_equal_in_32_bits_are_refused() {
    let rows: String = (0..9)
        .map(|i| format!("{},{}\n", 1_700_000_000 + i, i % 2))
        .collect();
    let wrong = wrong_classes(&format!("t,y\n{rows}"));
    assert!(
        wrong.contains("`t` goes from 1700000000 to 1700000008"),
        "{wrong}"
    );
    let rows: String = (0..9)
        .map(|i| format!("{i},{}\n", 1_700_000_000 + i))
        .collect();
    assert!(wrong_values(&format!("t,y\n{rows}")).contains("`y` goes from"));
    let rows = csv_ok("id,y\n16777217,0\n3,1\n", Wanted::Class);
    assert_eq!(rows.rounded, [("id".to_owned(), 1)]);
}
