// BN254's scalar field: Montgomery form, R = 2^256, eight 32-bit limbs. Needs SHADER_INT64.
//
// Generated: FE_MODULUS (the limbs of p), FE_NEG_INV (-p^-1 mod 2^32), FE_ONE.

struct Fe {
    v: array<u32, 8>,
}

fn fe_zero() -> Fe {
    return Fe();
}

fn fe_one() -> Fe {
    return Fe(FE_ONE);
}

// a - p if that is not negative, else a; for a < 2p.
fn fe_reduce_once(x: Fe) -> Fe {
    var a = x;
    var p = FE_MODULUS;
    var d: Fe;
    var borrow = 0lu;
    for (var k = 0u; k < 8u; k++) {
        let t = u64(a.v[k]) - u64(p[k]) - borrow;
        d.v[k] = u32(t);
        borrow = (t >> 32u) & 1lu;
    }
    if borrow != 0lu {
        return a;
    }
    return d;
}

// No carry leaves the top limb: both are below p < 2^254.
fn fe_add(x: Fe, y: Fe) -> Fe {
    var a = x;
    var b = y;
    var s: Fe;
    var carry = 0lu;
    for (var k = 0u; k < 8u; k++) {
        carry += u64(a.v[k]) + u64(b.v[k]);
        s.v[k] = u32(carry);
        carry = carry >> 32u;
    }
    return fe_reduce_once(s);
}

fn fe_sub(x: Fe, y: Fe) -> Fe {
    var a = x;
    var b = y;
    var p = FE_MODULUS;
    var d: Fe;
    var borrow = 0lu;
    for (var k = 0u; k < 8u; k++) {
        let t = u64(a.v[k]) - u64(b.v[k]) - borrow;
        d.v[k] = u32(t);
        borrow = (t >> 32u) & 1lu;
    }
    let mask = 0u - u32(borrow);
    var carry = 0lu;
    for (var k = 0u; k < 8u; k++) {
        carry += u64(d.v[k]) + u64(p[k] & mask);
        d.v[k] = u32(carry);
        carry = carry >> 32u;
    }
    return d;
}

// a b / 2^256 mod p: word-by-word Montgomery (CIOS) with 64-bit accumulators. Each outer step keeps
// t < a + p < 2^255, so no carry leaves the top. Loops instead of unrolled text: three times less SPIR-V.
fn fe_mul(x: Fe, y: Fe) -> Fe {
    var a = x;
    var b = y;
    var p = FE_MODULUS;
    var t: array<u32, 8>;
    for (var i = 0u; i < 8u; i++) {
        let factor = u64(b.v[i]);
        var carry = 0lu;
        for (var j = 0u; j < 8u; j++) {
            let w = u64(a.v[j]) * factor + u64(t[j]) + carry;
            t[j] = u32(w);
            carry = w >> 32u;
        }
        let top = u32(carry);
        let m = u64(t[0] * FE_NEG_INV);
        carry = (m * u64(p[0]) + u64(t[0])) >> 32u;
        for (var j = 1u; j < 8u; j++) {
            let w = m * u64(p[j]) + u64(t[j]) + carry;
            t[j - 1u] = u32(w);
            carry = w >> 32u;
        }
        t[7] = top + u32(carry);
    }
    var out: Fe;
    for (var k = 0u; k < 8u; k++) {
        out.v[k] = t[k];
    }
    return fe_reduce_once(out);
}
