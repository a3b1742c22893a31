// The sums of a window of the product summand T_0 * T_1; corner_value comes from round_plain.wgsl or
// round_fold.wgsl.
//
// Grid points are {0, 1, inf}^WINDOW, first variable most significant. An invocation expands the
// 2^w corners of each table to 3^w values (inf = corner 1 - corner 0), multiplies pointwise and
// keeps 3^w sums. The eq weight, if any, is multiplied into T_0's corners.
// Launch: 1-D, any grid; partials[g * groups + group] is the workgroup's sum at point g, finished by
// reduce_partials.wgsl. Workgroups cannot wait for each other, so that is a dispatch of its own.
// Reads: 2 * 2^(vars + folds) elements (and the small eq tables). Writes: with folds 2 * 2^vars
// elements; 3^w * groups partial sums.
// Registers: 3^w sums and 2 * 3^w values. For eight-word elements w = 3 spills: use w <= 2 there.

// eq(last eq_vars coordinates, last eq_vars bits of b).
fn eq_weight(b: u32) -> Fe {
    let m = params.eq_vars;
    let lo = params.eq_lo_vars;
    let i = b & ((1u << m) - 1u);
    if m <= lo {
        return load_eq(params.eq_stride, (1u << m) - 1u + i);
    }
    let hi_first = (2u << lo) + (1u << (m - lo)) - 1u;
    let lo_mask = (1u << lo) - 1u;
    let hi = load_eq(params.eq_stride, hi_first + (i >> lo));
    return fe_mul(hi, load_eq(params.eq_stride, lo_mask + (i & lo_mask)));
}

// The grid index whose digits are the bits of a corner.
fn corner_to_grid(corner: u32) -> u32 {
    var g = 0u;
    for (var v = 0u; v < WINDOW; v++) {
        g = g * 3u + ((corner >> (WINDOW - 1u - v)) & 1u);
    }
    return g;
}

fn extended_grid(table: u32, b: u32, items: u32) -> array<Fe, POINTS> {
    var grid: array<Fe, POINTS>;
    let weighted = table == 0u && params.eq_used != 0u;
    var weight: Fe;
    if weighted {
        weight = eq_weight(b);
    }
    for (var corner = 0u; corner < (1u << WINDOW); corner++) {
        var value = corner_value(table, corner * items + b);
        if weighted {
            value = fe_mul(value, weight);
        }
        grid[corner_to_grid(corner)] = value;
    }
    for (var step = POINTS / 3u; step > 0u; step /= 3u) {
        for (var g = 0u; g < POINTS; g++) {
            if (g / step) % 3u == 2u {
                grid[g] = fe_sub(grid[g - step], grid[g - 2u * step]);
            }
        }
    }
    return grid;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    var sums: array<Fe, POINTS>;
    let items = 1u << (params.vars - WINDOW);
    for (var b = id.x; b < items; b += groups.x * WORKGROUP) {
        var a_grid = extended_grid(0u, b, items);
        var b_grid = extended_grid(1u, b, items);
        for (var g = 0u; g < POINTS; g++) {
            if params.skip_ones == 0u || g != POINTS / 2u {
                sums[g] = fe_add(sums[g], fe_mul(a_grid[g], b_grid[g]));
            }
        }
    }
    for (var g = 0u; g < POINTS; g++) {
        let sum = block_sum(sums[g], local.x);
        if local.x == 0u {
            store_partials(POINTS * groups.x, g * groups.x + group.x, sum);
        }
    }
}
