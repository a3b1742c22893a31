//! The one place that names all backends.

use std::sync::Arc;

use prover_circuit::Circuit;
use prover_core::{BackendInfo, ChallengeField, LayerBackend, Unavailable};
use prover_sumcheck::{Driver, Metrics};

use crate::error::Error;
use crate::measure::{self, Measured, Runs, Spec};
use crate::options::ProveOptions;
use crate::prover::OnBackend;

/// A backend by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BackendChoice {
    /// The best that is linked and there; which one, and why, is reported.
    #[default]
    Auto,
    /// The multi-threaded CPU backend.
    Cpu,
    /// NVIDIA GPUs.
    Cuda,
    /// GPUs through WebGPU.
    Wgpu,
    /// The oracle: slow, for comparison.
    Reference,
}

impl BackendChoice {
    /// Every choice.
    pub const ALL: [Self; 5] = [
        Self::Auto,
        Self::Cpu,
        Self::Cuda,
        Self::Wgpu,
        Self::Reference,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
            Self::Reference => "reference",
        }
    }

    /// The choice of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// Whether the backend is linked into this program.
    pub fn is_linked(self) -> bool {
        match self {
            Self::Auto => Self::Cpu.is_linked() || Self::Reference.is_linked(),
            Self::Cpu => cfg!(feature = "cpu"),
            Self::Reference => cfg!(feature = "reference"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Wgpu => false,
        }
    }

    /// What `auto` stands for here, and why; any other choice stands for itself.
    fn resolve(self) -> (Self, &'static str) {
        match self {
            Self::Auto if Self::Cpu.is_linked() && Self::Cuda.is_linked() => (
                Self::Cpu,
                "auto: accelerators are taken only by name, as nothing says yet from which size they win",
            ),
            Self::Auto if Self::Cpu.is_linked() => {
                (Self::Cpu, "auto: no accelerator backend is linked")
            }
            Self::Auto => (
                Self::Reference,
                "auto: only the reference backend is linked",
            ),
            chosen => (chosen, "as asked"),
        }
    }
}

impl core::fmt::Display for BackendChoice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

/// Which backend works, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// What was asked for.
    pub requested: BackendChoice,
    /// What works.
    pub chosen: BackendChoice,
    /// Why.
    pub reason: &'static str,
}

#[cfg(feature = "cpu")]
use backend_cpu::CpuField as OfCpu;
#[cfg(feature = "cuda")]
use backend_cuda::CudaField as OfCuda;
#[cfg(not(feature = "cpu"))]
use prover_core::ChallengeField as OfCpu;
#[cfg(not(feature = "cuda"))]
use prover_core::ChallengeField as OfCuda;

/// What every linked backend asks of a field.
pub trait BackendField: OfCpu + OfCuda {}

impl<F: OfCpu + OfCuda> BackendField for F {}

/// A field that every linked backend computes with.
pub trait LinkedField: BackendField {
    /// Opens a backend and brings a circuit onto it: the provers are compiled here, once for each
    /// field, and not again in every program.
    #[doc(hidden)]
    fn compile(
        circuit: Arc<Circuit<Self::Base>>,
        options: &ProveOptions,
    ) -> Result<OnBackend<Self>, Error>;

    /// [`crate::measure::measure`], likewise.
    #[doc(hidden)]
    fn measure(
        spec: Spec,
        runs: Runs,
        options: &ProveOptions,
        after_run: &mut dyn FnMut(),
    ) -> Result<Measured, Error>;
}

macro_rules! linked_field {
    (
        {}
        $($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal:
            $challenge:ident over $base:ident;)*
    ) => {$(
        impl LinkedField for prover_fields::$challenge {
            fn compile(
                circuit: Arc<Circuit<Self::Base>>,
                options: &ProveOptions,
            ) -> Result<OnBackend<Self>, Error> {
                OnBackend::open(circuit, options)
            }

            fn measure(
                spec: Spec,
                runs: Runs,
                options: &ProveOptions,
                after_run: &mut dyn FnMut(),
            ) -> Result<Measured, Error> {
                measure::on_backend::<Self>(spec, runs, options, after_run)
            }
        }
    )*};
}

