//! The list of laws, and how a backend's tests come out of it.

use std::io::Write;

use prover_core::{ChallengeField, LayerBackend, Unavailable};

use crate::failure::Failure;
use crate::subject::{Subject, SuiteOptions};

/// Names the backends that must be there, separated by commas: for them `SKIPPED` is a failure.
pub const REQUIRE: &str = "ASTRAEA_REQUIRE";

/// Variables of the largest tables, unless a backend's tests say otherwise.
pub const MAX_VARS: usize = 16;

/// A law and its name.
pub struct Law<F: ChallengeField, B: LayerBackend<F>> {
    /// The name of the test.
    pub name: &'static str,
    /// Checks a backend.
    pub check: fn(&Subject<F, B>) -> Result<(), Failure>,
}

/// The only list of laws: hands `module::law` pairs to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_laws {
    ($then:ident $arguments:tt) => {
        $crate::$then! {
            $arguments
            ops::introduces_itself
            ops::download_returns_what_was_uploaded
            ops::polling_gives_what_waiting_gives
            ops::eq_tables_agree
            ops::bound_tables_agree
            ops::folds_agree
            ops::round_sums_agree
            ops::round_sums_agree_on_edges
            ops::fused_rounds_agree
            ops::submissions_agree
            ops::downloads_agree
            ops::clones_keep_their_values
            ops::queues_are_independent
            algebra::eq_sums_to_one
            algebra::fold_commutes_with_evaluation
            algebra::binding_all_variables_evaluates
            algebra::fused_rounds_are_fold_then_sums
            algebra::submissions_are_each_job_alone
            algebra::sums_add_up_to_the_total
            algebra::round_polynomials_continue_after_a_fold
            algebra::windows_give_the_single_rounds
            algebra::lower_terms_vanish_at_infinity
            layers::layer_operations_agree
            layers::many_coefficients_agree
            layers::outputs_follow_the_gates
            layers::weights_follow_their_definition
            layers::phases_follow_their_definition
            layers::phases_carry_the_claim
            layer_rounds::rounds_over_phase_one_agree
            refusals::misfits_panic
            refusals::misfits_of_layers_panic
            refusals::short_coefficients_panic
            refusals::every_allocation_may_fail
            sumchecks::sumchecks_verify_by_every_route
            sumchecks::sumchecks_together_are_each_alone
            sumchecks::sumchecks_on_several_queues_are_each_alone
            proofs::proofs_agree_in_lockstep
            proofs::proofs_have_the_golden_bytes
            proofs::proofs_survive_a_lack_of_memory
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __list_laws {
    ([] $($module:ident :: $law:ident)*) => {
        vec![$(Law { name: stringify!($law), check: $crate::$module::$law }),*]
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __test_laws {
    ([$backend:expr, $field:ident, $max_vars:expr] $($module:ident :: $law:ident)*) => {
        $(
            #[test]
            fn $law() {
                $crate::run_law::<$crate::fields::$field, _>(
                    stringify!($law),
                    $max_vars,
                    $backend,
                    $crate::$module::$law,
                );
            }
        )*
    };
}

/// All laws for a backend and a field.
pub fn laws<F: ChallengeField, B: LayerBackend<F>>() -> Vec<Law<F, B>> {
    crate::__with_laws!(__list_laws [])
}

/// Makes one test per law and field.
///
/// `backend` is a function or closure from `&SuiteOptions` to `Result<B, Unavailable>`, where `B` may
/// depend on the field; `fields` are challenge fields of `prover-fields`. The tests are called
/// `conformance::<field>::<law>`. Tables have up to `2^max_vars` values, by default `2^MAX_VARS`: fewer
/// are for what is slower than a backend, such as a simulator.
///
/// ```
/// use backend_reference::ReferenceBackend;
///
/// backend_conformance::conformance_suite! {
///     backend: |options| {
///         Ok(ReferenceBackend::with_memory_limit(options.memory_limit.unwrap_or(u64::MAX)))
///     },
///     fields: [Bn254, M31Ext3],
/// }
/// ```
#[macro_export]
macro_rules! conformance_suite {
    (backend: $backend:expr, fields: [$($field:ident),+ $(,)?] $(,)?) => {
        $crate::__conformance_fields! { $backend; $crate::MAX_VARS; $($field)+ }
    };
    (backend: $backend:expr, fields: [$($field:ident),+ $(,)?], max_vars: $max_vars:expr $(,)?) => {
        $crate::__conformance_fields! { $backend; $max_vars; $($field)+ }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_fields {
    ($backend:expr; $max_vars:expr; $($field:ident)+) => {
        #[cfg(test)]
        mod conformance {
            $(
                #[expect(non_snake_case, reason = "a field's name is its type's")]
                mod $field {
                    #[allow(unused_imports, reason = "the backend may be named by its path")]
                    use super::super::*;
                    $crate::__with_laws! { __test_laws [$backend, $field, $max_vars] }
                }
            )+
        }
    };
}

/// Checks one law; for the tests of [`conformance_suite!`].
///
/// # Panics
/// If the law does not hold, or the backend is not available but required.
pub fn run_law<F: ChallengeField, B: LayerBackend<F>>(
    name: &str,
    max_vars: usize,
    open: impl Fn(&SuiteOptions) -> Result<B, Unavailable> + Send + Sync + 'static,
    law: fn(&Subject<F, B>) -> Result<(), Failure>,
) {
    let verdict = Subject::open(open)
        .map_err(Failure::from)
        .and_then(|subject| law(&subject.with_max_vars(max_vars)));
    match verdict {
        Ok(()) => {}
        Err(Failure::Skipped(unavailable)) => skip(name, &unavailable),
        Err(failure) => panic!("{name} on {}: {failure}", F::ID),
    }
}

/// Says that a law was not checked, past the capture of test output.
fn skip(law: &str, unavailable: &Unavailable) {
    let required = std::env::var(REQUIRE).unwrap_or_default();
    assert!(
        required
            .split(',')
            .all(|name| name.trim() != unavailable.backend),
        "{law}: {unavailable}, but {REQUIRE} names it"
    );
    // A closed standard error is no reason to fail.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {law}: {unavailable}");
}
