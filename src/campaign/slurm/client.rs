//! Slurm's own commands: what they are asked, and what they answer.

use super::SlurmError;
use super::script::{Job, quoted};
use crate::record::write_whole;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Tasks of an array where nothing else is configured.
pub const MOST_TASKS: usize = 1001;

/// An array that was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its number.
    pub id: String,
    /// The cluster, where there are several.
    pub cluster: Option<String>,
}

impl Submitted {
    /// From what `sbatch --parsable` printed. Sites and wrappers add lines before and after the one
    /// with the number, or print it as sbatch does without that option. `None` where no line has a
    /// number, or where lines have different ones.
    fn read(printed: &str) -> Option<Submitted> {
        let mut found = printed.lines().filter_map(Submitted::read_line);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    /// From `12`, `12;cluster`, `Submitted batch job 12` or `Submitted batch job 12 on cluster west`.
    fn read_line(line: &str) -> Option<Submitted> {
        let line = anstream::adapter::strip_str(line).to_string();
        let line = line.trim();
        let (id, cluster) = match line.strip_prefix("Submitted batch job ") {
            Some(job) => match job.split_once(" on cluster ") {
                Some((id, cluster)) => (id, Some(cluster)),
                None => (job, None),
            },
            None => match line.split_once(';') {
                Some((id, cluster)) => (id, Some(cluster)),
                None => (line, None),
            },
        };
        let (id, cluster) = (id.trim(), cluster.map(str::trim));
        let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        let is_cluster = cluster.is_none_or(|name| !name.is_empty() && !name.contains(' '));
        (is_number && is_cluster).then(|| Submitted {
            id: id.to_owned(),
            cluster: cluster.map(str::to_owned),
        })
    }

    /// As `sbatch --parsable` prints it.
    fn parsable(&self) -> String {
        let cluster = self.cluster.iter().map(|cluster| format!(";{cluster}"));
        self.id.clone() + &cluster.collect::<String>()
    }

    /// The arguments that name it to Slurm's commands.
    fn arguments(&self, option: &str) -> Vec<String> {
        let cluster = self.cluster.iter().map(|c| format!("--clusters={c}"));
        cluster.chain([format!("{option}{}", self.id)]).collect()
    }

    /// The command that tells of its tasks.
    pub fn squeue(&self) -> String {
        format!("squeue {}", self.arguments("--jobs=").join(" "))
    }

    /// The command that ends it.
    pub fn scancel(&self) -> String {
        format!("scancel {}", self.arguments("").join(" "))
    }
}

/// The greatest number of tasks that the cluster takes in an array: indices begin at 0.
///
/// # Errors
/// No `scontrol`, or one that reaches no cluster.
pub fn most_tasks() -> Result<usize, SlurmError> {
    let told = run("scontrol", ["show", "config"]).map_err(silent)?;
    Ok(most_tasks_of(&told).unwrap_or(MOST_TASKS))
}

fn most_tasks_of(config: &str) -> Option<usize> {
    let mut settings = config.lines().filter_map(|line| line.split_once('='));
    let (_, value) = settings.find(|(key, _)| key.trim() == "MaxArraySize")?;
    value.trim().parse().ok()
}

/// The array that was last submitted for a results folder, where some of it still waits or runs.
///
/// # Errors
/// No `squeue`, or a record of it that cannot be read.
pub fn queued(folder: &Path) -> Result<Option<Submitted>, SlurmError> {
    let file = folder.join("slurm").join(RECORD);
    let told = match crate::files::read_to_string(&file) {
        Ok(told) => told,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SlurmError::Unusable { path: file, error }),
    };
    let Some(array) = Submitted::read(&told) else {
        return Ok(None);
    };
    let mut arguments = vec!["--noheader".to_owned()];
    arguments.extend(array.arguments("--jobs="));
    match run("squeue", arguments) {
        // With several clusters, it names them.
        Ok(told) => {
            let is_task = |line: &str| !line.trim().is_empty() && !line.starts_with("CLUSTER:");
            Ok(told.lines().any(is_task).then_some(array))
        }
        // Slurm has forgotten it: it ended long ago.
        Err(SlurmError::Refused { told, .. }) if told.contains("Invalid job id") => Ok(None),
        Err(error) => Err(silent(error)),
    }
}

/// Of a command that only asks: it failed since nobody answered.
fn silent(error: SlurmError) -> SlurmError {
    match error {
        SlurmError::Refused { command, told } => SlurmError::Silent {
            command,
            told: told.lines().map(str::trim).collect::<Vec<_>>().join("; "),
        },
        error => error,
    }
}

/// Where the number of the array stands in `DIR/slurm`.
const RECORD: &str = "array";

/// The command line that submits a job. The script has the same options: here they win over those of
/// a site's environment, such as `SBATCH_NO_REQUEUE`.
pub fn submit_command(job: &Job) -> Vec<String> {
    let mut command = vec!["sbatch".to_owned(), "--parsable".to_owned()];
    command.extend(job.held());
    command.extend_from_slice(job.given.words());
    command.push(job.script_file().display().to_string());
    command
}

