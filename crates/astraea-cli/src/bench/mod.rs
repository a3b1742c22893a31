//! `astraea bench`.

use crate::args::BenchArgs;
use crate::output::{Done, Failure};

pub(crate) fn run(args: &BenchArgs) -> Result<Done, Failure> {
    let _ = args;
    Err(Failure::input("not yet"))
}
