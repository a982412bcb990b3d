//! What is drawn is what is configured; wrong settings and files are told.

use super::*;
use crate::rng::Purpose;
use crate::settings::{Keys, Problems, Setting, Sources, Table};
use std::fs;

/// Reads `delay_ms = …` in a table `link`.
fn read(value: &str) -> Result<Distribution, String> {
    let mut sources = Sources::default();
    let source = sources.add("test.toml", format!("delay_ms = {value}"));
    let mut problems = Problems::default();
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("link", Span::default(), Some(&table), &mut problems);
    let (read, _, resolved) = keys.run(|keys| keys.key("delay_ms", "Delay").required());
    if problems.is_empty() {
        let read: Distribution = read;
        assert_eq!(resolved["delay_ms"], read.to_toml());
        return Ok(read);
    }
    Err(problems.into_error(&sources).to_string())
}

fn right(value: &str) -> Distribution {
    read(value).unwrap_or_else(|error| panic!("{error}"))
}

/// That many samples, each under a key of its own, as a run draws them.
fn samples(distribution: &Distribution, count: u64) -> Vec<f64> {
    let key = Key::new(1, Purpose::Compute);
    let sample = |n| distribution.sample_under(key.at(n), n);
    (0..count).map(sample).collect()
}

/// The probability that a standard normal variable is at most x.
fn phi(x: f64) -> f64 {
    1.0 - libm::erfc(x / std::f64::consts::SQRT_2) / 2.0
}

/// The greatest distance between the samples' distribution and `cdf` (Kolmogorov–Smirnov).
fn distance(samples: &[f64], cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let gap = |(i, &x): (usize, &f64)| {
        let (below, up_to) = (i as f64 / n, (i + 1) as f64 / n);
        (cdf(x) - below).abs().max((cdf(x) - up_to).abs())
    };
    sorted.iter().enumerate().map(gap).fold(0.0, f64::max)
}

/// 1.63/√n is exceeded by chance once in a hundred times; the keys are fixed.
#[test]
fn samples_are_distributed_as_configured() {
    const COUNT: u64 = 20_000;
    type Cdf = Box<dyn Fn(f64) -> f64>;
    let normal = |x: f64| (phi((x - 3.0) / 4.0) - phi(-0.75)) / (1.0 - phi(-0.75));
    let cases: [(&str, Cdf); 6] = [
        (
            "{ kind = \"uniform\", low = 2, high = 5 }",
            Box::new(|x| ((x - 2.0) / 3.0).clamp(0.0, 1.0)),
        ),
        ("{ kind = \"normal\", mean = 3, std = 4 }", Box::new(normal)),
        (
            "{ kind = \"exponential\", mean = 30 }",
            Box::new(|x| 1.0 - (-x / 30.0).exp()),
        ),
        (
            "{ kind = \"lognormal\", median = 45, sigma = 0.3 }",
            Box::new(|x| phi((x / 45.0).ln() / 0.3)),
        ),
        (
            "{ kind = \"pareto\", scale = 2, shape = 1.5 }",
            Box::new(|x| 1.0 - (2.0 / x).powf(1.5)),
        ),
        (
            "{ kind = \"exponential\", mean = 30, offset = 7 }",
            Box::new(|x| 1.0 - (-(x - 7.0) / 30.0).exp()),
        ),
    ];
    for (value, cdf) in cases {
        let distance = distance(&samples(&right(value), COUNT), cdf);
        assert!(
            distance < 1.63 / (COUNT as f64).sqrt(),
            "{value}: {distance}"
        );
    }
}