prover_core::for_each_field!(linked_field {});

/// An open backend with the driver's settings.
pub struct Engine<B, H> {
    /// The backend of the tables.
    pub backend: B,
    /// The host-side backend, and the number of variables at which it takes over.
    pub hand_off: Option<(H, usize)>,
    /// Variables per round operation.
    pub window: usize,
    /// Which backend this is, and why.
    pub selection: Selection,
    /// The most bytes that the backend's tables took so far, where it counts them.
    peak: fn(&B) -> Option<u64>,
}

impl<B, H> Engine<B, H> {
    /// The driver of a proof.
    pub fn driver<'a>(&'a self, metrics: &'a Metrics) -> Driver<'a, B, H> {
        Driver {
            backend: &self.backend,
            hand_off: self.hand_off.as_ref().map(|(host, at)| (host, *at)),
            window: self.window,
            metrics,
        }
    }

    /// Who works.
    pub fn info<F: ChallengeField>(&self) -> &BackendInfo
    where
        B: LayerBackend<F>,
    {
        self.backend.info()
    }

    /// The most bytes that the backend's tables took at once so far, where it counts them.
    pub fn measured_peak_bytes(&self) -> Option<u64> {
        (self.peak)(&self.backend)
    }
}

/// A computation that is generic over the backend.
pub trait BackendVisitor<F: ChallengeField> {
    /// What it returns.
    type Out;

    /// Runs it on an open backend.
    ///
    /// # Errors
    /// Its own.
    fn visit<B: LayerBackend<F>, H: LayerBackend<F>>(
        self,
        engine: Engine<B, H>,
    ) -> Result<Self::Out, Error>;
}

/// Opens the backend that the options ask for and runs a computation on it.
///
/// # Errors
/// [`Error::BackendUnavailable`] if it is not linked or not there; the computation's own.
pub fn connect<F: BackendField, V: BackendVisitor<F>>(
    options: &ProveOptions,
    visitor: V,
) -> Result<V::Out, Error> {
    let requested = options.backend;
    let (chosen, reason) = requested.resolve();
    let selection = Selection {
        requested,
        chosen,
        reason,
    };
    if options.window == Some(0) {
        return Err(Error::Options("a window has at least 1 variable".into()));
    }
    if let Some(threads) = options.threads
        && !(1..=crate::MAX_THREADS).contains(&threads)
    {
        let most = crate::MAX_THREADS;
        let message = format!("a proof takes 1 to {most} threads, not {threads}");
        return Err(Error::Options(message));
    }
    tracing::info!(%requested, %chosen, reason, "backend");
    // A program that only verifies links no backend.
    #[cfg(not(any(feature = "cpu", feature = "cuda", feature = "reference")))]
    let _ = (visitor, selection);
    match chosen {
        #[cfg(feature = "cpu")]
        BackendChoice::Cpu => {
            single_device(selection, options)?;
            let engine = Engine {
                backend: cpu(options)?,
                hand_off: host(options)?,
                window: options.window.unwrap_or(1),
                selection,
                peak: |backend: &backend_cpu::CpuBackend| Some(backend.peak_bytes()),
            };
            visitor.visit(engine)
        }
        #[cfg(feature = "cuda")]
        BackendChoice::Cuda => {
            let engine = Engine {
                backend: cuda(options)?,
                hand_off: tail(options)?,
                window: options.window.unwrap_or(CUDA_WINDOW),
                selection,
                peak: |backend: &backend_cuda::CudaBackend| Some(backend.peak_bytes()),
            };
            visitor.visit(engine)
        }
        #[cfg(feature = "reference")]
        BackendChoice::Reference => {
            single_device(selection, options)?;
            let limit = options.max_memory_bytes.unwrap_or(u64::MAX);
            let engine = Engine {
                backend: backend_reference::ReferenceBackend::with_memory_limit(limit),
                hand_off: host(options)?,
                window: options.window.unwrap_or(1),
                selection,
                peak: |_| None,
            };
            visitor.visit(engine)
        }
        absent => Err(not_linked(absent).into()),
    }
}

