//! Expected values come from Python's `hashlib`, or from the formulas of the protocol's section 6.

use prover_core::Field;
use prover_fields::{Bn254, Gf2, Gf2e128, Goldilocks, GoldilocksExt2, M31, M31Ext3};
use sha2::{Digest, Sha256};

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Draws `len` bytes as hexadecimal digits.
fn draw(t: &mut impl Transcript, label: &'static str, len: usize) -> String {
    let mut out = vec![0; len];
    t.draw(label, &mut out);
    hex(&out)
}

#[test]
fn chain_matches_the_specification() {
    let mut t = Sha256Transcript::new();
    let mut states = vec![hex(&t.state())];
    t.absorb("protocol", b"astraea-gkr-2");
    states.push(hex(&t.state()));
    t.absorb("empty", b"");
    states.push(hex(&t.state()));
    assert_eq!(
        draw(&mut t, "challenge", 48),
        "17a34460d4b3097b2c8da79b0de4c6593ab1b254dd6de3e351ae8abdef22e5f96c279b9d4caeeefcad88d6a235f94b12"
    );
    states.push(hex(&t.state()));
    assert_eq!(draw(&mut t, "none", 0), "");
    states.push(hex(&t.state()));
    let long: Vec<u8> = (0..100).flat_map(|_| 0..200u8).collect();
    t.absorb("round", &long);
    states.push(hex(&t.state()));
    assert_eq!(
        draw(&mut t, "coefficients", 65),
        "d86a520d70122d4b53cc9418f0e93688f24ac4739afa580ef5c6938c7295474c78790f155b0dd8c909c807ae50bd631e89ae82b56ce6761627ce54f0510c18f3ae"
    );
    states.push(hex(&t.state()));
    assert_eq!(
        states,
        [
            "56ef915212be800c5dd20a87e83e8262a9ef74f51b669471bde8fd2d81b97d65",
            "32a01345ad6fe0c0e1b204ce3c2fb07fb59f497bca7a161742ef00c767e801b6",
            "b6a32ba8e4eda9b2e25616f5e3d9824fe7b0dbe7d71add3c88c1f5a95a446754",
            "17a34460d4b3097b2c8da79b0de4c6593ab1b254dd6de3e351ae8abdef22e5f9",
            "3d43f69f792b5056efef5dae2a5b38667739cb6d78b68a33a903e91d20f1a71d",
            "8f296d4c2ca50b9ce305399f23ad2a0884c9397519516b65d906dac204d532ed",
            "d86a520d70122d4b53cc9418f0e93688f24ac4739afa580ef5c6938c7295474c",
        ]
    );
}

#[test]
fn pieces_do_not_matter_but_boundaries_do() {
    let (mut whole, mut pieces) = (Sha256Transcript::new(), Sha256Transcript::new());
    whole.absorb("a", b"bcd");
    pieces.absorb_stream("a", 3, &mut |sink| {
        sink(b"b");
        sink(b"");
        sink(b"cd");
    });
    assert_eq!(whole.state(), pieces.state());
    let mut other = Sha256Transcript::new();
    other.absorb("ab", b"cd");
    assert_ne!(whole.state(), other.state());
    let mut two = Sha256Transcript::new();
    two.absorb("a", b"bc");
    two.absorb("a", b"d");
    assert_ne!(whole.state(), two.state());
}

#[test]
#[should_panic(expected = "absorbed bytes do not fit the length")]
fn a_wrong_length_panics() {
    Sha256Transcript::new().absorb_stream("a", 3, &mut |sink| sink(b"bc"));
}

/// A label of so many letters.
fn label(len: usize) -> &'static str {
    Box::leak("label".chars().cycle().take(len).collect())
}

