//! The CUDA kernels as text, composed per field.
//!
//! `kernels/` holds each piece once; a translation unit is a prelude of constants, derived from the
//! field's one specification, before them. What compiles it (NVRTC for PTX, the host's compiler for the
//! stand-in driver) and what launches it read the same constants from here.
//!
//! Absent on purpose: compilers, drivers, anything that runs.

#![forbid(unsafe_code)]

mod prelude;

use prover_core::round_poly::MAX_DEGREE;
use prover_fields::FieldSpec;

pub use prelude::prelude;

/// Threads of a block, in every kernel.
pub const BLOCK_THREADS: usize = 128;
/// Coordinates of the longer half of an eq point.
pub const MAX_HALF: usize = 16;
/// Variables that one fold binds at most.
pub const MAX_FOLDS: usize = 3;
/// Variables of the longest window.
pub const MAX_WINDOW: usize = 3;
/// Tables of a summand at most.
pub const MAX_TABLES: usize = 16;
/// Places of a round polynomial after 0, 1 and infinity.
pub const EXTRA_POINTS: usize = MAX_DEGREE - 2;

/// The pieces that all fields share before their arithmetic, and after it.
const COMMON: &str = include_str!("../../../kernels/common.cuh");
const KERNELS: [&str; 5] = [
    include_str!("../../../kernels/reduce.cuh"),
    include_str!("../../../kernels/eq.cu"),
    include_str!("../../../kernels/fold.cu"),
    include_str!("../../../kernels/round.cu"),
    include_str!("../../../kernels/layer.cu"),
];

/// How a field's elements lie in the device's memory, in 32-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The name of the arithmetic file, without its ending.
    pub form: &'static str,
    /// Words of an element of the challenge field.
    pub words: usize,
    /// Runs of words that a challenge-field table is stored in: one, or one per coefficient.
    pub planes: usize,
    /// Words that hold [`Layout::base_per_run`] elements of the base field.
    pub base_words: usize,
    /// Elements of the base field that share words.
    pub base_per_run: usize,
}

impl Layout {
    /// The longest window that has a kernel of its own for the product summand.
    pub const fn max_window(&self) -> usize {
        if self.words <= 4 { 3 } else { 2 }
    }

    /// The layout of a field.
    pub const fn of(spec: &FieldSpec) -> Self {
        use prover_fields::Form;
        let (form, words, planes, base_words, base_per_run) = match spec.form {
            Form::Montgomery => ("bn254", 8, 1, 8, 1),
            Form::Mersenne => ("m31_ext3", 3, 3, 1, 1),
            Form::Goldilocks => ("goldilocks_ext2", 4, 1, 2, 1),
            Form::Binary => ("gf2_128", 4, 1, 1, 32),
        };
        Self {
            form,
            words,
            planes,
            base_words,
            base_per_run,
        }
    }
}

/// The arithmetic file of a field.
fn arithmetic(spec: &FieldSpec) -> &'static str {
    use prover_fields::Form;
    match spec.form {
        Form::Montgomery => include_str!("../../../kernels/fields/bn254.cuh"),
        Form::Mersenne => include_str!("../../../kernels/fields/m31_ext3.cuh"),
        Form::Goldilocks => include_str!("../../../kernels/fields/goldilocks_ext2.cuh"),
        Form::Binary => include_str!("../../../kernels/fields/gf2_128.cuh"),
    }
}

/// The whole translation unit of a field's kernels.
pub fn cuda_unit(spec: &FieldSpec) -> String {
    let pieces = [COMMON, arithmetic(spec)].into_iter().chain(KERNELS);
    // A piece guards itself against a second inclusion; in one text there is none, and a warning.
    let lines = pieces
        .flat_map(str::lines)
        .filter(|line| *line != "#pragma once");
    let mut text = prelude(spec);
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// What comes before a field's PTX: whose it is, and of which sources, so that PTX that is older than they
/// are is found out without a compiler.
pub fn ptx_header(spec: &FieldSpec) -> String {
    format!(
        "// Astraea kernels: {}\n// Sources: {:016x}\n",
        spec.name(),
        fingerprint(&cuda_unit(spec))
    )
}

/// 64-bit FNV-1a: it tells versions apart, nothing more.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The names of a field's kernels, in the order of the text.
pub fn kernel_names(spec: &FieldSpec) -> Vec<&'static str> {
    let layout = Layout::of(spec);
    let named = KERNELS.into_iter().flat_map(str::lines);
    named
        .filter_map(|line| line.strip_prefix("KERNEL(")?.split(',').next())
        .filter(|name| !name.ends_with("_w3") || layout.max_window() >= 3)
        .collect()
}

#[cfg(test)]
mod tests {
    use prover_fields::FieldId;

    use super::*;

    #[test]
    fn units_have_their_constants_and_kernels() {
        for id in FieldId::ALL {
            let spec = FieldSpec::of(id);
            let (unit, names) = (cuda_unit(&spec), kernel_names(&spec));
            assert!(unit.contains("#define FE_ONE_WORDS"), "{id}");
            assert!(
                names.contains(&"phase_one") && names.contains(&"round_w2"),
                "{id}: {names:?}"
            );
            assert_eq!(names.contains(&"round_w3"), id != FieldId::Bn254);
            assert!(!unit.contains("#include"), "NVRTC has no host headers");
        }
    }

    #[test]
    fn constants_are_those_of_the_specification() {
        let text = prelude(&FieldSpec::of(FieldId::Bn254));
        // p = 0x30644e72...f0000001, and -1/p mod 2^32.
        assert!(text.contains("0xf0000001u, 0x43e1f593u"), "{text}");
        assert!(text.contains("#define FE_NEG_INV 0xefffffffu"), "{text}");
        let text = prelude(&FieldSpec::of(FieldId::Gf2));
        assert!(text.contains("#define FE_LOW_TERMS 0x87u"), "{text}");
    }
}
