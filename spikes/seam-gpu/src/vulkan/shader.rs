//! WGSL from its pieces: generated declarations, the field's arithmetic, a kernel.

use std::fmt::Write as _;

use prover_fields::FieldSpec;

use crate::kernel::{BLOCK_THREADS, Kernel};
use crate::prelude;

macro_rules! shader {
    ($name:literal) => {
        include_str!(concat!("../../../../shaders/", $name))
    };
}

/// Separates loads from stores in an access file: read-only buffers have no store.
const STORE_MARK: &str = "//STORE\n";

fn form(spec: &FieldSpec) -> (&'static str, &'static str) {
    match prelude::form_name(spec) {
        "bn254" => (
            shader!("fields/bn254.wgsl"),
            shader!("fields/bn254_access.wgsl"),
        ),
        _ => (
            shader!("fields/m31_ext3.wgsl"),
            shader!("fields/m31_ext3_access.wgsl"),
        ),
    }
}

fn bodies(kernel: Kernel) -> Vec<&'static str> {
    match kernel {
        Kernel::EqSuffixes => vec![shader!("eq_suffixes.wgsl")],
        Kernel::EqOuter => vec![shader!("eq_outer.wgsl")],
        Kernel::Fold => vec![shader!("fold.wgsl")],
        Kernel::BindInnermost => vec![shader!("bind_innermost.wgsl")],
        Kernel::ReducePartials => vec![shader!("reduce_partials.wgsl")],
        Kernel::Round(_) => vec![
            shader!("round_params.wgsl"),
            shader!("round_plain.wgsl"),
            shader!("round.wgsl"),
        ],
        Kernel::FoldRound(_) => vec![
            shader!("round_params.wgsl"),
            shader!("round_fold.wgsl"),
            shader!("round.wgsl"),
        ],
    }
}

/// The text of a kernel for a field.
pub(super) fn compose(spec: &FieldSpec, kernel: Kernel) -> String {
    let window = match kernel {
        Kernel::Round(window) | Kernel::FoldRound(window) => window,
        _ => 1,
    };
    let mut text = prelude::wgsl(spec);
    let _ = writeln!(text, "const WORKGROUP = {BLOCK_THREADS}u;");
    let _ = writeln!(text, "const WINDOW = {window}u;");
    let _ = writeln!(text, "const POINTS = {}u;", 3usize.pow(window as u32));
    text += "@group(0) @binding(0) var<storage, read> params: Params;\n";
    let (arithmetic, access) = form(spec);
    let (load, store) = access
        .split_once(STORE_MARK)
        .expect("an access file has a store part");
    for (k, &(name, written)) in kernel.buffers().iter().enumerate() {
        let mode = if written { "read_write" } else { "read" };
        let _ = writeln!(
            text,
            "@group(0) @binding({}) var<storage, {mode}> {name}: array<u32>;",
            k + 1
        );
        text += &load.replace("BUF", name);
        if written {
            text += &store.replace("BUF", name);
        }
    }
    text += arithmetic;
    text += shader!("common.wgsl");
    for body in bodies(kernel) {
        text += body;
    }
    text
}
