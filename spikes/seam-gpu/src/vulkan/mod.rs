//! WGSL kernels through wgpu, on a Vulkan (or Metal) adapter.

mod fetch;
mod shader;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use prover_core::{BackendError, Unavailable};
use prover_fields::FieldSpec;

pub use fetch::WgpuFetch;
use fetch::{Mapping, STAGING_BYTES};

use crate::device::{Device, Region};
use crate::field::GpuField;
use crate::kernel::{Kernel, Launch, PARAMETER_BYTES};

/// Launches between two submissions; a longer list is submitted in pieces.
const MAX_RECORDED: usize = 256;

/// A device with one field's kernels.
pub struct Vulkan {
    shared: Arc<Shared>,
    queue: wgpu::Queue,
    spec: FieldSpec,
    pipelines: Mutex<HashMap<Kernel, Pipeline>>,
    max_buffer_bytes: u64,
}

#[derive(Clone)]
struct Pipeline {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

/// What values on their way need of the device.
pub(crate) struct Shared {
    device: wgpu::Device,
    name: String,
    /// The first error that no call returned: reported by the next fetch, and by all after it.
    error: Arc<Mutex<Option<BackendError>>>,
    staging: Mutex<Vec<wgpu::Buffer>>,
}

impl Shared {
    fn failed(&self, op: &'static str, message: String) -> BackendError {
        BackendError::Device {
            device: self.name.clone(),
            op,
            message,
        }
    }

    fn check(&self) -> Result<(), BackendError> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.clone().map_or(Ok(()), Err)
    }

    fn take_staging(&self, bytes: u64) -> wgpu::Buffer {
        let mut pool = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        match pool.pop() {
            Some(buffer) if bytes <= STAGING_BYTES => buffer,
            other => {
                pool.extend(other);
                self.device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("staging"),
                    size: bytes.max(STAGING_BYTES),
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            }
        }
    }

    fn give_staging(&self, buffer: wgpu::Buffer) {
        if buffer.size() == STAGING_BYTES {
            let mut pool = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
            pool.push(buffer);
        }
    }
}

/// Launches recorded and not yet submitted, and their parameters.
pub struct VulkanStream {
    recorded: Vec<Recorded>,
    params: Vec<u8>,
    params_buffer: wgpu::Buffer,
    submissions: u64,
}

struct Recorded {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    blocks: u32,
}

/// Native wgpu's futures are ready at once, or after a few turns.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

fn unavailable(reason: impl Into<String>) -> Unavailable {
    Unavailable {
        backend: "wgpu".into(),
        reason: reason.into(),
    }
}

impl Vulkan {
    /// A device of an adapter with 64-bit integers in shaders; a software one if there is a choice,
    /// because that is what this spike is about.
    ///
    /// # Errors
    /// If there is no such adapter.
    pub fn new<F: GpuField>() -> Result<Self, Unavailable> {
        let mut instance = wgpu::InstanceDescriptor::new_without_display_handle();
        instance.backends = wgpu::Backends::PRIMARY;
        let instance = wgpu::Instance::new(instance);
        let mut adapters = block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
        adapters.retain(|a| a.features().contains(wgpu::Features::SHADER_INT64));
        adapters.sort_by_key(|a| a.get_info().device_type != wgpu::DeviceType::Cpu);
        let adapter = adapters.first().ok_or_else(|| {
            unavailable("no adapter with SHADER_INT64; a software one is mesa-vulkan-drivers")
        })?;
        let info = adapter.get_info();
        let limits = adapter.limits();
        let (device, queue) = block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("seam-gpu"),
            required_features: wgpu::Features::SHADER_INT64,
            required_limits: limits.clone(),
            ..Default::default()
        }))
        .map_err(|e| unavailable(e.to_string()))?;
        let name = format!("{} ({:?})", info.name, info.device_type);
        let error = watch_errors(&device, &name);
        Ok(Self {
            shared: Arc::new(Shared {
                device,
                name,
                error,
                staging: Mutex::default(),
            }),
            queue,
            spec: F::FIELD,
            pipelines: Mutex::default(),
            max_buffer_bytes: limits
                .max_storage_buffer_binding_size
                .min(limits.max_buffer_size),
        })
    }

    /// Makes the device go away, for tests of what is reported then.
    pub fn lose(&self) {
        self.shared.device.destroy();
    }

    fn pipeline(&self, kernel: Kernel) -> Result<Pipeline, BackendError> {
        let mut pipelines = self
            .pipelines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = pipelines.get(&kernel) {
            return Ok(pipeline.clone());
        }
        let pipeline = self.compile(kernel)?;
        pipelines.insert(kernel, pipeline.clone());
        Ok(pipeline)
    }

    fn compile(&self, kernel: Kernel) -> Result<Pipeline, BackendError> {
        let name = kernel.name();
        let device = &self.shared.device;
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(shader::compose(&self.spec, kernel).into()),
        });
        let written = kernel.buffers().iter().map(|&(_, written)| written);
        let entries: Vec<_> = std::iter::once(false)
            .chain(written)
            .zip(0u32..)
            .map(|(written, binding)| layout_entry(binding, !written))
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(name),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        match block_on(scope.pop()) {
            None => Ok(Pipeline { pipeline, layout }),
            Some(error) => Err(BackendError::KernelCompile {
                kernel: format!("{name} ({})", self.spec.name()),
                log: error.to_string(),
            }),
        }
    }

    /// Submits what is recorded, and `copies` from buffers to the start of a staging buffer.
    fn submit(
        &self,
        stream: &mut VulkanStream,
        copies: &[Region<wgpu::Buffer>],
        staging: Option<&wgpu::Buffer>,
    ) -> wgpu::SubmissionIndex {
        self.queue
            .write_buffer(&stream.params_buffer, 0, &stream.params);
        stream.params.clear();
        let device = &self.shared.device;
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for launch in stream.recorded.drain(..) {
                pass.set_pipeline(&launch.pipeline);
                pass.set_bind_group(0, &launch.bindings, &[]);
                pass.dispatch_workgroups(launch.blocks, 1, 1);
            }
        }
        let mut at = 0;
        for region in copies {
            let (from, to) = (4 * region.words.start as u64, 4 * region.words.end as u64);
            if let Some(staging) = staging {
                encoder.copy_buffer_to_buffer(&region.buffer, from, staging, at, to - from);
            }
            at += to - from;
        }
        stream.submissions += 1;
        self.queue.submit([encoder.finish()])
    }
}

