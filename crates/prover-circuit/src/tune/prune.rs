//! Gates that cannot matter: they read a wire that is always zero, or nothing reads theirs.

use prover_core::Field;

use super::Layer;

/// Drops such gates, and assertions of wires that are always zero.
pub(super) fn prune<B: Field>(layers: &mut [Layer<B>], inputs: usize, outputs: u32) {
    let mut written = vec![true; inputs];
    for layer in layers.iter_mut() {
        layer
            .muls
            .retain(|g| written[g.wires[1] as usize] && written[g.wires[2] as usize]);
        layer.adds.retain(|g| written[g.wires[1] as usize]);
        written = vec![false; layer.outputs];
        layer
            .muls
            .iter()
            .for_each(|g| written[g.wires[0] as usize] = true);
        layer
            .adds
            .iter()
            .for_each(|g| written[g.wires[0] as usize] = true);
        layer
            .consts
            .iter()
            .for_each(|g| written[g.wires[0] as usize] = true);
        layer.asserts.retain(|&z| written[z as usize]);
    }
    let last = layers.len() - 1;
    let mut live = vec![false; layers[last].outputs];
    live[..outputs as usize].fill(true);
    for index in (0..layers.len()).rev() {
        let layer = &mut layers[index];
        layer.asserts.iter().for_each(|&z| live[z as usize] = true);
        layer.muls.retain(|g| live[g.wires[0] as usize]);
        layer.adds.retain(|g| live[g.wires[0] as usize]);
        layer.consts.retain(|g| live[g.wires[0] as usize]);
        let below = if index == 0 {
            inputs
        } else {
            layers[index - 1].outputs
        };
        live = read(&layers[index], below);
    }
}

/// Which of `wires` inputs the gates of a layer read.
pub(super) fn read<B>(layer: &Layer<B>, wires: usize) -> Vec<bool> {
    let mut read = vec![false; wires];
    for g in &layer.muls {
        read[g.wires[1] as usize] = true;
        read[g.wires[2] as usize] = true;
    }
    layer
        .adds
        .iter()
        .for_each(|g| read[g.wires[1] as usize] = true);
    read
}
