//! How much memory this process may have, as far as the system tells it.

use std::fs;
use std::path::{Path, PathBuf};

/// The least of what is available, what the control groups allow and what the address space may
/// hold. What cannot be read does not count.
pub(crate) fn available_bytes() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let groups = group_files(&read("/proc/self/cgroup"));
    let groups = groups
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok());
    [
        meminfo_bytes(&read("/proc/meminfo")),
        address_space_bytes(&read("/proc/self/limits")),
        groups.filter_map(|text| group_bytes(&text)).min(),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// What `/proc/meminfo` says is available, or on old systems there at all.
fn meminfo_bytes(text: &str) -> Option<u64> {
    let kib = |name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    kib("MemAvailable:")
        .or_else(|| kib("MemTotal:"))?
        .checked_mul(1024)
}

/// The soft limit of the address space in `/proc/self/limits`; `None` if unlimited.
fn address_space_bytes(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The limit in a control group's file; `None` for `max`.
fn group_bytes(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The files with the limits of the groups in `/proc/self/cgroup` and of all groups above them:
/// of version 2 (`0::/path`) and of version 1 (`4:memory:/path`).
fn group_files(text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let groups = Path::new(group.trim_start_matches('/')).ancestors();
        files.extend(groups.map(|group| Path::new(root).join(group).join(file)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_memory_before_all_memory() {
        let text = "MemTotal:       16000 kB\nMemFree:  1 kB\nMemAvailable:   8000 kB\n";
        assert_eq!(meminfo_bytes(text), Some(8000 << 10));
        assert_eq!(meminfo_bytes("MemTotal: 16 kB\n"), Some(16 << 10));
        for bad in [
            "",
            "MemTotal:",
            "MemTotal: much kB",
            "MemTotal: 99999999999999999999 kB",
        ] {
            assert_eq!(meminfo_bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_soft_limit_of_the_address_space() {
        let head = "Limit                     Soft Limit           Hard Limit           Units\n";
        let line = |soft| format!("{head}Max address space         {soft}  unlimited  bytes\n");
        assert_eq!(address_space_bytes(&line("4096000")), Some(4_096_000));
        assert_eq!(address_space_bytes(&line("unlimited")), None);
        assert_eq!(address_space_bytes(head), None);
    }

    #[test]
    fn limits_of_groups() {
        assert_eq!(group_bytes("1073741824\n"), Some(1 << 30));
        assert_eq!(group_bytes("max\n"), None);
        assert_eq!(group_bytes(""), None);
        let files = |text| -> Vec<String> {
            let files = group_files(text).into_iter();
            files.map(|path| path.display().to_string()).collect()
        };
        assert_eq!(
            files("0::/a/b:c\n"),
            [
                "/sys/fs/cgroup/a/b:c/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(
            files("5:cpu,cpuacct:/x\n4:memory:/\nnonsense\n"),
            ["/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        );
    }
}
