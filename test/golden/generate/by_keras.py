"""Values and gradients of Keras functions on TensorFlow, the one backend on which they compute in double precision."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from golden import Arrays, Computed  # noqa: E402

keras.config.set_floatx("float64")
FRAMEWORK = f"keras {keras.__version__} (tensorflow {tf.__version__})"


def by_keras(
    loss: Callable[[Mapping[str, tf.Tensor]], tf.Tensor], wrt: Sequence[str]
) -> Callable[[Arrays], Computed]:
    """The loss, and by automatic differentiation the gradient of its sum."""

    def compute(inputs: Arrays) -> Computed:
        tensors = {name: tf.constant(values) for name, values in inputs.items()}
        with tf.GradientTape() as tape:
            for name in wrt:
                tape.watch(tensors[name])
            value = loss(tensors)
        gradients = tape.gradient(value, {name: tensors[name] for name in wrt})
        return value.numpy(), {name: np.asarray(gradient) for name, gradient in gradients.items()}

    return compute
