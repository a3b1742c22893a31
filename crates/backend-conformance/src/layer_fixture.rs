//! Small layers of every shape, and their data.

use std::sync::Arc;

use prover_core::{
    AddGate, BackendError, ChallengeField, CoefRef, ConstGate, DeviceLayer, Field, LayerBackend,
    LayerCoefs, LayerGates, LayerWiring, MulGate, RandomCoefs,
};

use crate::definition::{Gate, gates};
use crate::failure::Failure;
use crate::fixture::{Fill, HostTable, Rng};
use crate::subject::Session;

/// How a layer is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerShape {
    pub(crate) input_vars: u32,
    pub(crate) output_vars: u32,
    pub(crate) muls: usize,
    pub(crate) adds: usize,
    pub(crate) consts: usize,
    pub(crate) publics: usize,
    /// Distinct constants to choose from; 0 makes every coefficient random.
    pub(crate) constants: usize,
    /// Random coefficients from the challenge field (or the base field), and so the table below.
    pub(crate) challenge: bool,
    pub(crate) instance_vars: usize,
}

/// Public inputs of an instance in every fixture.
pub(crate) const NUM_PUBLIC: usize = 3;

/// A layer with the tables it works on.
pub(crate) struct LayerCase<F: ChallengeField> {
    pub(crate) shape: LayerShape,
    pub(crate) layer: LayerGates<F::Base>,
    pub(crate) wiring: Arc<LayerWiring<F::Base>>,
    pub(crate) random: RandomCoefs<F>,
    pub(crate) below: HostTable<F>,
    /// Base field, padded to a power of two.
    pub(crate) publics: HostTable<F>,
    pub(crate) publics_at: Vec<F>,
    /// Two claims, as `(scale, point)`.
    pub(crate) claims: Vec<(F, Vec<F>)>,
    pub(crate) asserts: (F, Vec<F>),
    /// `r_x` and the instance point.
    pub(crate) point_x: Vec<F>,
    pub(crate) point_s: Vec<F>,
}

/// A layer on a device.
pub(crate) struct Uploaded<F: ChallengeField, B: LayerBackend<F>> {
    pub(crate) wiring: B::Wiring,
    pub(crate) coefs: B::Coefs,
    pub(crate) below: B::Mle,
    pub(crate) publics: B::Mle,
}

impl LayerShape {
    /// Shapes that cover empty kinds, sides of no variables, all sorts of coefficients and instances.
    pub(crate) fn small() -> Vec<Self> {
        let kinds = [
            // muls, adds, consts, publics, constants
            (9, 7, 4, 2, 3),
            (6, 0, 0, 0, 0),
            (0, 6, 0, 0, 2),
            (0, 0, 5, 0, 2),
            (0, 0, 0, 3, 1),
            (0, 0, 0, 0, 0),
            (7, 5, 3, 0, 1),
            (5, 4, 0, 3, 0),
        ];
        let vars = [(0, 0), (0, 2), (2, 0), (1, 3), (3, 2), (4, 4)];
        let mut shapes = Vec::new();
        for (k, (muls, adds, consts, publics, constants)) in kinds.into_iter().enumerate() {
            for (v, (input_vars, output_vars)) in vars.into_iter().enumerate() {
                shapes.push(Self {
                    input_vars,
                    output_vars,
                    muls,
                    adds,
                    consts,
                    publics,
                    constants,
                    challenge: (k + v) % 2 == 0,
                    instance_vars: (2 * k + v) % 5,
                });
            }
        }
        shapes
    }

    /// A layer with more slots than a byte, or than two bytes, can number.
    pub(crate) fn with_slots(constants: usize, gates: usize) -> Self {
        Self {
            input_vars: 5,
            output_vars: 6,
            muls: gates / 2,
            adds: gates / 4,
            consts: gates / 4,
            publics: 1,
            constants,
            challenge: true,
            instance_vars: 1,
        }
    }
}

