//! The CUDA backend through the command, on the stand-in driver: the bytes are those of the CPU.

use std::fs;
use std::io::Write as _;

use crate::support::{FIXTURES, Folder, astraea, astraea_with, fixture};

/// Where the command finds the stand-in; `None`, loudly, if it was not built.
fn library_folder() -> Option<String> {
    let folder = cuda_standin::folder();
    if folder.is_none() {
        let required = std::env::var("ASTRAEA_REQUIRE").unwrap_or_default();
        assert!(
            required
                .split(',')
                .all(|name| name.trim() != "cuda-standin"),
            "ASTRAEA_REQUIRE names cuda-standin, and it was not built"
        );
        // A closed standard error is no reason to fail.
        let _ = writeln!(std::io::stderr(), "SKIPPED: cuda: there is no stand-in");
    }
    Some(folder?.to_str().unwrap().to_owned())
}

/// Proves on both backends, with every window, with and without a hand-off, and compares.
fn same_bytes(dir: &Folder, circuit: &str, witness: &str) {
    let Some(library) = library_folder() else {
        return;
    };
    let environment = [("LD_LIBRARY_PATH", &library[..])];
    let out = dir.file("proof");
    let prove = |more: &[&str]| {
        let files = ["--circuit", circuit, "--witness", witness, "--out", &out];
        let args = [&["prove"][..], &files, &["--json"], more].concat();
        let json = astraea_with(&args, &environment).code(0).json();
        (json, fs::read(&out).unwrap())
    };
    let (_, want) = prove(&["--backend", "cpu"]);
    for more in [
        &["--window", "1", "--hand-off", "off"][..],
        &["--window", "2", "--hand-off", "5"],
        &["--window", "3", "--hand-off", "off"],
        &[],
    ] {
        let args = [&["--backend", "cuda"], more].concat();
        let (json, got) = prove(&args);
        assert!(got == want, "{circuit} with {args:?}");
        assert_eq!(json["backend"], "cuda");
        let ran = json["ops_by_backend"].as_object().unwrap();
        assert!(ran.contains_key("cuda"), "{ran:?}");
    }
}

#[test]
fn fixtures_have_the_bytes_of_the_cpu() {
    for (folder, ..) in FIXTURES {
        let dir = Folder::new();
        let file = |name| fixture(folder, name);
        same_bytes(&dir, &file("circuit.txt.xz"), &file("witness.txt.xz"));
    }
}

#[test]
fn a_gallery_circuit_over_bn254_has_the_bytes_of_the_cpu() {
    let dir = Folder::new();
    let (circuit, witness) = (dir.file("circuit"), dir.file("witness"));
    astraea(&[
        "gallery",
        "build",
        "matmul",
        "--field",
        "bn254",
        "--size",
        "4",
        "--instances",
        "2",
        "--out",
        &circuit,
        "--witness-out",
        &witness,
    ])
    .code(0);
    same_bytes(&dir, &circuit, &witness);
}
