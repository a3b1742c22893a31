//! From segments to layers: counted first, expanded then.

use std::collections::HashMap;

use prover_core::{CoefKind, CoefRef, Field, FieldId, LayerGates};

use super::parse::{File, Gates, Segment};
use super::power::split_powers;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::limits::Limits;
use crate::model::{Circuit, CircuitError, CircuitParts};
use crate::reader::error_at;

/// The circuit of a parsed file.
pub(super) fn flatten<B: Field>(
    field: FieldId,
    mut file: File<B>,
    limits: &Limits,
) -> Result<Circuit<B>, DecodeError> {
    let (num_outputs, num_zero_outputs) = check_layers(&file)?;
    let totals = count(&file.segments)?;
    for segment in &mut file.segments {
        segment
            .children
            .retain(|c| totals[c.segment].gates > 0 && !c.places.is_empty());
    }
    let at = file.layers_at;
    let sum = |of: fn(&Total) -> u64| {
        file.layers
            .iter()
            .fold(0u64, |sum, &id| sum.saturating_add(of(&totals[id])))
    };
    // Children without gates are gone, but a long chain of parents around a gate is not.
    let checks = [
        ("gates", sum(|t| t.gates)),
        ("placed segments", sum(|t| t.visits)),
    ];
    for (what, found) in checks {
        Limits::hold(what, found, limits.max_gates).map_err(|kind| error_at(at, kind))?;
    }
    let mut layers = Vec::with_capacity(file.layers.len());
    for (index, &id) in file.layers.iter().enumerate() {
        let outputs = (index + 1 == file.layers.len()).then_some(num_outputs);
        let segment = &file.segments[id];
        let mut gates = expand(&file.segments, id);
        drop_dead(&mut gates, &file.constants, outputs);
        let constants = localise(&mut gates, &file.constants);
        split_powers(
            (segment.input_vars, segment.output_vars),
            gates,
            constants,
            &mut layers,
        )
        .map_err(|kind| error_at(segment.at, kind))?;
        Limits::hold("layers", layers.len() as u64, limits.max_layers)
            .map_err(|kind| error_at(at, kind))?;
    }
    let input_vars = file.segments[file.layers[0]].input_vars;
    hold_flattened(&layers, input_vars, limits).map_err(|kind| error_at(at, kind))?;
    let num_public = file.num_public;
    let parts = CircuitParts {
        field,
        input_vars,
        num_public,
        num_outputs,
        num_zero_outputs,
        layers,
    };
    Circuit::new(parts).map_err(|e| error_at(at, e))
}

/// Layers follow each other, and the outputs fit the last one.
fn check_layers<B>(file: &File<B>) -> Result<(u32, u32), DecodeError> {
    let at = file.layers_at;
    let Some(&last) = file.layers.last() else {
        return Err(error_at(at, CircuitError::Layers { found: 0 }));
    };
    for (index, pair) in file.layers.windows(2).enumerate() {
        let (below, above) = (&file.segments[pair[0]], &file.segments[pair[1]]);
        if below.output_vars != above.input_vars {
            let (expected, found) = (below.output_vars, above.input_vars);
            let at = at + 8 * (index as u64 + 1);
            return Err(error_at(
                at,
                CircuitError::Fit {
                    layer: index + 1,
                    expected,
                    found,
                },
            ));
        }
    }
    let most = 1u64 << file.segments[last].output_vars;
    let bounds = [
        (
            "number of outputs less one",
            48,
            file.num_outputs.wrapping_sub(1),
            most,
        ),
        (
            "number of zero outputs",
            56,
            file.num_zero_outputs,
            file.num_outputs.wrapping_add(1),
        ),
    ];
    for (what, at, found, below) in bounds {
        if found >= below {
            return Err(error_at(
                at,
                DecodeErrorKind::NotBelow { what, below, found },
            ));
        }
    }
    let narrow = |n: u64| u32::try_from(n).expect("at most 2^30");
    Ok((narrow(file.num_outputs), narrow(file.num_zero_outputs)))
}

/// What expanding a segment amounts to; saturated.
#[derive(Clone, Copy, Default)]
struct Total {
    gates: u64,
    /// Segments visited, subtrees without gates left out.
    visits: u64,
}

