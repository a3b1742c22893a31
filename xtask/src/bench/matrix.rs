//! `cargo xtask bench-matrix`: our backends over fields, sizes, threads and SIMD levels.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::args::Args;
use super::machine::{self, Bandwidth};
use super::ours::{Astraea, Setting};
use super::table::{markdown, number, percent};
use crate::Failure;

const OPTIONS: [&str; 8] = [
    "--backends",
    "--fields",
    "--num-vars",
    "--threads",
    "--simd",
    "--runs",
    "--data",
    "--out",
];

/// Variables of the product sumcheck that stands for the multiplications in the cache.
const CACHED_VARS: &str = "12";

/// It is short, so the best of many runs is what the kernels can do.
const CACHED_RUNS: u32 = 100;

/// The real circuits, by file.
const CIRCUITS: [(&str, &str); 3] = [
    ("gf2", "keccak_gf2"),
    ("m31", "keccak_m31"),
    ("bn254", "keccak_bn254"),
];

/// How the shares are to be read; the same text stands in the JSON and in the Markdown.
const METHOD: &str = "\
Bytes moved are counted by formula, for tables of 2^n elements of b bytes: a product sumcheck 8·b a \
point (the first round reads both tables, each later one reads and folds them: 2 + 4 + 2), a mul layer \
8·b in each of two phases, and in each 16 bytes of gate, 3·b of tables read and written. \
Memory share: those bytes by the time, of the read bandwidth that as many threads had in this run (two \
256 MiB buffers of each thread compared; best of five). Above 100 % the tables were in caches. \
Multiplication share: the time a point of a product sumcheck of 2^12, its transcript included, on one \
thread with the same backend, field and level (best of 100), by the threads and the time a point: what a row keeps of \
the kernels' speed in the cache. A product sumcheck has four multiplications a point. \
Spread is the slowest run less the fastest.";

/// Everything measured so far.
struct Matrix<'a> {
    astraea: Astraea,
    args: &'a Args,
    bandwidth: BTreeMap<u32, Bandwidth>,
    rows: Vec<Value>,
}

pub(crate) fn run(root: &Path, words: &[&str]) -> Result<String, Failure> {
    let args = Args::parse(words, &OPTIONS)?;
    let astraea = Astraea::build(root)?;
    // One thread besides, for backends that take no more.
    let counts: BTreeSet<u32> = args.threads.iter().copied().chain([1]).collect();
    let bandwidth = counts
        .into_iter()
        .map(|threads| (threads, machine::bandwidth(threads)));
    let mut matrix = Matrix {
        astraea,
        args: &args,
        bandwidth: bandwidth.collect(),
        rows: Vec::new(),
    };
    let levels: Vec<Option<&str>> = match args.simd.is_empty() {
        true => vec![None],
        false => args.simd.iter().map(|level| Some(level.as_str())).collect(),
    };
    for backend in &args.backends {
        for &simd in &levels {
            matrix.points(backend, simd)?;
            matrix.circuits(backend, simd)?;
        }
    }
    let machine = machine::describe(root);
    matrix.write(&machine)
}

