//! New places for the wires of inner layers: the live ones only, and near where they are read.

use prover_core::Field;

use super::prune::read;
use super::{Gate, Layer};

/// Wires of one run: what a cache line or a warp's load takes in.
const RUN: u32 = 16;

/// Gives every inner table's live wires new places, whichever of three orders makes the gates
/// around it jump least; returns the jumps before and after.
pub(super) fn relabel<B: Field>(layers: &mut [Layer<B>], outputs: u32) -> (u64, u64) {
    let before = layers.iter().map(jumps).sum();
    let last = layers.len() - 1;
    for index in 0..last {
        let (low, high) = layers.split_at_mut(index + 1);
        let (below, above) = (&mut low[index], &mut high[0]);
        let mut live = read(above, below.outputs);
        below.asserts.iter().for_each(|&z| live[z as usize] = true);
        let wires: Vec<u32> = (0u32..)
            .zip(&live)
            .filter(|(_, l)| **l)
            .map(|(w, _)| w)
            .collect();
        let orders = [
            wires.clone(),
            sorted_by(&wires, &first_source(below)),
            sorted_by(&wires, &first_reader(above, below.outputs)),
        ];
        let candidates = orders.map(|order| {
            let place = places(&order, below.outputs);
            let (mut low, mut high) = (below.clone(), above.clone());
            move_outputs(&mut low, &place);
            move_inputs(&mut high, &place);
            low.outputs = order.len().max(1);
            (jumps(&low) + jumps(&high), low, high)
        });
        let best = candidates.into_iter().min_by_key(|(jumps, ..)| *jumps);
        (_, *below, *above) = best.expect("three candidates");
    }
    layers[last].outputs = outputs as usize;
    (before, layers.iter().map(jumps).sum())
}

/// How often a gate, in the order of the file, reads from another run than the gate before.
fn jumps<B>(layer: &Layer<B>) -> u64 {
    fn count(mut reads: Vec<(u32, u32)>) -> u64 {
        reads.sort_unstable();
        reads
            .windows(2)
            .filter(|p| p[0].1 / RUN != p[1].1 / RUN)
            .count() as u64
    }
    let lefts = layer
        .muls
        .iter()
        .map(|g| (g.wires[0], g.wires[1]))
        .collect();
    let rights = layer
        .muls
        .iter()
        .map(|g| (g.wires[0], g.wires[2]))
        .collect();
    let adds = layer
        .adds
        .iter()
        .map(|g| (g.wires[0], g.wires[1]))
        .collect();
    count(lefts) + count(rights) + count(adds)
}

/// For each output the lowest input that its gates read.
fn first_source<B>(layer: &Layer<B>) -> Vec<u32> {
    let mut first = vec![u32::MAX; layer.outputs];
    let mut note = |z: u32, x: u32| first[z as usize] = first[z as usize].min(x);
    layer
        .muls
        .iter()
        .for_each(|g| note(g.wires[0], g.wires[1].min(g.wires[2])));
    layer.adds.iter().for_each(|g| note(g.wires[0], g.wires[1]));
    first
}

/// For each input the lowest output that reads it.
fn first_reader<B>(layer: &Layer<B>, inputs: usize) -> Vec<u32> {
    let mut first = vec![u32::MAX; inputs];
    let mut note = |x: u32, z: u32| first[x as usize] = first[x as usize].min(z);
    for g in &layer.muls {
        note(g.wires[1], g.wires[0]);
        note(g.wires[2], g.wires[0]);
    }
    layer.adds.iter().for_each(|g| note(g.wires[1], g.wires[0]));
    first
}

fn sorted_by(wires: &[u32], key: &[u32]) -> Vec<u32> {
    let mut sorted = wires.to_vec();
    sorted.sort_by_key(|&w| key[w as usize]);
    sorted
}

/// The new place of each wire; dead wires keep a place that no gate names.
fn places(order: &[u32], wires: usize) -> Vec<u32> {
    let mut place = vec![u32::MAX; wires];
    for (new, &old) in (0u32..).zip(order) {
        place[old as usize] = new;
    }
    place
}

fn move_outputs<B>(layer: &mut Layer<B>, place: &[u32]) {
    fn first<B, const W: usize>(gates: &mut [Gate<B, W>], place: &[u32]) {
        gates
            .iter_mut()
            .for_each(|g| g.wires[0] = place[g.wires[0] as usize]);
    }
    first(&mut layer.muls, place);
    first(&mut layer.adds, place);
    first(&mut layer.consts, place);
    layer
        .asserts
        .iter_mut()
        .for_each(|z| *z = place[*z as usize]);
    layer.asserts.sort_unstable();
}

fn move_inputs<B>(layer: &mut Layer<B>, place: &[u32]) {
    for g in &mut layer.muls {
        g.wires[1] = place[g.wires[1] as usize];
        g.wires[2] = place[g.wires[2] as usize];
    }
    layer
        .adds
        .iter_mut()
        .for_each(|g| g.wires[1] = place[g.wires[1] as usize]);
}
