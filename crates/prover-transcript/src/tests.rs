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
    t.absorb("protocol", b"astraea-gkr-1");
    states.push(hex(&t.state()));
    t.absorb("empty", b"");
    states.push(hex(&t.state()));
    assert_eq!(
        draw(&mut t, "challenge", 48),
        "cfd8dad55e97ad6f64d9e234f57e44314db62168bb86dd6f8157c59efab36ad5267b8fb5176aaddc64ddf540c6c6eef8"
    );
    states.push(hex(&t.state()));
    assert_eq!(draw(&mut t, "none", 0), "");
    states.push(hex(&t.state()));
    let long: Vec<u8> = (0..100).flat_map(|_| 0..200u8).collect();
    t.absorb("round", &long);
    states.push(hex(&t.state()));
    assert_eq!(
        draw(&mut t, "coefficients", 65),
        "36463948a1daf9c208584454a42264afbaed84a01cb2d143e1d4518e43bc5d7ee83d1eddf2aedef5b605312e288174272cf350c9bd6ed18ee65492c4953cc8ebe4"
    );
    states.push(hex(&t.state()));
    assert_eq!(
        states,
        [
            "a9901cbabfa0fc36cc2ec41d0ad325a5f6a03b5331c318d2738e30cdc9d399be",
            "e8d056412f23e3c8270323758e09349ce835225951dd192c9a345e480256de05",
            "e7511c879fad5215cc3426e8cec02451bfff18b46312e2c4c76672de4c51e523",
            "c361e516aa72ed899287cf69f68b9de0a1951464074297d5fd12e0f1651fd589",
            "f688fbaccf1d6f9bc380c7951da13e81419ddd95b1795afc1798f1b99af16469",
            "f94ccc39ebf9c1d187a107ca95f3ed14a35a7ff0b2474c35071f8259ab626e53",
            "935cb9806d3d01657b2e5a1b2759e53ace53a9754bcce8edbffd4b53c3543098",
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
            assert_eq!(out, squeezed[..2 * data.len()]);
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
        let coefficients = [1_259_607_500, 1_244_468_960, 1_378_737_986];
        encoded(&coefficients.map(M31::from_u64))
    });
    let goldilocks: Vec<GoldilocksExt2> = recorder.challenges("challenge", 2);
    assert_eq!(encoded(&goldilocks), {
        let first = [15_887_986_144_921_735_652, 4_151_664_122_719_144_582];
        let second = [1_232_679_764_240_248_169, 215_148_171_056_446_390];
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
        "b8d7e2c6d073385e36734a1c2946d95efc55b9ff6456c66ce5652cc7060e0603"
    );
    let bits: Vec<Gf2> = recorder.challenges("coefficients", 5);
    assert_eq!(encoded(&bits), [1, 0, 0, 1, 0]);
    let none: Vec<Gf2> = recorder.challenges("coefficients", 0);
    assert_eq!(none, []);
    let gf2: Gf2e128 = recorder.challenge("challenge");
    assert_eq!(hex(&encoded(&[gf2])), "b65c8d2b996cc6411afe1905e26cb345");

    let (inner, draws) = recorder.into_parts();
    assert_eq!(
        hex(&inner.state()),
        "d4004a3e6d83e242bd4730a688a5ce876337fd8f8d498e7cf37985560e4ef17d"
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
