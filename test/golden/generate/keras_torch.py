"""Losses that Keras computes on PyTorch otherwise than on TensorFlow; there it computes in single precision."""

from __future__ import annotations

import os
from collections.abc import Mapping

os.environ["KERAS_BACKEND"] = "torch"

import by_torch as on_torch  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from by_torch import by_torch  # noqa: E402
from golden import Family, quantised  # noqa: E402

torch.set_default_dtype(torch.float32)
FRAMEWORK = f"keras {keras.__version__} ({on_torch.FRAMEWORK})"
SINGLE = (2e-5, 1e-6)
Tensors = Mapping[str, torch.Tensor]


def focal() -> Family:
    family = Family("focal_keras_torch")
    rng = np.random.default_rng(56)
    # Where it clips, at logits of 16, single precision has its own limit: nothing to compare there.
    for scale in [1.0, 3.0]:
        inputs = {
            "pred": quantised(rng.normal(scale=scale, size=(4, 3))),
            "target": rng.integers(0, 2, (4, 3)).astype(np.float64),
        }
        for alpha, gamma, balanced in [(0.25, 2.0, True), (0.25, 2.0, False), (0.75, 1.5, True)]:
            params = {"alpha": alpha, "gamma": gamma, "apply_class_balancing": balanced}

            def loss(i: Tensors, params=params) -> torch.Tensor:
                return keras.losses.BinaryFocalCrossentropy(from_logits=True, **params)(i["target"], i["pred"])

            family.add(
                loss="focal_binary",
                convention="keras-torch",
                framework=FRAMEWORK,
                api="keras.losses.BinaryFocalCrossentropy(from_logits=True)",
                inputs=inputs,
                params=params,
                compute=by_torch(loss, ["pred"], dtype=torch.float32),
                tol=SINGLE,
            )
    return family


def sparse() -> Family:
    family = Family("sparse_keras_torch")
    rng = np.random.default_rng(57)
    for rows, count, tag in [(4, 3, "random"), (2, 5, "random"), (3, 2, "edge:unnormalised-pred")]:
        pred = rng.multinomial(1024, rng.dirichlet(np.ones(count)), size=rows) / 1024
        inputs = {
            "pred": quantised(rng.uniform(0.1, 1, (rows, count))) if tag != "random" else pred,
            "target": rng.integers(0, count, rows),
        }
        for reduction in ["mean", "none"]:

            def loss(i: Tensors, reduction=reduction) -> torch.Tensor:
                how = None if reduction == "none" else "sum_over_batch_size"
                return keras.losses.SparseCategoricalCrossentropy(reduction=how)(i["target"], i["pred"])

            family.add(
                loss="sparse_categorical_crossentropy",
                convention="keras-torch",
                framework=FRAMEWORK,
                api="keras.losses.SparseCategoricalCrossentropy(from_logits=False)",
                inputs=inputs,
                params={"eps": 1e-7},
                reduction=reduction,
                compute=by_torch(loss, ["pred"], dtype=torch.float32),
                tags=[tag],
                tol=SINGLE,
            )
    return family


def families() -> list[Family]:
    return [focal(), sparse()]
