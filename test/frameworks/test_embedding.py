"""One training step of embeddings against PyTorch in float64, and neighbours against scikit-learn."""

import functools
import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, DIMENSIONS, CLASSES = 5, 3, 6
BATCHES = {"views": 6, "others": 10}


def unit_products(a, b):
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def info_nce(z1, z2, temperature):
    return F.cross_entropy(unit_products(z1, z2) / temperature, torch.arange(len(z1)))


def nt_xent(z1, z2, temperature):
    both = torch.cat([z1, z2])
    n = len(z1)
    logits = unit_products(both, both) / temperature
    logits = logits.masked_fill(torch.eye(2 * n, dtype=torch.bool), -torch.inf)
    return F.cross_entropy(logits, torch.arange(2 * n).roll(n))


def supervised_contrastive(z, labels, temperature):
    """Khosla et al. 2020, equation 2, over anchors that have a positive."""
    logits = unit_products(z, z) / temperature
    same = ~torch.eye(len(z), dtype=torch.bool)
    log_share = logits - torch.logsumexp(logits.masked_fill(~same, -torch.inf), 1, keepdim=True)
    positive = same & (labels[:, None] == labels[None, :])
    counts = positive.sum(1)
    anchors = counts > 0
    return -((log_share * positive).sum(1)[anchors] / counts[anchors]).mean()


def contrastive(a, b, apart, margin):
    """Hadsell et al. 2006, equation 4."""
    distance = torch.linalg.vector_norm(a - b, dim=1)
    return (0.5 * (1 - apart) * distance**2 + 0.5 * apart * torch.clamp(margin - distance, min=0) ** 2).mean()


def hinge_embedding(a, b, label, margin):
    return F.hinge_embedding_loss(torch.linalg.vector_norm(a - b, dim=1), label, margin=margin)


def arcface(z, centres, labels, margin, scale):
    """Deng et al. 2019, equation 3."""
    cosines = unit_products(z, centres)
    angles = torch.acos(cosines)
    own = F.one_hot(labels, len(centres)).bool()
    return F.cross_entropy(scale * torch.where(own, torch.cos(angles + margin), cosines), labels)


# By loss: its parameters, whose batch, and the reference of roles, fed targets, classes of the rows, and centres.
LOSSES = {
    "triplet-margin": ({"margin": 0.7}, "others", lambda r, *_: F.triplet_margin_loss(*r, margin=0.7)),
    "contrastive": ({"margin": 1.5}, "others", lambda r, t, *_: contrastive(*r, t, 1.5)),
    "cosine-embedding": ({"margin": 0.2}, "others", lambda r, t, *_: F.cosine_embedding_loss(*r, t, margin=0.2)),
    "hinge-embedding": ({"margin": 1.5}, "others", lambda r, t, *_: hinge_embedding(*r, t, 1.5)),
    "info-nce": ({"temperature": 0.3}, "views", lambda r, *_: info_nce(*r, 0.3)),
    "nt-xent": ({"temperature": 0.4}, "views", lambda r, *_: nt_xent(*r, 0.4)),
    "n-pair": ({}, "views", lambda r, *_: F.cross_entropy(r[0] @ r[1].T, torch.arange(len(r[0])))),
    "supervised-contrastive": (
        {"temperature": 0.5},
        "others",
        lambda r, t, y, _: supervised_contrastive(r[0], y, 0.5),
    ),
    "arcface": ({"margin": 0.3, "scale": 8}, "others", lambda r, t, y, w: arcface(r[0], w, y, 0.3, 8)),
}


@functools.cache
def asked():
    rng = np.random.default_rng(3)
    steps = []
    for seed, (loss, (parameters, batch, _)) in enumerate(LOSSES.items()):
        classes = rng.permutation(np.repeat(np.arange(CLASSES), 4))
        steps.append(
            {
                "loss": {"id": loss, "parameters": parameters},
                "batch": BATCHES[batch],
                "dimensions": DIMENSIONS,
                "seed": seed,
                "width": WIDTH,
                "features": rng.normal(size=len(classes) * WIDTH).tolist(),
                "classes": classes.tolist(),
            }
        )
    vectors = []
    for nearness in ("euclidean", "cosine"):
        for classes, rows, spread in ((2, 30, 1.0), (7, 120, 0.6), (40, 100, 0.3)):
            labels = rng.integers(classes, size=rows)
            centres = rng.normal(size=(classes, 4))
            points = centres[labels] + spread * rng.normal(size=(rows, 4))
            vectors.append(
                {
                    "points": points.ravel().tolist(),
                    "labels": labels.tolist(),
                    "dimensions": 4,
                    "nearness": nearness,
                }
            )
    return {"steps": steps, "vectors": vectors}


