// Tables of all suffixes of one half of an eq point, times `scale`; see kernels/eq.cu for the layout:
// entry 2^m - 1 + i holds eq(last m coordinates of the half, i).
// Launch: 1-D, any grid. One invocation per entry; m multiplications each (tables are small).
// Bindings: eq (written). Reads: nothing. Writes: 2^(vars + 1) - 1 elements.

struct Params {
    vars: u32,
    first_entry: u32,
    stride: u32,
    scale: Fe,
    coords: array<Fe, 16>,
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let entries = (2u << params.vars) - 1u;
    for (var j = id.x; j < entries; j += groups.x * WORKGROUP) {
        let m = firstLeadingBit(j + 1u);
        let i = j + 1u - (1u << m);
        var product = params.scale;
        for (var t = 0u; t < m; t++) {
            var factor = params.coords[params.vars - m + t];
            if ((i >> (m - 1u - t)) & 1u) == 0u {
                factor = fe_sub(fe_one(), factor);
            }
            product = fe_mul(product, factor);
        }
        store_eq(params.stride, params.first_entry + j, product);
    }
}