/// Means of 200,000 samples are held against the exact ones, to 4 standard errors.
#[test]
fn the_mean_is_that_of_the_samples_with_offset_and_cap() {
    for value in [
        "{ kind = \"uniform\", low = 2, high = 5 }",
        "{ kind = \"uniform\", low = 2, high = 5, offset = 1, cap = 5 }",
        "{ kind = \"normal\", mean = 3, std = 4 }",
        "{ kind = \"normal\", mean = -3, std = 2, offset = 1 }",
        "{ kind = \"normal\", mean = 3, std = 4, offset = 2, cap = 7 }",
        "{ kind = \"exponential\", mean = 30, offset = 1, cap = 40 }",
        "{ kind = \"lognormal\", median = 20, sigma = 0.5 }",
        "{ kind = \"lognormal\", median = 20, sigma = 0.5, offset = 3, cap = 30 }",
        "{ kind = \"pareto\", scale = 2, shape = 3.5 }",
        "{ kind = \"pareto\", scale = 2, shape = 1, cap = 50 }",
        "{ kind = \"pareto\", scale = 2, shape = 0.7, offset = 1, cap = 50 }",
    ] {
        let distribution = right(value);
        let mut samples = samples(&distribution, 200_000);
        let n = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / n;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let error = (distribution.mean() - mean).abs();
        assert!(
            error < 4.0 * (variance / n).sqrt(),
            "{value}: off by {error}"
        );
        // Half of the samples lie below the median: 4 standard errors are 0.0045.
        samples.sort_unstable_by(f64::total_cmp);
        let below = samples.partition_point(|&x| x < distribution.median());
        let share = below as f64 / n;
        assert!((share - 0.5).abs() < 0.0045, "{value}: {share} lie below");
        assert!(distribution.least() <= samples[0]);
    }
}

#[test]
fn means_and_medians_are_the_known_ones() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    near(right("{ kind = \"exponential\", mean = 30 }").mean(), 30.0);
    let lognormal = right("{ kind = \"lognormal\", median = 20, sigma = 0.5 }");
    near(lognormal.mean(), 20.0 * 0.125f64.exp());
    near(lognormal.median(), 20.0);
    let pareto = right("{ kind = \"pareto\", scale = 2, shape = 3 }");
    near(pareto.mean(), 3.0);
    near(pareto.median(), 2.0 * 2f64.cbrt());
    for shape in ["1", "0.5"] {
        let pareto = right(&format!(
            "{{ kind = \"pareto\", scale = 2, shape = {shape} }}"
        ));
        assert_eq!(pareto.mean(), f64::INFINITY);
    }
    // The half-normal distribution.
    let half = right("{ kind = \"normal\", mean = 0, std = 1 }");
    near(half.mean(), (2.0 / std::f64::consts::PI).sqrt());
    near(half.median(), 0.674_489_750_196_081_7);
    near(
        right("{ kind = \"normal\", mean = 1000, std = 1 }").mean(),
        1000.0,
    );
}

#[test]
fn offset_comes_before_the_cap() {
    let capped = right("{ kind = \"exponential\", mean = 30, offset = 10, cap = 25 }");
    let samples = samples(&capped, 1000);
    assert!(samples.iter().all(|x| (10.0..=25.0).contains(x)));
    // exp(-15/30) of them are longer than the cap.
    let at_cap = samples.iter().filter(|&&x| x == 25.0).count();
    assert!((550..660).contains(&at_cap), "{at_cap}");
    assert_eq!(capped.least(), 10.0);
}

#[test]
fn samples_stay_in_simulated_time() {
    for value in [
        "{ kind = \"pareto\", scale = 1e12, shape = 0.01 }",
        "{ kind = \"lognormal\", median = 3.2e12, sigma = 10 }",
        "{ kind = \"exponential\", mean = 3.2e12, offset = 3.2e12 }",
        "{ kind = \"normal\", mean = -2, std = 1 }",
    ] {
        let samples = samples(&right(value), 2000);
        assert!(
            samples.iter().all(|x| (0.0..=SimTime::MAX_MS).contains(x)),
            "{value}"
        );
    }
}

#[test]
fn what_cannot_vary_is_fixed() {
    for (value, fixed) in [
        ("12.5", Some(12.5)),
        ("{ kind = \"constant\", value = 3, offset = 4 }", Some(7.0)),
        ("{ kind = \"uniform\", low = 2, high = 2 }", Some(2.0)),
        ("{ kind = \"normal\", mean = 2, std = 0 }", Some(2.0)),
        ("{ kind = \"lognormal\", median = 2, sigma = 0 }", Some(2.0)),
        (
            "{ kind = \"exponential\", mean = 0, offset = 1 }",
            Some(1.0),
        ),
        (
            "{ kind = \"exponential\", mean = 9, offset = 1, cap = 1 }",
            Some(1.0),
        ),
        (
            "{ kind = \"exponential\", mean = 9, offset = 1, cap = 2 }",
            None,
        ),
    ] {
        let distribution = right(value);
        assert_eq!(distribution.fixed(), fixed, "{value}");
        if let Some(fixed) = fixed {
            assert_eq!(samples(&distribution, 5), [fixed; 5], "{value}");
            assert_eq!((distribution.mean(), distribution.median()), (fixed, fixed));
        }
    }
    assert!(!right("12.5").needs_stream());
    assert_eq!(right("12.5").undrawn(7), Some(12.5));
    assert!(right("{ kind = \"exponential\", mean = 1 }").needs_stream());
}

