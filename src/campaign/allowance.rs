//! How much memory this process may use.

use std::fs::read_to_string;
use std::path::Path;

/// A limit of memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowance {
    /// \[bytes\].
    pub bytes: f64,
    /// What sets it.
    pub by: &'static str,
}

impl Allowance {
    /// The least of the memory that is available, the limit of the process (`ulimit -v`, `-d`), and
    /// what its control groups leave. `None` where the system reports none of them.
    pub fn of_this_process() -> Option<Allowance> {
        let read = |path: &str| read_to_string(path).unwrap_or_default();
        let mut all = Vec::new();
        let mut add = |bytes: Option<f64>, by| {
            all.extend(bytes.map(|bytes| Allowance { bytes, by }));
        };
        add(available(&read("/proc/meminfo")), "the memory available");
        let limits = read("/proc/self/limits");
        add(
            limit(&limits, "Max address space"),
            "the limit of address space",
        );
        add(limit(&limits, "Max data size"), "the limit of data");
        for group in groups(&read("/proc/self/cgroup")) {
            add(group.left(read), "what its control group may still use");
        }
        all.into_iter().min_by(|a, b| a.bytes.total_cmp(&b.bytes))
    }
}

/// `MemAvailable` of `/proc/meminfo` \[bytes\].
fn available(meminfo: &str) -> Option<f64> {
    let line = meminfo
        .lines()
        .find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The soft limit of this name in `/proc/self/limits`; `None` where it is unlimited.
fn limit(limits: &str, name: &str) -> Option<f64> {
    let line = limits.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A control group, by the files that say what it may use and what it does.
#[derive(Debug, PartialEq)]
struct Group {
    limit: String,
    used: String,
    statistics: String,
    /// What the statistics call the part of it that is given up when memory is short: cached files.
    cached: &'static str,
}

impl Group {
    fn version_1(group: &str) -> Group {
        let file = |name: &str| format!("/sys/fs/cgroup/memory{group}/memory.{name}");
        Group {
            limit: file("limit_in_bytes"),
            used: file("usage_in_bytes"),
            statistics: file("stat"),
            cached: "total_inactive_file",
        }
    }

    fn version_2(group: &str) -> Group {
        let file = |name: &str| format!("/sys/fs/cgroup{group}/memory.{name}");
        Group {
            limit: file("max"),
            used: file("current"),
            statistics: file("stat"),
            cached: "inactive_file",
        }
    }

    /// What is left of its limit \[bytes\]; `None` without one.
    fn left(&self, read: impl Fn(&str) -> String) -> Option<f64> {
        let number = |text: &str| text.trim().parse::<f64>().ok();
        let limit = number(&read(&self.limit))?;
        let used = number(&read(&self.used)).unwrap_or(0.0);
        let statistics = read(&self.statistics);
        let mut entries = statistics.lines().filter_map(|line| line.split_once(' '));
        let cached = entries.find(|(name, _)| *name == self.cached);
        let cached = cached.and_then(|(_, text)| number(text)).unwrap_or(0.0);
        Some((limit - (used - cached).max(0.0)).max(0.0))
    }
}

/// The groups in `/proc/self/cgroup` and those around them, both in version 1 and 2.
fn groups(cgroup: &str) -> Vec<Group> {
    let mut found = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let group: fn(&str) -> Group = match controllers {
            "" => Group::version_2,
            all if all.split(',').any(|one| one == "memory") => Group::version_1,
            _ => continue,
        };
        let around = Path::new(path).ancestors();
        found.extend(around.map(|path| group(path.display().to_string().trim_end_matches('/'))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_system_writes_them() {
        let meminfo = "MemTotal:  8000000 kB\nMemAvailable:    2000 kB\n";
        assert_eq!(available(meminfo), Some(2_048_000.0));
        let limits = "Limit  Soft Limit  Hard Limit  Units\n\
                      Max data size             unlimited   unlimited   bytes\n\
                      Max address space         500000000   unlimited   bytes\n";
        assert_eq!(limit(limits, "Max data size"), None);
        assert_eq!(limit(limits, "Max address space"), Some(5e8));
    }

    #[test]
    fn groups_leave_what_they_and_their_cache_do_not_use() {
        let found = groups("0::/a/b\n4:cpu,memory:/x\n3:pids:/\n");
        let limits: Vec<&str> = found.iter().map(|group| &*group.limit).collect();
        assert_eq!(
            limits,
            [
                "/sys/fs/cgroup/a/b/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/memory/x/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes"
            ]
        );
        let text = |path: &str| {
            let text = match path.rsplit_once('/') {
                Some((_, "memory.max" | "memory.limit_in_bytes")) => "1000\n",
                Some((_, "memory.current" | "memory.usage_in_bytes")) => "700\n",
                _ => "anon 350\ninactive_file 300\ntotal_inactive_file 200\n",
            };
            text.to_owned()
        };
        assert_eq!(found[0].left(text), Some(600.0));
        assert_eq!(found[3].left(text), Some(500.0));
        assert_eq!(found[0].left(|_| "max\n".to_owned()), None);
        assert_eq!(found[0].left(|_| String::new()), None);
    }
}
