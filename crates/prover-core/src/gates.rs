//! Gates of one layer as a circuit lists them (`docs/protocol.md`, section 3).

use crate::field::Field;

/// A gate's coefficient: an index into its layer's constants, a public input, or random.
///
/// The number is the encoding in circuit files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CoefRef(pub u32);

/// What a [`CoefRef`] stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoefKind {
    /// Index into the layer's constants.
    Constant(u32),
    /// Index among the instance's public inputs; const gates only.
    Public(u32),
    /// Drawn from the transcript; every such gate has a draw of its own.
    Random,
}

impl CoefRef {
    /// A coefficient drawn from the transcript.
    pub const RANDOM: Self = Self(u32::MAX);
    /// Numbers from here on are public inputs (the largest is random).
    pub const FIRST_PUBLIC: u32 = 1 << 31;

    /// The constant of this index in the layer's list.
    ///
    /// # Panics
    /// If the index is not below `2^31`.
    pub fn constant(index: u32) -> Self {
        assert!(index < Self::FIRST_PUBLIC, "too many constants");
        Self(index)
    }

    /// The public input of this index.
    ///
    /// # Panics
    /// If the index is not below `2^31 - 1`.
    pub fn public(index: u32) -> Self {
        assert!(index < Self::FIRST_PUBLIC - 1, "too many public inputs");
        Self(Self::FIRST_PUBLIC + index)
    }

    /// What it stands for.
    pub fn kind(self) -> CoefKind {
        match self.0 {
            u32::MAX => CoefKind::Random,
            c if c >= Self::FIRST_PUBLIC => CoefKind::Public(c - Self::FIRST_PUBLIC),
            c => CoefKind::Constant(c),
        }
    }
}

/// `out[z] += coef * in[x] * in[y]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MulGate {
    /// Output wire.
    pub z: u32,
    /// Left input wire.
    pub x: u32,
    /// Right input wire.
    pub y: u32,
    /// Coefficient: constant or random.
    pub coef: CoefRef,
}

/// `out[z] += coef * in[x]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddGate {
    /// Output wire.
    pub z: u32,
    /// Input wire.
    pub x: u32,
    /// Coefficient: constant or random.
    pub coef: CoefRef,
}

/// `out[z] += coef`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConstGate {
    /// Output wire.
    pub z: u32,
    /// Coefficient: constant, random or public.
    pub coef: CoefRef,
}

/// One layer: gates from `2^input_vars` wires to `2^output_vars` wires.
///
/// In a canonical layer gates are sorted (field order of the structs is the sort order), the
/// constants strictly ascend as integers, and `asserts` strictly ascends.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LayerGates<B> {
    /// Base-2 logarithm of the number of input wires.
    pub input_vars: u32,
    /// Base-2 logarithm of the number of output wires.
    pub output_vars: u32,
    /// Distinct constant coefficients.
    pub constants: Vec<B>,
    /// Multiplication gates.
    pub muls: Vec<MulGate>,
    /// Addition gates.
    pub adds: Vec<AddGate>,
    /// Constant gates.
    pub consts: Vec<ConstGate>,
    /// Output wires that must be zero in every instance.
    pub asserts: Vec<u32>,
}

impl<B: Field> LayerGates<B> {
    /// Gates of all kinds.
    pub fn num_gates(&self) -> usize {
        self.muls.len() + self.adds.len() + self.consts.len()
    }

    /// Gates with a random coefficient, in the order of their numbers: mul, add, const.
    pub fn num_random(&self) -> usize {
        let random = |coef: CoefRef| coef == CoefRef::RANDOM;
        self.muls.iter().filter(|g| random(g.coef)).count()
            + self.adds.iter().filter(|g| random(g.coef)).count()
            + self.consts.iter().filter(|g| random(g.coef)).count()
    }
}
