//! A deterministic, structured mutator: a case is a function of seeds, seed number and case number.

use prover_circuit::generator::SplitMix64;

/// Seeds up to this length are taken nearly always.
const SHORT: usize = 8 << 10;
/// Mutations do not grow beyond this length.
const LONGEST: usize = 512 << 10;

/// Pieces that mean something to one of the decoders.
const TOKENS: [&[u8]; 22] = [
    b"ASTRAEAC",
    b"ASTRAEAP",
    b"CIRCUIT6",
    &[1, 0, 0, 0],
    &[0xff; 4],
    &[0, 0, 0, 0x80],
    &[0xff, 0xff, 0xff, 0x7f],
    &[0xfe, 0xff, 0xff, 0x7f],
    &[0xff; 8],
    &[0; 8],
    &[0; 32],
    &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    &[0x39, 0x30, 0, 0, 0, 0, 0, 0],
    b"{\"public\": [[",
    b"]]}",
    b"[],",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"18446744069414584321",
    b"-1",
    b"1e9",
    b"\"21888242871839275222246405745257275088548364400416034343698204186575808495617\"",
    b"null",
];

/// Makes mutations of seeds.
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    short: Vec<usize>,
    repair: fn(&mut [u8]),
}

impl Mutator {
    /// Starts from these seeds; `repair` is applied to every other mutation.
    ///
    /// # Panics
    /// If there are no seeds.
    pub fn new(seeds: Vec<Vec<u8>>, repair: fn(&mut [u8])) -> Self {
        assert!(!seeds.is_empty(), "nothing to mutate");
        let short = (0..seeds.len()).filter(|&i| seeds[i].len() <= SHORT);
        let mut short: Vec<usize> = short.collect();
        if short.is_empty() {
            short = (0..seeds.len()).collect();
        }
        Self {
            seeds,
            short,
            repair,
        }
    }

    /// The seeds.
    pub fn seeds(&self) -> &[Vec<u8>] {
        &self.seeds
    }

    /// Mutation `number` of the run `run`: one to four changes of a seed; it is none of the seeds.
    pub fn case(&self, run: u64, number: u64) -> Vec<u8> {
        // Neighbouring numbers would give the same stream, shifted.
        let mixed = SplitMix64::new(run.wrapping_add(number)).next_u64();
        let mut rng = SplitMix64::new(mixed);
        let seed = self.pick(&mut rng);
        let mut bytes = seed.to_vec();
        let changes = 1 + rng.below(4);
        for _ in 0..changes {
            self.change(&mut bytes, &mut rng);
        }
        while self.seeds.contains(&bytes) {
            self.change(&mut bytes, &mut rng);
        }
        if rng.below(2) == 0 {
            (self.repair)(&mut bytes);
        }
        bytes
    }

    fn pick(&self, rng: &mut SplitMix64) -> &[u8] {
        let index = match rng.below(64) {
            0 => below(rng, self.seeds.len()),
            _ => self.short[below(rng, self.short.len())],
        };
        &self.seeds[index]
    }

    fn change(&self, bytes: &mut Vec<u8>, rng: &mut SplitMix64) {
        if bytes.is_empty() {
            append(bytes, rng);
            return;
        }
        match rng.below(18) {
            0 | 1 => {
                let at = place(rng, bytes.len());
                bytes[at] ^= 1 << rng.below(8);
            }
            2 => {
                let at = place(rng, bytes.len());
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(rng, 5)];
            }
            3..=5 => number::<4>(bytes, rng),
            6 | 7 => number::<8>(bytes, rng),
            8 => {
                let block = block(rng, bytes.len());
                let copy = bytes[block.clone()].to_vec();
                let at = match rng.below(2) {
                    0 => block.end,
                    _ => place(rng, bytes.len()),
                };
                bytes.splice(at..at, copy);
            }
            9 => {
                let block = block(rng, bytes.len());
                bytes.drain(block);
            }
            10 => swap(bytes, rng),
            11 => {
                let block = block(rng, bytes.len());
                bytes[block].fill(0);
            }
            12 => bytes.truncate(place(rng, bytes.len())),
            13 => {
                let other = self.pick(rng);
                let (at, from) = (place(rng, bytes.len()), place(rng, other.len()));
                bytes.truncate(at);
                // Mostly at the same place: the same field of another file.
                let from = if rng.below(4) > 0 {
                    at.min(other.len())
                } else {
                    from
                };
                bytes.extend_from_slice(&other[from..]);
            }
            14 => {
                let other = self.pick(rng);
                let source = block(rng, other.len());
                let at = place(rng, bytes.len());
                let end = bytes.len().min(at + source.len());
                bytes.splice(at..end, other[source].iter().copied());
            }
            15 => append(bytes, rng),
            16 => {
                let token = TOKENS[below(rng, TOKENS.len())];
                let at = place(rng, bytes.len());
                let end = if rng.below(2) == 0 {
                    at
                } else {
                    bytes.len().min(at + token.len())
                };
                bytes.splice(at..end, token.iter().copied());
            }
            _ => {
                let at = place(rng, bytes.len());
                bytes[at] = bytes[at].wrapping_add([1, 0xff][below(rng, 2)]);
            }
        }
        bytes.truncate(LONGEST);
    }
}

