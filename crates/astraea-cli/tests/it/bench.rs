//! Benchmarks run, and their JSON has the keys that scripts rely on.

use serde_json::Value;

use crate::support::{FIXTURES, astraea, fixture};

const FIELDS: [&str; 4] = ["bn254", "m31", "gf2", "goldilocks"];

#[track_caller]
fn positive(json: &Value, keys: &[&str]) {
    for key in keys {
        assert!(json[key].as_f64().is_some_and(|n| n > 0.0), "{key}: {json}");
    }
}

#[test]
fn sumchecks() {
    for field in FIELDS {
        for more in [
            &["--in-flight", "1"][..],
            &["--base", "--in-flight", "3", "--window", "2"],
        ] {
            let mut args = vec!["bench", "sumcheck", "--field", field, "--num-vars", "6"];
            args.extend(["--runs", "2", "--json"]);
            args.extend(more);
            let json = astraea(&args).code(0).json();
            let keys = [
                "ns_per_point_median",
                "ns_per_point_min",
                "ns_per_point_max",
                "prove_ms_median",
                "proofs_per_s",
                "soundness_bits",
                "peak_bytes",
                "measured_peak_bytes",
                "threads",
                "window",
                "longest_window",
                "in_flight",
            ];
            positive(&json, &keys);
            let bytes = |key: &str| json[key].as_u64().unwrap();
            assert!(bytes("measured_peak_bytes") <= bytes("peak_bytes"));
            assert_eq!(json["base"], more[0] == "--base");
            assert_eq!(json["field"], field);
            assert_eq!(json["num_vars"], 6);
            assert_eq!(json["runs"], 2);
            assert!(json["phases"]["other"].is_u64());
            assert!(json["ops_by_backend"]["cpu"]["round_evaluate"].is_u64());
        }
    }
    for vars in ["0", "1"] {
        astraea(&["bench", "sumcheck", "--field", "m31", "--num-vars", vars]).code(0);
    }
    astraea(&["bench", "sumcheck", "--field", "m32", "--num-vars", "4"]).code(2);
    astraea(&["bench", "sumcheck", "--field", "m31", "--num-vars", "41"]).code(2);
    let absent = [
        "bench",
        "sumcheck",
        "--field",
        "m31",
        "--num-vars",
        "4",
        "--backend",
        "wgpu",
    ];
    astraea(&absent).code(3);
}

#[test]
fn layers() {
    for field in FIELDS {
        for gates in ["mul", "add"] {
            for wiring in ["local", "random"] {
                let json = astraea(&[
                    "bench",
                    "layer",
                    "--field",
                    field,
                    "--num-vars",
                    "5",
                    "--wiring",
                    wiring,
                    "--gates",
                    gates,
                    "--in-flight",
                    "2",
                    "--runs",
                    "1",
                    "--json",
                ])
                .code(0)
                .json();
                let keys = ["ns_per_point_median", "ns_per_point_min", "soundness_bits"];
                positive(&json, &keys);
                assert_eq!(json["instances"], 1);
                assert_eq!(json["base"], true);
                assert_eq!(json["wiring"], wiring);
                assert_eq!(json["gates"], gates);
            }
        }
    }
}

#[test]
fn whole_proofs() {
    for (folder, field, instances, _) in FIXTURES {
        let circuit = fixture(folder, "circuit.txt.xz");
        let witness = fixture(folder, "witness.txt.xz");
        let bench = |more: &[&str]| {
            let mut args = vec!["bench", "gkr", "--circuit", &circuit, "--witness", &witness];
            args.extend(["--runs", "2", "--json"]);
            args.extend(more);
            astraea(&args).code(0).json()
        };
        let json = bench(&[]);
        assert_eq!(json["field"], field);
        assert_eq!(json["instances"], instances);
        positive(
            &json,
            &[
                "prove_ms_median",
                "prove_ms_max",
                "verify_ms_median",
                "verify_ms_min",
                "verify_ms_max",
                "proofs_per_s",
                "proof_bytes",
                "peak_bytes",
                "soundness_bits",
                "runs",
                "in_flight",
            ],
        );
        let more = bench(&[
            "--instances",
            "3",
            "--in-flight",
            "2",
            "--random-coefs",
            "base",
        ]);
        assert_eq!(
            (&more["instances"], &more["in_flight"]),
            (&3.into(), &2.into())
        );
        assert_eq!(bench(&["--instances", "17"])["instances"], 17);
    }
}

