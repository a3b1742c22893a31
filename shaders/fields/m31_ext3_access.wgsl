// Planes: coefficient k of element i at word k * stride + i; a base-field table is one plane.

fn load_BUF(stride: u32, i: u32) -> Fe {
    return Fe(array<u32, 3>(BUF[i], BUF[stride + i], BUF[2u * stride + i]));
}

fn load_base_BUF(i: u32) -> Fe {
    return Fe(array<u32, 3>(BUF[i], 0u, 0u));
}
//STORE
fn store_BUF(stride: u32, i: u32, value: Fe) {
    BUF[i] = value.v[0];
    BUF[stride + i] = value.v[1];
    BUF[2u * stride + i] = value.v[2];
}
