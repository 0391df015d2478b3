"""Functions of tensorflow.nn that no other golden file has: value and gradient."""

from __future__ import annotations

import by_keras as on_tensorflow
import numpy as np
import tensorflow as tf
from by_keras import by_keras
from golden import Family, quantised

FRAMEWORK = f"tensorflow {on_tensorflow.tf.__version__}"


def cross_entropies(family: Family, rng: np.random.Generator) -> None:
    for rows, classes, scale in [(1, 2, 1.0), (5, 4, 1.0), (3, 10, 30.0)]:
        pred = quantised(rng.normal(scale=scale, size=(rows, classes)))
        indices = rng.integers(0, classes, rows)
        shares = rng.dirichlet(np.ones(classes), rows)
        for loss, function, target in [
            ("cross_entropy", "sparse_softmax_cross_entropy_with_logits", indices),
            ("cross_entropy_prob", "softmax_cross_entropy_with_logits", shares),
        ]:
            family.add(
                loss=loss,
                convention="tf",
                framework=FRAMEWORK,
                api=f"tf.nn.{function}",
                inputs={"pred": pred, "target": target},
                reduction="none",
                compute=by_keras(
                    lambda i, f=getattr(tf.nn, function): f(labels=i["target"], logits=i["pred"]), ["pred"]
                ),
            )


def poisson(family: Family, rng: np.random.Generator) -> None:
    for full in [False, True]:
        for shape in [(1, 1), (5, 3)]:
            inputs = {
                "pred": quantised(rng.normal(size=shape)),
                "target": rng.integers(0, 6, shape).astype(np.float64),
            }
            family.add(
                loss="poisson_nll",
                convention="tf",
                framework=FRAMEWORK,
                api="tf.nn.log_poisson_loss",
                inputs=inputs,
                params={"log_input": True, "full": full},
                reduction="none",
                compute=by_keras(
                    lambda i, full=full: tf.nn.log_poisson_loss(
                        i["target"], i["pred"], compute_full_loss=full
                    ),
                    ["pred"],
                ),
            )


def half_square(family: Family, rng: np.random.Generator) -> None:
    for shape in [(1,), (7,), (3, 4)]:
        family.add(
            loss="l2_penalty",
            convention="l2-half",
            framework=FRAMEWORK,
            api="tf.nn.l2_loss",
            inputs={"w": quantised(rng.normal(size=shape))},
            params={"lambda": 1},
            reduction="sum",
            compute=by_keras(lambda i: tf.nn.l2_loss(i["w"]), ["w"]),
        )


def ctc(family: Family, rng: np.random.Generator) -> None:
    """In single precision, which is all that it knows; the blank is class 0 of labels without a SparseTensor."""
    for samples, time, classes, labels in [(1, 4, 3, 2), (3, 9, 5, 4), (4, 12, 6, 3)]:
        inputs = {
            "logits": quantised(rng.normal(size=(samples, time, classes))),
            "targets": rng.integers(1, classes, (samples, labels)),
            "input_lengths": rng.integers(min(2 * labels, time), time + 1, samples),
            "target_lengths": rng.integers(1, labels + 1, samples),
        }

        def loss(i):
            return tf.nn.ctc_loss(
                tf.cast(i["targets"], tf.int32),
                tf.cast(i["logits"], tf.float32),
                tf.cast(i["target_lengths"], tf.int32),
                tf.cast(i["input_lengths"], tf.int32),
                logits_time_major=False,
            )

        family.add(
            loss="ctc",
            convention="tf",
            framework=FRAMEWORK,
            api="tf.nn.ctc_loss",
            inputs=inputs,
            params={"layout": "[N,T,C]"},
            reduction="none",
            compute=by_keras(loss, ["logits"]),
            tol=(2e-5, 2e-6),
        )


def families() -> list[Family]:
    family = Family("tensorflow_nn")
    rng = np.random.default_rng(61)
    cross_entropies(family, rng)
    poisson(family, rng)
    half_square(family, rng)
    ctc(family, rng)
    return [family]