/// What cannot fit is refused before it is drawn, with or without a limit of the user's.
#[test]
fn too_many_variables() {
    let sumcheck = ["bench", "sumcheck", "--field", "m31", "--json"];
    let layer = [
        "bench", "layer", "--field", "m31", "--wiring", "local", "--json",
    ];
    let beyond: [(&[&str], &[&str]); 6] = [
        (&sumcheck, &["--num-vars", "40"]),
        (&sumcheck, &["--num-vars", "40", "--base"]),
        (&sumcheck, &["--num-vars", "34", "--max-memory", "8G"]),
        (&sumcheck, &["--num-vars", "20", "--max-memory", "1M"]),
        (&layer, &["--num-vars", "28", "--max-memory", "8G"]),
        (&layer, &["--num-vars", "20", "--max-memory", "1M"]),
    ];
    for (command, more) in beyond {
        let ran = astraea(&[command, more].concat()).code(3);
        assert!(ran.stderr.contains("are allowed"), "{}", ran.stderr);
        assert_eq!(ran.json()["kind"], "backend");
    }
}

/// Where the plan is allowed, but the memory is not there, that is said, too.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_not_there() {
    let sumcheck: &[&str] = &["bench", "sumcheck", "--num-vars", "34"];
    let layer: &[&str] = &["bench", "layer", "--wiring", "local", "--num-vars", "25"];
    for command in [sumcheck, layer] {
        let ran = std::process::Command::new("sh")
            .args(["-c", "ulimit -v 1048576 && exec \"$@\"", "sh"])
            .arg(env!("CARGO_BIN_EXE_astraea"))
            .args(command)
            .args([
                "--field",
                "m31",
                "--max-memory",
                "1000000G",
                "--json",
                "--threads",
                "1",
            ])
            .output()
            .unwrap();
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains("out of memory"), "{stderr}");
    }
}

/// `--base` is for tables; whole proofs have no such choice, and say so.
#[test]
fn base_where_it_has_a_meaning() {
    let (folder, ..) = FIXTURES[1];
    let circuit = fixture(folder, "circuit.txt.xz");
    let witness = fixture(folder, "witness.txt.xz");
    let gkr = ["bench", "gkr", "--circuit", &circuit, "--witness", &witness];
    let ran = astraea(&[&gkr[..], &["--base"]].concat()).code(2);
    assert!(ran.stderr.contains("--random-coefs"), "{}", ran.stderr);
    let layer = [
        "bench",
        "layer",
        "--field",
        "gf2",
        "--num-vars",
        "3",
        "--wiring",
        "local",
        "--base",
    ];
    astraea(&layer).code(0);
    // So many instances are refused before the file's witnesses are repeated.
    let many = ["--instances", "1048576", "--max-memory", "1G"];
    let ran = astraea(&[&gkr[..], &many].concat()).code(3);
    assert!(ran.stderr.contains("are allowed"), "{}", ran.stderr);
}

/// `longest_window` is what was done, not what was asked for.
#[test]
fn windows_that_were_used() {
    let sumcheck = [
        "bench",
        "sumcheck",
        "--field",
        "m31",
        "--num-vars",
        "4",
        "--json",
    ];
    for (asked, most) in [("1", 1), ("2", 2), ("16", 4)] {
        let json = astraea(&[&sumcheck[..], &["--window", asked]].concat())
            .code(0)
            .json();
        assert_eq!(json["window"].to_string(), asked);
        let used = json["longest_window"].as_u64().unwrap();
        assert!((1..=most).contains(&used), "{used}");
    }
}
