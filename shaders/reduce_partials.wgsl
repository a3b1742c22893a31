// Adds up the workgroups' partial sums. Launch: one workgroup per point; any number of partial sums.
// Bindings: partials (read), dst (written).
// Reads: points * blocks elements. Writes: one element per workgroup.

struct Params {
    blocks: u32,
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    var sum = fe_zero();
    for (var k = local.x; k < params.blocks; k += WORKGROUP) {
        sum = fe_add(sum, load_partials(groups.x * params.blocks, group.x * params.blocks + k));
    }
    sum = block_sum(sum, local.x);
    if local.x == 0u {
        store_dst(groups.x, group.x, sum);
    }
}
