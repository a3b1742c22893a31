// Layers: outputs from inputs, and Libra's tables of both phases (eprint 2019/317, section 3), for
// 2^instance_vars instances at once, the instance innermost: wire x of instance s is at
// x 2^instance_vars + s.
//
// Gates are sorted by the wire that a kernel writes, so a row has one writer: no atomics, no locks.

// Gates by row: offsets[row] to offsets[row + 1], each with its other wires and its coefficient's slot.
struct Rows {
  const u32* offsets;
  const u32* others;
  const void* slots;
  u64 slot_bytes;  // 0 if every coefficient is one
};

// A layer's coefficients by slot, in either field.
struct Coefs {
  const u32* table;
  u64 stride;
  u64 base;
};

DEVICE u64 slot_of(const Rows& rows, u64 gate) {
  if (rows.slot_bytes == 1) return ((const u8*)rows.slots)[gate];
  if (rows.slot_bytes == 2) return ((const u16*)rows.slots)[gate];
  return ((const u32*)rows.slots)[gate];
}

// A gate's coefficient times a value.
DEVICE fe times_coef(const Rows& rows, const Coefs& coefs, u64 gate, fe value) {
  if (rows.slot_bytes == 0) return value;
  u64 slot = slot_of(rows, gate);
  if (coefs.base) return fe_mul_be(value, be_load(coefs.table, slot));
  return fe_mul(value, fe_load(coefs.table, coefs.stride, slot));
}

DEVICE be times_base_coef(const Rows& rows, const Coefs& coefs, u64 gate, be value) {
  return rows.slot_bytes == 0 ? value : be_mul(value, be_load(coefs.table, slot_of(rows, gate)));
}

struct LayerParams {
  Rows mul;       // by z, others x and y
  Rows add;       // by z, others x
  Rows constant;  // by z
  const u32* public_offsets;  // by z; null if the layer reads no public input
  const u32* public_indices;
  Coefs coefs;
  Source below;
  const u32* publics;  // base field
  u32* dst;
  u64 dst_stride;
  u64 len;
  u64 instance_vars;
};

// Output i of a layer whose inputs and coefficients are in the base field.
DEVICE be output_base(const LayerParams& p, u64 i) {
  u64 z = i >> p.instance_vars, s = i & ((1ull << p.instance_vars) - 1);
  be sum = be_zero();
  for (u64 g = p.mul.offsets[z]; g < p.mul.offsets[z + 1]; g++) {
    be x = be_load(p.below.table, ((u64)p.mul.others[2 * g] << p.instance_vars) + s);
    be y = be_load(p.below.table, ((u64)p.mul.others[2 * g + 1] << p.instance_vars) + s);
    sum = be_add(sum, times_base_coef(p.mul, p.coefs, g, be_mul(x, y)));
  }
  for (u64 g = p.add.offsets[z]; g < p.add.offsets[z + 1]; g++) {
    be x = be_load(p.below.table, ((u64)p.add.others[g] << p.instance_vars) + s);
    sum = be_add(sum, times_base_coef(p.add, p.coefs, g, x));
  }
  for (u64 g = p.constant.offsets[z]; g < p.constant.offsets[z + 1]; g++) {
    sum = be_add(sum, times_base_coef(p.constant, p.coefs, g, be_one()));
  }
  if (p.public_offsets) {
    for (u64 g = p.public_offsets[z]; g < p.public_offsets[z + 1]; g++) {
      sum = be_add(sum, be_load(p.publics, ((u64)p.public_indices[g] << p.instance_vars) + s));
    }
  }
  return sum;
}

// All outputs, in the base field.
// Launch: 1-D, any grid; a thread per run of BE_PER_RUN outputs. Reads per gate: 4 bytes a wire, its
// slot, one or two values. Writes: len elements.
KERNEL(evaluate_base, LayerParams) {
  u64 runs = (p.len + BE_PER_RUN - 1) / BE_PER_RUN;
  for (u64 run = global_thread(); run < runs; run += global_threads()) {
    be values[BE_PER_RUN];
    for (u64 k = 0; k < BE_PER_RUN; k++) {
      u64 i = run * BE_PER_RUN + k;
      values[k] = i < p.len ? output_base(p, i) : be_zero();
    }
    be_store_run(p.dst, run, values);
  }
}

// All outputs, in the challenge field; inputs and coefficients may be of either.
// Launch: 1-D, any grid; a thread per output.
KERNEL(evaluate, LayerParams) {
  for (u64 i = global_thread(); i < p.len; i += global_threads()) {
    u64 z = i >> p.instance_vars, s = i & ((1ull << p.instance_vars) - 1);
    fe sum = fe_zero();
    for (u64 g = p.mul.offsets[z]; g < p.mul.offsets[z + 1]; g++) {
      fe x = load_source(p.below, ((u64)p.mul.others[2 * g] << p.instance_vars) + s);
      fe y = load_source(p.below, ((u64)p.mul.others[2 * g + 1] << p.instance_vars) + s);
      sum = fe_add(sum, times_coef(p.mul, p.coefs, g, fe_mul(x, y)));
    }
    for (u64 g = p.add.offsets[z]; g < p.add.offsets[z + 1]; g++) {
      fe x = load_source(p.below, ((u64)p.add.others[g] << p.instance_vars) + s);
      sum = fe_add(sum, times_coef(p.add, p.coefs, g, x));
    }
    for (u64 g = p.constant.offsets[z]; g < p.constant.offsets[z + 1]; g++) {
      sum = fe_add(sum, times_coef(p.constant, p.coefs, g, fe_one()));
    }
    if (p.public_offsets) {
      for (u64 g = p.public_offsets[z]; g < p.public_offsets[z + 1]; g++) {
        u64 at = ((u64)p.public_indices[g] << p.instance_vars) + s;
        sum = fe_add(sum, fe_lift(be_load(p.publics, at)));
      }
    }
    fe_store(p.dst, p.dst_stride, i, sum);
  }
}

