"""Losses of classes: Optax, and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import by_jax as on_jax
import jax
import numpy as np
import optax
import sklearn
from by_jax import by_jax
from golden import Family, quantised
from sklearn.metrics import brier_score_loss

# Name of the family, loss, and the function of scores and class indices.
BY_INDEX: list[tuple[str, Callable[..., jax.Array]]] = [
    ("sparsemax", optax.losses.multiclass_sparsemax_loss),
    ("multiclass_perceptron", optax.losses.multiclass_perceptron_loss),
    ("multiclass_hinge", optax.losses.multiclass_hinge_loss),
]


def by_index() -> list[Family]:
    families = [Family(name) for name, _ in BY_INDEX]
    rng = np.random.default_rng(51)
    for rows, count, scale, tag in [
        (5, 4, 1.0, "random"),
        (3, 3, 3.0, "random"),
        (6, 2, 0.3, "random"),
        (1, 3, 1.0, "edge:single"),
        (4, 3, 200.0, "edge:logit200"),
    ]:
        inputs = {
            "pred": quantised(rng.normal(scale=scale, size=(rows, count))),
            "target": rng.integers(0, count, rows),
        }
        for family, (name, loss) in zip(families, BY_INDEX, strict=True):
            family.add(
                loss=name,
                convention="optax",
                framework=on_jax.FRAMEWORK,
                api=f"optax.losses.{loss.__name__}",
                inputs=inputs,
                reduction="none",
                compute=by_jax(lambda pred, target, loss=loss: loss(pred, target), ["pred"]),
                tags=[tag],
            )
    return families


def binary_sparsemax() -> Family:
    family = Family("sparsemax_binary")
    rng = np.random.default_rng(52)
    for shape, scale, tag in [((6,), 1.0, "random"), ((3, 2), 3.0, "random"), ((4,), 200.0, "edge:logit200")]:
        family.add(
            loss="sparsemax",
            convention="optax-binary",
            framework=on_jax.FRAMEWORK,
            api="optax.losses.sparsemax_loss",
            inputs={
                "pred": quantised(rng.normal(scale=scale, size=shape)),
                "target": rng.integers(0, 2, shape).astype(np.float64),
            },
            params={"labels": "0/1"},
            reduction="none",
            compute=by_jax(lambda pred, target: optax.losses.sparsemax_loss(pred, target), ["pred"]),
            tags=[tag],
        )
    return family


def poly_1() -> Family:
    family = Family("poly_1_cross_entropy")
    rng = np.random.default_rng(53)
    for (rows, count), epsilon in [((4, 3), 1.0), ((2, 5), -0.5), ((3, 2), 2.0), ((1, 3), 0.0)]:
        family.add(
            loss="poly1_ce",
            convention="optax",
            framework=on_jax.FRAMEWORK,
            api="optax.losses.poly_loss_cross_entropy(epsilon)",
            inputs={
                "pred": quantised(rng.normal(scale=2, size=(rows, count))),
                "target": np.eye(count)[rng.integers(0, count, rows)],
            },
            params={"epsilon": epsilon},
            reduction="none",
            compute=by_jax(
                lambda pred, target, e=epsilon: optax.losses.poly_loss_cross_entropy(pred, target, epsilon=e),
                ["pred"],
            ),
            tags=["random"] if rows > 1 else ["edge:single"],
        )
    return family


def brier() -> Family:
    family = Family("brier_classes")
    rng = np.random.default_rng(54)
    for rows, count in [(5, 3), (4, 4), (3, 3)]:
        shares = rng.multinomial(1024, rng.dirichlet(np.ones(count)), size=rows) / 1024
        target = rng.integers(0, count, rows)
        family.add(
            loss="brier",
            convention="sklearn-multiclass",
            framework=f"scikit-learn {sklearn.__version__}",
            api="sklearn.metrics.brier_score_loss(y, P, labels=range(C), scale_by_half=False)",
            inputs={"pred": shares, "target": target},
            compute=lambda i, count=count: (
                np.asarray(
                    brier_score_loss(i["target"], i["pred"], labels=range(count), scale_by_half=False)
                ),
                {},
            ),
        )
    return family


def families() -> list[Family]:
    return [*by_index(), binary_sparsemax(), poly_1(), brier()]
