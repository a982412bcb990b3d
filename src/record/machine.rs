//! What a run ran on.

use serde::Serialize;

/// The processor. One binary on one kind of processor gives one fingerprint.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Its model name; empty where the system does not tell.
    pub cpu: String,
    /// The vector instructions that kernels choose from.
    pub simd: &'static str,
}

impl Machine {
    /// This one.
    pub fn here() -> Machine {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let cpu = model
            .and_then(|rest| rest.split_once(':'))
            .map_or("", |(_, name)| name.trim());
        Machine {
            cpu: cpu.to_owned(),
            simd: simd(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn simd() -> &'static str {
    if is_x86_feature_detected!("avx512f") {
        "avx512f"
    } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        "avx2+fma"
    } else if is_x86_feature_detected!("avx") {
        "avx"
    } else {
        "sse2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn simd() -> &'static str {
    std::env::consts::ARCH
}

/// The most memory that the process has held so far \[bytes\], where the system tells.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
