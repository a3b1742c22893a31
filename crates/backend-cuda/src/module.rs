//! A field's kernels, loaded.

use std::collections::HashMap;
use std::ffi::CString;
use std::io::Read as _;
use std::sync::Arc;

use cudarc::driver::sys;
use prover_core::{BackendError, FieldId};
use prover_fields::FieldSpec;

use crate::context::{Context, name_of};

/// PTX, compressed; made by `cargo xtask ptx`, held against the sources by its `--check`.
fn compressed(field: FieldId) -> &'static [u8] {
    match field {
        FieldId::Bn254 => include_bytes!("../../../kernels/ptx/bn254.ptx.xz"),
        FieldId::M31 => include_bytes!("../../../kernels/ptx/m31.ptx.xz"),
        FieldId::Gf2 => include_bytes!("../../../kernels/ptx/gf2.ptx.xz"),
        FieldId::Goldilocks => include_bytes!("../../../kernels/ptx/goldilocks.ptx.xz"),
    }
}

/// The PTX of a field's kernels: text, after a line that names the field and one that names the sources.
///
/// # Errors
/// If what is linked is broken.
pub fn ptx(field: FieldId) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    lzma_rust2::XzReader::new(compressed(field), false).read_to_end(&mut text)?;
    Ok(text)
}

/// A kernel. It lives as long as its module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function(pub(crate) sys::CUfunction);

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Function {}
// SAFETY: as above.
unsafe impl Sync for Function {}

/// The kernels of a field.
#[derive(Debug)]
pub(crate) struct Module {
    context: Arc<Context>,
    raw: sys::CUmodule,
    functions: HashMap<&'static str, Function>,
}

// SAFETY: the driver's handles may be used from any thread.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

impl Module {
    /// Has the driver compile a field's PTX for its device; it keeps the result in a cache of its own.
    pub(crate) fn load(context: &Arc<Context>, field: FieldId) -> Result<Self, BackendError> {
        let failed = |log: String| BackendError::KernelCompile {
            kernel: field.name().into(),
            log,
        };
        let text = ptx(field).map_err(|error| failed(error.to_string()))?;
        let text = CString::new(text).map_err(|error| failed(error.to_string()))?;
        context.enter()?;
        let mut log = [0u8; 4096];
        let mut options = [
            sys::CUjit_option_enum::CU_JIT_ERROR_LOG_BUFFER,
            sys::CUjit_option_enum::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        ];
        let mut values = [
            log.as_mut_ptr().cast(),
            std::ptr::without_provenance_mut(log.len() - 1),
        ];
        let mut raw = std::ptr::null_mut();
        // SAFETY: the image is a terminated text; options and values are two each, and the log is longer
        // than said, so that it stays terminated.
        let result = unsafe {
            sys::cuModuleLoadDataEx(
                &mut raw,
                text.as_ptr().cast(),
                options.len() as u32,
                options.as_mut_ptr(),
                values.as_mut_ptr(),
            )
        };
        if result != sys::CUresult::CUDA_SUCCESS {
            context
                .check("kernels", result)
                .or_else(|error| match error {
                    BackendError::DeviceLost { .. } => Err(error),
                    _ => Ok(()),
                })?;
            let said = log.split(|&byte| byte == 0).next().unwrap_or_default();
            let said = String::from_utf8_lossy(said);
            return Err(failed(format!("{}: {said}", name_of(result))));
        }
        let mut module = Self {
            context: Arc::clone(context),
            raw,
            functions: HashMap::new(),
        };
        for name in kernel_source::kernel_names(&FieldSpec::of(field)) {
            let function = module.find(name)?;
            module.functions.insert(name, function);
        }
        Ok(module)
    }

    fn find(&self, name: &'static str) -> Result<Function, BackendError> {
        let mut function = std::ptr::null_mut();
        let failed = |log: String| BackendError::KernelCompile {
            kernel: name.into(),
            log,
        };
        let text = CString::new(name).map_err(|error| failed(error.to_string()))?;
        // SAFETY: the module is loaded, the name terminated, the pointer to a place for the answer.
        let result = unsafe { sys::cuModuleGetFunction(&mut function, self.raw, text.as_ptr()) };
        match result {
            sys::CUresult::CUDA_SUCCESS => Ok(Function(function)),
            result => Err(failed(name_of(result))),
        }
    }

    /// A kernel by its name.
    ///
    /// # Panics
    /// If there is none: names are those of the sources.
    pub(crate) fn function(&self, name: &'static str) -> Function {
        self.functions[name]
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // Work that is enqueued may still use it.
        if self.context.synchronize().is_ok() {
            // SAFETY: owned, and nothing runs.
            let _ = unsafe { sys::cuModuleUnload(self.raw) };
        }
    }
}
