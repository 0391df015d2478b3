"""Survival losses: statsmodels (Cox) and XGBoost (accelerated failure time)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import xgboost as xgb
from golden import Arrays, Computed, Family, quantised
from statsmodels.duration.hazard_regression import PHReg

STATSMODELS = f"statsmodels {version('statsmodels')}"


def partial_likelihood(inputs: Arrays, ties: str) -> Computed:
    """With one covariate a row, the coefficients are the predictions themselves."""
    rows = len(inputs["pred"])
    model = PHReg(inputs["time"], np.eye(rows), status=inputs["event"], ties=ties)
    return -np.asarray(model.loglike(inputs["pred"])), {"pred": -model.score(inputs["pred"])}


def cox() -> Family:
    family = Family("cox_partial_likelihood")
    rng = np.random.default_rng(61)
    for rows, distinct, scale, tag in [
        (6, 6, 1.0, "random"),
        (9, 9, 2.0, "random"),
        (8, 3, 1.0, "edge:ties"),
        (5, 1, 1.0, "edge:ties"),
        (2, 2, 1.0, "random"),
        (5, 5, 100.0, "edge:large"),
    ]:
        time = rng.permutation(rows) + 1.0 if distinct == rows else rng.integers(1, distinct + 1, rows) + 0.0
        event = rng.integers(0, 2, rows).astype(np.float64)
        event[0] = 1
        inputs = {"pred": quantised(rng.normal(scale=scale, size=rows)), "time": time, "event": event}
        for ties in ["breslow", "efron"]:
            family.add(
                loss="cox_partial_likelihood",
                convention=ties,
                framework=STATSMODELS,
                api=f"statsmodels.duration.hazard_regression.PHReg(ties='{ties}').loglike, negative",
                inputs=inputs,
                reduction="sum",
                compute=lambda i, ties=ties: partial_likelihood(i, ties),
                tags=[tag],
            )
    return family


def booster(
    time: float, event: float, pred: float, params: dict[str, Any]
) -> tuple[xgb.Booster, dict[str, Any]]:
    """One tree on one row, which is a leaf alone; and the metric before it, for its step is multiplied by nearly 0."""
    data = xgb.DMatrix(np.zeros((1, 1)), base_margin=[pred])
    data.set_float_info("label_lower_bound", [time])
    data.set_float_info("label_upper_bound", [time if event else np.inf])
    result: dict[str, Any] = {}
    settings = {
        "objective": "survival:aft",
        "eval_metric": "aft-nloglik",
        "min_child_weight": 0,
        "nthread": 1,
        **params,
    }
    trained = xgb.train(settings, data, 1, evals=[(data, "row")], evals_result=result, verbose_eval=False)
    return trained, result


def leaf(time: float, event: float, pred: float, params: dict[str, Any]) -> float:
    trained, _ = booster(time, event, pred, params)
    return float(trained.trees_to_dataframe()["Gain"].iloc[0])


def failure_time(inputs: Arrays, params: dict[str, Any]) -> Computed:
    """
    The metric of each row. A leaf alone weighs -g / (h + lambda) for the gradient g and the second derivative h, so that
    two values of lambda give g.
    """
    values, gradients = [], []
    for time, event, pred in zip(inputs["time"], inputs["event"], inputs["pred"], strict=True):
        _, result = booster(time, event, pred, {**params, "eta": 1e-12})
        values.append(result["row"]["aft-nloglik"][0])
        plain, damped = (leaf(time, event, pred, {**params, "eta": 1, "lambda": l}) for l in (0, 1))
        gradients.append(-1 / (1 / damped - 1 / plain))
    return np.asarray(values), {"pred": np.asarray(gradients)}


def accelerated_failure_time() -> Family:
    family = Family("accelerated_failure_time")
    rng = np.random.default_rng(62)
    for rows in [5, 3]:
        event = rng.integers(0, 2, rows).astype(np.float64)
        event[:2] = 0, 1
        time = quantised(rng.gamma(2, size=rows) + 0.1)
        # Near the logarithm of the time: XGBoost cuts gradients off at 15.
        pred = quantised(np.log(time) + rng.normal(size=rows))
        inputs = {"pred": pred, "time": time, "event": event}
        for distribution in ["normal", "logistic", "extreme"]:
            for sigma in [1.0, 0.75]:
                params = {"aft_loss_distribution": distribution, "aft_loss_distribution_scale": sigma}
                family.add(
                    loss="accelerated_failure_time",
                    convention="xgboost",
                    framework=f"xgboost {xgb.__version__}",
                    api="survival:aft, metric aft-nloglik; gradient from the weights of leaves",
                    inputs=inputs,
                    params={"distribution": distribution, "sigma": sigma},
                    reduction="none",
                    compute=lambda i, params=params: failure_time(i, params),
                    # XGBoost computes in single precision.
                    tol=(1e-5, 1e-6),
                )
    return family


def families() -> list[Family]:
    return [cox(), accelerated_failure_time()]
