//! Compiles the CUDA kernels against the simulator, with the host's C++ compiler.

use std::path::Path;

use prover_fields::{FieldId, FieldSpec};

#[path = "src/prelude.rs"]
#[expect(
    dead_code,
    unreachable_pub,
    reason = "the library uses the rest of the file"
)]
mod prelude;

fn main() {
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    for id in [FieldId::Bn254, FieldId::M31] {
        let spec = FieldSpec::of(id);
        let file = format!("prelude_{}.h", prelude::form_name(&spec));
        std::fs::write(Path::new(&out).join(file), prelude::cuda(&spec))
            .expect("OUT_DIR is writable");
    }
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .flag("-Wno-unknown-pragmas")
        .include("cuda-sim")
        .include("../../kernels")
        .include(&out)
        .file("cuda-sim/sim.cpp")
        .file("cuda-sim/bn254.cpp")
        .file("cuda-sim/m31_ext3.cpp")
        .compile("seam_gpu_cuda_sim");
    for watched in ["cuda-sim", "../../kernels", "src/prelude.rs"] {
        println!("cargo::rerun-if-changed={watched}");
    }
}
