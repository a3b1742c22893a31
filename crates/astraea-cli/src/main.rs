//! The astraea command.
fn main() {}