/// An empirical distribution of a file with this text.
fn empirical(order: &str, text: &str) -> Result<Distribution, DistributionError> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("delays.txt"), text).expect("a file");
    let order = format!("{{ kind = \"empirical\", path = \"delays.txt\", order = \"{order}\" }}");
    let mut distribution = right(&order);
    distribution.load(folder.path()).map(|()| distribution)
}

#[test]
fn a_sequence_goes_through_its_file_again_and_again() {
    let text = "\u{feff}rtt_ms\n\n4.5 # measured at night\n  # a comment\n1\n2e1\n";
    let sequence = empirical("sequence", text).expect("a file of durations");
    assert_eq!(samples(&sequence, 5), [4.5, 1.0, 20.0, 4.5, 1.0]);
    assert!(!sequence.needs_stream());
    assert_eq!(sequence.undrawn(4), Some(1.0));
    assert_eq!(
        (sequence.least(), sequence.mean(), sequence.median()),
        (1.0, 8.5, 4.5)
    );
}

#[test]
fn a_file_of_durations_may_have_a_header_and_quotes() {
    for text in [
        "delay [ms]\r\n\"7\"\r\n2\r\n",
        "RTT 1\r7\r2",
        "(ms)\n 7\n\t2\n",
        "\"rtt_ms\"\n+7.0\n2e0\n",
        "7\n2",
    ] {
        let sequence = empirical("sequence", text).expect(text);
        assert_eq!(samples(&sequence, 3), [7.0, 2.0, 7.0], "{text:?}");
    }
}

#[test]
fn a_column_of_a_file_may_be_chosen_and_its_values_scaled() {
    let read = |text: &str, keys: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("delays.txt"), text).expect("a file");
        let keys = format!(
            "{{ kind = \"empirical\", path = \"delays.txt\", order = \"sequence\", {keys} }}"
        );
        let mut distribution = right(&keys);
        let loaded = distribution.load(folder.path());
        loaded
            .map(|()| samples(&distribution, 2))
            .map_err(|e| e.to_string())
    };
    let with_names = "time,rtt (ms),host\n0,12.5,a\n1,7,\"b, c\"\n";
    for (text, column) in [
        (with_names, "rtt (ms)"),
        (with_names, "2"),
        ("0;12.5\n1;7\n", "2"),
        ("t\trtt\n0\t12.5\n1\t7\n", "rtt"),
        ("rtt\n12.5\n7\n", "rtt"),
        ("12.5\n7\n", "1"),
        ("2,1\n12.5,0\n7,0\n", "2"),
    ] {
        let found = read(text, &format!("column = \"{column}\", scale = 0.5"));
        let expected = if text.starts_with("2,1") {
            [0.5, 0.0]
        } else {
            [6.25, 3.5]
        };
        assert_eq!(found.expect(text), expected, "{text:?}");
    }
    assert_eq!(
        read("3\n4\n", "scale = 1000").expect("seconds"),
        [3000.0, 4000.0]
    );
    for (text, keys, expected) in [
        (
            with_names,
            "column = \"rtt\"",
            "no column `rtt`: columns are time, rtt (ms), host",
        ),
        (with_names, "column = \"4\"", "no column `4`"),
        (
            "0,1\n1,2\n",
            "column = \"rtt\"",
            "columns are 1 to 2, without names",
        ),
        (
            with_names,
            "column = \"host\"",
            "delays.txt:2: `a` is not a duration",
        ),
        (
            "t,rtt\n0,1\n1,NA\n",
            "column = \"rtt\"",
            "delays.txt:3: `NA` is not a duration",
        ),
        (
            "t,rtt\n0,1\n1\n",
            "column = \"rtt\"",
            "delays.txt:3: the column has no value here",
        ),
        ("4e9\n", "scale = 1000", "4e12 ms: it is too long"),
    ] {
        let told = read(text, keys).expect_err(text);
        let told: Vec<&str> = told.split_whitespace().collect();
        assert!(told.join(" ").contains(expected), "{told:?}");
    }
}

