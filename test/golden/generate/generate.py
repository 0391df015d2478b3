"""Writes our own golden files from real frameworks: python generate.py [FOLDER].

Everything is seeded: the same packages (requirements.txt) write the same files.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

MODULES = (
    "regression",
    "classification",
    "classification_keras",
    "keras_torch",
    "embedding",
    "circle_keras",
    "ntxent_optax",
    "segmentation",
    "survival",
    "tensorflow_nn",
    "composite",
)


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "fixtures" / "golden"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    if len(sys.argv) > 2:
        for family in import_module(sys.argv[2]).families():
            family.write(folder)
        return
    # A process each: PyTorch and TensorFlow do not always load into one.
    for module in MODULES:
        subprocess.run([sys.executable, __file__, str(folder), module], check=True)


if __name__ == "__main__":
    main()
