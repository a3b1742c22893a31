//! A prover as plain as the last paragraph of section 7: dense tables, all sums written out.
//!
//! It shares the transcript's hash and the proof container with the verifier and nothing else:
//! labels, order and formulas are typed in from `docs/protocol.md` again.

use prover_circuit::Circuit;
use prover_core::{ChallengeField, CoefKind, CoefRef, Field, LayerGates};
use prover_proof::{Outputs, Proof, ProofHeader, ProofShape, ProtocolConfig, RandomCoefField};
use prover_transcript::{Sha256Transcript, Transcript, TranscriptExt};

/// What a cheating prover says instead of what it computes with.
pub(crate) struct Lies<F: ChallengeField> {
    /// Declared input section.
    pub(crate) input: Option<Vec<F::Base>>,
    /// Declared public section.
    pub(crate) public: Option<Vec<F::Base>>,
    /// Added to the claimed output of this number.
    pub(crate) output: Option<(usize, F)>,
    /// Added to `v_y` of layer 0.
    pub(crate) eval_y: F,
}

impl<F: ChallengeField> Default for Lies<F> {
    fn default() -> Self {
        Self {
            input: None,
            public: None,
            output: None,
            eval_y: F::ZERO,
        }
    }
}

/// The inputs of `num` instances.
#[derive(Clone)]
pub(crate) struct Witness<B> {
    pub(crate) num: usize,
    pub(crate) inputs: Vec<B>,
    pub(crate) public: Vec<B>,
}

fn bytes<E: Field>(elements: &[E]) -> Vec<u8> {
    let mut out = Vec::new();
    elements.iter().for_each(|e| e.encode(&mut out));
    out
}

/// `eq(point, index)` straight from its definition.
fn eq<F: ChallengeField>(point: &[F], index: usize) -> F {
    let bits = (0..point.len()).rev().map(|shift| index >> shift & 1);
    let factors = point.iter().zip(bits);
    factors.fold(F::ONE, |acc, (&t, bit)| {
        acc * if bit == 1 { t } else { F::ONE - t }
    })
}

fn halves<F: Copy>(table: &[F]) -> (&[F], &[F]) {
    table.split_at(table.len() / 2)
}

fn bind<F: ChallengeField>(table: &[F], r: F) -> Vec<F> {
    let (low, high) = halves(table);
    let pairs = low.iter().zip(high);
    pairs.map(|(&a, &b)| a + r * (b - a)).collect()
}

/// The coefficients of one layer's gates in one instance, with the random ones counted.
struct Coefs<'a, F: ChallengeField> {
    layer: &'a LayerGates<F::Base>,
    random: &'a [F],
    next: usize,
}

impl<F: ChallengeField> Coefs<'_, F> {
    fn get(&mut self, coef: CoefRef, public: &[F::Base]) -> F {
        match coef.kind() {
            CoefKind::Constant(i) => F::from(self.layer.constants[i as usize]),
            CoefKind::Public(i) => F::from(public[i as usize]),
            CoefKind::Random => {
                self.next += 1;
                self.random[self.next - 1]
            }
        }
    }
}

/// One layer with its gates' coefficients looked up: `(z, x, y, c)`, `(z, x, c)`.
struct Wires<F> {
    muls: Vec<(usize, usize, usize, F)>,
    adds: Vec<(usize, usize, F)>,
}

fn wires<F: ChallengeField>(coefs: &mut Coefs<'_, F>) -> Wires<F> {
    let layer = coefs.layer;
    let muls = layer.muls.iter();
    let muls = muls
        .map(|g| {
            (
                g.z as usize,
                g.x as usize,
                g.y as usize,
                coefs.get(g.coef, &[]),
            )
        })
        .collect();
    let adds = layer.adds.iter();
    let adds = adds
        .map(|g| (g.z as usize, g.x as usize, coefs.get(g.coef, &[])))
        .collect();
    Wires { muls, adds }
}

/// Tables `[layer][instance][wire]`, the input first.
fn evaluate<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    witness: &Witness<F::Base>,
    random: &[F],
) -> Vec<Vec<Vec<F>>> {
    let width = 1 << circuit.input_vars();
    let num_public = circuit.num_public() as usize;
    let input = |s: usize| witness.inputs[s * width..(s + 1) * width].iter();
    let mut tables = vec![
        (0..witness.num)
            .map(|s| input(s).map(|&v| F::from(v)).collect::<Vec<F>>())
            .collect::<Vec<_>>(),
    ];
    for (index, layer) in circuit.layers().iter().enumerate() {
        let outputs = (0..witness.num).map(|s| {
            let input = &tables[index][s];
            let next = circuit.random_offset(index) as usize;
            let mut coefs = Coefs {
                layer,
                random,
                next,
            };
            let Wires { muls, adds } = wires(&mut coefs);
            let mut out = vec![F::ZERO; 1 << layer.output_vars];
            muls.iter()
                .for_each(|&(z, x, y, c)| out[z] += c * input[x] * input[y]);
            adds.iter().for_each(|&(z, x, c)| out[z] += c * input[x]);
            let public = &witness.public[s * num_public..(s + 1) * num_public];
            for g in &layer.consts {
                out[g.z as usize] += coefs.get(g.coef, public);
            }
            out
        });
        let outputs = outputs.collect();
        tables.push(outputs);
    }
    tables
}

