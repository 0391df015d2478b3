"""What generateApis.ts says of the catalogue, fetched once a session, and float64 for the frameworks."""

import functools
import json
import os
import pathlib
import subprocess

import jax
import keras
import numpy as np

keras.config.set_floatx("float64")
jax.config.update("jax_enable_x64", True)

ROOT = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def losses() -> dict[str, dict]:
    """The losses by id, with `apis`, `pitfalls` and the cases that our expression answered."""
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/generateApis.ts"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise RuntimeError(f"generateApis.ts failed:\n{done.stderr}")
    return {loss["id"]: loss for loss in json.loads(done.stdout)}


def entries() -> list[tuple[dict, dict]]:
    """Every (loss, api)."""
    return [(loss, api) for loss in losses().values() for api in loss["apis"]]


def name_of(entry: tuple[dict, dict]) -> str:
    loss, api = entry
    return f"{api['framework']}-{api['form']}-{api['name']}-{loss['id']}"


def numbers(data: list, shape: list[int] | tuple[int, ...] = (-1,)) -> np.ndarray:
    return np.array([float(x) for x in data]).reshape(shape)


def elements(loss_id: str, **parameters: float) -> list[tuple[float, float, float]]:
    """(prediction, target, our derivative) of single elements, at ordinary magnitudes and at the given parameters."""
    wanted = {**losses()[loss_id]["defaults"], **parameters}
    found = [
        each
        for case in losses()[loss_id]["cases"]
        if case["shape"] == [7] and {**losses()[loss_id]["defaults"], **case["parameters"]} == wanted
        for each in zip(case["pred"], case["target"], case["answers"]["sum"]["gradient"])
        if 0.05 < abs(each[0]) < 12
    ]
    assert len(found) >= 5
    return found
