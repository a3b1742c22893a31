// Corner values without folding: bindings src_a, src_b, eq (read), partials (written).

fn corner_value(table: u32, i: u32) -> Fe {
    return table_value(table, i);
}