struct PhaseOneParams {
  Rows mul;  // by x, others z and y
  Rows add;  // by x, others z
  Coefs coefs;
  const u32* weights;
  u64 weights_stride;
  Source below;
  u32* dst;
  u64 dst_stride;
  u64 len;
  u64 instance_vars;
};

// H(x, s) = sum_mul c W[z] V(y, s) + sum_add c W[z].
// Launch: 1-D, any grid; a thread per (x, s). Reads per gate: 8 bytes of wires, its slot, a weight, a
// value below. Writes: len elements.
KERNEL(phase_one, PhaseOneParams) {
  for (u64 i = global_thread(); i < p.len; i += global_threads()) {
    u64 x = i >> p.instance_vars, s = i & ((1ull << p.instance_vars) - 1);
    fe sum = fe_zero();
    for (u64 g = p.mul.offsets[x]; g < p.mul.offsets[x + 1]; g++) {
      fe weight = fe_load(p.weights, p.weights_stride, p.mul.others[2 * g]);
      weight = times_coef(p.mul, p.coefs, g, weight);
      u64 at = ((u64)p.mul.others[2 * g + 1] << p.instance_vars) + s;
      fe product = p.below.base ? fe_mul_be(weight, be_load(p.below.table, at))
                                : fe_mul(weight, fe_load(p.below.table, p.below.stride, at));
      sum = fe_add(sum, product);
    }
    for (u64 g = p.add.offsets[x]; g < p.add.offsets[x + 1]; g++) {
      fe weight = fe_load(p.weights, p.weights_stride, p.add.others[g]);
      sum = fe_add(sum, times_coef(p.add, p.coefs, g, weight));
    }
    fe_store(p.dst, p.dst_stride, i, sum);
  }
}

struct PhaseTwoParams {
  Rows mul;  // by y, others z and x
  Coefs coefs;
  const u32* weights;
  u64 weights_stride;
  const u32* eq_x;
  u64 eq_x_stride;
  u32* dst;
  u64 dst_stride;
  u64 len;
};

// M(y) = sum_mul c W[z] eq_x[x].
// Launch: 1-D, any grid; a thread per y. Reads per gate: 8 bytes of wires, its slot, two elements.
KERNEL(phase_two, PhaseTwoParams) {
  for (u64 y = global_thread(); y < p.len; y += global_threads()) {
    fe sum = fe_zero();
    for (u64 g = p.mul.offsets[y]; g < p.mul.offsets[y + 1]; g++) {
      fe weight = fe_load(p.weights, p.weights_stride, p.mul.others[2 * g]);
      fe eq = fe_load(p.eq_x, p.eq_x_stride, p.mul.others[2 * g + 1]);
      sum = fe_add(sum, times_coef(p.mul, p.coefs, g, fe_mul(weight, eq)));
    }
    fe_store(p.dst, p.dst_stride, y, sum);
  }
}

struct GateTermParams {
  Rows rows;  // of no other wire for const gates; by x with other z for add gates
  Coefs coefs;
  const u32* weights;
  u64 weights_stride;
  const u32* eq_x;  // null for const gates
  u64 eq_x_stride;
  const u32* public_offsets;  // by z; null if there are none
  const u32* public_indices;
  const u32* publics_at;
  u64 publics_stride;
  u32* partial;
  u64 num_rows;
};

// What const gates add to a claim, sum c W[z] and public inputs' values times W[z]; or, with eq_x, what
// add gates do, sum c W[z] eq_x[x].
// Launch: 1-D, any grid; a thread per row; partial sums for `reduce_partials`.
KERNEL(gate_term, GateTermParams) {
  fe sum = fe_zero();
  for (u64 row = global_thread(); row < p.num_rows; row += global_threads()) {
    fe row_sum = fe_zero();
    for (u64 g = p.rows.offsets[row]; g < p.rows.offsets[row + 1]; g++) {
      u64 z = p.eq_x ? p.rows.others[g] : row;
      fe weight = fe_load(p.weights, p.weights_stride, z);
      row_sum = fe_add(row_sum, times_coef(p.rows, p.coefs, g, weight));
    }
    if (p.eq_x) {
      row_sum = fe_mul(row_sum, fe_load(p.eq_x, p.eq_x_stride, row));
    } else if (p.public_offsets) {
      fe values = fe_zero();
      for (u64 g = p.public_offsets[row]; g < p.public_offsets[row + 1]; g++) {
        values = fe_add(values, fe_load(p.publics_at, p.publics_stride, p.public_indices[g]));
      }
      row_sum = fe_add(row_sum, fe_mul(values, fe_load(p.weights, p.weights_stride, row)));
    }
    sum = fe_add(sum, row_sum);
  }
  store_partial(p.partial, 1, 0, sum);
}