#[test]
fn lengths_on_both_sides_of_a_block_and_of_the_short_hash_are_those_of_the_specification() {
    for len in [0, 1, 9, 13, 77, 78, 205, 206, 255] {
        let label = label(len);
        for data in [0, 1, 24, 63, 64, 65, 200, 206, 300] {
            let data = vec![7; data];
            let mut t = Sha256Transcript::new();
            let message = |kind: u8, state: [u8; 32], number: usize| {
                let mut message = state.to_vec();
                message.extend([kind, len as u8]);
                message.extend(label.bytes());
                message.extend((number as u64).to_le_bytes());
                message
            };
            let absorbed = [&message(0, t.state(), data.len())[..], &data].concat();
            t.absorb(label, &data);
            assert_eq!(hex(&t.state()), hex(&Sha256::digest(&absorbed)));
            let drawn = Sha256::digest(message(1, t.state(), data.len()));
            let out = draw(&mut t, label, data.len());
            assert_eq!(hex(&t.state()), hex(&drawn));
            let squeezed: String = (0u32..10)
                .map(|counter| [&drawn[..], &[2], &counter.to_le_bytes()].concat())
                .map(|input| hex(&Sha256::digest(input)))
                .collect();
            let all = hex(&drawn) + &squeezed;
            assert_eq!(out, all[..2 * data.len()]);
        }
    }
}

#[test]
#[should_panic(expected = "absorbed bytes do not fit the length")]
fn too_many_bytes_panic() {
    Sha256Transcript::new().absorb_stream("a", 3, &mut |sink| sink(&[0; 500]));
}

#[test]
fn recorder_is_transparent() {
    let (mut plain, mut recorder) = (
        Sha256Transcript::new(),
        Recorder::new(Sha256Transcript::new()),
    );
    plain.absorb("a", b"b");
    recorder.absorb("a", b"b");
    let drawn = draw(&mut plain, "c", 40);
    assert_eq!(drawn, draw(&mut recorder, "c", 40));
    assert_eq!(recorder.draws().len(), 1);
    assert_eq!(recorder.draws()[0].label, "c");
    assert_eq!(hex(&recorder.draws()[0].bytes), drawn);
    assert_eq!(recorder.into_parts().0.state(), plain.state());
}

#[test]
fn elements_are_cut_and_reduced_as_specified() {
    let mut recorder = Recorder::new(Sha256Transcript::new());
    // 20000 bytes: more than one piece.
    let elements: Vec<M31> = (0..5000).map(M31::from_u64).collect();
    recorder.absorb_elements("round", &elements);
    let m31: M31Ext3 = recorder.challenge("challenge");
    assert_eq!(encoded(&[m31]), {
        let coefficients = [1_881_301_825, 262_687_125, 1_056_308_997];
        encoded(&coefficients.map(M31::from_u64))
    });
    let goldilocks: Vec<GoldilocksExt2> = recorder.challenges("challenge", 2);
    assert_eq!(encoded(&goldilocks), {
        let first = [10_369_216_854_085_903_491, 11_062_616_304_458_556_520];
        let second = [12_479_344_096_691_664_922, 12_053_430_228_725_116_390];
        encoded(
            &[first, second]
                .concat()
                .into_iter()
                .map(Goldilocks::from_u64)
                .collect::<Vec<_>>(),
        )
    });
    let bn254: Bn254 = recorder.challenge("challenge");
    assert_eq!(
        hex(&encoded(&[bn254])),
        "b9849bbcf28afc033b3697fcb9f880c27ef914cfb4905e57a81ca673b1f4550b"
    );
    let bits: Vec<Gf2> = recorder.challenges("coefficients", 5);
    assert_eq!(encoded(&bits), [0, 1, 1, 1, 0]);
    let none: Vec<Gf2> = recorder.challenges("coefficients", 0);
    assert_eq!(none, []);
    let gf2: Gf2e128 = recorder.challenge("challenge");
    assert_eq!(hex(&encoded(&[gf2])), "297b791a2acb190e12f73a00fe4eb358");

    let (inner, draws) = recorder.into_parts();
    assert_eq!(
        hex(&inner.state()),
        "297b791a2acb190e12f73a00fe4eb358fdfe793dbc98a1eee2668b85cf9ab354"
    );
    let labels: Vec<&str> = draws.iter().map(|draw| draw.label).collect();
    assert_eq!(
        labels,
        [
            "challenge",
            "challenge",
            "challenge",
            "coefficients",
            "challenge"
        ]
    );
    assert_eq!(draws[0].elements::<M31Ext3>(), [m31]);
    assert_eq!(draws[3].elements::<Gf2>(), bits);
}

fn encoded<F: Field>(elements: &[F]) -> Vec<u8> {
    let mut out = Vec::new();
    elements.iter().for_each(|e| e.encode(&mut out));
    out
}
