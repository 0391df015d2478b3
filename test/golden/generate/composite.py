"""Losses made of several: as tutorials put them together from functions of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping

import by_torch as on_torch
import numpy as np
import torch
from by_torch import by_torch
from golden import Family, quantised
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

Tensors = Mapping[str, torch.Tensor]


def vae() -> Family:
    family = Family("vae_elbo")
    rng = np.random.default_rng(71)

    def divergence(i: Tensors) -> torch.Tensor:
        code = Normal(i["mean"], torch.exp(0.5 * i["log_variance"]))
        standard = Normal(torch.zeros_like(i["mean"]), torch.ones_like(i["mean"]))
        return kl_divergence(code, standard).sum(-1)

    def normal(i: Tensors, beta: float) -> torch.Tensor:
        error = 0.5 * F.mse_loss(i["reconstruction"], i["target"], reduction="none").sum(-1)
        return error + beta * divergence(i)

    def bernoulli(i: Tensors, beta: float) -> torch.Tensor:
        error = F.binary_cross_entropy_with_logits(i["reconstruction"], i["target"], reduction="none")
        return error.sum(-1) + beta * divergence(i)

    for rows, width, code in [(3, 4, 2), (2, 3, 1), (1, 2, 3)]:
        for beta in [1.0, 4.0]:
            inputs = {
                "reconstruction": quantised(rng.normal(size=(rows, width))),
                "mean": quantised(rng.normal(size=(rows, code))),
                "log_variance": quantised(rng.normal(size=(rows, code))),
            }
            wrt = list(inputs)
            for convention, loss, target, error in [
                ("torch", normal, rng.normal(size=(rows, width)), "0.5 * mse_loss"),
                (
                    "torch-bernoulli",
                    bernoulli,
                    rng.uniform(size=(rows, width)),
                    "binary_cross_entropy_with_logits",
                ),
            ]:
                for reduction in ["none", "mean"]:

                    def reduced(i: Tensors, loss=loss, beta=beta, reduction=reduction) -> torch.Tensor:
                        value = loss(i, beta)
                        return value if reduction == "none" else value.mean()

                    family.add(
                        loss="vae_elbo",
                        convention=convention,
                        framework=on_torch.FRAMEWORK,
                        api=f"torch.nn.functional.{error}, summed, + beta * torch.distributions.kl_divergence, summed",
                        inputs={**inputs, "target": quantised(target)},
                        params={"beta": beta},
                        reduction=reduction,
                        compute=by_torch(reduced, wrt),
                        tags=["random"] if rows > 1 else ["edge:single"],
                    )
    return family


def distillation() -> Family:
    family = Family("distillation")
    rng = np.random.default_rng(72)

    def divergence(i: Tensors, t: float) -> torch.Tensor:
        return F.kl_div(
            F.log_softmax(i["student"] / t, -1), F.softmax(i["teacher"] / t, -1), reduction="batchmean"
        )

    def cross_entropy(i: Tensors, t: float) -> torch.Tensor:
        return F.cross_entropy(i["student"] / t, F.softmax(i["teacher"] / t, -1))

    for rows, count in [(4, 3), (2, 5), (1, 2)]:
        inputs = {
            "student": quantised(rng.normal(scale=2, size=(rows, count))),
            "teacher": quantised(rng.normal(scale=2, size=(rows, count))),
            "target": rng.integers(0, count, rows),
        }
        for temperature, alpha in [(2.0, 0.5), (4.0, 0.9), (1.0, 0.0)]:
            for convention, soft, name in [
                ("torch-kl", divergence, "kl_div"),
                ("torch-cross-entropy", cross_entropy, "cross_entropy"),
            ]:

                def loss(i: Tensors, soft=soft, t=temperature, alpha=alpha) -> torch.Tensor:
                    hard = F.cross_entropy(i["student"], i["target"])
                    return alpha * t * t * soft(i, t) + (1 - alpha) * hard

                family.add(
                    loss="distillation",
                    convention=convention,
                    framework=on_torch.FRAMEWORK,
                    api=f"alpha * T * T * torch.nn.functional.{name} + (1 - alpha) * torch.nn.functional.cross_entropy",
                    inputs=inputs,
                    params={"temperature": temperature, "alpha": alpha},
                    compute=by_torch(loss, ["student"]),
                    tags=["random"] if rows > 1 else ["edge:single"],
                )
    return family


def families() -> list[Family]:
    return [vae(), distillation()]
