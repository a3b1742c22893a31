//! Every defect is found, and a wrapper without one is not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use backend_conformance::fields::M31Ext3;
use backend_conformance::{Subject, laws};

use crate::defect::Defect;
use crate::sabotaged::Sabotaged;

/// The laws that a backend with this defect breaks. A panic breaks a law, too.
fn broken_laws(defect: Option<Defect>) -> Vec<&'static str> {
    let open = move |options: &backend_conformance::SuiteOptions| {
        Ok(Sabotaged::new(defect, options.memory_limit))
    };
    let subject = Subject::<M31Ext3, _>::open(open).unwrap().with_max_vars(7);
    laws()
        .into_iter()
        .filter(|law| {
            let check = || (law.check)(&subject);
            !matches!(catch_unwind(AssertUnwindSafe(check)), Ok(Ok(())))
        })
        .map(|law| law.name)
        .collect()
}

#[test]
fn a_wrapper_without_defect_passes() {
    assert_eq!(broken_laws(None), [""; 0]);
}

#[test]
fn every_defect_breaks_a_law() {
    let mut survivors = Vec::new();
    for &defect in Defect::ALL {
        let killers = broken_laws(Some(defect));
        println!("{defect:?}: {}", killers.join(", "));
        if killers.is_empty() {
            survivors.push(defect);
        }
    }
    assert!(survivors.is_empty(), "not found: {survivors:?}");
}
