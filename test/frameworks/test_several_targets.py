"""Runs on several targets step by step against PyTorch in float64: labels, outputs with their own losses, trained parameters of losses."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS, BATCH, EPOCHS, HIDDEN, RATE = 20, 7, 2, 5, 0.05


def columns():
    draw = np.random.default_rng(11)
    data = {name: draw.normal(size=ROWS) for name in ("x", "y", "z", "price", "size")}
    for name in ("a", "b", "c"):
        data[name] = draw.integers(0, 2, ROWS).astype(float)
        data[name][:2] = 0, 1
    data["kind"] = draw.permutation(np.arange(ROWS) % 3).astype(float)
    return data


def bce(prediction, target, weights=None):
    return F.binary_cross_entropy_with_logits(prediction, target, pos_weight=weights)


def sets(target):
    """Labels of 0 and 1 as PyTorch's padded lists of classes."""
    lists = torch.full(target.shape, -1, dtype=torch.int64)
    for row, labels in enumerate(target):
        there = torch.nonzero(labels).flatten()
        lists[row, : len(there)] = there
    return lists


def uncertain(weight, half, loss, s):
    return weight * (half * torch.exp(-s) * loss + 0.5 * s)


def barron(prediction, target, alpha, c):
    """−log p of Barron 2019, eq. 16; the normaliser as an integral, which autograd differentiates."""

    def rho(z, alpha):
        distance = 2 - alpha
        return distance / alpha * torch.expm1(alpha / 2 * torch.log1p(z / distance))

    steps = torch.linspace(-4.5, 4.5, 2001, dtype=torch.float64)
    inner = np.pi / 2 * torch.sinh(steps)
    x, slope = torch.sinh(inner), torch.cosh(inner) * np.pi / 2 * torch.cosh(steps)
    partition = (torch.exp(-rho(x**2, alpha)) * slope).sum() * (steps[1] - steps[0])
    return rho(((prediction - target) / c) ** 2, alpha).mean() + torch.log(c) + torch.log(partition)


def between(low, high, free):
    return low + (high - low) * torch.sigmoid(free)


def pinball(prediction, target, tau):
    r = target - prediction
    return torch.where(r >= 0, tau * r, (tau - 1) * r).mean() - torch.log(tau * (1 - tau))


ALPHA = torch.tensor(1.2, dtype=torch.float64)
COLUMN = {"type": "column"}


def mixed(prediction, target, s):
    price = F.huber_loss(prediction[:, 0], target[:, 0], delta=0.7)
    kind = F.cross_entropy(prediction[:, 1:4], target[:, 1].long())
    label = bce(prediction[:, 4], target[:, 2])
    return (
        uncertain(1, 0.5, price, s["loss.0.logVariance"])
        + uncertain(2, 1, kind, s["loss.1.logVariance"])
        + uncertain(0.5, 1, label, s["loss.2.logVariance"])
    )


LABELS = {"type": "labels", "targets": ["a", "b", "c"]}
MIXED = [
    {"column": "price"},
    {"column": "kind", "loss": {"id": "softmax-cross-entropy"}, "weight": 2},
    {"column": "a", "loss": {"id": "binary-cross-entropy-logits"}, "weight": 0.5},
]
HUBER = {"id": "huber", "parameters": {"delta": 0.7}}

# Task, loss, targets, outputs, the objective in PyTorch, its own parameters.
CASES = {
    "labels": (LABELS, {"id": "binary-cross-entropy-logits"}, "abc", 3, lambda p, t, _: bce(p, t), {}),
    "labels with weights": (
        LABELS,
        {"id": "binary-cross-entropy-logits", "classWeights": {"a": 3, "c": 0.5}},
        "abc",
        3,
        lambda p, t, _: bce(p, t, torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64)),
        {},
    ),
    "labels with a soft margin": (
        LABELS,
        {"id": "multilabel-soft-margin"},
        "abc",
        3,
        lambda p, t, _: F.multilabel_soft_margin_loss(p, t),
        {},
    ),
    "sets of labels": (
        LABELS,
        {"id": "multilabel-margin"},
        "abc",
        3,
        lambda p, t, _: F.multilabel_margin_loss(p, sets(t)),
        {},
    ),
    "two numbers": (
        {"type": "outputs", "targets": [{"column": "price", "weight": 3}, {"column": "size", "loss": {"id": "mean-absolute-error"}}]},
        {"id": "mean-squared-error"},
        ["price", "size"],
        2,
        lambda p, t, _: 3 * F.mse_loss(p[:, 0], t[:, 0]) + F.l1_loss(p[:, 1], t[:, 1]),
        {},
    ),
    "trained level": (
        COLUMN,
        {"id": "quantile", "parameters": {"tau": 0.6}, "trained": ["tau"]},
        ["price"],
        1,
        lambda p, t, s: pinball(p, t, torch.sigmoid(s["loss.tau"])),
        {"loss.tau": np.log(0.6 / 0.4)},
    ),
    "trained scale": (
        COLUMN,
        {"id": "barron", "parameters": {"alpha": 1.2, "c": 0.7}, "trained": ["c"]},
        ["price"],
        1,
        lambda p, t, s: barron(p, t, ALPHA, torch.exp(s["loss.c"])),
        {"loss.c": np.log(0.7)},
    ),
    "trained shape": (
        COLUMN,
        {"id": "barron", "parameters": {"alpha": 1.2, "c": 0.7}, "trained": ["alpha", "c"]},
        ["price"],
        1,
        lambda p, t, s: barron(p, t, between(0.001, 1.999, s["loss.alpha"]), torch.exp(s["loss.c"])),
        {"loss.alpha": np.log((1.2 - 0.001) / (1.999 - 1.2)), "loss.c": np.log(0.7)},
    ),
    "uncertainty": (
        {"type": "outputs", "targets": MIXED, "weighting": "uncertainty"},
        HUBER,
        ["price", "kind", "a"],
        5,
        mixed,
        {f"loss.{i}.logVariance": 0.0 for i in range(3)},
    ),
}
# What the polynomial for Barron's normaliser leaves in losses and parameters.
TOLERANCES = {"trained scale": (1e-6, 1e-9), "trained shape": (2e-6, 1e-4)}