#[test]
fn random_values_of_a_file_are_equally_likely() {
    let random = empirical("random", "1\n2\n3\n4\n").expect("a file of durations");
    assert!(random.needs_stream());
    let samples = samples(&random, 10_000);
    for value in [1.0, 2.0, 3.0, 4.0] {
        // 4 standard errors of 2,500 are 173.
        let count = samples.iter().filter(|&&x| x == value).count();
        assert!(count.abs_diff(2500) < 173, "{value}: {count}");
    }
    assert_eq!((random.mean(), random.median()), (2.5, 2.5));
}

#[test]
fn a_wrong_file_is_told_with_its_line() {
    for (text, expected) in [
        ("1\n2,5\n", "delays.txt:2: `2,5` is not a duration: a comma"),
        ("9,5\n2\n", "delays.txt:1: `9,5` is not a duration: a comma"),
        ("1,234.5\n2\n", "delays.txt:1: `1,234.5` is not"),
        (
            "\"9,5\"\n",
            "delays.txt:1: `9,5` is not a duration: write a point",
        ),
        (
            "150ms\n2\n",
            "delays.txt:1: `150ms` is not a duration: leave the unit",
        ),
        (
            "100 200 300\n",
            "delays.txt:1: `100 200 300` is not a duration: write one",
        ),
        ("1;2\n", "delays.txt:1: `1;2` is not a duration: write one"),
        (
            "\u{2212}5\n",
            "delays.txt:1: `\u{2212}5` is not a duration: write the sign",
        ),
        ("1 234\n", "delays.txt:1: `1 234` is not"),
        (
            "5,\n",
            "delays.txt:1: `5,` is not a duration: leave out the comma",
        ),
        (
            "NA\n2\n",
            "delays.txt:1: `NA` is not a duration: a value is missing",
        ),
        ("-\n2\n", "delays.txt:1: `-` is not a duration"),
        ("[1, 2]\n", "delays.txt:1: `[1,2]` is not"),
        (
            "\"7\n2\n",
            "delays.txt:1: the quote that opens in column 1 is never closed",
        ),
        (
            "seq,rtt\n1,2\n",
            "delays.txt:1: there are 2 columns: choose one",
        ),
        (
            "\"\",\"rtt\"\n\"1\",2\n",
            "delays.txt:1: there are 2 columns: choose one",
        ),
        ("delay\nms\n", "delays.txt:2: `ms` is not a duration"),
        (
            "1\n-3\n",
            "delays.txt:2: `-3` is not a duration: durations are not negative",
        ),
        (
            "1\n4e12\n",
            "delays.txt:2: `4e12` is not a duration: it is too long",
        ),
        ("nan\n", "delays.txt:1: `nan` is not a duration"),
        ("inf\n", "delays.txt:1: `inf` is not a duration"),
        ("# nothing\n\n", "delays.txt holds no durations"),
        ("rtt_ms\n", "delays.txt holds no durations"),
    ] {
        let error = empirical("random", text).expect_err(text).to_string();
        let told: Vec<&str> = error.split_whitespace().collect();
        let told = told.join(" ");
        assert!(told.contains(expected), "{told}");
        assert!(
            told.contains("write one number of milliseconds per line"),
            "{told}"
        );
    }
    let long = "5x".repeat(500_000);
    let error = empirical("random", &long).expect_err("a long line");
    assert!(error.message.len() < 200, "{}", error.message.len());
    let mut absent = right("{ kind = \"empirical\", path = \"absent.txt\" }");
    let error = absent.load(Path::new("nowhere")).expect_err("absent");
    assert!(
        error
            .message
            .contains("cannot read the durations in nowhere"),
        "{error}"
    );
    assert_ne!(error.span, Span::default());
}