struct Prover<F> {
    transcript: Sha256Transcript,
    messages: Vec<F>,
}

impl<F: ChallengeField> Prover<F> {
    fn round(&mut self, message: [F; 2]) -> F {
        self.transcript.absorb("round", &bytes(&message));
        self.messages.extend(message);
        self.transcript.challenges("challenge", 1)[0]
    }

    fn eval(&mut self, label: &'static str, value: F) {
        self.transcript.absorb(label, &bytes(&[value]));
        self.messages.push(value);
    }
}

/// Claims about a layer's output: the points and the one of the instances.
struct Points<F> {
    outputs: Vec<Vec<F>>,
    instances: Vec<F>,
}

fn weights<F: ChallengeField>(
    layer: &LayerGates<F::Base>,
    points: &Points<F>,
    transcript: &mut Sha256Transcript,
) -> Vec<F> {
    let k = layer.output_vars as usize;
    let assert: Vec<F> = match layer.asserts.is_empty() {
        true => Vec::new(),
        false => transcript.challenges("assert", 1 + k),
    };
    let alpha = match points.outputs.len() {
        2 => transcript.challenges("combine", 1)[0],
        _ => F::ZERO,
    };
    let weight = |z: usize| {
        let mut w = eq(&points.outputs[0], z);
        if let Some(second) = points.outputs.get(1) {
            w += alpha * eq(second, z);
        }
        if layer.asserts.contains(&(z as u32)) {
            w += assert[0] * eq(&assert[1..], z);
        }
        w
    };
    (0..1 << k).map(weight).collect()
}

/// Phase one: the point `(r_x, r_s)` and the value there.
fn phase_one<F: ChallengeField>(
    prover: &mut Prover<F>,
    mut v: Vec<F>,
    mut h: Vec<F>,
    (n, t): (usize, &[F]),
) -> (Vec<F>, Vec<F>, F) {
    let num_s = 1 << t.len();
    let (mut r_x, mut r_s) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let ((v0, v1), (h0, h1)) = (halves(&v), halves(&h));
        let (mut zero, mut infinity) = (F::ZERO, F::ZERO);
        for i in 0..v0.len() {
            let e = eq(t, i % num_s);
            zero += e * v0[i] * h0[i];
            infinity += e * (v1[i] - v0[i]) * (h1[i] - h0[i]);
        }
        let r = prover.round([zero, infinity]);
        (v, h) = (bind(&v, r), bind(&h, r));
        r_x.push(r);
    }
    for j in 0..t.len() {
        let ((v0, v1), (h0, h1)) = (halves(&v), halves(&h));
        let (mut zero, mut one, mut infinity) = (F::ZERO, F::ZERO, F::ZERO);
        for i in 0..v0.len() {
            let e = eq(&t[j + 1..], i);
            zero += e * v0[i] * h0[i];
            one += e * v1[i] * h1[i];
            infinity += e * (v1[i] - v0[i]) * (h1[i] - h0[i]);
        }
        let r = prover.round([one - zero, infinity]);
        (v, h) = (bind(&v, r), bind(&h, r));
        r_s.push(r);
    }
    (r_x, r_s, v[0])
}

/// Phase two: the point `r_y` and the value there.
fn phase_two<F: ChallengeField>(
    prover: &mut Prover<F>,
    mut v: Vec<F>,
    mut m: Vec<F>,
    v_x: F,
) -> (Vec<F>, F) {
    let mut r_y = Vec::new();
    while v.len() > 1 {
        let ((v0, v1), (m0, m1)) = (halves(&v), halves(&m));
        let (mut zero, mut infinity) = (F::ZERO, F::ZERO);
        for i in 0..v0.len() {
            zero += v_x * v0[i] * m0[i];
            infinity += v_x * (v1[i] - v0[i]) * (m1[i] - m0[i]);
        }
        let r = prover.round([zero, infinity]);
        (v, m) = (bind(&v, r), bind(&m, r));
        r_y.push(r);
    }
    (r_y, v[0])
}

