//! What is proven verifies, by every route to the same bytes.

use std::fs;

use crate::support::{FIXTURES, Folder, astraea, fixture, prove, verify};

#[test]
fn prove_and_verify() {
    for (folder, field, instances, _) in FIXTURES {
        let dir = Folder::new();
        let out = dir.file("proof");
        let report = prove(folder, "witness.txt.xz", &out, &["--json"])
            .code(0)
            .json();
        assert_eq!(report["field"], field);
        assert_eq!(report["instances"], instances);
        assert_eq!(report["in_flight"], 1);
        assert_eq!(report["backend"], "cpu");
        assert!(
            report["backend_reason"]
                .as_str()
                .unwrap()
                .starts_with("auto")
        );
        assert_eq!(
            (&report["window"], &report["longest_window"]),
            (&1.into(), &1.into())
        );
        assert_eq!(report["runs"], 1);
        assert!(report["prove_ms_median"].as_f64().unwrap() > 0.0);
        assert_eq!(report["proof_bytes"], fs::metadata(&out).unwrap().len());
        for key in ["threads", "num_vars", "peak_bytes"] {
            assert!(report[key].as_u64().unwrap() > 0, "{key}");
        }
        assert!(report["soundness_bits"].as_f64().unwrap() > 75.0);
        assert!(
            report["ops_by_backend"]["cpu"]["round_evaluate"]
                .as_u64()
                .unwrap()
                > 0
        );
        for phase in [
            "prepare_phase_one",
            "prepare_phase_two",
            "round_evaluate",
            "fold",
            "fiat_shamir",
            "transfer",
            "other",
        ] {
            assert!(report["phases"][phase].is_u64(), "{phase}");
        }
        assert_eq!(dir.names(), ["proof"], "only the proof is left");

        let verified = verify(folder, &out, &["--json"]).code(0).json();
        assert_eq!(verified["valid"], true);
        assert_eq!(
            (&verified["backend"], &verified["threads"]),
            (&"host".into(), &1.into())
        );
        assert_eq!(verified["soundness_bits"], report["soundness_bits"]);
        assert!(verified["verify_ms_median"].as_f64().unwrap() > 0.0);
        assert_eq!(verified["instances"], instances);
        assert_eq!(verified["public_source"], "proof");
        assert_eq!(
            verified["public"].as_array().unwrap().len() as u64,
            instances
        );
    }
}

#[test]
fn every_route_gives_the_same_bytes() {
    for (folder, ..) in FIXTURES {
        let dir = Folder::new();
        let first = dir.file("first");
        prove(folder, "witness.txt.xz", &first, &["--backend", "cpu"]).code(0);
        let routes: [&[&str]; 5] = [
            &["--threads", "2", "--window", "2", "--hand-off", "off"],
            &["--threads", "1", "--window", "3"],
            &["--hand-off", "4", "--window", "2"],
            &["--backend", "reference"],
            &["--backend", "reference", "--hand-off", "3"],
        ];
        for route in routes {
            let other = dir.file("other");
            prove(folder, "witness.txt.xz", &other, route).code(0);
            assert!(
                fs::read(&first).unwrap() == fs::read(&other).unwrap(),
                "{folder} {route:?}"
            );
        }
    }
}

