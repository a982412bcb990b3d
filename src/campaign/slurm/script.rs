//! The script of a job array, in `DIR/slurm/job.sh`: every task runs its share of the points.

use super::{Given, SIGNAL_BEFORE_S, SlurmError};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A campaign as a job array.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the queue calls it.
    pub name: String,
    /// This program; absolute, since a task begins in a folder of its own choice.
    pub program: PathBuf,
    /// The results folder, prepared; absolute.
    pub folder: PathBuf,
    /// Into how many shares the runs are dealt out.
    pub shares: usize,
    /// The shares with runs that are not done, each a task of the array; in ascending order.
    pub tasks: Vec<usize>,
    /// How many tasks may run at a time; `None` leaves it to the queue.
    pub at_once: Option<usize>,
    /// Processors of a task, which the program uses as threads.
    pub processors: usize,
    /// Points side by side in a task; `None` leaves it to the program.
    pub jobs: Option<usize>,
    /// Whether tasks run what is forecast to need more memory than they may use.
    pub anyway: bool,
    /// More options for `sbatch`.
    pub given: Given,
    /// Shell lines that come before the program: modules, environments.
    pub prologue: String,
}

impl Job {
    /// Where the script and the logs are.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("slurm")
    }

    /// The file of the script.
    pub fn script_file(&self) -> PathBuf {
        self.logs().join("job.sh")
    }

    /// The options without which the array would not be what it is.
    pub(super) fn held(&self) -> Vec<String> {
        let at_once = self.at_once.map(|tasks| format!("%{tasks}"));
        let mut held = vec![
            format!(
                "--array={}{}",
                ranges(&self.tasks),
                at_once.unwrap_or_default()
            ),
            format!("--cpus-per-task={}", self.processors),
            "--open-mode=append".to_owned(),
            "--requeue".to_owned(),
        ];
        if !self.given.has_signal() {
            held.push(format!("--signal=B:USR1@{SIGNAL_BEFORE_S}"));
        }
        held
    }

    /// The lines for Slurm.
    fn options(&self) -> Result<String, SlurmError> {
        // A percent sign in the folder's own name is no pattern.
        let logs = text_of(&self.logs())?.replace('%', "%%") + "/%A_%a.log";
        let mut options = vec![
            vec![format!("--job-name={}", self.name)],
            vec![format!("--output={logs}")],
        ];
        options.extend(self.held().into_iter().map(|option| vec![option]));
        options.extend(self.given.options().map(<[String]>::to_vec));
        let line = |words: Vec<String>| {
            let words: Result<Vec<_>, _> = words.iter().map(|word| option(word)).collect();
            Ok(format!("#SBATCH {}\n", words?.join(" ")))
        };
        options.into_iter().map(line).collect()
    }

    /// The script.
    ///
    /// # Errors
    /// A path or a name that Slurm or a shell cannot be told.
    pub fn script(&self) -> Result<String, SlurmError> {
        let shown = self.logs().join("%A_%a.log");
        let command = [text_of(&self.program)?, "resume", text_of(&self.folder)?];
        let command = command.into_iter().map(str::to_owned);
        let jobs = self
            .jobs
            .map(|jobs| ["--jobs".to_owned(), jobs.to_string()]);
        let anyway = self.anyway.then(|| "--anyway".to_owned());
        let command = command.chain(jobs.into_iter().flatten()).chain(anyway);
        let command = command
            .map(|word| quoted(&word))
            .collect::<Result<Vec<_>, _>>()?;
        let mut script = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            script,
            r#"#!/bin/bash
# Written by byzsim; `sbatch {own}` submits it again.
# A task runs its share of the points that are not done, and tells of it in
# {shown}.
{options}
{prologue}set +eu
byzsim_program= byzsim_limit= byzsim_signaled=
byzsim_tell() {{ echo "$(date +%FT%T) task $SLURM_ARRAY_TASK_ID, $1"; }}
# The program makes this file when its first iteration has ended.
byzsim_mark={logs}/${{SLURM_ARRAY_JOB_ID:-0}}_$SLURM_ARRAY_TASK_ID.mark
rm -f "$byzsim_mark"

# Before the time limit, USR1 comes to this shell alone: the program is to write a checkpoint and end.
byzsim_stop() {{ if [ -n "$byzsim_program" ]; then kill -TERM "$byzsim_program"; fi; }}
trap 'byzsim_limit=yes byzsim_signaled=yes; byzsim_stop' USR1
# TERM (preemption, scancel) comes to the program too: its end is waited for.
trap 'byzsim_signaled=yes' TERM

byzsim_tell "start $((${{SLURM_RESTART_COUNT:-0}} + 1)), on $(uname -n)"
byzsim_status=130
if [ -z "$byzsim_signaled" ]; then
    {command} \
        --task "$SLURM_ARRAY_TASK_ID" --tasks {shares} --threads "$SLURM_CPUS_PER_TASK" \
        --mark "$byzsim_mark" &
    byzsim_program=$!
    if [ -n "$byzsim_limit" ]; then byzsim_stop; fi
    # A signal ends the waiting, and not the program.
    while
        byzsim_signaled=
        wait "$byzsim_program"
        byzsim_status=$?
        [ -n "$byzsim_signaled" ]
    do :; done
fi
byzsim_tell "status $byzsim_status"

# Interrupted (130), killed before it could tell (143), or with failed points beside others (1): the
# task goes on from there, if it has got anywhere. What was kept after its first iteration says so.
byzsim_kept=
if [ -e "$byzsim_mark" ]; then
    byzsim_kept=$(find {runs} \( -name checkpoint -o -name summary.json \) -newer "$byzsim_mark" -print -quit)
fi
rm -f "$byzsim_mark"
case $byzsim_limit,$byzsim_status in
yes,130 | yes,143 | yes,1)
    if [ -z "$byzsim_kept" ]; then
        byzsim_tell "the time limit leaves no time to get anywhere: raise --time or send the signal later"
        exit 1
    fi
    # The whole array has the number of one of its tasks: a task is named by both.
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
    ;;
