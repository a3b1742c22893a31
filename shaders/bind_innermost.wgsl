// Binds the last `bound` variables: dst[i] = sum_b weights[b] src[i 2^bound + b].
// Launch: 1-D, any grid; one invocation per output. Fine for few bound variables; for many, a
// workgroup per output and block_sum is the better shape.
// Bindings: src, weights (read), dst (written).
// Reads: 2^(vars + bound) elements, the weights 2^vars times (cached). Writes: 2^vars.

struct Params {
    vars: u32,
    bound: u32,
    src_stride: u32,
    weights_stride: u32,
    dst_stride: u32,
    src_base: u32,
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var i = id.x; i < (1u << params.vars); i += groups.x * WORKGROUP) {
        var sum = fe_zero();
        for (var b = 0u; b < (1u << params.bound); b++) {
            let at = (i << params.bound) + b;
            var value: Fe;
            if params.src_base != 0u {
                value = load_base_src(at);
            } else {
                value = load_src(params.src_stride, at);
            }
            sum = fe_add(sum, fe_mul(load_weights(params.weights_stride, b), value));
        }
        store_dst(params.dst_stride, i, sum);
    }
}
