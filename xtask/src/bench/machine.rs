//! What the machine is, and what its memory gives.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

/// Bytes of each thread's buffer: far beyond the caches.
const BUFFER_BYTES: usize = 256 << 20;

/// Passes of a measurement; the best counts.
const PASSES: usize = 5;

/// CPU, cores, date, commit and compiler.
pub(crate) fn describe(root: &Path) -> Value {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |key: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split(':').nth(1))
            .map_or_else(|| "unknown".to_owned(), |value| value.trim().to_owned())
    };
    let flags = of("flags");
    let has = |flag: &str| flags.split(' ').any(|other| other == flag);
    let vector: Vec<&str> = ["avx2", "avx512f", "avx512ifma", "vpclmulqdq"]
        .into_iter()
        .filter(|flag| has(flag))
        .collect();
    let changed = !line(root, "git", &["status", "--porcelain"]).is_empty();
    json!({
        "cpu": of("model name"),
        "family_model": format!("{}/{}", of("cpu family"), of("model")),
        "vector_features": vector,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "date": line(root, "date", &["-u", "+%Y-%m-%d"]),
        "commit": line(root, "git", &["rev-parse", "HEAD"]),
        "uncommitted_changes": changed,
        "rustc": line(root, "rustc", &["--version"]),
    })
}

/// The first line that a command prints; empty if it cannot run.
fn line(root: &Path, command: &str, args: &[&str]) -> String {
    let output = Command::new(command).args(args).current_dir(root).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// What a thread compares, or copies from one to the other.
type Buffers = (Vec<u8>, Vec<u8>);

/// Bandwidth of all threads together, in bytes a nanosecond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bandwidth {
    /// Both of two buffers read, by comparing them.
    pub(crate) read: f64,
    /// One buffer read and one written; what the caches read to write is not counted.
    pub(crate) copy: f64,
}

/// Measures with buffers of each thread's own, all threads at once; the best of several passes.
pub(crate) fn bandwidth(threads: u32) -> Bandwidth {
    let moved = (2 * BUFFER_BYTES) as f64 * f64::from(threads);
    let mut buffers: Vec<Buffers> = (0..threads)
        .map(|_| (vec![1; BUFFER_BYTES], vec![1; BUFFER_BYTES]))
        .collect();
    let mut best = |work: &(dyn Fn(&mut Buffers) + Sync)| {
        let pass = |_| {
            let start = Instant::now();
            std::thread::scope(|scope| {
                for buffer in &mut buffers {
                    scope.spawn(|| work(buffer));
                }
            });
            start.elapsed().as_nanos() as f64
        };
        moved / (0..PASSES).map(pass).fold(f64::INFINITY, f64::min)
    };
    Bandwidth {
        // The library's routines: as fast in a build without optimisation.
        read: best(&|(a, b)| {
            std::hint::black_box(a == b);
        }),
        copy: best(&|(a, b)| {
            a.copy_from_slice(b);
            std::hint::black_box(a.last());
        }),
    }
}
