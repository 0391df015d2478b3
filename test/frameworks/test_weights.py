"""An exported model as NumPy and PyTorch read it: names, shapes, and answers equal to our forward pass."""

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
    "layers.2.weight": (3, 1),
    "layers.2.bias": (1,),
    "input.mean": (4,),
    "input.scale": (4,),
    "target.mean": (1,),
    "target.scale": (1,),
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


@pytest.fixture(scope="module")
def weights(exported):
    return np.load(io.BytesIO(base64.b64decode(exported["npz"])), allow_pickle=False)


@pytest.fixture(scope="module")
def rows(exported):
    features = np.array(exported["features"]).reshape(exported["rows"], -1)
    answers = np.array(exported["answers"]).reshape(exported["rows"], -1)
    return features, answers


def test_npz_has_every_array(weights):
    assert {name: weights[name].shape for name in weights.files} == SHAPES
    assert all(weights[name].dtype == np.float64 for name in weights.files)


def test_json_equals_npz(exported, weights):
    layers = json.loads(exported["json"])["layers"]
    assert [layer["activation"] for layer in layers] == ["relu", "relu", "none"]
    for i, layer in enumerate(layers):
        np.testing.assert_array_equal(np.array(layer["weight"]), weights[f"layers.{i}.weight"])
        np.testing.assert_array_equal(np.array(layer["bias"]), weights[f"layers.{i}.bias"])


def test_numpy_gives_our_answers(weights, rows):
    features, expected = rows
    x = (features - weights["input.mean"]) / weights["input.scale"]
    for layer in range(3):
        x = x @ weights[f"layers.{layer}.weight"] + weights[f"layers.{layer}.bias"]
        if layer < 2:
            x = np.maximum(x, 0)
    answers = x * weights["target.scale"] + weights["target.mean"]
    np.testing.assert_allclose(answers, expected, rtol=1e-11)


def test_torch_takes_the_transposed_weights(weights, rows):
    features, expected = rows
    linear = [torch.nn.Linear(*SHAPES[f"layers.{layer}.weight"], dtype=torch.float64) for layer in range(3)]
    for layer, module in enumerate(linear):
        module.load_state_dict(
            {
                "weight": torch.from_numpy(weights[f"layers.{layer}.weight"].T),
                "bias": torch.from_numpy(weights[f"layers.{layer}.bias"]),
            }
        )
    model = torch.nn.Sequential(linear[0], torch.nn.ReLU(), linear[1], torch.nn.ReLU(), linear[2])
    with torch.no_grad():
        outputs = model(torch.from_numpy((features - weights["input.mean"]) / weights["input.scale"])).numpy()
    np.testing.assert_allclose(outputs * weights["target.scale"] + weights["target.mean"], expected, rtol=1e-11)
