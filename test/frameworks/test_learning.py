"""Learning side by side: the small convolutional network on the digits, here and in PyTorch.

Same model, rows, optimizer and number of steps for each seed; starting values and order of the rows are each side's own,
so single runs differ. The mean of the paired differences lies within two standard errors of zero.
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def runs():
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/digitsRuns.ts"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    ours = json.loads(done.stdout)
    return [(run, in_torch(run)) for run in ours]


class ChannelsLast(nn.Module):
    """Flattens as ours: row by row, pixel by pixel, channel by channel."""

    def forward(self, x):
        return x.movedim(1, -1).flatten(1)


def module(layers, outputs):
    made = []
    for layer in layers:
        kind = layer["type"]
        if kind == "conv2d":
            assert layer["stride"] == 1
            made.append(nn.LazyConv2d(layer["filters"], layer["size"], padding=layer["padding"]))
        elif kind == "maxPool":
            made.append(nn.MaxPool2d(layer["size"]))
        elif kind == "flatten":
            made.append(ChannelsLast())
        else:
            assert kind == "dense"
            made.append(nn.LazyLinear(layer["units"]))
        if layer.get("activation", "none") != "none":
            assert layer["activation"] == "relu"
            made.append(nn.ReLU())
    return nn.Sequential(*made, nn.LazyLinear(outputs))


def in_torch(run):
    """Final loss and accuracy on the validation part."""
    torch.manual_seed(run["seed"])
    parts = {}
    for name, part in run["parts"].items():
        features = torch.tensor(part["features"], dtype=torch.float32)
        features = features.reshape(-1, *run["shape"]).movedim(-1, 1)
        parts[name] = features, torch.tensor(part["targets"]).long()
    x, y = parts["training"]
    model = module(run["model"]["layers"], 10)
    model(x[:2])
    # What LazyLinear draws is drawn by the layers' own rule.
    hyper = run["optimizer"]
    assert hyper["type"] == "adam"
    betas = (hyper["beta1"], hyper["beta2"])
    optimizer = torch.optim.Adam(model.parameters(), lr=hyper["rate"], betas=betas, eps=hyper["epsilon"])
    criterion = nn.CrossEntropyLoss()
    for _ in range(run["training"]["epochs"]):
        for rows in torch.randperm(len(x)).split(run["training"]["batch"]):
            optimizer.zero_grad()
            criterion(model(x[rows]), y[rows]).backward()
            optimizer.step()
    with torch.no_grad():
        held_out, expected = parts["validation"]
        logits = model(held_out)
        accuracy = (logits.argmax(1) == expected).float().mean().item()
        return {"validationLoss": criterion(logits, expected).item(), "accuracy": accuracy}


@pytest.mark.parametrize("what", ["validationLoss", "accuracy"])
def test_same_learning(runs, what):
    ours = np.array([run["last"][what] for run, _ in runs])
    theirs = np.array([torch_run[what] for _, torch_run in runs])
    differences = ours - theirs
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    print(f"{what}: {ours.mean():.4f} and {theirs.mean():.4f}, difference {differences.mean():.4f} ± {error:.4f}")
    assert abs(differences.mean()) <= 2 * error


def test_it_learns(runs):
    assert np.mean([run["last"]["accuracy"] for run, _ in runs]) > 0.9
