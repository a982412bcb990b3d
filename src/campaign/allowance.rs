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
    /// those of its control groups. `None` where the system reports none of them.
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
            let bytes = read(&group).trim().parse().ok();
            add(bytes, "the memory limit of the control group");
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

/// The files that may hold limits of the groups in `/proc/self/cgroup` and of those around them,
/// both in version 1 and 2.
fn groups(cgroup: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            all if all.split(',').any(|one| one == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        for group in Path::new(path).ancestors() {
            let group = group.display().to_string();
            files.push(format!("{root}{}/{file}", group.trim_end_matches('/')));
        }
    }
    files
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
        assert_eq!(
            groups("0::/a/b\n"),
            [
                "/sys/fs/cgroup/a/b/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(
            groups("4:cpu,memory:/x\n3:pids:/\n"),
            [
                "/sys/fs/cgroup/memory/x/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes"
            ]
        );
    }
}
