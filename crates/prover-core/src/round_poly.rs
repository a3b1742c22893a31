//! Round polynomials in evaluation form, and the grids that windows return.
//!
//! A polynomial of degree `d` is known by its values at the first `d + 1` of the points
//! `0, 1, infinity, e_0, e_1, ...` ([`ChallengeField::extra_point`]); the value at infinity is the
//! coefficient of `X^d`. For `d = 1` the points are `0, 1`; a constant has the one point `0`.

use crate::field::ChallengeField;

/// Largest degree of a round polynomial.
pub const MAX_DEGREE: usize = 6;

/// Position of infinity among the points of a polynomial of degree at least 2.
pub const INFINITY: usize = 2;

/// A univariate polynomial of degree at most `MAX_DEGREE`, by its values at `0, 1, infinity, e_0, ...`.
///
/// The values stand in place: every round makes such polynomials, and short-lived vectors for them cost
/// more than the arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundPoly<F> {
    /// Zero from `len` on.
    values: [F; MAX_DEGREE + 1],
    len: usize,
}

impl<F: ChallengeField> RoundPoly<F> {
    /// From the values at the first `degree + 1` points.
    ///
    /// # Panics
    /// If there are none or more than `MAX_DEGREE + 1`.
    pub fn from_values(values: &[F]) -> Self {
        Self::from_fn(values.len(), |place| values[place])
    }

    /// From the values without that at 1, which `claim` implies: `p(0) + p(1) = claim`.
    ///
    /// # Panics
    /// If there are none or more than `MAX_DEGREE`.
    pub fn from_implied(values: &[F], claim: F) -> Self {
        Self::from_fn(values.len() + 1, |place| match place {
            0 => values[0],
            1 => claim - values[0],
            _ => values[place - 1],
        })
    }

    fn from_fn(len: usize, mut value: impl FnMut(usize) -> F) -> Self {
        assert!(
            (1..=MAX_DEGREE + 1).contains(&len),
            "a round polynomial has 1 to {} values, not {len}",
            MAX_DEGREE + 1,
        );
        let mut values = [F::ZERO; MAX_DEGREE + 1];
        for (place, to) in values[..len].iter_mut().enumerate() {
            *to = value(place);
        }
        Self { values, len }
    }

    /// The degree bound: one less than the number of values.
    pub fn degree(&self) -> usize {
        self.len - 1
    }

    /// The values at `0, 1, infinity, e_0, ...`.
    pub fn values(&self) -> &[F] {
        &self.values[..self.len]
    }

    /// Value at 0.
    pub fn at_zero(&self) -> F {
        self.values[0]
    }

    /// Value at 1 (a constant's only value).
    pub fn at_one(&self) -> F {
        self.values[self.degree().min(1)]
    }

    /// Value at `point`, by Lagrange interpolation after the leading coefficient is split off.
    /// Cost: O(d^2) multiplications, one inversion per finite point when `d >= 3`.
    pub fn evaluate(&self, point: F) -> F {
        let degree = self.degree();
        if degree == 0 {
            return self.values[0];
        }
        let (v0, v1) = (self.values[0], self.values[1]);
        if degree == 1 {
            return v0 + point * (v1 - v0);
        }
        let lead = self.values[INFINITY];
        if degree == 2 {
            return v0 + point * (v1 - v0 - lead + point * lead);
        }
        let finite: Vec<F> = (0..degree).map(finite_point::<F>).collect();
        // q = s - lead * X^d has degree < d and is known at the d finite points.
        let q: Vec<F> = finite
            .iter()
            .enumerate()
            .map(|(k, &e)| self.values[value_index(k)] - lead * power(e, degree))
            .collect();
        lagrange(&finite, &q, point) + lead * power(point, degree)
    }

    /// The same polynomial seen as one of a higher degree bound.
    ///
    /// # Panics
    /// If `degree` is below this one's or above `MAX_DEGREE`.
    #[must_use]
    pub fn raise(&self, degree: usize) -> Self {
        assert!(
            self.degree() <= degree && degree <= MAX_DEGREE,
            "cannot lower a degree"
        );
        if degree == self.degree() {
            return *self;
        }
        Self::from_fn(degree + 1, |index| match index {
            INFINITY => F::ZERO,
            _ => self.evaluate(round_point::<F>(index)),
        })
    }

    /// Adds `other`, raising whichever has the lower degree.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let degree = self.degree().max(other.degree());
        let (a, b) = (self.raise(degree), other.raise(degree));
        Self::from_fn(degree + 1, |place| a.values[place] + b.values[place])
    }

    /// Multiplies every value by `scale`.
    #[must_use]
    pub fn scaled(&self, scale: F) -> Self {
        Self::from_fn(self.len, |place| self.values[place] * scale)
    }
}

/// The `k`-th finite point: 0, 1, e_0, e_1, ...
fn finite_point<F: ChallengeField>(k: usize) -> F {
    match k {
        0 => F::ZERO,
        1 => F::ONE,
        _ => F::extra_point(k - 2),
    }
}

/// Where the value at the `k`-th finite point stands (infinity takes place 2).
fn value_index(k: usize) -> usize {
    if k < INFINITY { k } else { k + 1 }
}

