//! Layers that only carry values on: their neighbours read or write past them.

use prover_core::Field;

use super::{Coef, Gate, Layer};

/// Removes such layers, and says how many.
pub(super) fn fuse<B: Field>(layers: &mut Vec<Layer<B>>) -> usize {
    let before = layers.len();
    let mut index = 0;
    while index < layers.len() && layers.len() > 1 {
        let fused = match relays(&layers[index]) {
            None => false,
            Some(sources) if index + 1 < layers.len() => fuse_upwards(layers, index, &sources),
            Some(sources) => fuse_last(layers, &sources),
        };
        if !fused {
            index += 1;
        }
    }
    before - layers.len()
}

/// For each output the one input it is a multiple of, if the layer has nothing else.
fn relays<B: Field>(layer: &Layer<B>) -> Option<Vec<Option<(u32, B)>>> {
    if !layer.muls.is_empty() || !layer.consts.is_empty() {
        return None;
    }
    let mut sources = vec![None; layer.outputs];
    for gate in &layer.adds {
        let [z, x] = gate.wires;
        let Coef::Constant(c) = gate.coef else {
            return None;
        };
        if sources[z as usize].replace((x, c)).is_some() {
            return None;
        }
    }
    Some(sources)
}

/// The layer above reads the relays' sources itself, the relays' assertions move down.
fn fuse_upwards<B: Field>(
    layers: &mut Vec<Layer<B>>,
    index: usize,
    sources: &[Option<(u32, B)>],
) -> bool {
    // The input cannot be asserted.
    if index == 0 && !layers[index].asserts.is_empty() {
        return false;
    }
    let above = &layers[index + 1];
    let source = |wire: u32| sources[wire as usize];
    let moved_mul = |g: &Gate<B, 3>| {
        let [z, x, y] = g.wires;
        let (Some((x, c)), Some((y, d))) = (source(x), source(y)) else {
            return Some(None);
        };
        g.coef.times(c * d).map(|coef| {
            Some(Gate {
                wires: [z, x, y],
                coef,
            })
        })
    };
    let moved_add = |g: &Gate<B, 2>| {
        let [z, x] = g.wires;
        let Some((x, c)) = source(x) else {
            return Some(None);
        };
        g.coef.times(c).map(|coef| {
            Some(Gate {
                wires: [z, x],
                coef,
            })
        })
    };
    // Outside: a random coefficient that cannot be multiplied. Inside: a zero wire was read.
    let muls: Option<Vec<_>> = above.muls.iter().map(moved_mul).collect();
    let adds: Option<Vec<_>> = above.adds.iter().map(moved_add).collect();
    let (Some(muls), Some(adds)) = (muls, adds) else {
        return false;
    };
    layers[index + 1].muls = muls.into_iter().flatten().collect();
    layers[index + 1].adds = adds.into_iter().flatten().collect();
    let relay = layers.remove(index);
    if index > 0 {
        let below = &mut layers[index - 1].asserts;
        below.extend(
            relay
                .asserts
                .iter()
                .filter_map(|&z| source(z))
                .map(|(x, _)| x),
        );
        below.sort_unstable();
        below.dedup();
    }
    true
}

/// The layer below the last one writes the outputs itself, if each wire goes to one output.
fn fuse_last<B: Field>(layers: &mut Vec<Layer<B>>, sources: &[Option<(u32, B)>]) -> bool {
    let last = layers.len() - 1;
    let mut place = vec![None; layers[last - 1].outputs];
    for (z, source) in (0u32..).zip(sources) {
        let Some((x, c)) = source else { continue };
        if !c.is_one() || place[*x as usize].replace(z).is_some() {
            return false;
        }
    }
    let below = &layers[last - 1];
    // In the last layer only outputs can be asserted.
    if below.asserts.iter().any(|&x| place[x as usize].is_none()) {
        return false;
    }
    let top = layers.remove(last);
    let below = &mut layers[last - 1];
    below.outputs = top.outputs;
    below
        .asserts
        .iter_mut()
        .for_each(|x| *x = place[*x as usize].expect("checked above"));
    below.asserts.extend(top.asserts);
    below.asserts.sort_unstable();
    below.asserts.dedup();
    place_gates(&mut below.muls, &place);
    place_gates(&mut below.adds, &place);
    place_gates(&mut below.consts, &place);
    true
}

fn place_gates<B, const W: usize>(gates: &mut Vec<Gate<B, W>>, place: &[Option<u32>]) {
    gates.retain_mut(|g| match place[g.wires[0] as usize] {
        Some(z) => {
            g.wires[0] = z;
            true
        }
        None => false,
    });
}