esac
exit "$byzsim_status"
"#,
            own = quoted(text_of(&self.script_file())?)?,
            shown = shown.display(),
            options = self.options()?,
            logs = quoted(text_of(&self.logs())?)?,
            runs = quoted(text_of(&self.folder.join("runs"))?)?,
            prologue = self.prologue_lines(),
            command = command.join(" "),
            shares = self.shares,
        );
        Ok(script)
    }

    fn prologue_lines(&self) -> String {
        // Slurm refuses the line ends of Windows.
        let lines = self.prologue.lines();
        let lines = lines.map(|line| format!("{line}\n")).collect::<String>();
        if lines.is_empty() {
            return lines;
        }
        format!(
            r#"# A prologue that ends the task leaves its points undone: that is an error.
set +o posix # in which mode the shell's own exit comes before a function
exit() {{
    local byzsim_status=$?
    if [ $# -gt 0 ]; then
        # Only the last eight bits count: 256 is success.
        if (builtin exit "$@"); then byzsim_status=0; else byzsim_status=$?; fi
    fi
    if [ "$BASH_SUBSHELL" -eq 0 ] && [ "$byzsim_status" -eq 0 ]; then
        echo "task $SLURM_ARRAY_TASK_ID, the prologue ended the task before the program began" >&2
        byzsim_status=1
    fi
    builtin exit "$byzsim_status"
}}
# From here on, as given by --prologue:
{lines}# … until here.
byzsim_status=$?
unset -f exit
if [ "$byzsim_status" -ne 0 ]; then
    echo "task $SLURM_ARRAY_TASK_ID, the prologue failed with status $byzsim_status" >&2
    exit 1
fi

"#
        )
    }
}

/// A path as text.
fn text_of(path: &Path) -> Result<&str, SlurmError> {
    path.to_str().ok_or_else(|| SlurmError::Unwritable {
        what: format!("the path {}", path.display()),
        why: "it is not UTF-8",
    })
}

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> Result<String, SlurmError> {
    let quoted = shlex::try_quote(word).map_err(|_| SlurmError::Unwritable {
        what: format!("{word:?}"),
        why: "it has a zero byte",
    })?;
    // The script is read by people too, line by line.
    match quoted.contains(['\n', '\r']) {
        true => Err(SlurmError::Unwritable {
            what: format!("{word:?}"),
            why: "it has a line break",
        }),
        false => Ok(quoted.into_owned()),
    }
}

/// A word of an `#SBATCH` line, which knows quotes and backslashes.
fn option(word: &str) -> Result<String, SlurmError> {
    quoted(word)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,:/@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Ok(word.to_owned());
    }
    let (name, value) = match word.split_once('=') {
        Some((name, value)) if name.chars().all(is_plain) => (format!("{name}="), value),
        _ => (String::new(), word),
    };
    let escaped = value.replace('\\', r"\\").replace('"', "\\\"");
    Ok(format!("{name}\"{escaped}\""))
}

