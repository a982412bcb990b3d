//! What users give `sbatch` beside what a job array needs.

use super::SlurmError;

/// How long before the time limit a task is told to write its checkpoint, unless users say otherwise
/// \[s\]. Slurm may tell it up to a minute earlier.
pub const SIGNAL_BEFORE_S: u32 = 120;

/// Arguments of `sbatch` that leave a job array what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    words: Vec<String>,
}

impl Given {
    /// Takes words as they would stand on the command line of `sbatch`.
    ///
    /// # Errors
    /// An option that would break the array, and why.
    pub fn new(words: Vec<String>) -> Result<Given, SlurmError> {
        let given = Given { words };
        let refuse = |argument: &str, why: &str| {
            Err(SlurmError::Argument {
                argument: argument.to_owned(),
                why: why.to_owned(),
            })
        };
        if let Some(word) = given.words.first().filter(|word| !word.starts_with('-')) {
            return refuse(word, "it is no option: it would be taken for the script");
        }
        if given.has("array", Some('a')) {
            return refuse(
                "--array",
                "which tasks there are depends on what is done; --tasks says how many, --at-once how many \
                 of them may run at a time",
            );
        }
        if given.has("no-requeue", None) {
            return refuse(
                "--no-requeue",
                "a task goes on after its time limit, or the loss of its node, by being requeued",
            );
        }
        match given.value("signal", None) {
            Some(signal) if signal_before(signal).is_none() => refuse(
                &format!("--signal={signal}"),
                "the script waits for USR1, which has to come to it alone: --signal=B:USR1@SECONDS",
            ),
            _ => Ok(given),
        }
    }

    /// As they were given.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words by option: one that begins with no hyphen is the value of the option before.
    pub(super) fn options(&self) -> impl Iterator<Item = &[String]> {
        self.words.chunk_by(|_, word| !word.starts_with('-'))
    }

    /// Whether they say when the signal comes.
    pub(super) fn has_signal(&self) -> bool {
        self.has("signal", None)
    }

    /// How long before the time limit the signal comes \[s\].
    pub fn signal_before_s(&self) -> u32 {
        let signal = self.value("signal", None);
        signal.and_then(signal_before).unwrap_or(SIGNAL_BEFORE_S)
    }

    /// The time limit, if one is given \[s\].
    pub fn time_limit_s(&self) -> Option<u64> {
        time_limit(self.value("time", Some('t'))?)
    }

    fn has(&self, long: &str, short: Option<char>) -> bool {
        self.options().any(|option| is(&option[0], long, short))
    }

    /// The value of an option; the last one where it is repeated, as for `sbatch`.
    fn value(&self, long: &str, short: Option<char>) -> Option<&str> {
        let mut options = self.options().filter(|option| is(&option[0], long, short));
        let option = options.by_ref().last()?;
        let (_, joined) = parts(&option[0]);
        joined.or_else(|| option.get(1).map(String::as_str))
    }
}

/// The name of an option, and its value where that is in the same word.
fn parts(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
    }
    let end = word.char_indices().nth(2).map_or(word.len(), |(at, _)| at);
    let (name, value) = word.split_at(end);
    (name, (!value.is_empty()).then_some(value))
}

/// Whether a word is an option, which may be cut short as long as it is told from others.
fn is(word: &str, long: &str, short: Option<char>) -> bool {
    let (name, _) = parts(word);
    match name.strip_prefix("--") {
        Some(name) => name.len() > 2 && name != "no-" && long.starts_with(name),
        None => {
            short.is_some_and(|short| name.strip_prefix('-') == Some(short.to_string().as_str()))
        }
    }
}

/// How long before the time limit a signal comes that is USR1 to the script \[s\].
fn signal_before(value: &str) -> Option<u32> {
    let signal = value
        .strip_prefix("B:")
        .or_else(|| value.strip_prefix("b:"))?;
    // A minute is Slurm's own default.
    let (name, before) = signal.split_once('@').unwrap_or((signal, "60"));
    let is_usr1 = ["USR1", "SIGUSR1", "10"]
        .iter()
        .any(|usr1| usr1.eq_ignore_ascii_case(name));
    is_usr1.then_some(before.parse().ok()?)
}

/// `MINUTES`, `MINUTES:SECONDS`, `HOURS:MINUTES:SECONDS`, `DAYS-HOURS`, with minutes and seconds \[s\].
fn time_limit(value: &str) -> Option<u64> {
    let (days, rest) = match value.split_once('-') {
        Some((days, rest)) => (Some(days.parse::<u64>().ok()?), rest),
        None => (None, value),
    };
    let parts: Result<Vec<u64>, _> = rest.split(':').map(str::parse).collect();
    let (hours, minutes, seconds) = match (days, &parts.ok()?[..]) {
        (None, &[minutes]) => (0, minutes, 0),
        (None, &[minutes, seconds]) => (0, minutes, seconds),
        (Some(_), &[hours]) => (hours, 0, 0),
        (Some(_), &[hours, minutes]) => (hours, minutes, 0),
        (_, &[hours, minutes, seconds]) => (hours, minutes, seconds),
        _ => return None,
    };
    let hours = days.unwrap_or(0).checked_mul(24)?.checked_add(hours)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    let seconds = minutes.checked_mul(60)?.checked_add(seconds)?;
    // None at all is no limit.
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[&str]) -> Result<Given, String> {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Given::new(words).map_err(|error| error.to_string())
    }

    #[test]
    fn what_would_break_the_array_is_refused() {
        for (words, why) in [
            (&["--array=0-3"][..], "--at-once"),
            (&["--arr", "0-3"], "--at-once"),
            (&["-a0-3"], "--at-once"),
            (&["--time=5", "--no-requeue"], "by being requeued"),
            (&["--signal=USR1@60"], "--signal=B:USR1@SECONDS"),
            (&["--signal", "B:TERM@60"], "--signal=B:USR1@SECONDS"),
            (&["job.sh"], "taken for the script"),
        ] {
            let told = given(words).expect_err("refused");
            assert!(told.contains(why), "{words:?}: {told}");
        }
        let others = [
            "--account=a",
            "-pshort",
            "--no-kill",
            "--acctg-freq=1",
            "-A",
            "x",
        ];
        assert!(given(&others).is_ok());
    }

    #[test]
    fn the_signal_and_the_time_limit_are_read() {
        let read = |words: &[&str]| {
            let given = given(words).expect("options");
            (given.time_limit_s(), given.signal_before_s())
        };
        assert_eq!(read(&["--time-min=1"]), (None, 120));
        assert_eq!(read(&["-t", "5", "--signal=B:USR1@20"]), (Some(300), 20));
        assert_eq!(read(&["-t5:30", "--signal=B:10"]), (Some(330), 60));
        assert_eq!(read(&["--time=1:00:01"]).0, Some(3601));
        assert_eq!(read(&["--time=5", "--time=1-2"]).0, Some(26 * 3600));
        assert_eq!(read(&["--time=1-0:30"]).0, Some(24 * 3600 + 1800));
        for none in [
            "UNLIMITED",
            "0",
            "x",
            "99999999999999999999",
            "9999999999999999999-1",
        ] {
            assert_eq!(read(&["--time", none]).0, None);
        }
    }
}
