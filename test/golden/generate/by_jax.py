"""Values and gradients of functions on JAX arrays, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax

from golden import Arrays, Computed

jax.config.update("jax_enable_x64", True)
FRAMEWORK = f"optax {optax.__version__} (jax {jax.__version__})"


def by_jax(loss: Callable[..., jax.Array], wrt: Sequence[str]) -> Callable[[Arrays], Computed]:
    """The loss of keyword arguments, and by automatic differentiation the gradient of its sum."""

    def compute(inputs: Arrays) -> Computed:
        arrays = {name: jnp.asarray(values) for name, values in inputs.items()}
        others = {name: values for name, values in arrays.items() if name not in wrt}
        value = loss(**arrays)
        gradients = jax.grad(lambda taken: jnp.sum(loss(**taken, **others)))(
            {name: arrays[name] for name in wrt}
        )
        return np.asarray(value), {name: np.asarray(values) for name, values in gradients.items()}

    return compute