/// The point of place `index`, which must not be infinity.
///
/// # Panics
/// If `index` is [`INFINITY`].
pub fn round_point<F: ChallengeField>(index: usize) -> F {
    assert_ne!(index, INFINITY, "infinity is no field element");
    finite_point(if index < INFINITY { index } else { index - 1 })
}

fn power<F: ChallengeField>(base: F, exponent: usize) -> F {
    (0..exponent).fold(F::ONE, |acc, _| acc * base)
}

/// The polynomial of degree `< points.len()` through `(points[k], values[k])`, at `at`.
fn lagrange<F: ChallengeField>(points: &[F], values: &[F], at: F) -> F {
    let mut sum = F::ZERO;
    for (k, (&pk, &vk)) in points.iter().zip(values).enumerate() {
        let (mut num, mut den) = (F::ONE, F::ONE);
        for (j, &pj) in points.iter().enumerate() {
            if j != k {
                num *= at - pj;
                den *= pk - pj;
            }
        }
        let inverse = den
            .inverse()
            .expect("evaluation points are distinct by the field's contract");
        sum += vk * num * inverse;
    }
    sum
}

/// Points of a grid: `(degree + 1)^window`.
pub fn grid_len(degree: usize, window: usize) -> usize {
    (0..window).fold(1, |len, _| len * (degree + 1))
}

/// Index of the point `(1, ..., 1)`: the one that a claim without eq factor implies.
pub fn ones_index(degree: usize, window: usize) -> usize {
    (0..window).fold(0, |acc, _| acc * (degree + 1) + 1)
}

/// Sums of a summand of degree `d <= 2` on the grid `{0, 1, infinity}^w` (`{0, 1}^w` for `d = 1`),
/// or, for `w = 1`, at the `d + 1` points of any degree.
///
/// Index: the first variable of the window is the most significant digit in base `d + 1`;
/// the digits are places in `0, 1, infinity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowGrid<F> {
    degree: usize,
    window: usize,
    values: Vec<F>,
}

impl<F: ChallengeField> WindowGrid<F> {
    /// A full grid.
    ///
    /// # Panics
    /// If the number of values is not `(degree + 1)^window`.
    pub fn from_full(degree: usize, window: usize, values: Vec<F>) -> Self {
        assert_eq!(
            values.len(),
            grid_len(degree, window),
            "grid of the wrong size"
        );
        Self {
            degree,
            window,
            values,
        }
    }

    /// A grid without its point `(1, ..., 1)`, completed from `claim`: the sum over `{0,1}^window`.
    pub fn from_implied(degree: usize, window: usize, mut sent: Vec<F>, claim: F) -> Self {
        let ones = ones_index(degree, window);
        sent.insert(ones, F::ZERO);
        let mut grid = Self::from_full(degree, window, sent);
        grid.values[ones] = claim - grid.sum_over_bits();
        grid
    }

    /// Variables still open.
    pub fn window(&self) -> usize {
        self.window
    }

    /// The values in index order.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    fn sum_over_bits(&self) -> F {
        (0..1usize << self.window)
            .map(|bits| {
                let index = (0..self.window)
                    .rev()
                    .fold(0, |acc, v| acc * (self.degree + 1) + (bits >> v & 1));
                self.values[index]
            })
            .fold(F::ZERO, |a, b| a + b)
    }

    /// The round polynomial of the first variable: the others summed over `weights`.
    ///
    /// Without eq factor the weights of `{0,1}^(w-1)` are all one; with the eq factor of the point
    /// `eq_rest` (the coordinates of the window's other variables) they are `eq(eq_rest, bits)`.
    pub fn first_round(&self, eq_rest: Option<&[F]>) -> RoundPoly<F> {
        let rest = self.window - 1;
        let stride = grid_len(self.degree, rest);
        let mut values = [F::ZERO; MAX_DEGREE + 1];
        let values = &mut values[..=self.degree];
        for bits in 0..1usize << rest {
            let mut index = 0;
            let mut weight = F::ONE;
            for v in 0..rest {
                let bit = bits >> (rest - 1 - v) & 1;
                index = index * (self.degree + 1) + bit;
                if let Some(point) = eq_rest {
                    weight *= if bit == 1 {
                        point[v]
                    } else {
                        F::ONE - point[v]
                    };
                }
            }
            for (place, value) in values.iter_mut().enumerate() {
                *value += weight * self.values[place * stride + index];
            }
        }
        RoundPoly::from_values(values)
    }

    /// Binds the first variable: the grid of the remaining `w - 1`.
    ///
    /// # Panics
    /// If no variable is left.
    #[must_use]
    pub fn bind(&self, challenge: F) -> Self {
        assert!(self.window > 0, "no variable left to bind");
        let stride = grid_len(self.degree, self.window - 1);
        let values = (0..stride)
            .map(|i| {
                let column = |place| self.values[place * stride + i];
                RoundPoly::from_fn(self.degree + 1, column).evaluate(challenge)
            })
            .collect();
        Self {
            degree: self.degree,
            window: self.window - 1,
            values,
        }
    }
}
