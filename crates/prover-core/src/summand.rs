//! What a sumcheck sums: a polynomial in tables, as data.

use crate::field::ChallengeField;
use crate::round_poly::MAX_DEGREE;

/// A product of tables with a coefficient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term<F> {
    /// The coefficient.
    pub coeff: F,
    /// The tables multiplied, by index; a table may repeat. One to `MAX_DEGREE` of them.
    pub factors: Vec<usize>,
}

/// `g(T_0, ..., T_{m-1}) = sum of coeff * product of factors`, of degree 1 to 6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summand<F> {
    num_tables: usize,
    terms: Vec<Term<F>>,
}

/// A summand without its coefficients: the key of a specialised kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SummandShape {
    /// Number of tables.
    pub num_tables: usize,
    /// The factors of each term.
    pub terms: Vec<Vec<usize>>,
}

impl<F: ChallengeField> Summand<F> {
    /// A summand over `num_tables` tables.
    ///
    /// # Panics
    /// If there is no term, a term has no factor or more than `MAX_DEGREE`, or a factor names no table.
    pub fn new(num_tables: usize, terms: Vec<Term<F>>) -> Self {
        assert!(!terms.is_empty(), "a summand has at least one term");
        for term in &terms {
            assert!(
                (1..=MAX_DEGREE).contains(&term.factors.len()),
                "a term has 1 to {MAX_DEGREE} factors, not {}",
                term.factors.len()
            );
            assert!(
                term.factors.iter().all(|&t| t < num_tables),
                "a factor names a table beyond the {num_tables} given"
            );
        }
        Self { num_tables, terms }
    }

    /// `T_0 * T_1`: the summand of both GKR phases.
    pub fn product() -> Self {
        Self::new(
            2,
            vec![Term {
                coeff: F::ONE,
                factors: vec![0, 1],
            }],
        )
    }

    /// Tables it reads.
    pub fn num_tables(&self) -> usize {
        self.num_tables
    }

    /// Its terms.
    pub fn terms(&self) -> &[Term<F>] {
        &self.terms
    }

    /// The largest number of factors.
    pub fn degree(&self) -> usize {
        self.terms
            .iter()
            .map(|t| t.factors.len())
            .max()
            .unwrap_or(1)
    }

    /// The summand without coefficients.
    pub fn shape(&self) -> SummandShape {
        SummandShape {
            num_tables: self.num_tables,
            terms: self.terms.iter().map(|t| t.factors.clone()).collect(),
        }
    }

    /// Its value where each table has one value.
    pub fn evaluate(&self, tables: &[F]) -> F {
        self.terms.iter().fold(F::ZERO, |sum, term| {
            sum + term
                .factors
                .iter()
                .fold(term.coeff, |product, &t| product * tables[t])
        })
    }
}
