"""Losses of masks: Optax, and segmentation_models_pytorch."""

from __future__ import annotations

from importlib.metadata import version

import by_jax as on_jax
import by_torch as on_torch
import numpy as np
import optax
import torch
from by_jax import by_jax
from by_torch import by_torch
from golden import Family, quantised
from monai.losses import GeneralizedDiceLoss
from segmentation_models_pytorch import losses
from torch.nn import functional as F

MONAI = f"monai {version('monai')} ({on_torch.FRAMEWORK})"
SMP = f"segmentation_models_pytorch {version('segmentation-models-pytorch')} ({on_torch.FRAMEWORK})"


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.eye(classes)[labels]


def classes() -> list[Family]:
    """Dice losses of several classes: pixels and classes behind the samples, logits and one-hot targets."""
    generalised, tversky = Family("generalised_dice"), Family("tversky_classes")
    rng = np.random.default_rng(41)
    for shape, count, tag in [
        ((2, 4), 3, "random"),
        ((1, 3, 2), 2, "random"),
        ((3, 2), 4, "random"),
        ((2, 3), 3, "edge:absent-class"),
    ]:
        labels = rng.integers(0, count if tag == "random" else count - 1, shape)
        inputs = {
            "pred": quantised(rng.normal(scale=2, size=(*shape, count))),
            "target": one_hot(labels, count),
        }
        for smooth in [1.0, 0.5]:
            generalised.add(
                loss="generalised_dice",
                convention="optax",
                framework=on_jax.FRAMEWORK,
                api="optax.losses.multiclass_generalized_dice_loss",
                inputs=inputs,
                params={"smooth": smooth},
                compute=by_jax(
                    lambda pred, target, smooth=smooth: optax.losses.multiclass_generalized_dice_loss(
                        pred, target, smooth=smooth
                    ),
                    ["pred"],
                ),
                tags=[tag],
                note="the mean over samples and classes of w·dice; w = 1/(n² + 1e-7), scaled to a mean of 1, n counted over the batch",
            )
            for alpha, beta in [(0.5, 0.5), (0.3, 0.7)]:
                tversky.add(
                    loss="tversky",
                    convention="optax",
                    framework=on_jax.FRAMEWORK,
                    api="optax.losses.dice_loss",
                    inputs=inputs,
                    params={"smooth": smooth, "alpha": alpha, "beta": beta},
                    reduction="none",
                    compute=by_jax(
                        lambda pred, target, s=smooth, a=alpha, b=beta: optax.losses.dice_loss(
                            pred, target, smooth=s, alpha=a, beta=b
                        ),
                        ["pred"],
                    ),
                    tags=[tag],
                    note="one value a sample: the mean over the classes; alpha weighs false positives",
                )
    return [generalised, tversky]


def sudre() -> Family:
    """Generalised Dice of probabilities, as MONAI has it: classes behind the samples, pixels after them."""
    family = Family("generalised_dice_monai")
    rng = np.random.default_rng(45)
    for rows, pixels, count, tag in [
        (2, 5, 3, "random"),
        (1, 4, 2, "random"),
        (3, 6, 4, "random"),
        (2, 4, 3, "edge:absent-class"),
    ]:
        labels = rng.integers(0, count if tag == "random" else count - 1, (rows, pixels))
        shares = rng.dirichlet(np.ones(count), size=(rows, pixels))
        family.add(
            loss="generalised_dice",
            convention="monai",
            framework=MONAI,
            api="monai.losses.GeneralizedDiceLoss(smooth_nr=0, smooth_dr=0)",
            inputs={"pred": np.moveaxis(shares, -1, 1), "target": labels},
            params={"class_axis": 1},
            compute=by_torch(
                lambda i, count=count: GeneralizedDiceLoss(smooth_nr=0, smooth_dr=0)(
                    i["pred"], F.one_hot(i["target"], count).movedim(-1, 1)
                ),
                ["pred"],
            ),
            tags=[tag],
            # The weights are in single precision.
            tol=(1e-6, 1e-9),
            note="each sample has weights of its own; a class that does not occur has the largest",
        )
    return family


def masks(rng: np.random.Generator, shape: tuple[int, ...], tag: str) -> np.ndarray:
    if tag == "edge:all-ones":
        return np.ones(shape)
    mask = rng.integers(0, 2, shape).astype(np.float64)
    # The library leaves an image without a true pixel out of the loss.
    mask.flat[0] = 1
    return mask


