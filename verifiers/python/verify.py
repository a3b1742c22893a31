#!/usr/bin/env python3
"""Verify Astraea proofs.

    verify.py CIRCUIT PROOF [--min-bits B] [--public FILE]
    verify.py --vectors DIR [--all-bits]
    verify.py --mutants CIRCUIT PROOF --count N

Exit code 0: valid (or all checks passed); 1: well-formed but invalid (or a
check failed); 2: malformed, or not readable.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from astraea_verifier.circuit import parse_circuit
from astraea_verifier.errors import Malformed, Refused
from astraea_verifier.testing import run_mutants, run_vectors
from astraea_verifier.verifier import DEFAULT_MIN_BITS, verify_files


def _number(text: str) -> float:
    """A finite number (a NaN would disable the comparison with the limit)."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Verify Astraea proofs.")
    parser.add_argument("files", nargs="*", type=Path, metavar="CIRCUIT PROOF")
    parser.add_argument("--min-bits", type=_number, default=DEFAULT_MIN_BITS, metavar="B",
                        help="refuse proofs with fewer bits of soundness (default 75)")
    parser.add_argument("--public", type=Path, metavar="FILE",
                        help="the bytes that the public section must have")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="check all test vectors")
    parser.add_argument("--all-bits", action="store_true", help="with --vectors: flip every bit")
    parser.add_argument("--mutants", action="store_true", help="refuse changed copies of a valid proof")
    parser.add_argument("--count", type=int, default=100, metavar="N", help="number of mutants")
    arguments = parser.parse_args()
    if len(arguments.files) != (0 if arguments.vectors else 2):
        parser.error("give CIRCUIT and PROOF, or --vectors DIR alone")
    return arguments


def _run(arguments: argparse.Namespace) -> int:
    """Do what the command line says; the exit code."""
    if arguments.vectors:
        return 0 if run_vectors(arguments.vectors, arguments.all_bits) else 1
    circuit, proof = (file.read_bytes() for file in arguments.files)
    if arguments.mutants:
        return 0 if run_mutants(parse_circuit(circuit), proof, arguments.count) else 1
    public = arguments.public.read_bytes() if arguments.public else None
    bits = verify_files(circuit, proof, arguments.min_bits, public)
    print(f"accept: valid, {bits:.2f} bits of soundness")
    return 0


def main() -> int:
    """Run, and turn every failure into one line and an exit code."""
    arguments = _arguments()
    try:
        return _run(arguments)
    except Refused as error:
        print(f"refuse: {error}")
        return 1
    except Malformed as error:
        print(f"refuse: malformed: {error}")
    except OSError as error:
        print(f"refuse: not readable: {error}")
    except Exception as error:  # the last resort: no traceback for any input
        print(f"refuse: internal error: {type(error).__name__}: {error}")
    return 2


if __name__ == "__main__":
    sys.exit(main())
