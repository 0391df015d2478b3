"""Circle loss in Keras, which expects rows of length 1 and differentiates its weights too."""

from __future__ import annotations

from collections.abc import Mapping

import by_keras as on_keras
import keras
import numpy as np
import tensorflow as tf
from batches import BATCHES, LONELY, normal
from by_keras import by_keras
from golden import Family


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def families() -> list[Family]:
    family = Family("circle_keras")
    rng = np.random.default_rng(35)
    for name, (rows, features, labels) in {**BATCHES, "lonely": LONELY}.items():
        inputs = {"embeddings": unit(normal(rng, rows, features)), "target": np.array(labels)}
        # An anchor without a positive has no loss; what is left of its gradient is 0 * infinity.
        lonely = name == "lonely"
        for gamma, margin in [(80.0, 0.4), (16.0, 0.25), (1.0, 0.5)]:
            for remove in [True, False]:
                params = {"gamma": gamma, "margin": margin, "remove_diagonal": remove}

                def by_function(i: Mapping[str, tf.Tensor], params=params) -> tf.Tensor:
                    return keras.losses.circle(i["target"], i["embeddings"], **params)

                def by_class(i: Mapping[str, tf.Tensor], params=params) -> tf.Tensor:
                    return keras.losses.Circle(**params)(i["target"], i["embeddings"])

                for reduction, loss in [("none", by_function), ("mean", by_class)]:
                    family.add(
                        loss="circle",
                        convention="keras",
                        framework=on_keras.FRAMEWORK,
                        api="keras.losses.circle" if reduction == "none" else "keras.losses.Circle",
                        inputs=inputs,
                        params=params,
                        reduction=reduction,
                        compute=by_keras(loss, ["embeddings"]),
                        tags=["edge:no-positive"] if lonely else ["random"],
                        grad_policy="undefined" if lonely else None,
                    )
    return [family]
