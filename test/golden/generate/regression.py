"""Regression metrics of scikit-learn that treat each output column by itself, and its losses with a log link."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sklearn
from golden import Arrays, Computed, Family, quantised
from sklearn import metrics

FRAMEWORK = f"scikit-learn {sklearn.__version__}"


def by_metric(metric: Callable[[np.ndarray, np.ndarray], float]) -> Callable[[Arrays], Computed]:
    """A metric takes the target first and has no gradient."""
    return lambda inputs: (np.asarray(metric(inputs["target"], inputs["pred"])), {})


def families() -> list[Family]:
    rmse, rmsle, gamma = Family("rmse_columns"), Family("rmsle_columns"), Family("gamma_deviance")
    rng = np.random.default_rng(11)
    for shape in [(4, 2), (3, 3), (5, 1)]:
        values = {name: quantised(rng.normal(size=shape)) for name in ("pred", "target")}
        amounts = {name: quantised(rng.gamma(2, size=shape)) for name in ("pred", "target")}
        rmse.add(
            loss="root_mean_squared_error",
            convention="sklearn",
            framework=FRAMEWORK,
            api="sklearn.metrics.root_mean_squared_error",
            inputs=values,
            compute=by_metric(metrics.root_mean_squared_error),
            note="the root for each column, then their mean",
        )
        rmsle.add(
            loss="root_mean_squared_logarithmic_error",
            convention="sklearn",
            framework=FRAMEWORK,
            api="sklearn.metrics.root_mean_squared_log_error",
            inputs=amounts,
            compute=by_metric(metrics.root_mean_squared_log_error),
            note="the root for each column, then their mean",
        )
        means = {name: amount[:, 0] + 1 / 1024 for name, amount in amounts.items()}
        gamma.add(
            loss="gamma_deviance",
            convention="deviance-sklearn",
            framework=FRAMEWORK,
            api="sklearn.metrics.mean_gamma_deviance",
            inputs=means,
            compute=by_metric(metrics.mean_gamma_deviance),
        )
    return [rmse, rmsle, gamma]