#[test]
fn wrong_settings_are_told_with_what_would_be_right() {
    for (value, message, help) in [
        (
            "-1",
            "`delay_ms` cannot be -1",
            "write a number in [0, 3.2e12]",
        ),
        (
            "4e12",
            "`delay_ms` cannot be 4000000000000",
            "write a number in [0, 3.2e12]",
        ),
        (
            "\"fast\"",
            "`delay_ms` cannot be text",
            "kinds: constant | uniform",
        ),
        (
            "{ kind = \"exponentiel\", mean = 3 }",
            "unknown distribution `exponentiel`",
            "did you mean `exponential`?",
        ),
        (
            "{ mean = 3 }",
            "`delay_ms` lacks the key `kind`",
            "\"constant\" | \"uniform\"",
        ),
        (
            "{ kind = \"exponential\" }",
            "lacks the key `mean`",
            "add `mean = …`",
        ),
        (
            "{ kind = \"exponential\", mean = 3, std = 1 }",
            "unknown key `std` in `delay_ms`",
            "keys here: kind, mean, offset",
        ),
        (
            "{ kind = \"constant\", value = -2 }",
            "cannot be -2",
            "in [0, 3.2e12]",
        ),
        (
            "{ kind = \"exponential\", mean = nan }",
            "nan",
            "finite number",
        ),
        (
            "{ kind = \"uniform\", low = 3, high = 2 }",
            "lies below `low`",
            "from 3 on",
        ),
        (
            "{ kind = \"normal\", mean = -9, std = 4 }",
            "nearly all samples of mean -9 and std 4 would be negative",
            "write a mean of -8 or more",
        ),
        (
            "{ kind = \"lognormal\", median = 3, sigma = 11 }",
            "cannot be 11",
            "10]",
        ),
        (
            "{ kind = \"pareto\", scale = 0, shape = 2 }",
            "cannot be 0",
            "(0, ",
        ),
        (
            "{ kind = \"pareto\", scale = 1, shape = 0 }",
            "cannot be 0",
            "above 0",
        ),
        (
            "{ kind = \"exponential\", mean = 3, offset = 5, cap = 4 }",
            "the cap 4 lies below the shortest sample, 5",
            "from 5 on",
        ),
        (
            "{ kind = \"constant\", value = 3.2e12, offset = 1 }",
            "no sample would be below 3200000000001 ms",
            "no more than 3.2e12",
        ),
        (
            "{ kind = \"empirical\" }",
            "lacks the key `path`",
            "text in quotes",
        ),
        (
            "{ kind = \"empirical\", path = \"x\", order = \"any\" }",
            "`order` cannot be \"any\"",
            "sequence",
        ),
    ] {
        let error = read(value).expect_err(value);
        // Wherever its lines end.
        let words: Vec<&str> = error.split_whitespace().collect();
        let told = words.join(" ");
        assert!(told.contains(message), "{value}: {error}");
        assert!(told.contains(help), "{value}: {error}");
    }
}

#[test]
fn resolved_settings_are_read_as_the_same() {
    for value in [
        "10.0",
        "{ kind = \"constant\", value = 3, cap = 4 }",
        "{ kind = \"uniform\", low = 2, high = 5 }",
        "{ kind = \"normal\", mean = 3, std = 4, offset = 1 }",
        "{ kind = \"exponential\", mean = 30, offset = 1, cap = 40 }",
        "{ kind = \"lognormal\", median = 20, sigma = 0.5 }",
        "{ kind = \"pareto\", scale = 2, shape = 3.5 }",
    ] {
        let distribution = right(value);
        assert_eq!(right(&distribution.to_toml().to_string()), distribution);
    }
    let file = right("{ kind = \"empirical\", path = \"x.txt\", order = \"sequence\" }");
    let table = file.to_toml().to_string();
    assert_eq!(right(&table).to_toml().to_string(), table);
    assert_eq!(
        Distribution::constant(10.0).to_toml(),
        toml::Value::from(10.0)
    );
    assert_eq!(right("{ kind = \"constant\", value = 10 }"), right("10"));
}

#[test]
fn a_range_that_a_key_declares_binds_what_never_varies() {
    assert_eq!(right("3").magnitudes(), [3.0]);
    assert_eq!(
        right("{ kind = \"uniform\", low = 0, high = 0 }").magnitudes(),
        [0.0]
    );
    assert!(
        right("{ kind = \"uniform\", low = 0, high = 1 }")
            .magnitudes()
            .is_empty()
    );
}
