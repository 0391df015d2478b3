"""NT-Xent in Optax, which takes the vectors of all views with labels that say which belong together."""

from __future__ import annotations

import by_jax as on_jax
import numpy as np
import optax
from batches import BATCHES, normal
from by_jax import by_jax
from golden import Family


def families() -> list[Family]:
    family = Family("nt_xent_optax")
    rng = np.random.default_rng(36)
    for rows, features, labels in BATCHES.values():
        inputs = {"embeddings": normal(rng, rows, features), "target": np.array(labels)}
        for temperature in [0.07, 0.5, 1.0]:
            family.add(
                loss="nt_xent",
                convention="optax",
                framework=on_jax.FRAMEWORK,
                api="optax.losses.ntxent",
                inputs=inputs,
                params={"temperature": temperature},
                compute=by_jax(
                    lambda embeddings, target, t=temperature: optax.losses.ntxent(
                        embeddings, target, temperature=t
                    ),
                    ["embeddings"],
                ),
            )
    return [family]
