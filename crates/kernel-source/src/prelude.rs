//! The constants of a field as CUDA C++.

use std::fmt::Write as _;

use prover_core::round_poly::MAX_DEGREE;
use prover_fields::{FieldSpec, Form};

use crate::{BLOCK_THREADS, EXTRA_POINTS, Layout, MAX_FOLDS, MAX_HALF, MAX_TABLES, MAX_WINDOW};

/// What a translation unit starts with. Its first line names the field to whoever loads a module.
pub fn prelude(spec: &FieldSpec) -> String {
    let layout = Layout::of(spec);
    let mut text = format!("// Generated from the specification of {}.\n", spec.name());
    let mut define = |name: &str, value: &str| {
        let _ = writeln!(text, "#define {name} {value}");
    };
    let sizes = [
        ("BLOCK_THREADS", BLOCK_THREADS),
        ("MAX_HALF", MAX_HALF),
        ("FOLD_WEIGHTS", 1 << MAX_FOLDS),
        ("MAX_WINDOW", MAX_WINDOW),
        ("MAX_TABLES", MAX_TABLES),
        ("MAX_DEGREE", MAX_DEGREE),
        ("EXTRA_POINTS", EXTRA_POINTS),
        ("FE_WORDS", layout.words),
    ];
    for (name, value) in sizes {
        define(name, &value.to_string());
    }
    define("FE_ONE_WORDS", &literals(&one(spec, &layout)));
    match spec.form {
        Form::Montgomery => define("FE_NEG_INV", &format!("{:#010x}u", spec.neg_inv_32())),
        Form::Mersenne => {
            define("M31_P", &format!("{:#010x}u", spec.modulus_u64()));
            define("FE_NON_RESIDUE", &format!("{}ull", spec.non_residue()));
        }
        Form::Goldilocks => define("FE_NON_RESIDUE", &format!("{}ull", spec.non_residue())),
        Form::Binary => define("FE_LOW_TERMS", &format!("{:#x}u", spec.low_terms())),
    }
    if spec.form == Form::Montgomery {
        let _ = writeln!(
            text,
            "static __device__ __forceinline__ unsigned int fe_modulus(int i) {{\n  \
             constexpr unsigned int p[{}] = {{{}}};\n  return p[i];\n}}",
            layout.words,
            literals(&halves(spec.modulus_limbs()))
        );
    }
    text
}

fn literals(words: &[u32]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:#010x}u")).collect();
    words.join(", ")
}

fn halves(limbs: [u64; 4]) -> Vec<u32> {
    limbs
        .iter()
        .flat_map(|&limb| [limb as u32, (limb >> 32) as u32])
        .collect()
}

/// The words of one.
fn one(spec: &FieldSpec, layout: &Layout) -> Vec<u32> {
    match spec.form {
        Form::Montgomery => halves(spec.montgomery_r()),
        Form::Mersenne | Form::Goldilocks | Form::Binary => {
            let mut one = vec![0; layout.words];
            one[0] = 1;
            one
        }
    }
}
