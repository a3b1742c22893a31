//! Exit codes: 1 invalid, 2 malformed or usage, 3 backend or memory.

use std::fs;

use astraea::circuits::format;
use astraea::circuits::model::CircuitParts;
use astraea::core::{CoefRef, LayerGates, MulGate};
use astraea::fields::M31;
use astraea::{Circuit, Field, FieldId};

use crate::support::{FIXTURES, Folder, astraea, fixture, prove, verify};

#[test]
fn a_violating_witness_is_not_proven() {
    for (folder, _, _, bad) in FIXTURES {
        let dir = Folder::new();
        let out = dir.file("proof");
        let ran = prove(folder, "witness_bad.txt.xz", &out, &["--json"]).code(1);
        let json = ran.json();
        assert_eq!(json["kind"], "invalid");
        assert_eq!(json["violations"][0]["instance"], bad);
        assert!(
            ran.stderr.contains(&format!("instance {bad}")),
            "{}",
            ran.stderr
        );
        assert!(dir.names().is_empty(), "nothing is written");
    }
}

#[test]
fn malformed_proofs_and_invalid_ones() {
    let (folder, ..) = FIXTURES[0];
    let dir = Folder::new();
    let (out, changed) = (dir.file("proof"), dir.file("changed"));
    prove(folder, "witness.txt.xz", &out, &[]).code(0);
    let proof = fs::read(&out).unwrap();
    for len in [0, 7, 60, 100, proof.len() / 2, proof.len() - 1] {
        fs::write(&changed, &proof[..len]).unwrap();
        let ran = verify(folder, &changed, &["--json"]).code(2);
        assert_eq!(ran.json()["kind"], "input");
        assert_eq!(ran.json()["valid"], false);
        assert_eq!(ran.json()["backend"], "host");
        assert!(ran.stderr.contains("changed: byte"), "{}", ran.stderr);
    }
    // The low bit of the last message element, and of a digest. The bits of soundness are known as
    // long as the proof is about this circuit.
    for (at, what, about_it) in [
        (proof.len() - 12, "layer 0", true),
        (30, "another circuit", false),
    ] {
        let mut bytes = proof.clone();
        bytes[at] ^= 1;
        fs::write(&changed, &bytes).unwrap();
        let ran = verify(folder, &changed, &["--json"]).code(1);
        let json = ran.json();
        assert_eq!(json["valid"], false);
        assert_eq!(json["soundness_bits"].is_f64(), about_it);
        assert_eq!(
            (&json["threads"], &json["min_bits"]),
            (&1.into(), &75.0.into())
        );
        assert!(json["verify_ms_median"].is_f64());
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
    let mut bytes = proof.clone();
    bytes.push(0);
    fs::write(&changed, &bytes).unwrap();
    verify(folder, &changed, &[]).code(2);
    verify(folder, &dir.file("absent"), &[]).code(2);
    let (other, ..) = FIXTURES[2];
    verify(other, &out, &[]).code(1);
}

#[test]
fn too_few_bits() {
    let (folder, ..) = FIXTURES[0];
    let dir = Folder::new();
    let out = dir.file("proof");
    prove(folder, "witness.txt.xz", &out, &["--random-coefs", "base"]).code(0);
    let ran = verify(folder, &out, &[]).code(1);
    assert!(ran.stderr.contains("bits of soundness"), "{}", ran.stderr);
    let bits = verify(folder, &out, &["--json"]).code(1).json()["soundness_bits"].clone();
    assert!(bits.as_f64().is_some_and(|bits| bits > 0.0 && bits < 75.0));
    verify(folder, &out, &["--min-bits", "30", "--threads", "2"]).code(0);
}

#[test]
fn malformed_circuits_and_witnesses() {
    let dir = Folder::new();
    let (out, circuit) = (dir.file("proof"), dir.file("circuit"));
    let (folder, ..) = FIXTURES[1];
    let (good, witness) = (
        fixture(folder, "circuit.txt.xz"),
        fixture(folder, "witness.txt.xz"),
    );
    astraea(&["convert", "--circuit", &good, "--out", &circuit]).code(0);
    let bytes = fs::read(&circuit).unwrap();
    let prove = |circuit: &str, witness: &str| {
        astraea(&[
            "prove",
            "--circuit",
            circuit,
            "--witness",
            witness,
            "--out",
            &out,
            "--json",
        ])
    };
    for len in [0, 8, 39, bytes.len() - 1] {
        let cut = dir.file("cut");
        fs::write(&cut, &bytes[..len]).unwrap();
        let ran = prove(&cut, &witness).code(2);
        assert!(ran.stderr.contains("cut: byte"), "{}", ran.stderr);
        assert_eq!(ran.json()["kind"], "input");
        astraea(&["inspect", &cut]).code(2);
        astraea(&[
            "convert",
            "--circuit",
            &cut,
            "--out",
            &dir.file("converted"),
        ])
        .code(2);
    }
    // Not xz, by its name.
    let fake = dir.file("fake.xz");
    fs::write(&fake, &bytes).unwrap();
    prove(&fake, &witness).code(2);
    // Nothing, or too little, by the same name.
    let packed = fs::read(&good).unwrap();
    for len in [0, 1, 12, packed.len() / 2, packed.len() - 1] {
        fs::write(&fake, &packed[..len]).unwrap();
        let ran = prove(&fake, &witness).code(2);
        assert!(
            ran.stderr.contains("the file ends") && ran.stderr.contains("expected valid xz"),
            "{len}: {}",
            ran.stderr
        );
    }
    // The witness of another field, and no witness at all.
    let other = fixture(FIXTURES[0].0, "witness.txt.xz");
    prove(&good, &other).code(2);
    prove(&good, &dir.file("absent")).code(2);
    prove(&good, &circuit).code(2);
    assert!(!fs::exists(&out).unwrap());
}

#[test]
fn usage() {
    astraea(&[]).code(2);
    astraea(&["prove"]).code(2);
    astraea(&["demolish"]).code(2);
    astraea(&["prove", "--backend", "abacus"]).code(2);
    let (folder, ..) = FIXTURES[1];
    let dir = Folder::new();
    let out = dir.file("proof");
    // A negative number is a wrong value, not another option.
    for (option, expected) in [
        ("--hand-off", "expected a number of variables, or off"),
        ("--window", "1..=16"),
        ("--threads", "1..=1024"),
        ("--max-memory", "expected bytes"),
    ] {
        let ran = prove(folder, "witness.txt.xz", &out, &[option, "-1"]).code(2);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
    let ran = verify(folder, &out, &["--min-bits", "-1"]).code(2);
    assert!(
        ran.stderr.contains("expected a number of bits"),
        "{}",
        ran.stderr
    );
    verify(folder, &out, &["--min-bits", "1e300"]).code(2);
    let bad: [&[&str]; 7] = [
        &["--backend", "abacus"],
        &["--window", "0"],
        &["--threads", "0"],
        &["--hand-off", "some"],
        &["--max-memory", "much"],
        &["--random-coefs", "both"],
        &["--fast"],
    ];
    for more in bad {
        prove(folder, "witness.txt.xz", &out, more).code(2);
    }
    prove(folder, "witness.txt.xz", &dir.file("proof.xz"), &[]).code(2);
    prove(
        folder,
        "witness.txt.xz",
        &dir.file("no/such/folder/proof"),
        &[],
    )
    .code(2);
    let help = astraea(&["--help"]).code(0);
    for command in ["prove", "verify", "check", "inspect", "convert", "bench"] {
        assert!(help.stdout.contains(command), "{command}");
    }
}

/// A thread more than the maximum is a usage error of every command that takes `--threads`.
#[test]
fn too_many_threads() {
    let sumcheck = ["bench", "sumcheck", "--field", "m31", "--num-vars", "4"];
    let layer = [
        "bench",
        "layer",
        "--field",
        "m31",
        "--num-vars",
        "4",
        "--wiring",
        "local",
    ];
    let commands: [&[&str]; 6] = [
        &["prove", "--circuit", "c", "--witness", "w", "--out", "p"],
        &["verify", "--circuit", "c", "--proof", "p"],
        &["demo"],
        &sumcheck,
        &layer,
        &["bench", "gkr", "--circuit", "c", "--witness", "w"],
    ];
    for command in commands {
        for threads in ["1025", "65535"] {
            let ran = astraea(&[command, &["--threads", threads]].concat()).code(2);
            assert!(ran.stderr.contains("1..=1024"), "{}", ran.stderr);
        }
    }
}

/// As many threads as the system starts, up to the maximum.
#[test]
fn verify_says_how_many_threads_worked() {
    let (folder, ..) = FIXTURES[0];
    let dir = Folder::new();
    let out = dir.file("proof");
    prove(folder, "witness.txt.xz", &out, &[]).code(0);
    for asked in [1, 2, 1024] {
        let threads = asked.to_string();
        let ran = verify(folder, &out, &["--threads", &threads, "--json"]).code(0);
        let worked = ran.json()["threads"].as_u64().unwrap();
        assert!((1..=asked).contains(&worked), "{worked} of {asked}");
    }
}

#[test]
fn tuning_a_wide_circuit_of_few_bytes_is_refused() {
    let constants = vec![M31::ONE];
    let layer = |input_vars, output_vars| LayerGates {
        input_vars,
        output_vars,
        constants: constants.clone(),
        muls: vec![MulGate {
            z: 0,
            x: 0,
            y: 0,
            coef: CoefRef::constant(0),
        }],
        adds: Vec::new(),
        consts: Vec::new(),
        asserts: Vec::new(),
    };
    let parts = CircuitParts {
        field: FieldId::M31,
        input_vars: 0,
        num_public: 0,
        num_outputs: 1,
        num_zero_outputs: 0,
        layers: vec![layer(0, 30), layer(30, 30), layer(30, 0)],
    };
    let file = format::encode(&Circuit::new(parts).unwrap());
    assert!(file.len() < 200);
    let dir = Folder::new();
    let (circuit, out) = (dir.file("circuit"), dir.file("tuned"));
    fs::write(&circuit, file).unwrap();
    let convert = ["convert", "--circuit", &circuit, "--out", &out, "--tune"];
    let ran = astraea(&[&convert[..], &["--max-memory", "8G"]].concat()).code(3);
    assert!(ran.stderr.contains("tuning needs"), "{}", ran.stderr);
    assert_eq!(dir.names(), ["circuit"]);
}

#[test]
fn an_output_never_replaces_an_input() {
    let (folder, ..) = FIXTURES[1];
    let dir = Folder::new();
    let circuit = dir.file("circuit");
    astraea(&[
        "convert",
        "--circuit",
        &fixture(folder, "circuit.txt.xz"),
        "--out",
        &circuit,
    ])
    .code(0);
    let before = fs::read(&circuit).unwrap();
    astraea(&[
        "convert",
        "--circuit",
        &circuit,
        "--out",
        &circuit,
        "--tune",
    ])
    .code(2);
    let witness = fixture(folder, "witness.txt.xz");
    astraea(&[
        "prove",
        "--circuit",
        &circuit,
        "--witness",
        &witness,
        "--out",
        &circuit,
    ])
    .code(2);
    assert!(before == fs::read(&circuit).unwrap());
    assert_eq!(dir.names(), ["circuit"]);
}

#[test]
fn absent_backends_and_too_little_memory() {
    let (folder, ..) = FIXTURES[0];
    let dir = Folder::new();
    let out = dir.file("proof");
    // Linked is only the one; a device of that number is on no machine.
    let absent = [
        ("wgpu", "0", "not linked"),
        ("cuda", "4096", "cuda is not available"),
        ("cuda", "the first", "cuda is not available"),
    ];
    for (backend, device, reason) in absent {
        let ran = prove(
            folder,
            "witness.txt.xz",
            &out,
            &["--backend", backend, "--device", device, "--json"],
        )
        .code(3);
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
        assert_eq!(ran.json()["kind"], "backend");
    }
    prove(folder, "witness.txt.xz", &out, &["--device", "7"]).code(3);
    for backend in ["cpu", "reference"] {
        for limit in ["1", "10K", "150000"] {
            let limited = ["--backend", backend, "--max-memory", limit];
            prove(folder, "witness.txt.xz", &out, &limited).code(3);
        }
        prove(
            folder,
            "witness.txt.xz",
            &out,
            &["--backend", backend, "--max-memory", "1G"],
        )
        .code(0);
    }
}

/// Results that cannot be written are an error; a reader that went away is none.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output() {
    use std::process::{Command, Stdio};
    for args in [
        &["gallery", "list"][..],
        &["gallery", "list", "--json"],
        &["--help"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_astraea"));
        let status = command
            .args(args)
            .stdout(full)
            .stderr(Stdio::null())
            .status();
        assert_eq!(status.unwrap().code(), Some(2), "{args:?}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_astraea"));
        let ran = command.args(args).stdout(writer).output().unwrap();
        assert_eq!(
            (ran.status.code(), ran.stderr),
            (Some(0), vec![]),
            "{args:?}"
        );
    }
}

#[test]
fn a_wrong_choice_of_logs() {
    for (logs, code) in [
        ("prover_gkr=loud", 2),
        ("info,prover_gkr=debug", 0),
        ("", 0),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_astraea"));
        let ran = command
            .args(["gallery", "list"])
            .env("ASTRAEA_LOG", logs)
            .output()
            .unwrap();
        assert_eq!(ran.status.code(), Some(code), "{logs}");
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(stderr.contains("ASTRAEA_LOG"), code == 2, "{stderr}");
    }
}

#[test]
fn an_error_names_its_place_in_the_head() {
    let dir = Folder::new();
    let (circuit, changed) = (dir.file("circuit"), dir.file("changed"));
    let (folder, ..) = FIXTURES[0];
    let good = fixture(folder, "circuit.txt.xz");
    astraea(&["convert", "--circuit", &good, "--out", &circuit]).code(0);
    for at in [32, 36] {
        let mut bytes = fs::read(&circuit).unwrap();
        bytes[at..at + 4].copy_from_slice(&[0xff; 4]);
        fs::write(&changed, &bytes).unwrap();
        let ran = astraea(&["inspect", &changed]).code(2);
        let expected = format!("changed: byte {at}: ");
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    }
}

/// What cannot be written is found out before the work, and leaves nothing behind.
#[test]
fn outputs_that_cannot_be_created() {
    let dir = Folder::new();
    let (good, bad) = (dir.file("good"), dir.file("no/such/folder"));
    fs::write(&good, "kept").unwrap();
    let build = ["gallery", "build", "keccak256", "--field", "gf2"];
    for (circuit, witness) in [(&good, &bad), (&bad, &good)] {
        let files = ["--out", &**circuit, "--witness-out", &**witness];
        astraea(&[&build[..], &files[..]].concat()).code(2);
        assert_eq!(dir.names(), ["good"]);
        assert_eq!(fs::read_to_string(&good).unwrap(), "kept");
    }
    // Before the circuit is looked for, too.
    let files = ["--circuit", "absent", "--witness", "absent", "--out"];
    for out in [&bad, &dir.file("")] {
        let ran = astraea(&[&["prove"], &files[..], &[out.as_str()]].concat()).code(2);
        assert!(!ran.stderr.contains("absent"), "{}", ran.stderr);
    }
}
