//! Few threads, little memory, small files: the program says so and ends with status 1, or makes do
//! with what there is. It never hangs, panics, or ends by a signal.

use super::bench::{Bench, RING, program};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

super::tests![
    few_threads_are_enough_or_named,
    little_memory_is_enough_or_named,
    small_files_are_named,
];

const SWEEP: &str = "[task]\nkind = \"target-localization\"\n[sweep]\nseed = [1, 2, 3, 4]\n";

/// What `byzsim run` prints under `ulimit`, with its exit status.
fn limited(bench: &Bench, own: &Path, user: &[&str], ulimit: &str, threads: &str) -> (i32, String) {
    let byzsim = bench.command(&["--threads", threads]);
    let variables = byzsim
        .get_envs()
        .filter_map(|(key, value)| Some((key, value?)));
    let shell = format!("ulimit {ulimit} && exec \"$0\" \"$@\"");
    let words = user.iter().copied().chain(["bash", "-c", &shell]);
    let words: Vec<&str> = words.collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).envs(variables);
    command.arg(own).args(byzsim.get_args());
    command.current_dir(bench.path("."));
    let ended = bench.end(command);
    assert!(
        !ended.stderr.contains("panicked"),
        "{ulimit}: {}",
        ended.stderr
    );
    let code = ended.code();
    (
        code.unwrap_or_else(|| panic!("{ulimit}: {}", ended.stderr)),
        ended.stderr,
    )
}

/// The words before a command that make it run as a user who has no other process, so that a limit
/// counts its threads alone, and how many threads of that user there are.
fn alone(bench: &Bench) -> (Vec<&'static str>, usize) {
    let id = Command::new("id").arg("-u").output().expect("id").stdout;
    if String::from_utf8_lossy(&id).trim() != "0" {
        let own = "ps -L -u \"$(id -u)\" --no-headers | wc -l";
        let count = Command::new("sh").args(["-c", own]).output().expect("ps");
        let count = String::from_utf8_lossy(&count.stdout).trim().parse();
        return (Vec::new(), count.expect("a number"));
    }
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(bench.path("."), open).expect("the test's folder");
    (vec!["setpriv", "--reuid=65534", "--clear-groups"], 0)
}

fn few_threads_are_enough_or_named() {
    // As root of a container the program may not be readable for others.
    let shared = Bench::new("");
    let own = shared.path("byzsim");
    std::fs::copy(program().get_program(), &own).expect("a copy");
    alone(&shared);
    for (limit, threads) in [
        (1, "8"),
        (2, "1"),
        (4, "8"),
        (6, "2"),
        (9, "1"),
        (9, "8"),
        (14, "8"),
    ] {
        let bench = Bench::new(&format!("{RING}{SWEEP}"));
        let (user, others) = alone(&bench);
        let (code, stderr) = limited(
            &bench,
            &own,
            &user,
            &format!("-u {}", others + limit),
            threads,
        );
        match limit {
            9.. => assert_eq!(code, 0, "{limit}: {stderr}"),
            _ => {
                assert_eq!(code, 1, "{limit}: {stderr}");
                assert!(
                    stderr.contains("cannot start") && stderr.contains("--threads"),
                    "{stderr}"
                );
                assert!(!bench.results().join("points.parquet").exists());
            }
        }
    }
}

fn little_memory_is_enough_or_named() {
    let own = std::env::current_exe().expect("this program");
    for kilobytes in [30_000, 45_000, 60_000, 90_000, 150_000, 500_000, 4_000_000] {
        let bench = Bench::new(&format!("{RING}{SWEEP}"));
        let (code, stderr) = limited(&bench, &own, &[], &format!("-v {kilobytes}"), "8");
        match code {
            0 => {}
            1 => assert!(stderr.contains("memory"), "{kilobytes}: {stderr}"),
            _ => panic!("{kilobytes} kB: status {code}, {stderr}"),
        }
        assert!(kilobytes < 4_000_000 || code == 0, "{stderr}");
    }
}

fn small_files_are_named() {
    let own = std::env::current_exe().expect("this program");
    for blocks in [1, 8, 40] {
        let bench = Bench::new(&format!("{RING}{SWEEP}"));
        let (code, stderr) = limited(&bench, &own, &[], &format!("-f {blocks}"), "2");
        assert_eq!(code, 1, "{stderr}");
        assert!(
            stderr.contains("cannot write") && stderr.contains("too large"),
            "{stderr}"
        );
    }
}
