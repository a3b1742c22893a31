//! Mersenne-31 and its cubic extension: blocks of sixteen lanes, with and without intrinsics.

mod blocks;
#[cfg(target_arch = "x86_64")]
mod gather;
mod kernels;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod portable;
#[cfg(target_arch = "x86_64")]
mod vector;

#[cfg(test)]
mod tests;