@functools.cache
def answered():
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/embeddingSteps.ts"],
        cwd=ROOT,
        input=json.dumps(asked()),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


@pytest.mark.parametrize("loss", LOSSES)
def test_step(loss):
    at = list(LOSSES).index(loss)
    case, answer = asked()["steps"][at], answered()["steps"][at]
    parameters = {
        name: torch.tensor(p["values"], dtype=torch.float64).reshape(p["shape"]).requires_grad_()
        for name, p in answer["parameters"].items()
    }
    features = torch.tensor(case["features"], dtype=torch.float64).reshape(-1, WIDTH)
    classes = torch.tensor(case["classes"])
    roles = {"triplet-margin": 3, "supervised-contrastive": 1, "arcface": 1}.get(loss, 2)
    batch = case["batch"]
    rows = torch.tensor(answer["order"][: roles * batch], dtype=torch.int64)
    hidden = torch.tanh(features[rows] @ parameters["layers.0.weight"] + parameters["layers.0.bias"])
    outputs = hidden @ parameters["layers.1.weight"] + parameters["layers.1.bias"]
    targets = torch.tensor(answer["targets"][:batch], dtype=torch.float64)
    centres = parameters.get("loss.centres.weight")
    expected = LOSSES[loss][2](outputs.reshape(roles, batch, -1), targets, classes[rows[:batch]], centres)
    expected.backward()
    assert answer["loss"] == pytest.approx(expected.item(), rel=1e-9)
    assert parameters.keys() == answer["gradients"].keys()
    # By rounding alone the last bias moves where only differences of vectors count.
    scale = max(parameter.grad.abs().max().item() for parameter in parameters.values())
    assert scale > 1e-3
    for name, parameter in parameters.items():
        np.testing.assert_allclose(
            answer["gradients"][name], parameter.grad.numpy().ravel(), rtol=1e-9, atol=1e-9 * scale, err_msg=name
        )


def map_at_r(neighbours, labels):
    """Musgrave et al. 2020, equation 2; `neighbours` are all others in the order of their distance."""
    values = []
    for own, order in zip(labels, labels[neighbours]):
        r = (labels == own).sum() - 1
        if r > 0:
            right = order[:r] == own
            values.append((np.cumsum(right) / np.arange(1, r + 1) * right).sum() / r)
    return np.mean(values)


@pytest.mark.parametrize("at", range(6))
def test_neighbours(at):
    case, answer = asked()["vectors"][at], answered()["metrics"][at]
    labels = np.array(case["labels"])
    points = np.array(case["points"]).reshape(len(labels), -1)
    metric = case["nearness"]
    neighbours = (
        NearestNeighbors(n_neighbors=len(labels) - 1, metric=metric)
        .fit(points)
        .kneighbors(return_distance=False)
    )
    has_others = np.bincount(labels)[labels] > 1
    right = labels[neighbours] == labels[:, None]
    assert answer["recall@1"] == pytest.approx(right[has_others, 0].mean(), abs=1e-12)
    assert answer["recall@5"] == pytest.approx(right[has_others, :5].any(1).mean(), abs=1e-12)
    assert answer["map@r"] == pytest.approx(map_at_r(neighbours, labels), abs=1e-12)
    assert answer["silhouette"] == pytest.approx(silhouette_score(points, labels, metric=metric), abs=1e-9)
    if has_others.all():
        nearest = KNeighborsClassifier(n_neighbors=1, metric=metric)
        accuracy = cross_val_score(nearest, points, labels, cv=LeaveOneOut()).mean()
        assert answer["recall@1"] == pytest.approx(accuracy, abs=1e-12)
