//! The architecture's invariants (`docs/architecture.md`), held against the tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Failure;

/// Crates that may hold `unsafe`.
const UNSAFE_ALLOWED: [&str; 6] = [
    "prover-fields",
    "backend-cpu",
    "backend-cuda",
    "backend-wgpu",
    "astraea-capi",
    // The other side of the CUDA backend's foreign functions.
    "cuda-standin",
];

/// Files above this many lines are refused; 500 is the aim.
const MAX_LINES: usize = 800;

/// Which of our crates a crate may depend on (tests aside); a name ending in `*` is a prefix.
const MAY_DEPEND: [(&str, &[&str]); 19] = [
    ("prover-core", &[]),
    ("prover-fields", &["prover-core"]),
    ("prover-transcript", &["prover-core"]),
    ("prover-circuit", &["prover-core", "prover-fields"]),
    (
        "prover-proof",
        &["prover-core", "prover-circuit", "prover-transcript"],
    ),
    ("prover-sumcheck", &["prover-core", "prover-transcript"]),
    (
        "prover-gkr",
        &[
            "prover-core",
            "prover-circuit",
            "prover-proof",
            "prover-sumcheck",
            "prover-transcript",
        ],
    ),
    (
        "prover-verifier",
        &[
            "prover-core",
            "prover-circuit",
            "prover-proof",
            "prover-transcript",
        ],
    ),
    ("backend-conformance", &["prover-*", "backend-reference"]),
    ("backend-reference", &["prover-core"]),
    ("backend-cpu", &["prover-core", "prover-fields"]),
    (
        "backend-cuda",
        &["kernel-source", "prover-core", "prover-fields"],
    ),
    ("kernel-source", &["prover-core", "prover-fields"]),
    ("cuda-standin", &[]),
    ("hostile-input", &["prover-*"]),
    ("astraea", &["prover-*", "backend-*"]),
    ("astraea-cli", &["astraea"]),
    ("xtask", &["*"]),
    ("benches", &["*"]),
];

/// Runs every check; the result is a line for people.
pub(crate) fn run(root: &Path) -> Result<String, Failure> {
    let mut faults = Vec::new();
    check_dependencies(root, &mut faults)?;
    let mut files = 0;
    for path in rust_files(root)? {
        files += 1;
        check_file(root, &path, &mut faults)?;
    }
    check_decision_records(root, &mut faults)?;
    match faults.is_empty() {
        true => Ok(format!("tidy: {files} Rust files, no fault")),
        false => Err(format!("tidy: {} faults\n{}", faults.len(), faults.join("\n")).into()),
    }
}

fn check_dependencies(root: &Path, faults: &mut Vec<String>) -> Result<(), Failure> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let rules: BTreeMap<&str, &[&str]> = MAY_DEPEND.into_iter().collect();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(allowed) = rules.get(name) else {
            faults.push(format!(
                "{name}: no rule in xtask/src/tidy.rs says what it may depend on"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            // A path marks our own crates; `kind` is null for normal dependencies.
            if dependency["path"].is_null() || !dependency["kind"].is_null() {
                continue;
            }
            if !allowed.iter().any(|rule| matches_rule(rule, on)) {
                faults.push(format!("{name} must not depend on {on}"));
            }
        }
    }
    Ok(())
}

fn matches_rule(rule: &str, name: &str) -> bool {
    match rule.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => rule == name,
    }
}

fn rust_files(root: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn check_file(root: &Path, path: &Path, faults: &mut Vec<String>) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)?;
    let shown = path.strip_prefix(root)?.display().to_string();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        faults.push(format!("{shown}: {lines} lines, at most {MAX_LINES}"));
    }
    let krate = shown
        .strip_prefix("crates/")
        .and_then(|rest| rest.split('/').next());
    let is_root = shown.ends_with("src/lib.rs") || shown.ends_with("src/main.rs");
    let may_be_unsafe = krate.is_none_or(|name| UNSAFE_ALLOWED.contains(&name));
    if is_root && krate.is_some() && !may_be_unsafe && !text.contains("#![forbid(unsafe_code)]") {
        faults.push(format!("{shown}: lacks #![forbid(unsafe_code)]"));
    }
    for (index, line) in text.lines().enumerate() {
        let marker = ["TO", "DO"].concat();
        if line.contains(&marker) && !line.contains('#') {
            faults.push(format!(
                "{shown}:{}: a {marker} without an issue number",
                index + 1
            ));
        }
    }
    Ok(())
}

fn check_decision_records(root: &Path, faults: &mut Vec<String>) -> Result<(), Failure> {
    let mut numbers = BTreeMap::new();
    for entry in std::fs::read_dir(root.join("docs/adr"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let number = name.split('-').next().unwrap_or_default().to_owned();
        if let Some(other) = numbers.insert(number, name.clone()) {
            faults.push(format!("docs/adr: {name} and {other} share a number"));
        }
    }
    Ok(())
}
