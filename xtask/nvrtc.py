#!/usr/bin/env python3
"""Compiles a CUDA translation unit to PTX with NVRTC, by its C interface.

usage: nvrtc.py LIBNVRTC ARCHITECTURE SOURCE HEADER OUT.xz write|check

HEADER is a text that goes before the PTX, as comments. `check` compares with what OUT.xz holds. The
standard library is enough: the compiler comes as a Python wheel, and nothing of it is needed once the
PTX is there.
"""

import ctypes
import lzma
import sys


def check(lib, result, what):
    if result != 0:
        lib.nvrtcGetErrorString.restype = ctypes.c_char_p
        sys.exit(f"{what}: {lib.nvrtcGetErrorString(result).decode()}")


def text_of(lib, program, kind, function):
    size = ctypes.c_size_t()
    check(lib, getattr(lib, f"nvrtcGet{function}Size")(program, ctypes.byref(size)), kind)
    text = ctypes.create_string_buffer(size.value)
    check(lib, getattr(lib, f"nvrtcGet{function}")(program, text), kind)
    return text.value.decode()


def compile_unit(lib, architecture, text):
    program = ctypes.c_void_p()
    created = lib.nvrtcCreateProgram(
        ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None
    )
    check(lib, created, "create")
    flags = [f"--gpu-architecture={architecture}", "--std=c++17"]
    options = (ctypes.c_char_p * len(flags))(*[flag.encode() for flag in flags])
    compiled = lib.nvrtcCompileProgram(program, len(flags), options)
    log = text_of(lib, program, "log", "ProgramLog")
    if log.strip():
        print(log, file=sys.stderr)
    check(lib, compiled, "compile")
    return text_of(lib, program, "PTX", "PTX")


def main():
    library, architecture, source, header, out, mode = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    ptx = header + compile_unit(ctypes.CDLL(library), architecture, text)
    if mode == "write":
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
        with open(out, "wb") as file:
            file.write(lzma.compress(ptx.encode(), check=lzma.CHECK_CRC32, filters=filters))
        return
    with lzma.open(out, "rt", encoding="utf-8") as file:
        if file.read() != ptx:
            sys.exit(f"{out} is not what {library} makes of the kernels")


main()