OPTIMIZERS = {
    "adam": ({"type": "adam", "rate": RATE}, lambda groups: torch.optim.Adam(groups, lr=RATE)),
    # Decay leaves the parameters of the loss alone.
    "adamw": (
        {"type": "adamw", "rate": RATE, "weightDecay": 0.3},
        lambda groups: torch.optim.AdamW(groups, lr=RATE, weight_decay=0.3),
    ),
}


def network(outputs):
    draw = np.random.default_rng(5)
    shapes = {
        "layers.0.weight": (3, HIDDEN),
        "layers.0.bias": (HIDDEN,),
        "layers.1.weight": (HIDDEN, outputs),
        "layers.1.bias": (outputs,),
    }
    return {name: draw.normal(0, 0.5, shape) for name, shape in shapes.items()}


def request(case, optimizer):
    task, loss, targets, outputs, _, _ = CASES[case]
    data = columns()
    named = {name: data[name].tolist() for name in ("x", "y", "z", *targets)}
    if "kind" in named:
        named["kind"] = [f"class {int(k)}" for k in named["kind"]]
    experiment = {
        "version": 1,
        "data": {"source": "file", "path": "x.csv"},
        "task": task,
        "split": {"validation": 0},
        "scaling": {"features": "none", "target": "none"},
        "model": {
            "type": "mlp",
            "hidden": [HIDDEN],
            "activation": "tanh",
            "initial": {name: values.ravel().tolist() for name, values in network(outputs).items()},
        },
        "loss": loss,
        "optimizer": OPTIMIZERS[optimizer][0],
        "training": {"epochs": EPOCHS, "batch": BATCH, "shuffle": False},
    }
    return {"experiment": experiment, "columns": named}


def in_torch(case, optimizer):
    _, _, targets, outputs, objective, own = CASES[case]
    data = columns()
    features = torch.tensor(np.stack([data[name] for name in "xyz"], 1))
    target = torch.tensor(np.stack([data[name] for name in targets], 1))
    weights = {name: torch.tensor(values, requires_grad=True) for name, values in network(outputs).items()}
    scalars = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in own.items()}
    groups = [{"params": list(weights.values())}]
    if scalars:
        groups.append({"params": list(scalars.values()), "weight_decay": 0.0})
    steps = OPTIMIZERS[optimizer][1](groups)
    losses = []
    for _ in range(EPOCHS):
        for first in range(0, ROWS, BATCH):
            rows = slice(first, first + BATCH)
            steps.zero_grad()
            hidden = torch.tanh(features[rows] @ weights["layers.0.weight"] + weights["layers.0.bias"])
            prediction = hidden @ weights["layers.1.weight"] + weights["layers.1.bias"]
            loss = objective(prediction, target[rows], scalars)
            loss.backward()
            steps.step()
            losses.append(loss.item())
    after = {name: value.detach().numpy().ravel() for name, value in {**weights, **scalars}.items()}
    return losses, after


PAIRS = [(case, optimizer) for case in CASES for optimizer in OPTIMIZERS]


@pytest.fixture(scope="module")
def ours():
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/trainTasks.ts"],
        cwd=ROOT,
        input=json.dumps([request(*pair) for pair in PAIRS]),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(PAIRS, json.loads(done.stdout)))


@pytest.mark.parametrize("case,optimizer", PAIRS)
def test_steps(ours, case, optimizer):
    losses, parameters = in_torch(case, optimizer)
    answer = ours[case, optimizer]
    off_loss, off_parameter = TOLERANCES.get(case, (1e-12, 1e-9))
    np.testing.assert_allclose(answer["losses"], losses, rtol=1e-9, atol=off_loss)
    assert set(answer["parameters"]) == set(parameters)
    for name, values in parameters.items():
        np.testing.assert_allclose(answer["parameters"][name], values, rtol=1e-9, atol=off_parameter, err_msg=name)
