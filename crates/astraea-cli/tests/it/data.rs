//! The circuits in the folder that `ASTRAEA_DATA` names.

use std::fs;
use std::io::Write;
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
    // Past the test harness, which shows what passing tests print to nobody.
    let line = "SKIPPED: ASTRAEA_DATA is not set, its circuits are not proven\n";
    std::io::stderr().write_all(line.as_bytes()).unwrap();
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

/// Every folder with a bad witness: `check` names the instance of `info.json`, `prove` refuses it.
#[test]
fn folders_with_a_bad_witness() {
    let Some(folder) = data() else {
        return;
    };
    let mut folders = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let bad = file("witness_bad.txt.xz");
        // Files of the folder have no files in them.
        let Ok(true) = fs::exists(&bad) else {
            continue;
        };
        folders += 1;
        let info = fs::read_to_string(file("info.json")).unwrap();
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        let (dir, circuit) = (Folder::new(), file("circuit.txt.xz"));
        let (good, proof) = (file("witness.txt.xz"), dir.file("proof"));
        let check = ["check", "--circuit", &circuit, "--json", "--witness"];
        let prove = [
            "prove",
            "--circuit",
            &circuit,
            "--out",
            &proof,
            "--json",
            "--witness",
        ];
        for command in [&check[..], &prove[..]] {
            let json = astraea(&[command, &[&bad]].concat()).code(1).json();
            let violations = json["violations"].as_array().unwrap();
            assert!(!violations.is_empty());
            for violation in violations {
                assert_eq!(violation["instance"], info["bad"]["witness"], "{circuit}");
                assert!(violation["output"].is_u64(), "{circuit}");
            }
        }
        assert!(dir.names().is_empty(), "nothing is written");
        astraea(&[&check[..], &[&good]].concat()).code(0);
        astraea(&[&prove[..], &[&good]].concat()).code(0);
        let verify = ["verify", "--circuit", &circuit, "--proof", &proof];
        astraea(&verify).code(0);
    }
    assert!(folders > 0, "no folder with a bad witness");
}
