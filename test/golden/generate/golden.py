"""Golden files: cases in the schema of test/fixtures/golden/README.md, one a line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]
# From the inputs to the loss and its gradient by some of them: of the sum where the loss has several values.
Computed = tuple[np.ndarray, Mapping[str, np.ndarray]]


def quantised(values: np.ndarray) -> np.ndarray:
    """Multiples of 1/1024, which single precision holds exactly."""
    return np.round(np.asarray(values, dtype=np.float64) * 1024) / 1024


def array(values: np.ndarray) -> dict[str, Any]:
    """An array as golden files write it; integers are marked, non-finite numbers are strings."""
    values = np.asarray(values)
    written: dict[str, Any] = {"shape": list(values.shape)}
    if values.dtype.kind in "iu":
        return written | {"data": [int(v) for v in values.ravel()], "dtype": "int"}
    return written | {"data": [number(float(v)) for v in values.ravel()]}


def number(value: float) -> float | int | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


@dataclass
class Family:
    """The cases of one golden file."""

    name: str
    cases: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        *,
        loss: str,
        convention: str,
        framework: str,
        api: str,
        inputs: Arrays,
        compute: Callable[[Arrays], Computed],
        params: Mapping[str, Any] | None = None,
        reduction: str = "mean",
        tags: Sequence[str] = ("random",),
        note: str | None = None,
        grad_policy: str | None = None,
        tol: tuple[float, float] = (1e-9, 1e-12),
    ) -> None:
        value, gradients = compute(inputs)
        case: dict[str, Any] = {
            "id": f"{self.name}-own-{len(self.cases):04d}",
            "loss": loss,
            "convention": convention,
            "framework": framework,
            "api": api,
            "tags": list(tags),
            "inputs": {name: array(values) for name, values in inputs.items()},
            "params": dict(params or {}),
            "reduction": reduction,
            "wrt": list(gradients),
        }
        if note is not None:
            case["note"] = note
        case["expected"] = {
            "loss": array(value),
            "grad": {name: array(values) for name, values in gradients.items()},
        }
        case["tol"] = {"rtol": tol[0], "atol": tol[1]}
        if grad_policy is not None:
            case["grad_policy"] = grad_policy
        self.cases.append(case)

    def write(self, folder: Path) -> None:
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in self.cases)
        text = f'{{"family":"{self.name}","schema":1,"cases":[\n{lines}\n]}}\n'
        (folder / f"{self.name}.json").write_text(text, encoding="utf-8")
        print(f"{self.name}: {len(self.cases)} cases")