def focal_tversky() -> Family:
    """The Tversky loss of probabilities over the whole batch, to the power of gamma."""
    family = Family("focal_tversky")
    rng = np.random.default_rng(42)
    for shape, tag in [((1, 6), "random"), ((2, 3, 2), "random"), ((1, 1), "edge:single"), ((1, 4), "edge:all-ones")]:
        inputs = {
            "pred": quantised(rng.uniform(0.01, 0.99, shape)),
            "target": masks(rng, shape, tag),
        }
        for alpha, beta, gamma, smooth in [(0.3, 0.7, 0.75, 1.0), (0.7, 0.3, 2.0, 0.5), (0.5, 0.5, 1.0, 1e-6)]:
            family.add(
                loss="focal_tversky",
                convention="segmentation-models-pytorch",
                framework=SMP,
                api="segmentation_models_pytorch.losses.TverskyLoss(mode='binary', from_logits=False)",
                inputs=inputs,
                params={"alpha": alpha, "beta": beta, "gamma": gamma, "smooth": smooth},
                reduction="whole-batch",
                compute=by_torch(
                    lambda i, a=alpha, b=beta, g=gamma, s=smooth: losses.TverskyLoss(
                        mode="binary", from_logits=False, alpha=a, beta=b, gamma=g, smooth=s
                    )(i["pred"], i["target"]),
                    ["pred"],
                ),
                tags=[tag],
                note="alpha weighs false positives; gamma is the exponent itself",
            )
    return family


def tversky() -> Family:
    """Of one image, so that it does not matter whether images or batches are counted."""
    family = Family("tversky_image")
    rng = np.random.default_rng(44)
    for shape in [(1, 5), (1, 3, 2), (1, 1)]:
        inputs = {
            "pred": quantised(rng.uniform(0.01, 0.99, shape)),
            "target": masks(rng, shape, "random"),
        }
        for alpha, beta, smooth in [(0.3, 0.7, 1.0), (0.5, 0.5, 0.5)]:
            family.add(
                loss="tversky",
                convention="segmentation-models-pytorch",
                framework=SMP,
                api="segmentation_models_pytorch.losses.TverskyLoss(mode='binary', from_logits=False)",
                inputs=inputs,
                params={"alpha": alpha, "beta": beta, "smooth": smooth},
                compute=by_torch(
                    lambda i, a=alpha, b=beta, s=smooth: losses.TverskyLoss(
                        mode="binary", from_logits=False, alpha=a, beta=b, smooth=s
                    )(i["pred"], i["target"]),
                    ["pred"],
                ),
                tags=["random"] if len(inputs["pred"].ravel()) > 1 else ["edge:single"],
                note="alpha weighs false positives",
            )
    return family


def lovasz() -> Family:
    family = Family("lovasz_hinge")
    rng = np.random.default_rng(43)
    for shape, tag in [
        ((2, 5), "random"),
        ((3, 2, 2), "random"),
        ((1, 1), "edge:single"),
        ((2, 4), "edge:all-ones"),
        ((2, 3), "edge:empty-mask"),
        ((1, 4), "edge:logit200"),
    ]:
        mask = np.zeros(shape) if tag == "edge:empty-mask" else masks(rng, shape, tag)
        scale = 200 if tag == "edge:logit200" else 2
        inputs = {"pred": quantised(rng.normal(scale=scale, size=shape)), "target": mask}
        for per_image in [True, False]:
            family.add(
                loss="lovasz_hinge",
                convention="segmentation-models-pytorch",
                framework=SMP,
                api="segmentation_models_pytorch.losses.LovaszLoss(mode='binary')",
                inputs=inputs,
                params={"per_image": per_image},
                reduction="mean" if per_image else "whole-batch",
                compute=by_torch(
                    lambda i, p=per_image: losses.LovaszLoss(mode="binary", per_image=p)(
                        i["pred"], i["target"]
                    ),
                    ["pred"],
                    # The library computes the Jaccard steps in single precision and takes nothing else with them.
                    dtype=torch.float32,
                ),
                tags=[tag],
                tol=(1e-5, 1e-6),
            )
    return family


def families() -> list[Family]:
    return [*classes(), sudre(), focal_tversky(), tversky(), lovasz()]
