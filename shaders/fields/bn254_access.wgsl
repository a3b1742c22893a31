// Element i at words [8 i, 8 i + 8); the stride is unused, and the base field is the whole field.

fn load_BUF(stride: u32, i: u32) -> Fe {
    var out: Fe;
    for (var k = 0u; k < 8u; k++) {
        out.v[k] = BUF[i * 8u + k];
    }
    return out;
}

fn load_base_BUF(i: u32) -> Fe {
    return load_BUF(0u, i);
}
//STORE
fn store_BUF(stride: u32, i: u32, value: Fe) {
    var words = value;
    for (var k = 0u; k < 8u; k++) {
        BUF[i * 8u + k] = words.v[k];
    }
}
