//! Commands and options; the names are fixed.

use std::path::PathBuf;

use astraea::{BackendChoice, FieldId, HandOff, ProveOptions, RandomCoefField};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};

/// Proves and verifies layered arithmetic circuits (GKR over sumcheck).
///
/// Exit codes: 0 done or valid; 1 an invalid proof, or a witness that violates its circuit;
/// 2 malformed input, an input over a limit, or usage; 3 a backend that is absent or not linked, or
/// too little memory. Logs go to stderr, chosen by ASTRAEA_LOG (info, prover_gkr=debug, ...).
#[derive(Debug, Parser)]
#[command(name = "astraea", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prove that the witnesses of a file satisfy a circuit
    Prove(ProveArgs),
    /// Verify a proof
    Verify(VerifyArgs),
    /// Evaluate a circuit and name the violated outputs and instances
    Check(CheckArgs),
    /// Describe a circuit: layers, gates, memory, soundness, digest
    Inspect(InspectArgs),
    /// Write a circuit in the canonical format
    Convert(ConvertArgs),
    /// List the ready circuits, or build one with a witness
    Gallery(GalleryArgs),
    /// Prove and verify Keccak-256 of a file's 135-byte chunks
    Demo(DemoArgs),
    /// Measure sumchecks, layers and whole proofs
    Bench(BenchArgs),
}

impl Command {
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Prove(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Check(args) => args.json,
            Self::Inspect(args) => args.json,
            Self::Convert(args) => args.json,
            Self::Gallery(args) => match &args.what {
                GalleryCommand::List { json } => *json,
                GalleryCommand::Build(args) => args.json,
            },
            Self::Demo(args) => args.json,
            Self::Bench(args) => args.json(),
        }
    }
}

/// Where and how proofs are computed; nothing but the random coefficients changes their bytes.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// Backend that computes; auto takes the best that is linked, and says which
    #[arg(long, value_name = "B", default_value = "auto", value_parser = backend_parser())]
    pub(crate) backend: BackendChoice,
    /// Device of the backend, where it has several
    #[arg(long, value_name = "SEL")]
    pub(crate) device: Option<String>,
    /// Host threads, at most 1024 [default: as many as the machine offers]
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = threads_parser())]
    pub(crate) threads: Option<u16>,
    /// Variables per round operation, at most; a round takes fewer where the backend, the degree or
    /// the variables left allow no more, and --json says how many the longest took (longest_window)
    /// [default: the policy's]
    #[arg(long, allow_negative_numbers = true, value_name = "W", value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) window: Option<u8>,
    /// Move to the host when at most N variables remain, or off [default: the policy's]
    #[arg(long, allow_negative_numbers = true, value_name = "N|off", value_parser = parse_hand_off)]
    pub(crate) hand_off: Option<HandOff>,
    /// Field that random coefficients are drawn from
    #[arg(long, value_name = "FIELD", default_value = "challenge")]
    pub(crate) random_coefs: RandomCoefs,
    /// Refuse what needs more memory: bytes, or with K, M, G (powers of 1024)
    #[arg(long, allow_negative_numbers = true, value_name = "BYTES", value_parser = parse_bytes)]
    pub(crate) max_memory: Option<u64>,
}

