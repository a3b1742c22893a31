//! The gallery by command, and the demonstration.

use std::fs;

use crate::support::{Folder, astraea};

#[test]
fn the_list_names_every_circuit() {
    let text = astraea(&["gallery", "list"]).code(0).stdout;
    let json = astraea(&["gallery", "list", "--json"]).code(0).json();
    let circuits = json["circuits"].as_array().unwrap();
    for name in ["keccak256", "sha256", "poseidon2", "matmul"] {
        assert!(text.contains(name), "{text}");
        assert!(circuits.iter().any(|circuit| circuit["name"] == name));
    }
}

/// Builds a circuit, and proves and verifies what was built.
fn build_and_prove(name: &str, field: &str, more: &[&str]) -> serde_json::Value {
    let dir = Folder::new();
    let (circuit, witness) = (dir.file("circuit"), dir.file("witness"));
    let mut args = vec!["gallery", "build", name, "--field", field, "--json"];
    args.extend(["--out", &circuit, "--witness-out", &witness]);
    args.extend(more);
    let built = astraea(&args).code(0).json();
    assert_eq!(built["field"], field);
    let proof = dir.file("proof");
    let (input, output) = (["--circuit", &circuit], ["--out", &proof]);
    let prove = [
        "prove",
        input[0],
        input[1],
        "--witness",
        &witness,
        output[0],
        output[1],
    ];
    astraea(&prove).code(0);
    let verify = ["verify", input[0], input[1], "--proof", &proof, "--json"];
    let verified = astraea(&verify).code(0).json();
    assert_eq!(verified["instances"], built["instances"]);
    built
}

#[test]
fn what_is_built_can_be_proven() {
    for field in ["bn254", "m31", "gf2", "goldilocks"] {
        let built = build_and_prove("matmul", field, &["--size", "4", "--instances", "3"]);
        assert_eq!(built["instances"], 3);
    }
    for field in ["bn254", "m31"] {
        build_and_prove("poseidon2", field, &["--instances", "2"]);
    }
    let dir = Folder::new();
    let message = dir.file("message");
    fs::write(&message, "abc").unwrap();
    let built = build_and_prove("sha256", "gf2", &["--input", &message]);
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(built["outputs"], serde_json::json!([digest]));
    let built = build_and_prove("keccak256", "gf2", &["--input", &message]);
    let digest = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
    assert_eq!(built["outputs"], serde_json::json!([digest]));
}

#[test]
fn what_cannot_be_built_is_refused() {
    let dir = Folder::new();
    let (circuit, witness) = (dir.file("circuit"), dir.file("witness"));
    let bad: [&[&str]; 6] = [
        &["origami", "--field", "gf2"],
        &["sha256", "--field", "m31"],
        &["sha256", "--field", "gf2", "--size", "65"],
        &["matmul", "--field", "gf2", "--size", "0"],
        &["matmul", "--field", "gf2", "--input", "Cargo.toml"],
        &[
            "keccak256",
            "--field",
            "gf2",
            "--input",
            "Cargo.toml",
            "--instances",
            "1000",
        ],
    ];
    for args in bad {
        let mut all = vec!["gallery", "build"];
        all.extend(args);
        all.extend(["--out", &circuit, "--witness-out", &witness]);
        astraea(&all).code(2);
    }
    let same = ["--out", circuit.as_str(), "--witness-out", circuit.as_str()];
    let mut all = vec!["gallery", "build", "matmul", "--field", "gf2"];
    all.extend(same);
    astraea(&all).code(2);
    assert!(dir.names().is_empty());
}

#[test]
fn the_demonstration() {
    let ran = astraea(&["demo"]).code(0);
    assert!(
        ran.stdout.contains("15 chunks, proven over gf2"),
        "{}",
        ran.stdout
    );
    let dir = Folder::new();
    let message = dir.file("message");
    fs::write(&message, "abc").unwrap();
    let json = astraea(&["demo", &message, "--threads", "1", "--json"])
        .code(0)
        .json();
    let digest = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
    assert_eq!(json["digests"], serde_json::json!([digest]));
    astraea(&["demo", &dir.file("absent")]).code(2);
}
