"""Exported weights as NumPy and PyTorch read them: names, shapes, and outputs equal to our forward pass."""

import base64
import io
import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = {
    "layers.0.weight": (4, 5),
    "layers.0.bias": (5,),
    "layers.1.weight": (5, 3),
    "layers.1.bias": (3,),
    "layers.2.weight": (3, 2),
    "layers.2.bias": (2,),
}


@pytest.fixture(scope="module")
def exported():
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/generateWeights.ts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return json.loads(done.stdout)


def load(text):
    return np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)


def rows(exported):
    features = np.array(exported["features"]).reshape(exported["rows"], -1)
    outputs = np.array(exported["outputs"]).reshape(exported["rows"], -1)
    return features, outputs


@pytest.mark.parametrize("key, dtype", [("npz", np.float64), ("npz32", np.float32)])
def test_npz_has_every_parameter(exported, key, dtype):
    weights = load(exported[key])
    assert {name: weights[name].shape for name in weights.files} == SHAPES
    assert all(weights[name].dtype == dtype for name in weights.files)


def test_json_equals_npz(exported):
    parameters = json.loads(exported["json"])["parameters"]
    weights = load(exported["npz"])
    assert set(parameters) == set(weights.files)
    for name, parameter in parameters.items():
        np.testing.assert_array_equal(np.array(parameter["values"]).reshape(parameter["shape"]), weights[name])


def test_numpy_gives_our_outputs(exported):
    weights = load(exported["npz"])
    x, expected = rows(exported)
    for layer in range(3):
        x = x @ weights[f"layers.{layer}.weight"] + weights[f"layers.{layer}.bias"]
        if layer < 2:
            x = np.maximum(x, 0)
    np.testing.assert_allclose(x, expected, rtol=1e-13, atol=1e-15)


def test_torch_takes_the_transposed_weights(exported):
    weights = load(exported["npz"])
    linear = [torch.nn.Linear(*SHAPES[f"layers.{layer}.weight"], dtype=torch.float64) for layer in range(3)]
    for layer, module in enumerate(linear):
        module.load_state_dict(
            {
                "weight": torch.from_numpy(weights[f"layers.{layer}.weight"].T),
                "bias": torch.from_numpy(weights[f"layers.{layer}.bias"]),
            }
        )
    model = torch.nn.Sequential(linear[0], torch.nn.ReLU(), linear[1], torch.nn.ReLU(), linear[2])
    x, expected = rows(exported)
    with torch.no_grad():
        np.testing.assert_allclose(model(torch.from_numpy(x)).numpy(), expected, rtol=1e-13, atol=1e-15)
