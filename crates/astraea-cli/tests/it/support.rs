//! Running the command in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

/// The small circuits: folder, field, instances, the instance that the bad witness breaks.
pub(crate) const FIXTURES: [(&str, &str, u64, u64); 3] = [
    ("consts_pub_m31", "m31", 16, 8),
    ("extraouts_gf2", "gf2", 8, 4),
    ("hash_poseidon_goldilocks", "goldilocks", 8, 4),
];

/// A fixture's file.
pub(crate) fn fixture(folder: &str, file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../prover-circuit/tests/fixtures")
        .join(folder)
        .join(file);
    path.to_str().unwrap().to_owned()
}

/// A folder that is removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What a run left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code, expected,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }
}

/// Runs the command.
pub(crate) fn astraea(args: &[&str]) -> Ran {
    astraea_with(args, &[])
}

/// Runs the command with variables of its environment set.
pub(crate) fn astraea_with(args: &[&str], environment: &[(&str, &str)]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_astraea"))
        .args(args)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// `prove` of a fixture's witness file with more options.
pub(crate) fn prove(folder: &str, witness: &str, out: &str, more: &[&str]) -> Ran {
    let (circuit, witness) = (fixture(folder, "circuit.txt.xz"), fixture(folder, witness));
    let mut args = vec![
        "prove",
        "--circuit",
        &circuit,
        "--witness",
        &witness,
        "--out",
        out,
    ];
    args.extend(more);
    astraea(&args)
}

/// `verify` of a fixture's proof with more options.
pub(crate) fn verify(folder: &str, proof: &str, more: &[&str]) -> Ran {
    let circuit = fixture(folder, "circuit.txt.xz");
    let mut args = vec!["verify", "--circuit", &circuit, "--proof", proof];
    args.extend(more);
    astraea(&args)
}
