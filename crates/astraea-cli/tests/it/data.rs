//! The Keccak circuits in the folder that `ASTRAEA_DATA` names.

use std::path::PathBuf;

use crate::support::{Folder, astraea};

/// The folder; without it the test is skipped, or fails if it is required.
fn data() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("ASTRAEA_DATA") {
        return Some(folder.into());
    }
    let required = std::env::var("ASTRAEA_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|word| word.trim() == "data"),
        "ASTRAEA_REQUIRE names data, but ASTRAEA_DATA is not set"
    );
    eprintln!("SKIPPED: ASTRAEA_DATA is not set, the Keccak circuits are not proven");
    None
}

#[test]
fn keccak_files() {
    let Some(folder) = data() else {
        return;
    };
    for (name, instances) in [("keccak_gf2", 8), ("keccak_m31", 16), ("keccak_bn254", 1)] {
        let dir = Folder::new();
        let file = |end: &str| {
            folder
                .join(format!("{name}.{end}"))
                .to_str()
                .unwrap()
                .to_owned()
        };
        let (circuit, witness, proof) = (file("circuit.xz"), file("witness"), dir.file("proof"));
        let input = ["--circuit", &circuit];
        let prove = [
            "prove",
            input[0],
            input[1],
            "--witness",
            &witness,
            "--out",
            &proof,
            "--json",
        ];
        let report = astraea(&prove).code(0).json();
        assert_eq!(report["instances"], instances);
        let verify = ["verify", input[0], input[1], "--proof", &proof, "--json"];
        assert_eq!(astraea(&verify).code(0).json()["valid"], true);
    }
}