/// Collects what no call returns: validation errors outside scopes, and the loss of the device.
fn watch_errors(device: &wgpu::Device, name: &str) -> Arc<Mutex<Option<BackendError>>> {
    let error = Arc::new(Mutex::new(None));
    let (slot, label) = (Arc::clone(&error), name.to_owned());
    device.on_uncaptured_error(Arc::new(move |e: wgpu::Error| {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(BackendError::Device {
            device: label.clone(),
            op: "submit",
            message: e.to_string(),
        });
    }));
    let (slot, label) = (Arc::clone(&error), name.to_owned());
    device.set_device_lost_callback(move |_, _| {
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(BackendError::DeviceLost {
            device: label.clone(),
        });
    });
    error
}

fn layout_entry(binding: u32, read_only: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}

impl Device for Vulkan {
    type Buffer = wgpu::Buffer;
    type Stream = VulkanStream;
    type Fetch = WgpuFetch;

    // A writable binding may not alias another.
    const IN_PLACE: bool = false;

    fn describe(&self) -> (&'static str, String) {
        ("wgpu", self.shared.name.clone())
    }

    fn max_buffer_bytes(&self) -> u64 {
        self.max_buffer_bytes
    }

    fn submissions(stream: &VulkanStream) -> u64 {
        stream.submissions
    }

    fn open(&self) -> Result<VulkanStream, BackendError> {
        let device = &self.shared.device;
        Ok(VulkanStream {
            recorded: Vec::new(),
            params: Vec::new(),
            params_buffer: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("parameters"),
                size: (MAX_RECORDED * PARAMETER_BYTES) as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
            submissions: 0,
        })
    }

    fn alloc(&self, words: usize) -> Result<Arc<wgpu::Buffer>, BackendError> {
        let bytes = 4 * words as u64;
        let out_of_memory = || BackendError::OutOfMemory {
            device: self.shared.name.clone(),
            requested_bytes: bytes,
            // wgpu does not tell how much is left.
            free_bytes: None,
        };
        if bytes > self.max_buffer_bytes {
            return Err(out_of_memory());
        }
        let device = &self.shared.device;
        let scope = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        match block_on(scope.pop()) {
            None => Ok(Arc::new(buffer)),
            Some(_) => Err(out_of_memory()),
        }
    }

    fn write(
        &self,
        _stream: &mut VulkanStream,
        buffer: &Arc<wgpu::Buffer>,
        words: Vec<u32>,
    ) -> Result<(), BackendError> {
        // Runs before anything recorded: right only because the buffer is new.
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.queue.write_buffer(buffer, 0, &bytes);
        Ok(())
    }

    fn launch(
        &self,
        stream: &mut VulkanStream,
        launch: Launch<wgpu::Buffer>,
    ) -> Result<(), BackendError> {
        if stream.recorded.len() == MAX_RECORDED {
            self.submit(stream, &[], None);
        }
        let Pipeline { pipeline, layout } = self.pipeline(launch.kernel)?;
        let offset = stream.recorded.len() * PARAMETER_BYTES;
        stream.params.resize(offset, 0);
        for word in &launch.params {
            stream.params.extend(word.to_le_bytes());
        }
        let params = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &stream.params_buffer,
            offset: offset as u64,
            size: wgpu::BufferSize::new(PARAMETER_BYTES as u64),
        });
        let tables = launch.buffers.iter().map(|b| b.as_entire_binding());
        let entries: Vec<_> = std::iter::once(params)
            .chain(tables)
            .zip(0u32..)
            .map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        let bindings = self
            .shared
            .device
            .create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &layout,
                entries: &entries,
            });
        stream.recorded.push(Recorded {
            pipeline,
            bindings,
            blocks: launch.blocks as u32,
        });
        Ok(())
    }

    fn fetch(
        &self,
        stream: &mut VulkanStream,
        regions: &[Region<wgpu::Buffer>],
    ) -> Result<WgpuFetch, BackendError> {
        let bytes = 4 * regions.iter().map(|r| r.words.len() as u64).sum::<u64>();
        let staging = self.shared.take_staging(bytes);
        let submission = self.submit(stream, regions, Some(&staging));
        let mapping = Arc::new(Mutex::new(Mapping::Requested));
        let slot = Arc::clone(&mapping);
        staging.map_async(wgpu::MapMode::Read, ..bytes, move |result| {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = match result {
                Ok(()) => Mapping::Mapped,
                Err(_) => Mapping::Failed,
            };
        });
        self.shared.check()?;
        Ok(WgpuFetch {
            shared: Arc::clone(&self.shared),
            submission,
            bytes,
            mapping,
            staging: Mutex::new(Some(staging)),
            words: Mutex::new(None),
        })
    }
}