/// Proves a layer; `values[s][x]` is its input for the instances and their copies.
fn prove_layer<F: ChallengeField>(
    prover: &mut Prover<F>,
    (layer, wires): (&LayerGates<F::Base>, &Wires<F>),
    values: &[Vec<F>],
    points: &Points<F>,
    lie: F,
) -> Points<F> {
    let w = weights(layer, points, &mut prover.transcript);
    let (num_x, num_s) = (1usize << layer.input_vars, values.len());
    let by_wire = (0..num_x * num_s).map(|index| values[index % num_s][index / num_s]);
    let (v, mut h) = (by_wire.collect(), vec![F::ZERO; num_x * num_s]);
    for s in 0..num_s {
        for &(z, x, y, c) in &wires.muls {
            h[x * num_s + s] += c * w[z] * values[s][y];
        }
        for &(z, x, c) in &wires.adds {
            h[x * num_s + s] += c * w[z];
        }
    }
    let n = layer.input_vars as usize;
    let (r_x, r_s, v_x) = phase_one(prover, v, h, (n, &points.instances));
    prover.eval("eval-x", v_x);
    if wires.muls.is_empty() {
        return Points {
            outputs: vec![r_x],
            instances: r_s,
        };
    }
    let mut m = vec![F::ZERO; num_x];
    for &(z, x, y, c) in &wires.muls {
        m[y] += c * w[z] * eq(&r_x, x);
    }
    let at_y = |y: usize| {
        let values = values.iter().enumerate();
        values.fold(F::ZERO, |sum, (s, values)| sum + eq(&r_s, s) * values[y])
    };
    let (r_y, v_y) = phase_two(prover, (0..num_x).map(at_y).collect(), m, v_x);
    prover.eval("eval-y", v_y + lie);
    Points {
        outputs: vec![r_x, r_y],
        instances: r_s,
    }
}

/// Absorbs the statement and draws the random coefficients.
fn open<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    (num, config): (usize, ProtocolConfig),
    public: &[F::Base],
    input: &[F::Base],
) -> (Sha256Transcript, Vec<F>) {
    let mut t = Sha256Transcript::new();
    t.absorb("protocol", b"astraea-gkr-2");
    let in_challenge = config.random_coefs == RandomCoefField::Challenge;
    t.absorb("config", &[u8::from(in_challenge), 0, 0, 0, 0, 0, 0, 0]);
    t.absorb("field", &(F::ID as u32).to_le_bytes());
    t.absorb("circuit", &circuit.digest());
    t.absorb("instances", &(num as u32).to_le_bytes());
    t.absorb("public", &bytes(public));
    t.absorb("input", &bytes(input));
    let count = circuit.num_random() as usize;
    let random = if in_challenge {
        t.challenges("coefficients", count)
    } else {
        let base: Vec<F::Base> = t.challenges("coefficients", count);
        base.into_iter().map(F::from).collect()
    };
    (t, random)
}

/// Proves `witness`, truthfully but for the lies.
pub(crate) fn prove<F: ChallengeField>(
    circuit: &Circuit<F::Base>,
    witness: &Witness<F::Base>,
    config: ProtocolConfig,
    lies: Lies<F>,
) -> Proof<F> {
    let public = lies.public.unwrap_or_else(|| witness.public.clone());
    let input = lies.input.unwrap_or_else(|| witness.inputs.clone());
    let (mut transcript, random) = open::<F>(circuit, (witness.num, config), &public, &input);
    let mut tables = evaluate(circuit, witness, &random);
    let claimed = circuit.num_zero_outputs() as usize..circuit.num_outputs() as usize;
    let last = &tables[circuit.layers().len()];
    let mut outputs: Vec<F> = last
        .iter()
        .flat_map(|out| out[claimed.clone()].to_vec())
        .collect();
    if let Some((index, delta)) = lies.output {
        outputs[index] += delta;
    }
    let shape = ProofShape::of(circuit, witness.num, config).expect("a possible shape");
    let outputs = Outputs::new(&shape, outputs).expect("outputs in their field");
    match &outputs {
        Outputs::Base(values) => transcript.absorb("outputs", &bytes(values)),
        Outputs::Challenge(values) => transcript.absorb("outputs", &bytes(values)),
    }
    let num_s = witness.num.next_power_of_two();
    let k = circuit.output_vars() as usize;
    let mut z: Vec<F> = transcript.challenges("output-point", k + num_s.ilog2() as usize);
    let instances = z.split_off(k);
    let mut points = Points {
        outputs: vec![z],
        instances,
    };
    let mut prover = Prover {
        transcript,
        messages: Vec::new(),
    };
    for (index, layer) in circuit.layers().iter().enumerate().rev() {
        let copy = tables[index][witness.num - 1].clone();
        tables[index].resize(num_s, copy);
        let next = circuit.random_offset(index) as usize;
        let random = random.as_slice();
        let wires = wires(&mut Coefs {
            layer,
            random,
            next,
        });
        let lie = if index == 0 { lies.eval_y } else { F::ZERO };
        points = prove_layer(&mut prover, (layer, &wires), &tables[index], &points, lie);
    }
    Proof {
        header: ProofHeader::of(&shape),
        public,
        input,
        outputs,
        messages: prover.messages,
    }
}
