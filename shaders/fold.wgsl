// Binds the first `folds` variables (0 to 3) with weights[k] = eq(challenges, k):
//   dst[i] = src_0 + sum_(k >= 1) weights[k] (src_k - src_0),   src_k = src[i + k 2^vars]
// (the weights add up to one). `vars` counts the variables left.
// Launch: 1-D, any grid. 2^folds - 1 multiplications per output, each input read once.
// Bindings: src (read), dst (written), never the same buffer: a writable binding may have no alias.
// Reads: 2^(vars + folds) elements. Writes: 2^vars.

struct Params {
    vars: u32,
    folds: u32,
    src_stride: u32,
    dst_stride: u32,
    src_base: u32,
    weights: array<Fe, 8>,
}

fn value(i: u32) -> Fe {
    if params.src_base != 0u {
        return load_base_src(i);
    }
    return load_src(params.src_stride, i);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var i = id.x; i < (1u << params.vars); i += groups.x * WORKGROUP) {
        let first = value(i);
        var sum = first;
        for (var k = 1u; k < (1u << params.folds); k++) {
            let step = fe_sub(value(i + (k << params.vars)), first);
            sum = fe_add(sum, fe_mul(params.weights[k], step));
        }
        store_dst(params.dst_stride, i, sum);
    }
}