fn not_linked(backend: BackendChoice) -> Unavailable {
    let linked: Vec<&str> = BackendChoice::ALL
        .into_iter()
        .filter(|choice| *choice != BackendChoice::Auto && choice.is_linked())
        .map(BackendChoice::name)
        .collect();
    Unavailable {
        backend: backend.name().to_owned(),
        reason: format!(
            "it is not linked into this program, which has: {}",
            linked.join(", ")
        ),
    }
}

/// Refuses a device selector where there is nothing to select.
#[cfg(any(feature = "cpu", feature = "reference"))]
fn single_device(selection: Selection, options: &ProveOptions) -> Result<(), Error> {
    match &options.device {
        None => Ok(()),
        Some(device) => Err(Unavailable {
            backend: selection.chosen.name().to_owned(),
            reason: format!("it has one device, {device:?} names none"),
        }
        .into()),
    }
}

#[cfg(feature = "cpu")]
fn cpu(options: &ProveOptions) -> Result<backend_cpu::CpuBackend, Unavailable> {
    backend_cpu::CpuBackend::new(backend_cpu::CpuOptions {
        threads: options.threads,
        max_memory_bytes: options.max_memory_bytes,
        ..backend_cpu::CpuOptions::default()
    })
}

/// Variables per round operation on a GPU: a round trip to the host costs more than a longer window.
/// Not measured yet.
#[cfg(feature = "cuda")]
const CUDA_WINDOW: usize = 2;

/// Variables at which a GPU hands a run to the host: small tables cost it round trips and nothing else.
/// Not measured yet; published crossovers are at 12 and 13.
#[cfg(all(feature = "cuda", any(feature = "cpu", feature = "reference")))]
const CUDA_HAND_OFF: usize = 12;

#[cfg(feature = "cuda")]
fn cuda(options: &ProveOptions) -> Result<backend_cuda::CudaBackend, Unavailable> {
    let device = match options.device.as_deref().map(str::parse) {
        None => 0,
        Some(Ok(index)) => index,
        Some(Err(_)) => {
            return Err(Unavailable {
                backend: "cuda".to_owned(),
                reason: format!(
                    "devices are numbers counted from 0, {:?} is none",
                    options.device.as_deref().unwrap_or_default()
                ),
            });
        }
    };
    backend_cuda::CudaBackend::new(backend_cuda::CudaOptions {
        device,
        max_memory_bytes: options.max_memory_bytes,
    })
}

/// The backend that takes over on the host.
#[cfg(feature = "cpu")]
type Host = backend_cpu::CpuBackend;
#[cfg(all(not(feature = "cpu"), feature = "reference"))]
type Host = backend_reference::ReferenceBackend;
/// Without a host-side backend there is nobody to hand a run to.
#[cfg(all(not(any(feature = "cpu", feature = "reference")), feature = "cuda"))]
type Host = backend_cuda::CudaBackend;

/// Where a GPU's runs end.
#[cfg(feature = "cuda")]
fn tail(options: &ProveOptions) -> Result<Option<(Host, usize)>, Error> {
    #[cfg(not(any(feature = "cpu", feature = "reference")))]
    return match options.hand_off {
        crate::options::HandOff::At(_) => Err(Error::Options(
            "no backend is linked that could take over on the host".into(),
        )),
        _ => Ok(None),
    };
    #[cfg(any(feature = "cpu", feature = "reference"))]
    host(&ProveOptions {
        hand_off: match options.hand_off {
            crate::options::HandOff::Policy => crate::options::HandOff::At(CUDA_HAND_OFF),
            chosen => chosen,
        },
        ..options.clone()
    })
}

/// Both backends so far work on the host, so the policy is to hand nothing off.
#[cfg(any(feature = "cpu", feature = "reference"))]
fn host(options: &ProveOptions) -> Result<Option<(Host, usize)>, Error> {
    let crate::options::HandOff::At(variables) = options.hand_off else {
        return Ok(None);
    };
    #[cfg(feature = "cpu")]
    let host = cpu(options)?;
    #[cfg(not(feature = "cpu"))]
    let host = Host::new();
    Ok(Some((host, variables)))
}
