"""Recommendation against PyTorch and scikit-learn: losses and gradients of whole epochs by autograd on tables of vectors,
the draws of other items, and rankings of held-out items."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import ndcg_score, roc_auc_score

ROOT = pathlib.Path(__file__).resolve().parents[2]


def bpr(scores, margin):
    pos, neg = scores
    return -F.logsigmoid(pos - neg)


def margin_ranking(scores, margin):
    pos, neg = scores
    return F.margin_ranking_loss(pos, neg, torch.ones_like(pos), margin=margin, reduction="none")


def warp(scores, margin):
    """The algorithm of the paper, an item at a time: trials until one violates, then its hinge, weighted by the estimated rank."""
    values = []
    for pos, others in zip(scores[0], scores[1:].T):
        value = 0 * pos
        for trial, other in enumerate(others, start=1):
            if margin - pos + other > 0:
                rank = len(others) // trial
                value = sum(1 / k for k in range(1, rank + 1)) * (margin - pos + other)
                break
        values.append(value)
    return torch.stack(values)


def interactions(seed, users=9, items=14, count=40):
    """Pairs of user and item, none twice."""
    generator = np.random.default_rng(seed)
    pairs = generator.choice(users * items, count, replace=False)
    return {"users": (pairs // items).tolist(), "items": (pairs % items).tolist(), "weights": None}


def case(loss, negatives, batch=11, margin=None, factors=5, biases=True, weighted=False, seed=0):
    given = {"id": loss, "parameters": {} if margin is None else {"margin": margin}}
    made = interactions(seed)
    if weighted:
        made["weights"] = np.random.default_rng(seed).uniform(0.5, 3, len(made["users"])).tolist()
    return {"loss": given, "negatives": negatives, "batch": batch, "factors": factors, "biases": biases, **made}


STEPS = {
    "bpr": case("bpr", 1),
    "bpr, several negatives, weighted": case("bpr", 3, weighted=True, seed=1),
    "bpr without biases": case("bpr", 1, biases=False, factors=8, seed=2),
    "margin ranking": case("margin-ranking", 2, margin=0.7, seed=3),
    "warp": case("warp", 6, seed=4),
    "warp, weighted": case("warp", 10, margin=0.3, weighted=True, seed=5),
    "binary cross-entropy": case("binary-cross-entropy-logits", 4, seed=6),
    "binary cross-entropy in batches longer than a stretch": case("binary-cross-entropy-logits", 7, batch=40, seed=7),
}


def rankings():
    generator = np.random.default_rng(1)
    made = []
    for i in range(60):
        items = int(generator.integers(5, 60))
        known = int(generator.integers(0, items - 3))
        held = int(generator.integers(1, items - known - 1))
        order = generator.permutation(items)
        scores = generator.normal(size=items)
        # Every other case has ties, as counts have.
        scores = np.round(2 * scores) if i % 2 else scores
        made.append(
            {
                "scores": scores.tolist(),
                "held": order[:held].tolist(),
                "known": order[held : held + known].tolist(),
                "at": int(generator.integers(1, 15)),
            }
        )
    return made


RANKINGS = rankings()


@pytest.fixture(scope="module")
def answers():
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/recommendation.ts"],
        cwd=ROOT,
        input=json.dumps({"steps": list(STEPS.values()), "rankings": RANKINGS}),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", STEPS)
def test_steps(answers, name):
    given = STEPS[name]
    ours = answers["steps"][list(STEPS).index(name)]
    users, items = ours["counts"]
    chosen = {tuple(pair) for pair in np.array(ours["training"], int).reshape(-1, 2).tolist()}
    negatives, batch, loss = given["negatives"], given["batch"], given["loss"]["id"]
    visited = []
    assert len(ours["steps"]) == -(-len(chosen) // batch)
    for step in ours["steps"]:
        rows = torch.tensor(step["features"]).long().reshape(-1, 2)
        weights = torch.tensor(step["weights"], dtype=torch.float64)
        tables = {
            key: torch.tensor(values, dtype=torch.float64).requires_grad_() for key, values in step["before"].items()
        }
        user = tables["users.weight"].reshape(users, -1)[rows[:, 0]]
        item = tables["items.weight"].reshape(items, -1)[rows[:, 1]]
        scores = (user * item).sum(1)
        if given["biases"]:
            scores = scores + tables["items.bias"][rows[:, 1]]
        margin = given["loss"]["parameters"].get("margin", 1)
        if loss == "binary-cross-entropy-logits":
            targets = torch.tensor(step["targets"], dtype=torch.float64)
            elements = F.binary_cross_entropy_with_logits(scores, targets, reduction="none")
            is_chosen = targets == 1
            own = rows[is_chosen][weights[is_chosen] > 0]
            others = rows[~is_chosen]
        else:
            roles = scores.reshape(-1, len(weights))
            elements = {"bpr": bpr, "margin-ranking": margin_ranking, "warp": warp}[loss](roles, margin)
            by_role = rows.reshape(len(roles), -1, 2)
            repeats = 1 if loss == "warp" else negatives
            own = by_role[0][::repeats][weights[::repeats] > 0]
            others = by_role[1:].reshape(-1, 2)
        value = (weights * elements).sum() / weights.sum()
        np.testing.assert_allclose(step["loss"], value.item(), rtol=1e-12)
        value.backward()
        for key, table in tables.items():
            moved = np.array(step["before"][key]) - np.array(step["after"][key])
            np.testing.assert_allclose(moved, table.grad.numpy(), rtol=1e-9, atol=1e-12, err_msg=key)
        visited += [tuple(pair) for pair in own.tolist()]
        # Nobody is offered what they have.
        assert not chosen.intersection(map(tuple, others.tolist()))
    # Every interaction comes once an epoch.
    assert sorted(visited) == sorted(chosen)


@pytest.mark.parametrize("index", range(len(RANKINGS)))
def test_ranking(answers, index):
    given, ours = RANKINGS[index], answers["rankings"][index]
    candidates = sorted(set(range(len(given["scores"]))) - set(given["known"]))
    truth = np.isin(candidates, given["held"]).astype(int)
    scores = np.array(given["scores"])[candidates]
    assert ours["auc"] == pytest.approx(roc_auc_score(truth, scores), rel=1e-12)
    assert ours["ndcg"] == pytest.approx(ndcg_score([truth], [scores], k=given["at"]), rel=1e-12)
    if len(set(scores)) == len(scores):
        first = np.argsort(-scores)[: given["at"]]
        assert ours["recall"] == pytest.approx(truth[first].sum() / truth.sum(), rel=1e-12)
