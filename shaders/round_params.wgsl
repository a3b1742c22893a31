// Parameters and tables of the round kernels.

struct Params {
    vars: u32, // after folding
    folds: u32, // 0 to 3
    stride_a: u32,
    stride_b: u32,
    base_a: u32,
    base_b: u32,
    dst_stride_a: u32,
    dst_stride_b: u32,
    eq_used: u32,
    eq_vars: u32, // coordinates of the point that the weight covers
    eq_lo_vars: u32,
    eq_stride: u32,
    skip_ones: u32, // leave out the point (1, ..., 1)
    weights: array<Fe, 8>,
}

fn table_value(table: u32, i: u32) -> Fe {
    if table == 0u {
        if params.base_a != 0u {
            return load_base_src_a(i);
        }
        return load_src_a(params.stride_a, i);
    }
    if params.base_b != 0u {
        return load_base_src_b(i);
    }
    return load_src_b(params.stride_b, i);
}
