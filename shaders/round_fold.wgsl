// Corner values folded on the way, as in fold.wgsl, and stored: bindings src_a, src_b, eq (read),
// dst_a, dst_b, partials (written).

fn corner_value(table: u32, i: u32) -> Fe {
    let first = table_value(table, i);
    var sum = first;
    for (var k = 1u; k < (1u << params.folds); k++) {
        let step = fe_sub(table_value(table, i + (k << params.vars)), first);
        sum = fe_add(sum, fe_mul(params.weights[k], step));
    }
    if table == 0u {
        store_dst_a(params.dst_stride_a, i, sum);
    } else {
        store_dst_b(params.dst_stride_b, i, sum);
    }
    return sum;
}
