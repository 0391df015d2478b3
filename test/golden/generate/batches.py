"""Batches of embeddings: rows, features, and which rows are of one class."""

from __future__ import annotations

import numpy as np
from golden import quantised

BATCHES = {
    "pairs": (6, 3, [0, 0, 1, 1, 2, 2]),
    "uneven": (7, 4, [0, 1, 1, 0, 2, 1, 2]),
    "two classes": (5, 2, [0, 1, 0, 0, 1]),
}
# Rows 2 and 4 are the only ones of their class.
LONELY = (5, 3, [0, 0, 1, 0, 2])


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return quantised(rng.normal(size=shape))