/// Writes the script and submits it. With the array comes why its number could not be kept, if it could
/// not: then [`queued`] does not know of it.
///
/// # Errors
/// A script that cannot be written; no `sbatch`, or what it refuses.
pub fn submit(job: &Job) -> Result<(Submitted, Option<SlurmError>), SlurmError> {
    let write = |path: &Path, text: &str| {
        let at = |error| SlurmError::Unusable {
            path: path.to_owned(),
            error,
        };
        write_whole(path, text.as_bytes()).map_err(at)
    };
    let (logs, script) = (job.logs(), job.script()?);
    std::fs::create_dir_all(&logs).map_err(|error| SlurmError::Unusable {
        path: logs.clone(),
        error,
    })?;
    write(&job.script_file(), &script)?;
    let command = submit_command(job);
    let told = run("sbatch", &command[1..])?;
    let Some(array) = Submitted::read(&told) else {
        return Err(SlurmError::Unnumbered(told.trim().to_owned()));
    };
    let kept = write(&logs.join(RECORD), &format!("{}\n", array.parsable()));
    Ok((array, kept.err()))
}

/// Checks shell lines that are to stand in a script after its options.
///
/// # Errors
/// What is wrong with them; no `bash`.
pub fn check_prologue(path: &Path, text: &str) -> Result<(), SlurmError> {
    let wrong = |why: String| SlurmError::Prologue {
        path: path.to_owned(),
        why,
    };
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(option) = line.strip_prefix("#SBATCH") {
            let option = option.trim();
            return Err(wrong(format!(
                "line {number} is for Slurm, which would not read it there; --sbatch-arg={option} gives it"
            )));
        }
    }
    if text.contains('\0') {
        return Err(wrong("it has a zero byte".to_owned()));
    }
    let mut bash = Command::new("bash")
        .arg("-n")
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(SlurmError::NoBash)?;
    if let Some(mut stdin) = bash.stdin.take() {
        // It may end at a mistake before it has read all.
        let _ = stdin.write_all(text.replace("\r\n", "\n").as_bytes());
    }
    let output = bash.wait_with_output().map_err(SlurmError::NoBash)?;
    // An open here-document, which would take in all that follows, is but a warning.
    match output.status.success() && output.stderr.is_empty() {
        true => Ok(()),
        false => Err(wrong(told(&output))),
    }
}

/// What a command tells on standard output, if it succeeds.
fn run<S: AsRef<str>>(
    program: &'static str,
    arguments: impl IntoIterator<Item = S>,
) -> Result<String, SlurmError> {
    let arguments: Vec<String> = arguments
        .into_iter()
        .map(|argument| argument.as_ref().to_owned())
        .collect();
    let output = Command::new(program)
        .args(&arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| SlurmError::NotHere { program, error })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut command = vec![program.to_owned()];
    command.extend(arguments);
    Err(SlurmError::Refused {
        command: line(&command),
        told: told(&output),
    })
}

/// What a command that failed says of it.
fn told(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match told.is_empty() {
        true => output.status.to_string(),
        false => told,
    }
}

/// A command line as one would type it.
pub fn line(command: &[String]) -> String {
    let words = command.iter().map(|word| quoted(word));
    let words = words.map(|word| word.unwrap_or_else(|_| "…".to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted(id: &str, cluster: Option<&str>) -> Option<Submitted> {
        let (id, cluster) = (id.to_owned(), cluster.map(str::to_owned));
        Some(Submitted { id, cluster })
    }

    #[test]
    fn the_number_of_an_array_is_read() {
        assert_eq!(Submitted::read("12\n"), submitted("12", None));
        assert_eq!(Submitted::read("12;west\n"), submitted("12", Some("west")));
        assert_eq!(Submitted::read("Welcome!\n12\n\n"), submitted("12", None));
        for printed in [
            "12\nYour account has 12 SUs left\n",
            "Submitted batch job 12\n",
            "Submitted batch job 12 \r\nbye\r\n",
            "\u{1b}[32m12\u{1b}[0m\n",
            "12\n\nSubmitted batch job 12\n",
        ] {
            assert_eq!(
                Submitted::read(printed),
                submitted("12", None),
                "{printed:?}"
            );
        }
        for printed in [
            "12;west\n-- 3 jobs queued\n",
            "Submitted batch job 12 on cluster west\n",
        ] {
            let array = submitted("12", Some("west"));
            assert_eq!(Submitted::read(printed), array, "{printed:?}");
        }
        for wrong in [
            "",
            "\n",
            "Submitted batch job x",
            ";west",
            "12;",
            "12\n13\n",
        ] {
            assert_eq!(Submitted::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn arrays_of_other_clusters_are_named_with_them() {
        let array = submitted("12", Some("west")).expect("one");
        assert_eq!(array.squeue(), "squeue --clusters=west --jobs=12");
        assert_eq!(array.scancel(), "scancel --clusters=west 12");
        assert_eq!(submitted("7", None).expect("one").scancel(), "scancel 7");
    }

    #[test]
    fn the_size_of_arrays_is_found_in_the_configuration() {
        let config =
            "Configuration data as of …\nMaxArraySize            = 5000\nMaxJobCount = 1\n";
        assert_eq!(most_tasks_of(config), Some(5000));
        assert_eq!(most_tasks_of("MaxJobCount = 1"), None);
    }

    #[test]
    fn a_prologue_that_no_shell_reads_is_refused() {
        let check = |text: &str| check_prologue(Path::new("env.sh"), text);
        assert!(check("module load gcc\r\nif true; then\r\n  x=1\r\nfi\n").is_ok());
        assert!(check("").is_ok());
        let wrong = |text: &str| check(text).expect_err("refused").to_string();
        assert!(wrong("echo 'one\n").starts_with("env.sh: bash: line 1:"));
        assert!(wrong("cat <<EOF\none\n").contains("here-document"));
        assert_eq!(
            wrong("module load gcc\n#SBATCH --partition=long\n"),
            "env.sh: line 2 is for Slurm, which would not read it there; \
             --sbatch-arg=--partition=long gives it"
        );
    }
}