/// `0-3,7`: what an array is of.
fn ranges(tasks: &[usize]) -> String {
    let runs = tasks.chunk_by(|a, b| a + 1 == *b);
    let runs = runs.map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        _ => run[0].to_string(),
    });
    runs.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn job() -> Job {
        Job {
            name: "localization".to_owned(),
            program: "/opt/byzsim".into(),
            folder: "/scratch/results/localization".into(),
            shares: 4,
            tasks: vec![0, 1, 2, 3],
            processors: 1,
            at_once: None,
            jobs: None,
            given: Given::default(),
            anyway: false,
            prologue: String::new(),
        }
    }

    fn script(job: &Job) -> String {
        job.script().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn an_array_is_of_the_shares_with_something_to_do() {
        assert_eq!(ranges(&[0]), "0");
        assert_eq!(ranges(&[0, 1, 2, 3]), "0-3");
        assert_eq!(ranges(&[0, 2, 3, 4, 7]), "0,2-4,7");
    }

    #[test]
    fn a_script_is_plain_to_read() {
        let job = Job {
            processors: 2,
            tasks: vec![0, 2, 3],
            at_once: Some(2),
            jobs: Some(2),
            given: Given::new(["-p", "long", "--comment=a b"].map(str::to_owned).to_vec())
                .unwrap_or_else(|error| panic!("{error}")),
            prologue: "module load gcc\r\nsource ~/env/bin/activate".to_owned(),
            ..job()
        };
        insta::assert_snapshot!(script(&job));
    }

    /// What a shell says of a script whose program tells its arguments.
    fn told(folder: &str, name: &str) -> String {
        let script = script(&Job {
            program: "/bin/echo".into(),
            folder: folder.into(),
            name: name.to_owned(),
            ..job()
        });
        let output = Command::new("bash")
            .args(["-c", &script])
            .env("SLURM_ARRAY_TASK_ID", "3")
            .env("SLURM_CPUS_PER_TASK", "1")
            .output()
            .expect("bash");
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    #[test]
    fn paths_reach_the_program_as_they_are() {
        for folder in ["/a b's \"c\"/50% $HOME `x` \\n !", "/größe/*", "/-x"] {
            let told = told(folder, "it's a \"name\"; $x");
            let line = format!(
                "resume {folder} --task 3 --tasks 4 --threads 1 --mark {folder}/slurm/0_3.mark"
            );
            assert!(told.lines().any(|told| told == line), "{told}");
        }
    }

    #[test]
    fn a_prologue_that_ends_the_task_is_an_error() {
        let run_with = |mode: Option<&str>, prologue: &str| {
            let script = script(&Job {
                program: "/bin/echo".into(),
                folder: "/x".into(),
                prologue: prologue.to_owned(),
                ..job()
            });
            let mut bash = Command::new("bash");
            bash.args(["-c", &script])
                .env("SLURM_ARRAY_TASK_ID", "3")
                .env("SLURM_CPUS_PER_TASK", "1");
            if let Some(mode) = mode {
                bash.env(mode, "1");
            }
            let output = bash.output().expect("bash");
            let printed = String::from_utf8_lossy(&output.stdout).contains("resume /x");
            (output.status.code(), printed)
        };
        let run = |prologue: &str| run_with(None, prologue);
        assert_eq!(run_with(Some("POSIXLY_CORRECT"), "exit"), (Some(1), false));
        for early in [
            "exit",
            "exit 256",
            "exit 0",
            "true; exit",
            "trap true EXIT\nexit 0",
            "ready() { exit 0; }\nready",
            "if true; then exit; fi",
        ] {
            assert_eq!(run(early), (Some(1), false), "{early}");
        }
        assert_eq!(run("exit 3"), (Some(3), false));
        assert_eq!(run("false"), (Some(1), false));
        for fine in [
            "(exit 0)",
            "x=$(exit 0; echo 1)",
            "module() { return 0; }\nmodule",
        ] {
            assert_eq!(run(fine), (Some(0), true), "{fine}");
        }
    }

    #[test]
    fn tasks_run_what_is_too_large_where_that_was_asked_for() {
        let anyway = script(&Job {
            anyway: true,
            ..job()
        });
        let has_it = |script: &str| {
            script
                .lines()
                .any(|line| line.contains(" resume ") && line.contains(" --anyway"))
        };
        assert!(has_it(&anyway) && !has_it(&script(&job())), "{anyway}");
    }

    #[test]
    fn what_no_line_can_hold_is_refused() {
        let of = |folder: &str, name: &str| {
            let job = Job {
                folder: folder.into(),
                name: name.to_owned(),
                ..job()
            };
            job.script().expect_err("refused").to_string()
        };
        assert!(of("/a\n#SBATCH --x", "x").ends_with("it has a line break"));
        assert!(of("/a", "a\rb").ends_with("it has a line break"));
        assert!(of("/a", "a\0b").ends_with("it has a zero byte"));
    }
}
