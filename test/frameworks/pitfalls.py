"""Says which sentence of the catalogue a test holds, so that neither changes without the other."""

import functools
import re

from catalogue import losses

CLAIMED: list[tuple[str, str]] = []

# What a sentence that can be executed here names. TensorFlow.js is tested on its own side, TensorFlow is not installed.
FRAMEWORK = re.compile(
    r"PyTorch|torch|Keras|keras|optax|Optax|scikit-learn|sklearn|XGBoost|LightGBM|\bjax|JAX|scipy|SciPy|NumPy|\bnp\."
)


def text_of(loss_id: str, words: str) -> str:
    """The one pitfall of a loss with these words in it."""
    found = [each for each in losses()[loss_id]["pitfalls"] if words in each]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} pitfalls of {loss_id} say “{words}”")
    return found[0]


def pitfall(loss_id: str, words: str):
    """The test holds the sentence of that loss with these words, and fails where it is gone or says something else."""
    CLAIMED.append((loss_id, words))

    def decorate(test):
        @functools.wraps(test)
        def checked(*args, **kwargs):
            text_of(loss_id, words)
            return test(*args, **kwargs)

        return checked

    return decorate