fn below(rng: &mut SplitMix64, bound: usize) -> usize {
    rng.below(u32::try_from(bound).expect("inputs are short")) as usize
}

/// A place, more often among the first bytes, where headers are.
fn place(rng: &mut SplitMix64, len: usize) -> usize {
    match rng.below(4) {
        0 => below(rng, len.clamp(1, 64)),
        _ => below(rng, len.max(1)),
    }
}

/// A block, mostly of a length that items have, mostly aligned.
fn block(rng: &mut SplitMix64, len: usize) -> std::ops::Range<usize> {
    let size = match rng.below(12) {
        0 => 1 + below(rng, len.max(1)),
        1 | 2 => 1 + below(rng, 256),
        _ => [1, 4, 8, 12, 16, 24, 25, 32, 56][below(rng, 9)],
    };
    let start = place(rng, len) & if rng.below(4) == 0 { !0 } else { !3 };
    start..len.min(start + size)
}

/// Puts an edge value over a little-endian number of `N` bytes.
fn number<const N: usize>(bytes: &mut [u8], rng: &mut SplitMix64) {
    if bytes.len() < N {
        return;
    }
    let len = bytes.len();
    let at = place(rng, len - N + 1) & if rng.below(4) == 0 { !0 } else { !3 };
    let mut word = [0; 8];
    word[..N].copy_from_slice(&bytes[at..at + N]);
    let old = u64::from_le_bytes(word);
    let left = (len - at - N) as u64;
    let new = match rng.below(20) {
        0 => 0,
        1 => 1,
        2 => (1 << 31) - 1,
        3 => 1 << 31,
        4 => (1 << 32) - 1,
        5 => 1 << 60,
        6 => u64::MAX,
        7 => len as u64,
        8 => len as u64 + 1,
        9 => len as u64 - 1,
        10 => left / [1, 4, 8, 12, 16, 25, 56][below(rng, 7)] + u64::from(rng.below(3)),
        11 => 1 << rng.below(64),
        12 => u64::from(30 + rng.below(4)),
        13 => u64::from(rng.below(16)),
        14 | 15 => old.wrapping_sub(1),
        16 => old.wrapping_mul(2),
        17 => old ^ (1 << rng.below(8 * N as u32)),
        _ => old.wrapping_add(1),
    };
    bytes[at..at + N].copy_from_slice(&new.to_le_bytes()[..N]);
}

/// Swaps two blocks of the same length.
fn swap(bytes: &mut [u8], rng: &mut SplitMix64) {
    let first = block(rng, bytes.len());
    let size = first.len();
    let second = match rng.below(2) {
        0 => first.end,
        _ => place(rng, bytes.len()),
    };
    if second >= first.end && second + size <= bytes.len() {
        let (low, high) = bytes.split_at_mut(second);
        low[first].swap_with_slice(&mut high[..size]);
    }
}

fn append(bytes: &mut Vec<u8>, rng: &mut SplitMix64) {
    let fill = [0, 0xff, 1, b'{'][below(rng, 4)];
    let count = [1, 4, 8, 64][below(rng, 4)];
    bytes.extend(std::iter::repeat_n(fill, count));
}

/// Repairs nothing.
pub(crate) fn keep(_: &mut [u8]) {}

/// Makes the checksums of an xz file's stream header and first block header right.
pub(crate) fn repair_xz(bytes: &mut [u8]) {
    const BLOCK: usize = 12;
    seal(bytes, 6, 8);
    if let Some(&size) = bytes.get(BLOCK) {
        seal(bytes, BLOCK, BLOCK + 4 * usize::from(size));
    }
}

/// Writes the checksum of `start..end` behind it.
fn seal(bytes: &mut [u8], start: usize, end: usize) {
    if end + 4 <= bytes.len() {
        let sum = crc32(&bytes[start..end]);
        bytes[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
