//! The script of a job array, in `DIR/slurm/job.sh`: every task runs its share of the points.

use super::SlurmError;
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
    /// Processors of a task, which the program uses as threads.
    pub processors: usize,
    /// More arguments of `resume`.
    pub arguments: Vec<String>,
    /// Shell lines that come before the program: modules, environments.
    pub prologue: String,
}

/// How long before the time limit a task is told to write its checkpoint \[s\]. Slurm may tell it up to
/// a minute earlier.
pub const SIGNAL_BEFORE_S: u32 = 120;

impl Job {
    /// Where the script and the logs are.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("slurm")
    }

    /// The file of the script.
    pub fn script_file(&self) -> PathBuf {
        self.logs().join("job.sh")
    }

    /// The script.
    ///
    /// # Errors
    /// A path or a name that Slurm or a shell cannot be told.
    pub fn script(&self) -> Result<String, SlurmError> {
        let shown = self.logs().join("%A_%a.log");
        // A percent sign in the folder's own name is no pattern.
        let logs = text_of(&self.logs())?.replace('%', "%%") + "/%A_%a.log";
        let command = [&[text_of(&self.program)?, "resume", text_of(&self.folder)?][..]];
        let command = command.concat().into_iter().map(str::to_owned);
        let command = command.chain(self.arguments.iter().cloned());
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
#SBATCH --job-name={name}
#SBATCH --array={array}
#SBATCH --cpus-per-task={processors}
#SBATCH --output={logs}
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@{SIGNAL_BEFORE_S}

program= limit= signaled=

# Before the time limit, USR1 comes to this shell alone: the program is to write a checkpoint and end.
stop() {{ if [ -n "$program" ]; then kill -TERM "$program"; fi; }}
trap 'limit=yes signaled=yes; stop' USR1
# TERM (preemption, scancel) comes to the program too: its end is waited for.
trap 'signaled=yes' TERM

{prologue}set +e -u
echo "$(date +%FT%T) task $SLURM_ARRAY_TASK_ID, start $((${{SLURM_RESTART_COUNT:-0}} + 1)), on $(uname -n)"
status=130
if [ -z "$signaled" ]; then
    {command} \
        --task "$SLURM_ARRAY_TASK_ID" --tasks {shares} --threads "$SLURM_CPUS_PER_TASK" &
    program=$!
    if [ -n "$limit" ]; then stop; fi
    # A signal ends the waiting, and not the program.
    while
        signaled=
        wait "$program"
        status=$?
        [ -n "$signaled" ]
    do :; done
fi
echo "$(date +%FT%T) task $SLURM_ARRAY_TASK_ID, status $status"

# The whole array has the number of one of its tasks: a task is named by both.
if [ -n "$limit" ] && [ "$status" -eq 130 ]; then
    scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_$SLURM_ARRAY_TASK_ID"
fi
exit "$status"
"#,
            own = quoted(text_of(&self.script_file())?)?,
            shown = shown.display(),
            name = option(&self.name)?,
            array = ranges(&self.tasks),
            processors = self.processors,
            logs = option(&logs)?,
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
        format!("# From here on, as given by --prologue:\n{lines}# … until here.\n\n")
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

/// The value of an option in an `#SBATCH` line, which knows quotes and backslashes.
fn option(value: &str) -> Result<String, SlurmError> {
    quoted(value)?;
    let escaped = value.replace('\\', r"\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
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
            arguments: Vec::new(),
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
        insta::assert_snapshot!(script(&Job {
            processors: 2,
            tasks: vec![0, 2, 3],
            arguments: vec!["--jobs".to_owned(), "2".to_owned()],
            prologue: "module load gcc\r\nsource ~/env/bin/activate".to_owned(),
            ..job()
        }));
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
            let line = format!("resume {folder} --task 3 --tasks 4 --threads 1");
            assert!(told.lines().any(|told| told == line), "{told}");
        }
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