/// Gates and visits of every segment, children before parents.
fn count(segments: &[Segment]) -> Result<Vec<Total>, DecodeError> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut state = vec![State::New; segments.len()];
    let mut totals = vec![Total::default(); segments.len()];
    let mut stack: Vec<(usize, usize)> = Vec::new();
    for root in 0..segments.len() {
        if state[root] == State::New {
            state[root] = State::Open;
            stack.push((root, 0));
        }
        while let Some((id, next)) = stack.pop() {
            let segment = &segments[id];
            let Some(child) = segment.children.get(next) else {
                totals[id] = total(segment, &totals);
                state[id] = State::Done;
                continue;
            };
            stack.push((id, next + 1));
            match state[child.segment] {
                State::Done => {}
                State::New => {
                    state[child.segment] = State::Open;
                    stack.push((child.segment, 0));
                }
                State::Open => {
                    let kind = DecodeErrorKind::Cycle {
                        segment: child.segment as u64,
                    };
                    return Err(error_at(child.at, kind));
                }
            }
        }
    }
    Ok(totals)
}

fn total(segment: &Segment, totals: &[Total]) -> Total {
    let mut sum = Total {
        gates: segment.gates.len() as u64,
        visits: 1,
    };
    for child in &segment.children {
        let (each, places) = (totals[child.segment], child.places.len() as u64);
        if each.gates > 0 {
            sum.gates = sum.gates.saturating_add(each.gates.saturating_mul(places));
            sum.visits = sum
                .visits
                .saturating_add(each.visits.saturating_mul(places));
        }
    }
    sum
}

/// The gates of a layer: the sum of all segments reachable from `root`.
fn expand(segments: &[Segment], root: usize) -> Gates {
    let mut gates = Gates::default();
    let mut stack = vec![(root, 0u32, 0u32)];
    while let Some((id, input, output)) = stack.pop() {
        let segment = &segments[id];
        let own = &segment.gates;
        // Places lie inside their parents, so the sums stay inside the layer.
        gates.muls.extend(own.muls.iter().map(|&g| {
            let (z, x, y) = (g.z + output, g.x + input, g.y + input);
            prover_core::MulGate { z, x, y, ..g }
        }));
        let moved = |g: &prover_core::AddGate| prover_core::AddGate {
            z: g.z + output,
            x: g.x + input,
            ..*g
        };
        gates.adds.extend(own.adds.iter().map(moved));
        gates.powers.extend(own.powers.iter().map(moved));
        gates
            .consts
            .extend(own.consts.iter().map(|&g| prover_core::ConstGate {
                z: g.z + output,
                ..g
            }));
        for child in &segment.children {
            stack.extend(
                child
                    .places
                    .iter()
                    .map(|&(i, o)| (child.segment, input + i, output + o)),
            );
        }
    }
    gates
}

/// Drops gates with coefficient zero and, in the last layer, gates beyond the outputs.
fn drop_dead<B: Field>(gates: &mut Gates, constants: &[B], outputs: Option<u32>) {
    let keep = |z: u32, coef: CoefRef| {
        outputs.is_none_or(|outputs| z < outputs)
            && !matches!(coef.kind(), CoefKind::Constant(c) if constants[c as usize].is_zero())
    };
    gates.muls.retain(|g| keep(g.z, g.coef));
    gates.adds.retain(|g| keep(g.z, g.coef));
    gates.powers.retain(|g| keep(g.z, g.coef));
    gates.consts.retain(|g| keep(g.z, g.coef));
}

/// Renames coefficients from the file's constants to a list of the layer's own.
fn localise<B: Field>(gates: &mut Gates, file: &[B]) -> Vec<B> {
    let mut known: HashMap<u32, u32> = HashMap::new();
    let mut list = Vec::new();
    let mut rename = |coef: &mut CoefRef| {
        if let CoefKind::Constant(c) = coef.kind() {
            let local = *known.entry(c).or_insert_with(|| {
                list.push(file[c as usize]);
                u32::try_from(list.len() - 1).expect("not more than the file's constants")
            });
            *coef = CoefRef::constant(local);
        }
    };
    gates.muls.iter_mut().for_each(|g| rename(&mut g.coef));
    gates.adds.iter_mut().for_each(|g| rename(&mut g.coef));
    gates.powers.iter_mut().for_each(|g| rename(&mut g.coef));
    gates.consts.iter_mut().for_each(|g| rename(&mut g.coef));
    list
}

/// Holds what flattening and splitting have made against the limits.
fn hold_flattened<B: Field>(
    layers: &[LayerGates<B>],
    input_vars: u32,
    limits: &Limits,
) -> Result<(), DecodeErrorKind> {
    let gates = layers.iter().map(|l| l.num_gates() as u64).sum();
    let wires = layers
        .iter()
        .fold(1u64 << input_vars, |sum, l| sum + (1 << l.output_vars));
    let vars = layers.iter().map(|l| l.output_vars).max().unwrap_or(0);
    Limits::hold("gates", gates, limits.max_gates)?;
    Limits::hold("wires", wires, limits.max_wires)?;
    Limits::hold(
        "variables of a layer",
        u64::from(vars),
        u64::from(limits.max_vars),
    )
}