impl Matrix<'_> {
    fn setting<'a>(&self, backend: &'a str, simd: Option<&'a str>, threads: u32) -> Setting<'a> {
        Setting {
            backend,
            threads,
            simd,
            runs: self.args.runs,
        }
    }

    /// Sumchecks and layers.
    fn points(&mut self, backend: &str, simd: Option<&str>) -> Result<(), Failure> {
        for field in &self.args.fields {
            let sumcheck = ["sumcheck", "--field", field, "--num-vars"];
            let mut one = self.setting(backend, simd, 1);
            one.runs = one.runs.max(CACHED_RUNS);
            let cached = self
                .astraea
                .bench(&[&sumcheck[..], &[CACHED_VARS]].concat(), &one)?;
            let cached_ns = cached["ns_per_point_min"].as_f64();
            for num_vars in &self.args.num_vars {
                let num_vars = num_vars.to_string();
                let layer = ["layer", "--field", field, "--num-vars", &num_vars];
                let works = [
                    [&sumcheck[..], &[&num_vars]].concat(),
                    [&layer[..], &["--gates", "mul", "--wiring", "local"]].concat(),
                    [&layer[..], &["--gates", "mul", "--wiring", "random"]].concat(),
                ];
                for words in &works {
                    for &threads in &self.args.threads {
                        let setting = self.setting(backend, simd, threads);
                        let row = self.astraea.bench(words, &setting)?;
                        let row = self.with_shares(row, cached_ns);
                        self.rows.push(row);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds bytes moved and shares to a row of a sumcheck or a layer.
    fn with_shares(&self, mut row: Value, cached_ns: Option<f64>) -> Value {
        // A backend may take fewer threads than it is given.
        let threads = row["threads"].as_u64().unwrap_or(1) as u32;
        let ns = row["ns_per_point_median"].as_f64().unwrap_or(f64::NAN);
        let element = row["field"].as_str().and_then(element_bytes).unwrap_or(0.0);
        let is_sumcheck = row["bench"] == "sumcheck";
        let bytes = match is_sumcheck {
            true => 8.0 * element,
            false => 2.0 * (8.0 * element + 16.0 + 3.0 * element),
        };
        row["bytes_per_point"] = json!(bytes);
        if let Some(bandwidth) = self.bandwidth.get(&threads) {
            row["memory_share"] = json!(bytes / ns / bandwidth.read);
        }
        if let (true, Some(cached)) = (is_sumcheck, cached_ns) {
            row["cached_ns_per_point"] = json!(cached);
            row["multiplication_share"] = json!(cached / f64::from(threads) / ns);
        }
        row
    }

    /// Whole proofs of the real circuits.
    fn circuits(&mut self, backend: &str, simd: Option<&str>) -> Result<(), Failure> {
        let Some(data) = &self.args.data else {
            return Ok(());
        };
        for (field, name) in CIRCUITS {
            if !self.args.fields.iter().any(|asked| asked == field) {
                continue;
            }
            let circuit = data.join(format!("{name}.circuit.xz"));
            let witness = data.join(format!("{name}.witness"));
            let (Some(circuit), Some(witness)) = (circuit.to_str(), witness.to_str()) else {
                return Err("the folder's name is no text".into());
            };
            let words = ["gkr", "--circuit", circuit, "--witness", witness];
            let words = [&words[..], &["--random-coefs", "base"]].concat();
            for &threads in &self.args.threads {
                let setting = self.setting(backend, simd, threads);
                let mut row = self.astraea.bench(&words, &setting)?;
                row["circuit"] = name.into();
                self.rows.push(row);
            }
        }
        Ok(())
    }

    fn write(&self, machine: &Value) -> Result<String, Failure> {
        let bandwidth: BTreeMap<String, Value> = self
            .bandwidth
            .iter()
            .map(|(threads, b)| {
                let value = json!({ "read_gb_s": b.read, "copy_gb_s": b.copy });
                (threads.to_string(), value)
            })
            .collect();
        let all = json!({
            "machine": machine,
            "method": METHOD,
            "bandwidth_by_threads": bandwidth,
            "rows": self.rows,
        });
        let out = &self.args.out;
        std::fs::create_dir_all(out)?;
        let text = format!(
            "# Benchmark matrix\n\n{METHOD}\n\n{}\n{}\n{}",
            super::table::machine(machine),
            self.bandwidth_table(),
            self.row_tables(),
        );
        std::fs::write(out.join("matrix.json"), serde_json::to_string_pretty(&all)?)?;
        std::fs::write(out.join("matrix.md"), &text)?;
        Ok(format!("{text}\nwritten to {}", out.display()))
    }

    fn bandwidth_table(&self) -> String {
        let rows: Vec<Vec<String>> = self
            .bandwidth
            .iter()
            .map(|(threads, b)| {
                vec![
                    threads.to_string(),
                    number(Some(b.read)),
                    number(Some(b.copy)),
                ]
            })
            .collect();
        markdown(&["threads", "read GB/s", "copy GB/s"], &rows)
    }

    fn row_tables(&self) -> String {
        let text = |row: &Value, key: &str| match &row[key] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let place = |row: &Value| ["backend", "simd", "field", "threads"].map(|k| text(row, k));
        let (mut points, mut proofs) = (Vec::new(), Vec::new());
        for row in &self.rows {
            let value = |key: &str| row[key].as_f64();
            let spread = |key: &str| {
                let (least, most) = (value(&format!("{key}_min")), value(&format!("{key}_max")));
                number(least.zip(most).map(|(least, most)| most - least))
            };
            let mut cells = place(row).to_vec();
            if row["bench"] == "gkr" {
                cells.push(text(row, "circuit"));
                cells.extend(["prove_ms_median", "prove_ms_min"].map(|key| number(value(key))));
                cells.push(spread("prove_ms"));
                cells.push(number(value("verify_ms_median")));
                cells.push(spread("verify_ms"));
                proofs.push(cells);
                continue;
            }
            let wiring = row["wiring"].as_str().unwrap_or_default();
            cells.push(format!("{} {wiring}", text(row, "bench")).trim().to_owned());
            cells.push(text(row, "num_vars"));
            let times = ["ns_per_point_median", "ns_per_point_min"];
            cells.extend(times.map(|key| number(value(key))));
            cells.push(spread("ns_per_point"));
            cells.push(number(value("bytes_per_point")));
            cells.push(percent(value("memory_share")));
            cells.push(percent(value("multiplication_share")));
            points.push(cells);
        }
        let place = ["backend", "SIMD", "field", "threads"];
        let of_points = [
            "work",
            "n",
            "ns a point",
            "least",
            "spread",
            "bytes a point",
        ];
        let shares = ["of read bandwidth", "of multiplication in cache"];
        let of_proofs = [
            "circuit",
            "prove ms",
            "least",
            "spread",
            "verify ms",
            "spread",
        ];
        let mut tables = markdown(&[&place[..], &of_points, &shares].concat(), &points);
        if !proofs.is_empty() {
            tables += &format!(
                "\n{}",
                markdown(&[&place[..], &of_proofs].concat(), &proofs)
            );
        }
        tables
    }
}

/// Bytes of a challenge-field element in a table.
fn element_bytes(field: &str) -> Option<f64> {
    let id = prover_core::FieldId::from_name(field)?;
    Some(prover_fields::with_field!(id, |F| size_of::<F>()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_the_bytes_of_their_tables() {
        let bytes = ["bn254", "m31", "gf2", "goldilocks", "x"].map(element_bytes);
        assert_eq!(
            bytes,
            [Some(32.0), Some(12.0), Some(16.0), Some(16.0), None]
        );
    }
}