impl<F: ChallengeField> LayerCase<F> {
    /// Draws a layer and its data.
    pub(crate) fn draw(shape: LayerShape, rng: &mut Rng) -> Self {
        let layer = draw_gates::<F>(shape, rng);
        let num_random = layer.num_random();
        let random = match shape.challenge {
            true => RandomCoefs::Challenge(rng.point(num_random)),
            false => RandomCoefs::Base(rng.point(num_random)),
        };
        let (inputs, outputs) = (shape.input_vars as usize, shape.output_vars as usize);
        let s = shape.instance_vars;
        let below_base = shape.instance_vars.is_multiple_of(2);
        Self {
            shape,
            wiring: Arc::new(LayerWiring::new(&layer)),
            random,
            below: HostTable::new(below_base, Fill::Random, inputs + s, rng),
            publics: HostTable::new(true, Fill::Random, 2 + s, rng),
            publics_at: rng.point(NUM_PUBLIC),
            claims: (0..2)
                .map(|_| (rng.element(), rng.point(outputs)))
                .collect(),
            asserts: (rng.element(), rng.point(outputs)),
            point_x: rng.point(inputs),
            point_s: rng.point(s),
            layer,
        }
    }

    /// The coefficients by slot.
    pub(crate) fn coefs(&self) -> LayerCoefs<F> {
        LayerCoefs::new(&self.wiring, &self.random)
    }

    /// The gates by definition.
    pub(crate) fn gates(&self) -> Vec<Gate<F>> {
        gates(&self.layer, &self.random)
    }

    /// The claims as the seam takes them.
    pub(crate) fn claims(&self) -> Vec<(F, &[F])> {
        self.claims.iter().map(|(c, p)| (*c, &p[..])).collect()
    }

    /// The factor and point of the asserted outputs.
    pub(crate) fn asserts(&self) -> Option<(F, &[F])> {
        (!self.layer.asserts.is_empty()).then_some((self.asserts.0, &self.asserts.1))
    }

    /// Brings everything to a device.
    pub(crate) fn upload<B: LayerBackend<F>>(
        &self,
        session: &mut Session<'_, F, B>,
    ) -> Result<Uploaded<F, B>, Failure> {
        let backend = session.backend;
        Ok(Uploaded {
            wiring: backend.upload_wiring(&mut session.queue, &self.wiring)?,
            coefs: backend.upload_coefs(&mut session.queue, self.coefs())?,
            below: session.upload(&self.below)?,
            publics: session.upload(&self.publics)?,
        })
    }
}

impl<F: ChallengeField, B: LayerBackend<F>> Uploaded<F, B> {
    /// The layer as operations take it.
    pub(crate) fn layer(&self) -> DeviceLayer<'_, F, B> {
        DeviceLayer {
            wiring: &self.wiring,
            coefs: &self.coefs,
        }
    }

    /// The layer's outputs.
    pub(crate) fn evaluate(
        &self,
        session: &mut Session<'_, F, B>,
        publics: bool,
    ) -> Result<B::Mle, BackendError> {
        session.backend.evaluate_layer(
            &mut session.queue,
            self.layer(),
            &self.below,
            publics.then_some(&self.publics),
        )
    }
}

/// Draws the gates of a layer, in no order.
pub(crate) fn draw_gates<F: ChallengeField>(
    shape: LayerShape,
    rng: &mut Rng,
) -> LayerGates<F::Base> {
    let mut constants: Vec<F::Base> = rng.point(shape.constants);
    if let Some(middle) = constants.get_mut(shape.constants / 2) {
        *middle = F::Base::ONE;
    }
    let (n, k) = (shape.input_vars, shape.output_vars);
    // A kind of one constant has only the one: those layers need no slots.
    let coef = |rng: &mut Rng| match shape.constants {
        0 => CoefRef::RANDOM,
        1 => CoefRef::constant(0),
        c => match rng.below(4) {
            0 => CoefRef::RANDOM,
            _ => CoefRef::constant(rng.below(c) as u32),
        },
    };
    let wire = |vars: u32, rng: &mut Rng| rng.below(1 << vars) as u32;
    let muls = (0..shape.muls)
        .map(|_| MulGate {
            z: wire(k, rng),
            x: wire(n, rng),
            y: wire(n, rng),
            coef: coef(rng),
        })
        .collect();
    let adds = (0..shape.adds)
        .map(|_| AddGate {
            z: wire(k, rng),
            x: wire(n, rng),
            coef: coef(rng),
        })
        .collect();
    let mut consts: Vec<ConstGate> = (0..shape.consts)
        .map(|_| ConstGate {
            z: wire(k, rng),
            coef: coef(rng),
        })
        .collect();
    consts.extend((0..shape.publics).map(|i| ConstGate {
        z: wire(k, rng),
        coef: CoefRef::public((i % NUM_PUBLIC) as u32),
    }));
    let asserts = (0..1u32 << k).filter(|_| rng.below(3) == 0).collect();
    LayerGates {
        input_vars: n,
        output_vars: k,
        constants,
        muls,
        adds,
        consts,
        asserts,
    }
}
