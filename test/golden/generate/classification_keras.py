"""Losses of classes in Keras."""

from __future__ import annotations

from collections.abc import Mapping

import by_keras as on_keras
import keras
import numpy as np
import tensorflow as tf
from by_keras import by_keras
from golden import Family


def families() -> list[Family]:
    family = Family("generalised_cross_entropy")
    rng = np.random.default_rng(55)
    for rows, count in [(4, 3), (2, 5), (1, 2)]:
        inputs = {
            "pred": rng.multinomial(1000, np.ones(count) / count, size=rows) / 1024 + 24 / 1024 / count,
            "target": rng.integers(0, count, rows),
        }
        for q in [0.7, 0.3, 0.95]:

            def loss(i: Mapping[str, tf.Tensor], q: float = q) -> tf.Tensor:
                return keras.losses.CategoricalGeneralizedCrossEntropy(q=q)(i["target"], i["pred"])

            family.add(
                loss="gce",
                convention="keras",
                framework=on_keras.FRAMEWORK,
                api="keras.losses.CategoricalGeneralizedCrossEntropy(q)",
                inputs=inputs,
                params={"q": q},
                compute=by_keras(loss, ["pred"]),
                tags=["random"] if rows > 1 else ["edge:single"],
            )
    return [family]
