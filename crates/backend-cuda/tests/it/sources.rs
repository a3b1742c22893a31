//! The PTX that is loaded is that of the sources.

use prover_fields::{FieldId, FieldSpec};

#[test]
fn ptx_is_as_old_as_the_kernels() {
    for id in FieldId::ALL {
        let ptx = backend_cuda::ptx(id).expect("the file is compressed text");
        let header = kernel_source::ptx_header(&FieldSpec::of(id));
        assert!(
            ptx.starts_with(header.as_bytes()),
            "kernels/ptx/{id}.ptx.xz is not made of kernels/: run `cargo xtask ptx NVRTC`"
        );
        // The version that the oldest driver knows, and the oldest architecture.
        let text = String::from_utf8_lossy(&ptx);
        assert!(text.contains(".version 8.0\n") && text.contains(".target sm_80\n"));
    }
}
