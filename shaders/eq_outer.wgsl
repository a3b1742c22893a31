// The full eq table from its two halves: dst[i] (+)= hi[i >> lo] * lo[i mod 2^lo].
// Launch: 1-D, any grid. One multiplication per element.
// Bindings: eq (read), dst. Reads: 2 small-table elements (cached), dst when accumulating.
// Writes: 2^vars elements.

struct Params {
    vars: u32,
    lo_vars: u32,
    eq_stride: u32,
    dst_stride: u32,
    accumulate: u32,
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let lo_mask = (1u << params.lo_vars) - 1u;
    let hi_first = (2u << params.lo_vars) + (1u << (params.vars - params.lo_vars)) - 1u;
    for (var i = id.x; i < (1u << params.vars); i += groups.x * WORKGROUP) {
        let lo = load_eq(params.eq_stride, lo_mask + (i & lo_mask));
        let hi = load_eq(params.eq_stride, hi_first + (i >> params.lo_vars));
        var value = fe_mul(hi, lo);
        if params.accumulate != 0u {
            value = fe_add(value, load_dst(params.dst_stride, i));
        }
        store_dst(params.dst_stride, i, value);
    }
}
