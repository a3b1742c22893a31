//! Times other libraries on the inputs of `astraea bench`: `peers RUNS NUM_VARS...`, one thread.
//!
//! Prints a JSON list; `cargo xtask bench-peers` builds this with the CPU's own features, without
//! which Plonky3 has no vectors, and puts our figures beside it.
#![forbid(unsafe_code)]

mod arkworks;
mod multiplication;
mod plonky3;

use std::time::Instant;

use prover_circuit::generator::SplitMix64;
use prover_core::Field;
use serde_json::{Value, json};

/// What was measured, with the times of all runs in nanoseconds.
struct Row {
    peer: &'static str,
    what: &'static str,
    field: &'static str,
    num_vars: Option<u32>,
    /// Points or multiplications of a run.
    units: u64,
    times: Vec<u64>,
}

impl Row {
    fn json(mut self) -> Value {
        self.times.sort_unstable();
        let per_unit = |ns: u64| ns as f64 / self.units as f64;
        let (least, most) = (self.times[0], self.times[self.times.len() - 1]);
        json!({
            "peer": self.peer,
            "what": self.what,
            "field": self.field,
            "num_vars": self.num_vars,
            "ns_median": per_unit(self.times[self.times.len() / 2]),
            "ns_min": per_unit(least),
            "ns_spread": per_unit(most - least),
        })
    }
}

/// The two tables of `astraea bench sumcheck`.
fn tables<F: Field>(num_vars: u32) -> [Vec<F>; 2] {
    let mut random = SplitMix64::new(1);
    [(); 2].map(|()| (0..1usize << num_vars).map(|_| random.element()).collect())
}

/// Times a computation; what it needs is made outside the clock, and its result is looked at.
fn times<I, O>(runs: usize, mut input: impl FnMut() -> I, run: impl Fn(I) -> O) -> Vec<u64> {
    let one = |_| {
        let input = input();
        let start = Instant::now();
        let output = run(input);
        let elapsed = start.elapsed().as_nanos() as u64;
        std::hint::black_box(output);
        elapsed
    };
    (0..runs).map(one).collect()
}

fn main() {
    let numbers: Vec<u32> = std::env::args()
        .skip(1)
        .map_while(|word| word.parse().ok())
        .collect();
    let Some((&runs, sizes)) = numbers.split_first().filter(|(runs, _)| **runs > 0) else {
        println!("usage: peers RUNS NUM_VARS...");
        std::process::exit(2);
    };
    let runs = runs as usize;
    let mut rows = multiplication::rows(runs);
    for &num_vars in sizes {
        rows.push(arkworks::sumcheck(num_vars, runs));
        rows.push(plonky3::sumcheck(num_vars, runs));
    }
    let list: Vec<Value> = rows.into_iter().map(Row::json).collect();
    println!("{}", Value::from(list));
}
