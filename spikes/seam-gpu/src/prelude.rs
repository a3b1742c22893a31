//! The constants of a field as WGSL, derived from its one specification.

use std::fmt::Write as _;

use prover_fields::{Extension, FieldSpec, Form};

/// 32-bit words of an element of the challenge field.
///
/// # Panics
/// For fields without kernels.
pub fn words(spec: &FieldSpec) -> usize {
    match (spec.form, spec.extension) {
        (Form::Montgomery, Extension::None) => 8,
        (Form::Mersenne, Extension::Binomial { degree: 3, .. }) => 3,
        _ => panic!("{} has no kernels in this spike", spec.name()),
    }
}

/// The name of the arithmetic file of a field's form, without its ending.
pub fn form_name(spec: &FieldSpec) -> &'static str {
    match words(spec) {
        8 => "bn254",
        _ => "m31_ext3",
    }
}

/// Unsigned literals.
fn literals(words: &[u32]) -> String {
    words
        .iter()
        .map(|word| format!("{word:#010x}u"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn halves(limbs: [u64; 4]) -> Vec<u32> {
    limbs
        .iter()
        .flat_map(|&limb| [limb as u32, (limb >> 32) as u32])
        .collect()
}

/// The words of one.
fn one(spec: &FieldSpec) -> Vec<u32> {
    match spec.form {
        Form::Montgomery => halves(spec.montgomery_r()),
        _ => {
            let mut one = vec![0; words(spec)];
            one[0] = 1;
            one
        }
    }
}

/// The constants of a WGSL shader.
pub fn wgsl(spec: &FieldSpec) -> String {
    let count = words(spec);
    let array = |name: &str, values: &[u32]| {
        format!(
            "const {name} = array<u32, {count}>({});\n",
            literals(values)
        )
    };
    let mut text = array("FE_ONE", &one(spec));
    match spec.form {
        Form::Montgomery => {
            text += &array("FE_MODULUS", &halves(spec.modulus_limbs()));
            let _ = writeln!(text, "const FE_NEG_INV = {:#010x}u;", spec.neg_inv_32());
        }
        _ => {
            let _ = writeln!(text, "const M31_P = {:#010x}u;", spec.modulus_u64());
            let _ = writeln!(text, "const FE_NON_RESIDUE = {}u;", spec.non_residue());
        }
    }
    text
}
