//! Gates `c * x^5`: a layer that has them becomes three layers.

use prover_core::{AddGate, CoefRef, Field, LayerGates, MulGate};

use super::parse::Gates;
use crate::error::DecodeErrorKind;
use crate::limits::Limits;
use crate::model::MAX_VARS;

/// Appends the layer from `2^vars.0` to `2^vars.1` wires that these gates form, in three layers
/// if any of them is a fifth power (`docs/circuits.md`, "Fifth powers").
pub(super) fn split_powers<B: Field>(
    vars: (u32, u32),
    gates: Gates,
    constants: Vec<B>,
    layers: &mut Vec<LayerGates<B>>,
) -> Result<(), DecodeErrorKind> {
    let Gates {
        mut muls,
        adds,
        consts,
        powers,
    } = gates;
    let (mut input_vars, output_vars) = vars;
    if !powers.is_empty() {
        let wide = input_vars + 1;
        Limits::hold(
            "variables of a split layer",
            u64::from(wide),
            u64::from(MAX_VARS),
        )?;
        let high = 1u32 << input_vars;
        let mut read: Vec<u32> = muls.iter().flat_map(|g| [g.x, g.y]).collect();
        read.extend(adds.iter().chain(&powers).map(|g| g.x));
        let read = ascending(read);
        let powered = ascending(powers.iter().map(|g| g.x).collect());
        layers.push(squares(
            input_vars,
            wide,
            &read,
            powered.iter().map(|&j| (high + j, j)),
        ));
        layers.push(squares(
            wide,
            wide,
            &read,
            powered.iter().map(|&j| (high + j, high + j)),
        ));
        muls.extend(powers.iter().map(|g| MulGate {
            z: g.z,
            x: high + g.x,
            y: g.x,
            coef: g.coef,
        }));
        input_vars = wide;
    }
    let asserts = Vec::new();
    layers.push(LayerGates {
        input_vars,
        output_vars,
        constants,
        muls,
        adds,
        consts,
        asserts,
    });
    Ok(())
}

fn ascending(mut wires: Vec<u32>) -> Vec<u32> {
    wires.sort_unstable();
    wires.dedup();
    wires
}

/// A layer of relays of `read` and of squares `out[z] = in[x]^2`.
fn squares<B: Field>(
    input_vars: u32,
    output_vars: u32,
    read: &[u32],
    squared: impl Iterator<Item = (u32, u32)>,
) -> LayerGates<B> {
    let coef = CoefRef::constant(0);
    LayerGates {
        input_vars,
        output_vars,
        constants: vec![B::ONE],
        muls: squared.map(|(z, x)| MulGate { z, x, y: x, coef }).collect(),
        adds: read.iter().map(|&z| AddGate { z, x: z, coef }).collect(),
        ..Default::default()
    }
}