impl EngineArgs {
    pub(crate) fn options(&self) -> ProveOptions {
        ProveOptions {
            backend: self.backend,
            device: self.device.clone(),
            threads: self.threads.map(usize::from),
            window: self.window.map(usize::from),
            hand_off: self.hand_off.unwrap_or_default(),
            random_coefs: self.random_coefs.field(),
            max_memory_bytes: self.max_memory,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RandomCoefs {
    /// As other provers do it; at most as many bits of soundness as the field has
    Base,
    /// The extension that challenges come from
    Challenge,
}

impl RandomCoefs {
    pub(crate) fn field(self) -> RandomCoefField {
        match self {
            Self::Base => RandomCoefField::Base,
            Self::Challenge => RandomCoefField::Challenge,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProveArgs {
    /// Circuit file (ours or CIRCUIT6; xz by name)
    #[arg(long, value_name = "F")]
    pub(crate) circuit: PathBuf,
    /// Witness file; every witness in it is an instance
    #[arg(long, value_name = "F")]
    pub(crate) witness: PathBuf,
    /// Proof file to write
    #[arg(long, value_name = "F")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Print the time by phase and layer
    #[arg(long)]
    pub(crate) profile: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// Circuit file (ours or CIRCUIT6; xz by name)
    #[arg(long, value_name = "F")]
    pub(crate) circuit: PathBuf,
    /// Proof file
    #[arg(long, value_name = "F")]
    pub(crate) proof: PathBuf,
    /// Public inputs that the proof must be about: JSON or (part of) a witness file
    #[arg(long, value_name = "F")]
    pub(crate) public: Option<PathBuf>,
    /// Refuse proofs with fewer bits of soundness
    #[arg(long, allow_negative_numbers = true, value_name = "B", default_value_t = astraea::DEFAULT_MIN_BITS, value_parser = parse_bits)]
    pub(crate) min_bits: f64,
    /// Threads, at most 1024
    #[arg(long, allow_negative_numbers = true, value_name = "N", default_value_t = 1, value_parser = threads_parser())]
    pub(crate) threads: u16,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Circuit file (ours or CIRCUIT6; xz by name)
    #[arg(long, value_name = "F")]
    pub(crate) circuit: PathBuf,
    /// Witness file; every witness in it is an instance
    #[arg(long, value_name = "F")]
    pub(crate) witness: PathBuf,
    /// Field that random coefficients are drawn from
    #[arg(long, value_name = "FIELD", default_value = "challenge")]
    pub(crate) random_coefs: RandomCoefs,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct InspectArgs {
    /// Circuit file (ours or CIRCUIT6; xz by name)
    #[arg(value_name = "F")]
    pub(crate) circuit: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    /// Circuit file (ours or CIRCUIT6; xz by name)
    #[arg(long, value_name = "F")]
    pub(crate) circuit: PathBuf,
    /// Circuit file to write
    #[arg(long, value_name = "F")]
    pub(crate) out: PathBuf,
    /// Also prune, fuse relays and relabel inner wires: another circuit with another digest
    #[arg(long)]
    pub(crate) tune: bool,
    /// Refuse to tune with more memory: bytes, or with K, M, G (powers of 1024)
    #[arg(long, allow_negative_numbers = true, value_name = "BYTES", value_parser = parse_bytes, requires = "tune")]
    pub(crate) max_memory: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GalleryArgs {
    #[command(subcommand)]
    pub(crate) what: GalleryCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GalleryCommand {
    /// List the circuits, their fields and sizes
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write a circuit and a witness of it, and print the known answers
    Build(GalleryBuildArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct GalleryBuildArgs {
    /// Name of the circuit
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Field
    #[arg(long, value_name = "F", value_parser = field_parser())]
    pub(crate) field: FieldId,
    /// Size; `gallery list` says of what [default: the circuit's]
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    pub(crate) size: Option<u32>,
    /// Instances of the witness [default: 1, or what the input makes]
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub(crate) instances: Option<u32>,
    /// Messages to hash, cut into pieces of the longest length [default: pseudo-random instances]
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Circuit file to write
    #[arg(long, value_name = "F")]
    pub(crate) out: PathBuf,
    /// Witness file to write
    #[arg(long, value_name = "F")]
    pub(crate) witness_out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// File to hash [default: a bundled text]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Field
    #[arg(long, value_name = "F", default_value = "gf2", value_parser = field_parser())]
    pub(crate) field: FieldId,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) what: BenchCommand,
}

impl BenchArgs {
    fn json(&self) -> bool {
        match &self.what {
            BenchCommand::Sumcheck(args) => args.common.json,
            BenchCommand::Layer(args) => args.common.json,
            BenchCommand::Gkr(args) => args.common.json,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// The sumcheck of a product of two random tables or of a zero check, transcript included
    Sumcheck(SumcheckArgs),
    /// Both phases of one layer with a gate for each output wire
    Layer(LayerArgs),
    /// Whole proofs of a circuit
    Gkr(GkrArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchCommon {
    /// Tables in the base field: sumcheck takes the challenge field without it, layer the base field
    /// always, and gkr no such choice
    #[arg(long)]
    pub(crate) base: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    /// Proofs in flight together on one queue
    #[arg(long, allow_negative_numbers = true, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) in_flight: u16,
    /// Runs to take the median of
    #[arg(long, allow_negative_numbers = true, value_name = "R", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) runs: u16,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SumcheckArgs {
    /// Field
    #[arg(long, value_name = "F", value_parser = field_parser())]
    pub(crate) field: FieldId,
    /// What is summed
    #[arg(long, default_value = "product")]
    pub(crate) summand: SummandKind,
    /// Variables of the tables
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=40))]
    pub(crate) num_vars: u8,
    #[command(flatten)]
    pub(crate) common: BenchCommon,
}

/// What `bench sumcheck` sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SummandKind {
    /// `T0 T1`
    Product,
    /// `eq (T0 T1 - T2)`, `T2` the table of products, eq over all variables
    Zerocheck,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LayerArgs {
    /// Field
    #[arg(long, value_name = "F", value_parser = field_parser())]
    pub(crate) field: FieldId,
    /// Base-2 logarithm of the input and output wires
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=28))]
    pub(crate) num_vars: u8,
    /// Which inputs the gates read
    #[arg(long)]
    pub(crate) wiring: Wiring,
    /// Kind of all gates
    #[arg(long, default_value = "mul")]
    pub(crate) gates: Gates,
    #[command(flatten)]
    pub(crate) common: BenchCommon,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Wiring {
    /// Inputs near the output's place
    Local,
    /// Inputs anywhere
    Random,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Gates {
    /// Multiplication gates: both phases
    Mul,
    /// Addition gates: phase one only
    Add,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GkrArgs {
    /// Circuit file (ours or CIRCUIT6; xz by name)
    #[arg(long, value_name = "F")]
    pub(crate) circuit: PathBuf,
    /// Witness file
    #[arg(long, value_name = "F")]
    pub(crate) witness: PathBuf,
    /// Instances of a proof; the file's witnesses are repeated in turn [default: all of the file]
    #[arg(long, allow_negative_numbers = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub(crate) instances: Option<u32>,
    /// Print the time by phase and layer
    #[arg(long)]
    pub(crate) profile: bool,
    #[command(flatten)]
    pub(crate) common: BenchCommon,
}

fn backend_parser() -> impl TypedValueParser<Value = BackendChoice> {
    let names = BackendChoice::ALL.map(BackendChoice::name);
    PossibleValuesParser::new(names)
        .map(|name| BackendChoice::from_name(&name).expect("the parser knows the names"))
}

fn field_parser() -> impl TypedValueParser<Value = FieldId> {
    PossibleValuesParser::new(FieldId::ALL.map(FieldId::name))
        .map(|name| FieldId::from_name(&name).expect("the parser knows the names"))
}

fn threads_parser() -> impl TypedValueParser<Value = u16> {
    clap::value_parser!(u16).range(1..=astraea::MAX_THREADS as i64)
}

fn parse_hand_off(text: &str) -> Result<HandOff, String> {
    if text == "off" {
        return Ok(HandOff::Off);
    }
    text.parse()
        .map(HandOff::At)
        .map_err(|_| "expected a number of variables, or off".to_owned())
}

fn parse_bits(text: &str) -> Result<f64, String> {
    let bits = text.parse::<f64>().ok();
    bits.filter(|bits| (0.0..=1024.0).contains(bits))
        .ok_or_else(|| "expected a number of bits, 0 to 1024".to_owned())
}

/// Bytes as a number, or with the suffix K, M or G.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 10),
        Some((at, 'm' | 'M')) => (&text[..at], 20),
        Some((at, 'g' | 'G')) => (&text[..at], 30),
        _ => (text, 0),
    };
    let number = digits.parse::<u64>().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "expected bytes, or a number with K, M or G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn bits_within_reason() {
        assert_eq!(parse_bits("0"), Ok(0.0));
        assert_eq!(parse_bits("1024"), Ok(1024.0));
        for bad in ["-1", "1024.5", "1e300", "inf", "NaN", ""] {
            assert!(parse_bits(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_with_suffixes() {
        assert_eq!(parse_bytes("123"), Ok(123));
        assert_eq!(parse_bytes("2k"), Ok(2048));
        assert_eq!(parse_bytes("3M"), Ok(3 << 20));
        assert_eq!(parse_bytes("4G"), Ok(4 << 30));
        for bad in ["", "G", "-1", "1.5G", "99999999999G", "1T", "ä"] {
            assert!(parse_bytes(bad).is_err(), "{bad}");
        }
    }
}
