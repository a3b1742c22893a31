// The cubic extension of Mersenne-31, p = 2^31 - 1, by x^3 = FE_NON_RESIDUE. Needs SHADER_INT64.
//
// Generated: M31_P, FE_NON_RESIDUE, FE_ONE. A variant without 64-bit integers (16-bit halves) is
// what a browser will need.

struct Fe {
    v: array<u32, 3>,
}

fn fe_zero() -> Fe {
    return Fe();
}

fn fe_one() -> Fe {
    return Fe(FE_ONE);
}

fn m31_fold(x: u64) -> u64 {
    return (x & u64(M31_P)) + (x >> 31u);
}

// Any 64-bit value: two foldings leave at most 2^31 + 3.
fn m31_reduce(x: u64) -> u32 {
    let r = u32(m31_fold(m31_fold(x)));
    return select(r, r - M31_P, r >= M31_P);
}

fn m31_add(a: u32, b: u32) -> u32 {
    let t = a + b;
    return select(t, t - M31_P, t >= M31_P);
}

fn m31_sub(a: u32, b: u32) -> u32 {
    return select(a + M31_P - b, a - b, a >= b);
}

fn fe_add(a: Fe, b: Fe) -> Fe {
    return Fe(array<u32, 3>(
        m31_add(a.v[0], b.v[0]),
        m31_add(a.v[1], b.v[1]),
        m31_add(a.v[2], b.v[2]),
    ));
}

fn fe_sub(a: Fe, b: Fe) -> Fe {
    return Fe(array<u32, 3>(
        m31_sub(a.v[0], b.v[0]),
        m31_sub(a.v[1], b.v[1]),
        m31_sub(a.v[2], b.v[2]),
    ));
}

// Nine word products, three reductions and two foldings. Products are below 2^62: three fit, and
// so does one with a folded multiple of the non-residue.
fn fe_mul(a: Fe, b: Fe) -> Fe {
    let a0 = u64(a.v[0]);
    let a1 = u64(a.v[1]);
    let a2 = u64(a.v[2]);
    let b0 = u64(b.v[0]);
    let b1 = u64(b.v[1]);
    let b2 = u64(b.v[2]);
    let w = u64(FE_NON_RESIDUE);
    let high = m31_fold(a1 * b2 + a2 * b1);
    let top = m31_fold(a2 * b2);
    return Fe(array<u32, 3>(
        m31_reduce(a0 * b0 + w * high),
        m31_reduce(a0 * b1 + a1 * b0 + w * top),
        m31_reduce(a0 * b2 + a1 * b1 + a2 * b0),
    ));
}
