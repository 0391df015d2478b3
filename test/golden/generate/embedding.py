"""Losses of embeddings: pytorch-metric-learning."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import by_torch as on_torch
import numpy as np
import torch
from batches import BATCHES, LONELY, normal
from by_torch import by_torch
from golden import Family
from pytorch_metric_learning import distances, losses

METRIC = f"pytorch-metric-learning {version('pytorch-metric-learning')} ({on_torch.FRAMEWORK})"

def circle() -> Family:
    """The weights are constants, and the mean is over anchors whose loss is above 0."""
    family = Family("circle")
    rng = np.random.default_rng(31)
    for name, (rows, features, labels) in {**BATCHES, "lonely": LONELY}.items():
        inputs = {"embeddings": normal(rng, rows, features), "target": np.array(labels)}
        for gamma, margin in [(80.0, 0.4), (16.0, 0.25), (1.0, 0.5)]:
            family.add(
                loss="circle",
                convention="pytorch-metric-learning",
                framework=METRIC,
                api="pytorch_metric_learning.losses.CircleLoss",
                inputs=inputs,
                params={"gamma": gamma, "margin": margin},
                compute=by_torch(
                    lambda i, gamma=gamma, margin=margin: losses.CircleLoss(m=margin, gamma=gamma)(
                        i["embeddings"], i["target"]
                    ),
                    ["embeddings"],
                ),
                tags=["edge:no-positive"] if name == "lonely" else ["random"],
                # PyTorch's softplus leaves out exp(-x) above 20.
                tol=(1e-8, 1e-12),
                note="the weights are constants; the mean is over anchors whose loss is above 0",
            )
    return family


def margin_softmax() -> list[Family]:
    """ArcFace and CosFace: one centre a class, in the rows of `centres` (the library has them in columns)."""
    arcface, cosface = Family("arcface"), Family("cosface")
    rng = np.random.default_rng(32)
    for rows, features, classes in [(4, 3, 3), (5, 2, 4), (1, 4, 2)]:
        inputs = {
            "embeddings": normal(rng, rows, features),
            "centres": normal(rng, classes, features),
            "target": rng.integers(0, classes, rows),
        }
        for family, cls, keyword, settings in [
            (arcface, losses.ArcFaceLoss, "margin_degrees", [(28.6, 64.0), (15.0, 8.0), (60.0, 2.0)]),
            (cosface, losses.CosFaceLoss, "margin", [(0.35, 64.0), (0.1, 8.0), (0.0, 1.0)]),
        ]:
            for margin, scale in settings:

                def loss(i: Mapping[str, torch.Tensor], cls=cls, margin=margin, scale=scale) -> torch.Tensor:
                    count, size = i["centres"].shape
                    made = cls(num_classes=count, embedding_size=size, margin=margin, scale=scale)
                    del made.W
                    made.W = i["centres"].T
                    return made(i["embeddings"], i["target"])

                family.add(
                    loss=family.name,
                    convention="pytorch-metric-learning",
                    framework=METRIC,
                    api=f"pytorch_metric_learning.losses.{cls.__name__}",
                    inputs=inputs,
                    params={keyword: margin, "scale": scale},
                    compute=by_torch(loss, ["embeddings", "centres"]),
                    tags=["random"] if rows > 1 else ["edge:single"],
                )
    return [arcface, cosface]


def two_views() -> list[Family]:
    """N-pair and NT-Xent of two views of every sample: the library takes both after each other, with equal labels."""
    n_pair, nt_xent = Family("n_pair"), Family("nt_xent")
    rng = np.random.default_rng(33)
    for rows, features in [(3, 2), (4, 5), (2, 3)]:
        inputs = {"z1": normal(rng, rows, features), "z2": normal(rng, rows, features)}
        labels = torch.arange(rows).repeat(2)

        def joined(i: Mapping[str, torch.Tensor]) -> torch.Tensor:
            return torch.cat([i["z1"], i["z2"]])

        n_pair.add(
            loss="n_pair",
            convention="pytorch-metric-learning",
            framework=METRIC,
            api="pytorch_metric_learning.losses.NPairsLoss",
            inputs=inputs,
            compute=by_torch(
                lambda i, labels=labels: losses.NPairsLoss(
                    distance=distances.DotProductSimilarity(normalize_embeddings=False)
                )(joined(i), labels),
                ["z1", "z2"],
            ),
            note="inner products, without a penalty of the embeddings",
        )
        for temperature in [0.07, 0.5, 1.0]:
            nt_xent.add(
                loss="nt_xent",
                convention="pytorch-metric-learning",
                framework=METRIC,
                api="pytorch_metric_learning.losses.NTXentLoss",
                inputs=inputs,
                params={"temperature": temperature},
                compute=by_torch(
                    lambda i, labels=labels, t=temperature: losses.NTXentLoss(temperature=t)(
                        joined(i), labels
                    ),
                    ["z1", "z2"],
                ),
            )
    return [n_pair, nt_xent]


def supervised_contrastive() -> Family:
    family = Family("supervised_contrastive")
    rng = np.random.default_rng(34)
    for name, (rows, features, labels) in {**BATCHES, "lonely": LONELY}.items():
        inputs = {"embeddings": normal(rng, rows, features), "target": np.array(labels)}
        for temperature in [0.1, 0.5]:
            family.add(
                loss="supervised_contrastive",
                convention="pytorch-metric-learning",
                framework=METRIC,
                api="pytorch_metric_learning.losses.SupConLoss",
                inputs=inputs,
                params={"temperature": temperature},
                compute=by_torch(
                    lambda i, t=temperature: losses.SupConLoss(temperature=t)(i["embeddings"], i["target"]),
                    ["embeddings"],
                ),
                tags=["edge:no-positive"] if name == "lonely" else ["random"],
                note="the mean is over anchors whose loss is above 0: those that have a positive",
            )
    return family


def families() -> list[Family]:
    return [circle(), *margin_softmax(), *two_views(), supervised_contrastive()]
