//! `astraea bench`: medians of whole runs; preparation stays outside the clock.

mod gkr;
mod points;

use crate::args::{BenchArgs, BenchCommand};
use crate::output::{Done, Failure};

pub(crate) fn run(args: &BenchArgs) -> Result<Done, Failure> {
    match &args.what {
        BenchCommand::Sumcheck(args) => points::sumcheck(args),
        BenchCommand::Layer(args) => points::layer(args),
        BenchCommand::Gkr(args) => gkr::run(args),
    }
}

/// The median; of an even number, the mean of the two in the middle.
fn median(values: &[u64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let half = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted[half] as f64,
        _ => (sorted[half - 1] as f64 + sorted[half] as f64) / 2.0,
    }
}

fn minimum(values: &[u64]) -> f64 {
    values.iter().min().copied().unwrap_or(0) as f64
}

fn maximum(values: &[u64]) -> f64 {
    values.iter().max().copied().unwrap_or(0) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&[3, 1, 2]), 2.0);
        assert_eq!(median(&[4, 1, 2, 3]), 2.5);
        assert_eq!(median(&[7]), 7.0);
    }
}
