"""What our side says, fetched once a session: the catalogue's claims with batches to test them on (generateApis.ts),
and what a definition of ours is worth at any numbers (evaluate.ts). Frameworks are set to float64.
"""

import atexit
import functools
import json
import os
import pathlib
import subprocess
from collections.abc import Mapping
from typing import NamedTuple

import jax
import keras
import numpy as np
from keras.src.backend.common import dtypes as keras_dtypes

keras.config.set_floatx("float64")
jax.config.update("jax_enable_x64", True)
# On PyTorch and JAX means and matrix products of Keras round float64 to float32, on TensorFlow they do not. Without the
# rounding what Keras computes can be held to 1e-9.
keras_dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"

ROOT = pathlib.Path(__file__).resolve().parents[2]
TSX = str(ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx"))


class Answer(NamedTuple):
    """The value of a loss, and the gradient of its sum by each prediction."""

    value: np.ndarray
    gradients: dict[str, np.ndarray]


@functools.cache
def fetched() -> dict:
    done = subprocess.run(
        [TSX, "test/frameworks/generateApis.ts"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise RuntimeError(f"generateApis.ts failed:\n{done.stderr}")
    return json.loads(done.stdout)


@functools.cache
def losses() -> dict[str, dict]:
    """The losses by id, with `apis` and `pitfalls`."""
    return {loss["id"]: loss for loss in fetched()["losses"]}


def entries() -> list[tuple[dict, dict]]:
    """Every (loss, api)."""
    return [(loss, api) for loss in losses().values() for api in loss["apis"]]


def name_of(entry: tuple[dict, dict]) -> str:
    loss, api = entry
    return f"{api['framework']}-{api['form']}-{api['name']}-{loss['id']}"


def batches(index: int) -> list[dict]:
    return fetched()["batches"][index]


def numbers(array: dict) -> np.ndarray:
    """An array as generateApis.ts and evaluate.ts write it."""
    return np.array([float(x) for x in array["data"]]).reshape(array["shape"])


def answered(raw: dict) -> Answer:
    return Answer(numbers(raw["value"]), {name: numbers(array) for name, array in raw["gradients"].items()})


@functools.cache
def evaluator() -> subprocess.Popen:
    process = subprocess.Popen(
        [TSX, "test/frameworks/evaluate.ts"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        bufsize=1,
    )
    atexit.register(process.kill)
    return process


def ours(
    loss: str, inputs: Mapping[str, object], *, convention: str | None = None, reduction: str = "none", **parameters: float
) -> Answer:
    """What our definition says; inputs are arrays over the axes of the loss."""
    arrays = {name: np.asarray(values, dtype=float) for name, values in inputs.items()}
    question = {
        "loss": loss,
        "parameters": {name: json_number(value) for name, value in parameters.items()},
        "inputs": {
            name: {"shape": array.shape, "data": [json_number(x) for x in array.ravel()]}
            for name, array in arrays.items()
        },
        "reduction": reduction,
    }
    if convention is not None:
        question["convention"] = convention
    process = evaluator()
    process.stdin.write(json.dumps(question) + "\n")
    reply = json.loads(process.stdout.readline())
    if "error" in reply:
        raise ValueError(reply["error"])
    return answered(reply)


def json_number(value: float) -> float | str:
    if np.isfinite(value):
        return float(value)
    return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
