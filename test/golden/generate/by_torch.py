"""Values and gradients of functions on PyTorch tensors, in double precision unless said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from golden import Arrays, Computed

torch.set_default_dtype(torch.float64)
FRAMEWORK = f"torch {torch.__version__.split('+')[0]}"


def by_torch(
    loss: Callable[[Mapping[str, torch.Tensor]], torch.Tensor],
    wrt: Sequence[str],
    dtype: torch.dtype = torch.float64,
) -> Callable[[Arrays], Computed]:
    """The loss, and by automatic differentiation the gradient of its sum."""

    def compute(inputs: Arrays) -> Computed:
        tensors = {name: torch.tensor(values) for name, values in inputs.items()}
        for name, tensor in tensors.items():
            if tensor.is_floating_point():
                tensors[name] = tensor.to(dtype).requires_grad_(name in wrt)
        value = loss(tensors)
        value.sum().backward()
        gradients = {name: tensors[name].grad for name in wrt}
        return value.detach().numpy(), {
            name: np.zeros(inputs[name].shape) if gradient is None else gradient.numpy()
            for name, gradient in gradients.items()
        }

    return compute
