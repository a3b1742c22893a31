//! The canonical form of one layer.

use prover_core::{CoefKind, CoefRef, Field, LayerGates};

use crate::fields::integer_key;
use crate::model::CircuitError;

/// Checks a layer's gates and sorts them, drops gates that are zero or write at or beyond
/// `outputs`, and reduces the constants to those in use, ascending.
pub(crate) fn canonicalise<B: Field>(
    layer: &mut LayerGates<B>,
    index: usize,
    outputs: u32,
    num_public: u32,
) -> Result<(), CircuitError> {
    check_gates(layer, index, num_public)?;
    layer.asserts.sort_unstable();
    layer.asserts.dedup();
    if let Some(&found) = layer.asserts.last()
        && found >= outputs
    {
        let what = "asserted wire";
        return Err(CircuitError::Wire {
            layer: index,
            what,
            found,
            below: outputs,
        });
    }
    let zero: Vec<bool> = layer.constants.iter().map(|c| c.is_zero()).collect();
    let keep = |z: u32, coef: CoefRef| {
        z < outputs && !matches!(coef.kind(), CoefKind::Constant(c) if zero[c as usize])
    };
    layer.muls.retain(|g| keep(g.z, g.coef));
    layer.adds.retain(|g| keep(g.z, g.coef));
    layer.consts.retain(|g| keep(g.z, g.coef));
    reduce_constants(layer);
    sort_if_needed(&mut layer.muls);
    sort_if_needed(&mut layer.adds);
    sort_if_needed(&mut layer.consts);
    let counts = [
        ("mul gates", layer.muls.len()),
        ("add gates", layer.adds.len()),
        ("const gates", layer.consts.len()),
    ];
    for (what, found) in counts {
        if u32::try_from(found).is_err() {
            return Err(CircuitError::Count {
                what,
                found: found as u64,
            });
        }
    }
    Ok(())
}

fn sort_if_needed<T: Ord>(gates: &mut [T]) {
    if !gates.is_sorted() {
        gates.sort_unstable();
    }
}

fn check_gates<B: Field>(
    layer: &LayerGates<B>,
    index: usize,
    num_public: u32,
) -> Result<(), CircuitError> {
    let (reads, writes) = (1u32 << layer.input_vars, 1u32 << layer.output_vars);
    let wire = |what, found, below| {
        if found < below {
            return Ok(());
        }
        Err(CircuitError::Wire {
            layer: index,
            what,
            found,
            below,
        })
    };
    let coefficient = |gate: &'static str, coef: CoefRef| {
        let good = match coef.kind() {
            CoefKind::Constant(c) => (c as usize) < layer.constants.len(),
            CoefKind::Public(p) => gate == "const" && p < num_public,
            CoefKind::Random => true,
        };
        if good {
            return Ok(());
        }
        Err(CircuitError::Coefficient {
            layer: index,
            gate,
            found: coef.kind(),
        })
    };
    if layer.constants.len() > CoefRef::FIRST_PUBLIC as usize {
        let found = layer.constants.len() as u64;
        return Err(CircuitError::Count {
            what: "constants",
            found,
        });
    }
    for g in &layer.muls {
        wire("output wire", g.z, writes)?;
        wire("input wire", g.x.max(g.y), reads)?;
        coefficient("mul", g.coef)?;
    }
    for g in &layer.adds {
        wire("output wire", g.z, writes)?;
        wire("input wire", g.x, reads)?;
        coefficient("add", g.coef)?;
    }
    for g in &layer.consts {
        wire("output wire", g.z, writes)?;
        coefficient("const", g.coef)?;
    }
    layer
        .asserts
        .iter()
        .try_for_each(|&z| wire("asserted wire", z, writes))
}

/// Leaves the constants that gates use, each once, ascending as integers.
fn reduce_constants<B: Field>(layer: &mut LayerGates<B>) {
    let mut used = vec![false; layer.constants.len()];
    for_each_coef(layer, |coef| {
        if let CoefKind::Constant(c) = coef.kind() {
            used[c as usize] = true;
        }
    });
    let mut scratch = Vec::with_capacity(32);
    let mut order: Vec<([u64; 4], u32)> = layer
        .constants
        .iter()
        .zip(0u32..)
        .filter(|&(_, index)| used[index as usize])
        .map(|(&value, index)| (integer_key(value, &mut scratch), index))
        .collect();
    order.sort_unstable();
    let mut constants = Vec::with_capacity(order.len());
    let mut renamed = vec![0u32; layer.constants.len()];
    let mut previous = None;
    for (key, index) in order {
        if previous != Some(key) {
            constants.push(layer.constants[index as usize]);
            previous = Some(key);
        }
        renamed[index as usize] =
            u32::try_from(constants.len() - 1).expect("not more than the layer had");
    }
    layer.constants = constants;
    for_each_coef(layer, |coef| {
        if let CoefKind::Constant(c) = coef.kind() {
            *coef = CoefRef::constant(renamed[c as usize]);
        }
    });
}

fn for_each_coef<B>(layer: &mut LayerGates<B>, mut visit: impl FnMut(&mut CoefRef)) {
    layer.muls.iter_mut().for_each(|g| visit(&mut g.coef));
    layer.adds.iter_mut().for_each(|g| visit(&mut g.coef));
    layer.consts.iter_mut().for_each(|g| visit(&mut g.coef));
}