#[test]
fn text_for_people() {
    let (folder, ..) = FIXTURES[1];
    let dir = Folder::new();
    let out = dir.file("proof");
    let ran = prove(folder, "witness.txt.xz", &out, &["--profile"]).code(0);
    assert!(
        ran.stdout.contains("proved 8 instances over gf2"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("prepare_phase_one"), "{}", ran.stdout);
    let ran = verify(folder, &out, &[]).code(0);
    assert!(
        ran.stdout.starts_with("valid: 8 instances over gf2"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("taken from the proof"),
        "{}",
        ran.stdout
    );
    // 8 instances of 112 values: of each line the first 16.
    assert_eq!(
        ran.stdout.matches("... and 96 more").count(),
        8,
        "{}",
        ran.stdout
    );
    // With --json the tables go to stderr.
    let ran = prove(folder, "witness.txt.xz", &out, &["--profile", "--json"]).code(0);
    ran.json();
    assert!(ran.stderr.contains("prepare_phase_one"), "{}", ran.stderr);
}

#[test]
fn public_inputs_from_a_file() {
    let (folder, ..) = FIXTURES[0];
    let dir = Folder::new();
    let out = dir.file("proof");
    prove(folder, "witness.txt.xz", &out, &[]).code(0);
    let public = fixture(folder, "witness.txt.xz");
    let verified = verify(folder, &out, &["--public", &public, "--json"])
        .code(0)
        .json();
    assert_eq!(verified["public_source"], "file");
    assert!(verified.get("public").is_none());

    let from_proof = verify(folder, &out, &["--json"]).code(0).json();
    let mut json = serde_json::json!({"public": from_proof["public"]});
    let file = dir.file("public.json");
    fs::write(&file, json.to_string()).unwrap();
    verify(folder, &out, &["--public", &file]).code(0);
    json["public"][3][0] = "12345".into();
    fs::write(&file, json.to_string()).unwrap();
    let ran = verify(folder, &out, &["--public", &file]).code(1);
    assert!(
        ran.stderr.contains("instance 3: public input 0"),
        "{}",
        ran.stderr
    );
    // Another number of instances is another statement, and neither file's fault.
    let instances = json["public"].as_array_mut().unwrap();
    instances.pop();
    fs::write(&file, json.to_string()).unwrap();
    let ran = verify(folder, &out, &["--public", &file]).code(1);
    for part in ["public.json", "about 16 instances", "about 15"] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    for (text, place) in [
        ("{\"public\": [], \"public\": [[1]]}", 13),
        ("{\"public\": [[\"007\", 1]]}", 12),
        ("\u{feff}{\"public\": [[1]]}", 0),
        ("{\"public\": 1}", 0),
        ("[[1]]", 0),
        ("{\"public\": [\n[1,, 2]]}", 16),
    ] {
        fs::write(&file, text).unwrap();
        let ran = verify(folder, &out, &["--public", &file]).code(2);
        let expected = format!("public.json: byte {place}: ");
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    }
}

/// `verify` shows what was proven: public inputs and claimed outputs of every instance.
#[test]
fn verify_shows_the_claimed_outputs() {
    let dir = Folder::new();
    let (circuit, witness, proof) = (dir.file("c"), dir.file("w"), dir.file("p"));
    let build = "gallery build matmul --field m31 --size 8 --instances 3 --out";
    let mut args: Vec<&str> = build.split(' ').collect();
    args.extend([&*circuit, "--witness-out", &witness]);
    astraea(&args).code(0);
    let files = ["--circuit", &circuit, "--witness", &witness];
    astraea(&[&["prove"], &files[..], &["--out", &proof]].concat()).code(0);
    let verify = ["verify", "--circuit", &circuit, "--proof", &proof];
    let json = astraea(&[&verify[..], &["--json"]].concat()).code(0).json();
    assert_eq!(json["public"], serde_json::json!([[], [], []]));
    let outputs = json["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), 3);
    for instance in outputs {
        assert_eq!(instance.as_array().unwrap().len(), 64);
    }
    let text = astraea(&verify).code(0).stdout;
    let first = outputs[1][0].as_str().unwrap();
    assert!(text.contains(&format!("instance 1: {first} ")), "{text}");
    assert!(text.contains("... and 48 more"), "{text}");
    // Without public inputs the number of instances still has to be the same.
    let public = dir.file("public.json");
    for (file, code) in [("{\"public\": [[], [], []]}", 0), ("{\"public\": [[]]}", 1)] {
        fs::write(&public, file).unwrap();
        astraea(&[&verify[..], &["--public", &public]].concat()).code(code);
    }
}

#[test]
fn check_names_what_is_violated() {
    for (folder, _, instances, bad) in FIXTURES {
        let circuit = fixture(folder, "circuit.txt.xz");
        for coefs in ["base", "challenge"] {
            let check = |witness: &str| {
                let witness = fixture(folder, witness);
                astraea(&[
                    "check",
                    "--circuit",
                    &circuit,
                    "--witness",
                    &witness,
                    "--random-coefs",
                    coefs,
                    "--json",
                ])
            };
            let good = check("witness.txt.xz").code(0).json();
            assert_eq!(good["violations"], serde_json::json!([]));
            assert_eq!(good["instances"], instances);
            let found = check("witness_bad.txt.xz").code(1).json();
            let violations = found["violations"].as_array().unwrap();
            assert!(!violations.is_empty());
            assert!(
                violations.iter().all(|v| v["instance"] == bad),
                "{violations:?}"
            );
            assert!(
                violations.iter().all(|v| v["output"].is_u64()),
                "{violations:?}"
            );
        }
    }
}

#[test]
fn convert_keeps_the_digest_and_tune_the_meaning() {
    for (folder, field, ..) in FIXTURES {
        let dir = Folder::new();
        let (from, to) = (fixture(folder, "circuit.txt.xz"), dir.file("circuit"));
        astraea(&["convert", "--circuit", &from, "--out", &to]).code(0);
        let before = astraea(&["inspect", &from, "--json"]).code(0).json();
        let after = astraea(&["inspect", &to, "--json"]).code(0).json();
        assert_eq!(before, after);
        assert_eq!(before["field"], field);
        assert_eq!(before["digest"].as_str().unwrap().len(), 64);
        let wires: u64 = before["fan_in"]
            .as_array()
            .unwrap()
            .iter()
            .map(|class| class["wires"].as_u64().unwrap())
            .sum();
        let inputs = before["num_inputs"].as_u64().unwrap();
        assert_eq!(wires + inputs, before["num_wires"].as_u64().unwrap());

        let tuned = dir.file("tuned");
        astraea(&["convert", "--circuit", &from, "--out", &tuned, "--tune"]).code(0);
        let (witness, proof) = (fixture(folder, "witness.txt.xz"), dir.file("proof"));
        let circuit = ["--circuit", &tuned];
        let prove = [
            "prove",
            circuit[0],
            circuit[1],
            "--witness",
            &witness,
            "--out",
            &proof,
        ];
        astraea(&prove).code(0);
        astraea(&["verify", circuit[0], circuit[1], "--proof", &proof]).code(0);
    }
}

#[test]
fn inspect_for_people() {
    let circuit = fixture("consts_pub_m31", "circuit.txt.xz");
    let ran = astraea(&["inspect", &circuit]).code(0);
    for part in ["m31", "1229 mul", "112 public", "fan-in", "2^9"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
}
