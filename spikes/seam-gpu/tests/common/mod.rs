//! Inputs with extreme limbs, and the devices under test.

use std::sync::OnceLock;

use backend_reference::ReferenceBackend;
use prover_core::{ComputeBackend, Field, Pending};
use prover_fields::{Bn254, M31, M31Ext3};
use seam_gpu::{GpuBackend, GpuField, Vulkan};

/// A field with the values that carries and reductions trip over.
pub(crate) trait TestField: GpuField {
    /// 0, 1, p - 1, all-ones limbs, single bits.
    fn extremes() -> Vec<Self>;
    /// The same in the base field.
    fn base_extremes() -> Vec<Self::Base>;
    /// The wgpu backend, or `None` where the environment allows to go without an adapter.
    fn wgpu() -> Option<&'static GpuBackend<Self, Vulkan>>;
}

fn make_wgpu<F: GpuField>() -> Option<GpuBackend<F, Vulkan>> {
    match Vulkan::new::<F>() {
        Ok(device) => Some(GpuBackend::new(device).expect("the device has some memory")),
        Err(_) if std::env::var_os("SEAM_GPU_ALLOW_NO_ADAPTER").is_some() => None,
        Err(e) => panic!("{e} (SEAM_GPU_ALLOW_NO_ADAPTER=1 skips these tests)"),
    }
}

impl TestField for Bn254 {
    fn extremes() -> Vec<Self> {
        let [p0, p1, p2, p3] = Self::MODULUS;
        let ones = u64::MAX;
        let mut limbs = vec![
            [0; 4],
            [1, 0, 0, 0],
            [p0 - 1, p1, p2, p3],
            [ones, ones, ones, p3 - 1],
            [ones, ones, ones, 0],
            [0, ones, 0, p3 - 1],
            [ones << 32, ones << 32, ones << 32, 0],
            [ones >> 32, ones >> 32, ones >> 32, ones >> 32 & (p3 - 1)],
            [0, 0, 0, p3],
            Self::R,
        ];
        limbs.extend((0..253).map(|k| {
            let mut bit = [0; 4];
            bit[k / 64] = 1 << (k % 64);
            bit
        }));
        limbs
            .into_iter()
            .map(|l| Self::from_montgomery_limbs(l).expect("reduced"))
            .collect()
    }

    fn base_extremes() -> Vec<Self> {
        Self::extremes()
    }

    fn wgpu() -> Option<&'static GpuBackend<Self, Vulkan>> {
        static BACKEND: OnceLock<Option<GpuBackend<Bn254, Vulkan>>> = OnceLock::new();
        BACKEND.get_or_init(make_wgpu).as_ref()
    }
}

impl TestField for M31Ext3 {
    fn extremes() -> Vec<Self> {
        let base = Self::base_extremes();
        let most = base[2];
        let mut values = vec![
            Self::new([most; 3]),
            Self::new([most, M31::ZERO, M31::ZERO]),
            Self::new([M31::ZERO, most, most]),
        ];
        for (i, &a) in base.iter().enumerate() {
            let b = base[(7 * i + 3) % base.len()];
            values.extend([
                Self::new([a, b, most]),
                Self::new([M31::ZERO, a, b]),
                Self::new([b, M31::ZERO, a]),
            ]);
        }
        values
    }

    fn base_extremes() -> Vec<M31> {
        let mut values = vec![0, 1, M31::MODULUS - 1, M31::MODULUS - 2];
        values.extend((0..31).map(|k| 1 << k));
        values
            .into_iter()
            .map(|v| M31::new(v).expect("reduced"))
            .collect()
    }

    fn wgpu() -> Option<&'static GpuBackend<Self, Vulkan>> {
        static BACKEND: OnceLock<Option<GpuBackend<M31Ext3, Vulkan>>> = OnceLock::new();
        BACKEND.get_or_init(make_wgpu).as_ref()
    }
}

/// A fixed stream of numbers (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn uniform<T: Field>(&mut self) -> T {
        let bytes: Vec<u8> = (0..T::UNIFORM_BYTES).map(|_| self.next() as u8).collect();
        T::from_uniform(&bytes)
    }

    /// Every other value is extreme.
    fn mixed<T: Field>(&mut self, extremes: &[T], len: usize) -> Vec<T> {
        (0..len)
            .map(|_| match self.next() {
                n if n & 1 == 0 => extremes[(n >> 1) as usize % extremes.len()],
                _ => self.uniform(),
            })
            .collect()
    }

    pub(crate) fn elements<F: TestField>(&mut self, len: usize) -> Vec<F> {
        self.mixed(&F::extremes(), len)
    }

    pub(crate) fn base_elements<F: TestField>(&mut self, len: usize) -> Vec<F::Base> {
        self.mixed(&F::base_extremes(), len)
    }
}

pub(crate) fn reference() -> ReferenceBackend {
    ReferenceBackend::new()
}

/// The values of a table.
pub(crate) fn values<F: TestField, B: ComputeBackend<F>>(
    backend: &B,
    queue: &mut B::Queue,
    mle: &B::Mle,
) -> Vec<F> {
    let pending = backend
        .download(queue, core::slice::from_ref(mle))
        .expect("download");
    pending.wait().expect("values arrive")
}

/// Runs checks against the device: `all_devices!(check)` makes one test per field.
#[macro_export]
macro_rules! all_devices {
    ($($check:ident),* $(,)?) => {$(
        mod $check {
            use super::common::TestField;
            use prover_fields::{Bn254, M31Ext3};

            #[test]
            fn bn254_wgpu() {
                Bn254::wgpu().into_iter().for_each(super::$check);
            }

            #[test]
            fn m31_wgpu() {
                M31Ext3::wgpu().into_iter().for_each(super::$check);
            }
        }
    )*};
}
