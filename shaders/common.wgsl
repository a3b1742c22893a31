// The workgroup reduction that kernels share.
//
// A shader is the concatenation, in this order, of
//   bindings, element access and constants (generated) + fields/<form>.wgsl + common.wgsl
//   + kernels.
// Generated: for each binding BUF an `array<u32>` and `load_BUF(stride, i)`, `load_base_BUF(i)`,
// `store_BUF(stride, i, value)` from fields/<form>_access.wgsl, because WGSL has no pointers to
// storage as parameters; and the constants WORKGROUP, WINDOW, POINTS, FE_WORDS and the field's own.
//
// Conventions:
// - `Fe` is an element of the challenge field, fully reduced; memory holds the words of the
//   field's storage form.
// - The first variable of a table is the most significant bit of its index.
// - Every kernel is grid-stride: any grid is correct.
// - Parameters are one struct of words in a read-only storage buffer (a uniform buffer would pad
//   every element to 16 bytes).

var<workgroup> scratch: array<Fe, WORKGROUP>;

// The sum of `value` over the workgroup, for all its invocations; uniform control flow only.
// No assumption about the subgroup size. Cost: log2(WORKGROUP) + 2 barriers.
fn block_sum(value: Fe, lane: u32) -> Fe {
    scratch[lane] = value;
    workgroupBarrier();
    for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
        if lane < half {
            scratch[lane] = fe_add(scratch[lane], scratch[lane + half]);
        }
        workgroupBarrier();
    }
    let sum = scratch[0];
    // The next call overwrites the scratch.
    workgroupBarrier();
    return sum;
}
