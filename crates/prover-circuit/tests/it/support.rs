//! A writer of CIRCUIT6 files, and deterministic numbers.

use prover_circuit::fields::modulus;
use prover_circuit::generator::SplitMix64;
use prover_core::{Field, FieldId};

/// Numbers of a seed.
pub(crate) struct Rng(SplitMix64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn element<B: Field>(&mut self) -> B {
        let bytes: Vec<u8> = (0..B::UNIFORM_BYTES).map(|_| self.next() as u8).collect();
        B::from_uniform(&bytes)
    }

    pub(crate) fn elements<B: Field>(&mut self, len: usize) -> Vec<B> {
        (0..len).map(|_| self.element()).collect()
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Coef {
    Constant(u64),
    Random,
    Public(u64),
}

#[derive(Clone, Default)]
pub(crate) struct Segment {
    pub(crate) input_len: u64,
    pub(crate) output_len: u64,
    pub(crate) children: Vec<(u64, Vec<(u64, u64)>)>,
    pub(crate) muls: Vec<(u64, u64, u64, Coef)>,
    pub(crate) adds: Vec<(u64, u64, Coef)>,
    pub(crate) consts: Vec<(u64, Coef)>,
    pub(crate) unis: Vec<(u64, u64, u64, Coef)>,
}

impl Segment {
    pub(crate) fn new(input_len: u64, output_len: u64) -> Self {
        Self {
            input_len,
            output_len,
            ..Self::default()
        }
    }
}

/// A file as Expander writes it; `muls` are `(x, y, z, c)`, `adds` `(x, z, c)`, `consts` `(z, c)`,
/// `unis` `(type, x, z, c)`.
#[derive(Clone)]
pub(crate) struct Circuit6 {
    pub(crate) field: FieldId,
    pub(crate) public: u64,
    pub(crate) outputs: u64,
    pub(crate) zeros: u64,
    pub(crate) segments: Vec<Segment>,
    pub(crate) layers: Vec<u64>,
}

impl Circuit6 {
    pub(crate) fn new(field: FieldId, segments: Vec<Segment>, layers: Vec<u64>) -> Self {
        Self {
            field,
            public: 0,
            outputs: 1,
            zeros: 0,
            segments,
            layers,
        }
    }

    pub(crate) fn bytes<B: Field>(&self) -> Vec<u8> {
        let mut out = b"CIRCUIT6".to_vec();
        out.extend(modulus(self.field));
        put(
            &mut out,
            &[
                self.public,
                self.outputs,
                self.zeros,
                self.segments.len() as u64,
            ],
        );
        for s in &self.segments {
            put(
                &mut out,
                &[s.input_len, s.output_len, s.children.len() as u64],
            );
            for (id, places) in &s.children {
                put(&mut out, &[*id, places.len() as u64]);
                places.iter().for_each(|&(i, o)| put(&mut out, &[i, o]));
            }
            put(&mut out, &[s.muls.len() as u64]);
            for &(x, y, z, c) in &s.muls {
                put(&mut out, &[x, y, z]);
                coef::<B>(&mut out, c);
            }
            put(&mut out, &[s.adds.len() as u64]);
            for &(x, z, c) in &s.adds {
                put(&mut out, &[x, z]);
                coef::<B>(&mut out, c);
            }
            put(&mut out, &[s.consts.len() as u64]);
            for &(z, c) in &s.consts {
                put(&mut out, &[z]);
                coef::<B>(&mut out, c);
            }
            put(&mut out, &[s.unis.len() as u64]);
            for &(kind, x, z, c) in &s.unis {
                put(&mut out, &[kind, 1, x, z]);
                coef::<B>(&mut out, c);
            }
        }
        put(&mut out, &[self.layers.len() as u64]);
        put(&mut out, &self.layers);
        out
    }
}

fn put(out: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|n| out.extend(n.to_le_bytes()));
}

fn coef<B: Field>(out: &mut Vec<u8>, coef: Coef) {
    match coef {
        Coef::Constant(c) => {
            out.push(1);
            B::from_u64(c).encode(out);
        }
        Coef::Random => out.push(2),
        Coef::Public(i) => {
            out.push(3);
            put(out, &[i]);
        }
    }
}
