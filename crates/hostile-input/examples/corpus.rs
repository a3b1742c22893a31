//! Writes the seeds into a folder for each target: `cargo run -p hostile-input --example corpus -- fuzz/corpus`.
#![forbid(unsafe_code)]

use std::path::PathBuf;

use hostile_input::TARGETS;

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::args().nth(1).unwrap_or("fuzz/corpus".into()));
    for target in &TARGETS {
        let folder = root.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (index, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index}")), seed)?;
        }
    }
    Ok(())
}
