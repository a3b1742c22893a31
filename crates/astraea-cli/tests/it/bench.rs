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
                "threads",
                "window",
                "in_flight",
            ];
            positive(&json, &keys);
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
    astraea(&["bench", "sumcheck", "--field", "m31", "--num-vars", "31"]).code(2);
    let absent = [
        "bench",
        "sumcheck",
        "--field",
        "m31",
        "--num-vars",
        "4",
        "--backend",
        "cuda",
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
                positive(&json, &["ns_per_point_median", "ns_per_point_min"]);
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
                "verify_ms_median",
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
