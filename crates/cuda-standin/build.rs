//! Compiles the stand-in driver with the kernels of every field, if there is a C++ compiler.
//!
//! Without one the crate builds all the same and says at run time that there is no stand-in: nothing of
//! the product needs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use prover_fields::{FieldId, FieldSpec};

const SOURCES: [&str; 2] = ["driver.cpp", "sim.cpp"];

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    println!("cargo::rerun-if-changed=cpp");
    let library = match build(&out) {
        Ok(library) => library.display().to_string(),
        Err(reason) => {
            println!("cargo::warning=no stand-in for libcuda: {reason}");
            String::new()
        }
    };
    println!("cargo::rustc-env=CUDA_STANDIN={library}");
}

/// Where the library is, or why it is not.
fn build(out: &Path) -> Result<PathBuf, String> {
    let compiler = cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(2)
        .warnings(true)
        .extra_warnings(false)
        .cargo_output(false)
        .try_get_compiler()
        .map_err(|error| error.to_string())?;
    let mut sources: Vec<PathBuf> = SOURCES
        .iter()
        .map(|name| Path::new("cpp").join(name))
        .collect();
    for id in FieldId::ALL {
        sources.push(write_unit(out, &FieldSpec::of(id))?);
    }
    // One compiler each, side by side.
    let mut running = Vec::new();
    let mut objects = Vec::new();
    for source in &sources {
        let object = out
            .join(source.file_name().unwrap_or_default())
            .with_extension("o");
        let mut command = compiler.to_command();
        command
            .args([
                "-fPIC",
                "-fvisibility=hidden",
                "-Wno-unused-function",
                "-I",
                "cpp",
                "-c",
            ])
            .arg(source)
            .arg("-o")
            .arg(&object);
        running.push(command.spawn().map_err(|error| error.to_string())?);
        objects.push(object);
    }
    for mut child in running {
        let status = child.wait().map_err(|error| error.to_string())?;
        assert!(status.success(), "the C++ compiler refused the stand-in");
    }
    link(&compiler, &objects, out)
}

/// A field's kernels as a source file.
fn write_unit(out: &Path, spec: &FieldSpec) -> Result<PathBuf, String> {
    let path = out.join(format!("kernels_{}.cpp", spec.name()));
    let text = format!(
        "#define SIM_FIELD \"{}\"\n#include \"sim.h\"\n{}",
        spec.name(),
        kernel_source::cuda_unit(spec)
    );
    std::fs::write(&path, text).map_err(|error| error.to_string())?;
    Ok(path)
}

/// Links the library under the name by which the driver is looked for.
fn link(compiler: &cc::Tool, objects: &[PathBuf], out: &Path) -> Result<PathBuf, String> {
    let library = out.join("libcuda.so");
    let mut command: Command = compiler.to_command();
    command.args(["-shared", "-Wl,-soname,libcuda.so"]);
    command.args(objects).arg("-o").arg(&library);
    let status = command.status().map_err(|error| error.to_string())?;
    match status.success() {
        true => Ok(library),
        false => Err("it does not link on this system".into()),
    }
}
