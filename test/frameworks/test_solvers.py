"""Losses that an estimator or booster minimises: read off from what one step of training does.

A step of stochastic gradient descent on one element moves the coefficient by the derivative. The leaf of a tree on one
element is −g/(h + λ): for a large λ it is the gradient g. Where a leaf is refitted to the loss (absolute error), its
value is the minimiser. Full fits are judged by their optimum: there the gradient vanishes.
"""

import inspect
import json

import lightgbm
import numpy as np
import pytest
import torch
import xgboost
from catalogue import elements, entries, losses, name_of
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import HuberRegressor, LogisticRegression, SGDClassifier, SGDRegressor

F = torch.nn.functional
LAMBDA = 1e6


def table(seed=0, rows=200):
    """Features and a target with noise and some outliers."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 3))
    noise = random.standard_t(2, size=rows)
    return x, x @ np.array([1.5, -2.0, 0.5]) + 0.3 + noise


def sgd_derivative(estimator, prediction, target, **first):
    """The derivative that one step at rate 1 takes at a prediction; the feature is 1, so the coefficient is it."""
    estimator.set_params(penalty=None, learning_rate="constant", eta0=1.0, fit_intercept=False)
    estimator.partial_fit([[1.0]], [target], **first)
    estimator.coef_ = np.full_like(estimator.coef_, prediction)
    estimator.partial_fit([[1.0]], [target])
    return prediction - estimator.coef_.item()


def compare(pairs, scale, rtol=1e-9):
    actual, expected = np.array(list(pairs)).T
    np.testing.assert_allclose(actual, scale * expected, rtol=rtol, atol=1e-12)
    assert np.ptp(expected) > 0


# --- scikit-learn


def sklearn_squared_error(api):
    compare(
        ((sgd_derivative(SGDRegressor(loss=api["name"]), p, y), d) for p, y, d in elements("mean-squared-error")),
        api["scale"],
    )
    # The value that a booster reports of itself, at the predictions it had then.
    x, y = table()
    boosted = HistGradientBoostingRegressor(
        loss=api["name"], early_stopping=True, scoring="loss", validation_fraction=None, max_iter=3
    ).fit(x, y)
    stages = [float(np.mean((p - y) ** 2)) for p in boosted.staged_predict(x)]
    np.testing.assert_allclose(-boosted.train_score_[1:], api["scale"] * np.array(stages), rtol=1e-9)


def sklearn_absolute_error(api):
    x, y = table()
    for made in (
        GradientBoostingRegressor(loss=api["name"], n_estimators=3),
        HistGradientBoostingRegressor(
            loss=api["name"], early_stopping=True, scoring="loss", validation_fraction=None, max_iter=3
        ),
    ):
        boosted = made.fit(x, y)
        stages = [
            F.l1_loss(torch.from_numpy(p.reshape(-1)), torch.from_numpy(y)).item() for p in boosted.staged_predict(x)
        ]
        np.testing.assert_allclose(np.abs(boosted.train_score_)[-3:], stages, rtol=1e-9)


def sklearn_huber(api):
    for delta in (0.25, 1, 3.5):
        compare(
            (
                (sgd_derivative(SGDRegressor(loss=api["name"], epsilon=delta), p, y), d)
                for p, y, d in elements("huber", delta=delta)
            ),
            1,
        )
    assert SGDRegressor().epsilon == 0.1 and "(0.1 by default)" in api["note"]
    with pytest.raises(ValueError, match="huber"):
        HistGradientBoostingRegressor(loss=api["name"]).fit(*table())


def sklearn_log_loss(api):
    for labels in (("no", "yes"), (-1, 1), (3, 7)):
        compare(
            (
                (
                    sgd_derivative(SGDClassifier(loss=api["name"]), z, labels[int(y)], classes=np.array(labels)),
                    d,
                )
                for z, y, d in elements("binary-cross-entropy-logits")
                if y in (0, 1)
            ),
            1,
        )
    x, y = table()
    labels = np.where(y > 0, "yes", "no")
    for made in (
        HistGradientBoostingClassifier(
            loss=api["name"], early_stopping=True, scoring="loss", validation_fraction=None, max_iter=3
        ),
        GradientBoostingClassifier(loss=api["name"], n_estimators=3),
    ):
        boosted = made.fit(x, labels)
        stages = [
            F.binary_cross_entropy_with_logits(torch.from_numpy(z.reshape(-1)), torch.from_numpy((y > 0) * 1.0)).item()
            for z in boosted.staged_decision_function(x)
        ]
        reported = np.abs(boosted.train_score_)[-3:]
        # GradientBoostingClassifier reports the deviance, twice the loss.
        factor = 2 if isinstance(made, GradientBoostingClassifier) else 1
        np.testing.assert_allclose(reported, factor * np.array(stages), rtol=1e-9)


def sklearn_huber_regressor(api):
    """At the optimum the gradient of our loss vanishes for δ = epsilon · scale_."""
    x, y = table()
    claim = api["keywords"]["epsilon"]
    assert inspect.signature(HuberRegressor).parameters["epsilon"].default == claim["default"]
    for epsilon in (claim["default"], 2.5):
        fitted = HuberRegressor(epsilon=epsilon, alpha=0, tol=1e-10, max_iter=10_000).fit(x, y)
        assert abs(fitted.scale_ - 1) > 0.05, "the scale must be seen"
        coefficients = torch.tensor([*fitted.coef_, fitted.intercept_], requires_grad=True)
        rows = torch.from_numpy(np.column_stack([x, np.ones(len(x))]))

        def gradient(delta):
            loss = F.huber_loss(rows @ coefficients, torch.from_numpy(y), delta=delta)
            return torch.autograd.grad(loss, coefficients)[0].abs().max().item()

        assert gradient(epsilon * fitted.scale_) < 1e-4 < 1e-3 < gradient(epsilon)


def sklearn_logistic_regression(api):
    """At the optimum the gradient of C · Σ loss + ½‖w‖² vanishes, for C = 1.0 by default."""
    assert inspect.signature(LogisticRegression).parameters["C"].default == 1.0 and "(C=1.0)" in api["note"]
    x, y = table()
    label = np.digitize(y, [-1, 1])
    fitted = LogisticRegression(tol=1e-10, max_iter=10_000).fit(x, label)
    weights = torch.tensor(fitted.coef_, requires_grad=True)
    logits = torch.from_numpy(x) @ weights.T + torch.from_numpy(fitted.intercept_)
    loss = F.cross_entropy(logits, torch.from_numpy(label), reduction="sum")
    (gradient,) = torch.autograd.grad(loss, weights)
    penalised = gradient + weights.detach()
    assert penalised.abs().max().item() < 1e-4 < 1e-1 < gradient.abs().max().item()


# --- XGBoost


def xgboost_step(objective, margin, label, reg_lambda, **options):
    """The booster after one round on one row that had `margin` (a number, or one a class), and its matrix."""
    data = xgboost.DMatrix(np.ones((1, 1)), label=[label])
    data.set_base_margin(np.atleast_2d(margin) if np.ndim(margin) else [margin])
    settings = {"objective": objective, "eta": 1, "lambda": reg_lambda, "min_child_weight": 0, "max_depth": 1}
    return xgboost.train({**settings, "verbosity": 0, "nthread": 1, **options}, data, num_boost_round=1), data


def xgboost_gradient(objective, margin, label, **options):
    booster, _ = xgboost_step(objective, margin, label, LAMBDA, **options)
    trees = [json.loads(text) for text in booster.get_dump(dump_format="json")]
    return -np.array([tree["leaf"] for tree in trees]) * LAMBDA


def xgboost_elementwise(loss_id, **filters):
    def probe(api):
        pairs = ((xgboost_gradient(api["name"], p, y).item(), d) for p, y, d in elements(loss_id))
        compare(pairs, api.get("scale", 1), rtol=2e-5)

    return probe


def xgboost_binary(raw):
    """The gradient by the logit; and what predict() returns."""

    def probe(api):
        xgboost_elementwise("binary-cross-entropy-logits")(api)
        booster, data = xgboost_step(api["name"], 0.7, 1, 1)
        margin = booster.predict(data, output_margin=True).item()
        answer = booster.predict(data).item()
        assert answer == pytest.approx(margin if raw else 1 / (1 + np.exp(-margin)), rel=1e-5)

    return probe


def xgboost_classes(predicts):
    def probe(api):
        for shape in ([5, 3], [6, 10]):
            case = next(c for c in losses()["softmax-cross-entropy"]["cases"] if c["shape"] == shape)
            assert not case["parameters"] and "classWeight" not in case
            logits = np.array(case["pred"]).reshape(shape)
            expected = np.array(case["answers"]["sum"]["gradient"]).reshape(shape)
            for z, y, row in zip(logits, case["target"], expected):
                gradient = xgboost_gradient(api["name"], z, y, num_class=shape[1])
                np.testing.assert_allclose(gradient, row, rtol=2e-5, atol=1e-6)
            booster, data = xgboost_step(api["name"], logits[0], case["target"][0], 1, num_class=shape[1])
            margin = torch.from_numpy(booster.predict(data, output_margin=True)).reshape(-1)
            answer = booster.predict(data)
            expected_answer = torch.softmax(margin, 0).numpy() if predicts == "probabilities" else [margin.argmax()]
            np.testing.assert_allclose(answer.reshape(-1), expected_answer, rtol=1e-5)

    return probe


def xgboost_absolute_error(api):
    """Its leaf is refitted to the loss's minimiser, the median of the residuals."""
    y = np.array([0.5, 1.0, 9.0, -3.0, 100.0])
    data = xgboost.DMatrix(np.ones((5, 1)), label=y)
    data.set_base_margin(np.zeros(5))
    settings = {"objective": api["name"], "eta": 1, "lambda": 0, "verbosity": 0, "nthread": 1}
    booster = xgboost.train(settings, data, num_boost_round=1)
    np.testing.assert_allclose(booster.predict(data), np.full(5, np.median(y)), rtol=1e-6)


# --- LightGBM


def lightgbm_step(objective, x, y, margin, reg_lambda, **options):
    """What one round adds to the margins of rows; each distinct feature value can have a leaf of its own."""
    data = lightgbm.Dataset(
        x, label=y, init_score=margin, params={"min_data_in_bin": 1, "feature_pre_filter": False, "verbosity": -1}
    )
    settings = {
        "objective": objective,
        "learning_rate": 1,
        "lambda_l2": reg_lambda,
        "num_leaves": 2,
        "min_data_in_leaf": 1,
        "min_sum_hessian_in_leaf": 0,
        "verbosity": -1,
        "num_threads": 1,
        "deterministic": True,
    }
    booster = lightgbm.train({**settings, **options}, data, num_boost_round=1)
    return booster.predict(x, raw_score=True)


def lightgbm_pair(objective, margin, target, mirrored, **options):
    """The gradient at (margin, target); a second row with a gradient of the other sign makes the tree split."""
    x = np.array([[0.0], [1.0]])
    added = lightgbm_step(objective, x, [target, mirrored], [margin, margin], LAMBDA, **options)
    assert added[0] != added[1]
    return -added[0] * LAMBDA


def lightgbm_squared(api):
    pairs = ((lightgbm_pair(api["name"], p, y, 2 * p - y), d) for p, y, d in elements("mean-squared-error"))
    compare(pairs, api["scale"], rtol=2e-5)


def lightgbm_huber(api):
    for delta in (0.25, 1, 3.5):
        pairs = (
            (lightgbm_pair(api["name"], p, y, 2 * p - y, alpha=delta), d) for p, y, d in elements("huber", delta=delta)
        )
        compare(pairs, 1, rtol=2e-5)
    # Without alpha.
    assert "0.9 by default" in api["note"]
    assert lightgbm_pair(api["name"], 5, 0, 10) == pytest.approx(0.9, rel=1e-5)


def lightgbm_binary(api):
    pairs = (
        (lightgbm_pair(api["name"], z, y, 1 - y), d)
        for z, y, d in elements("binary-cross-entropy-logits")
        if y in (0, 1)
    )
    compare(pairs, 1, rtol=2e-5)


def lightgbm_classes(api):
    """A row of each class at the same logits; the tree of a class splits off that class's row."""
    case = next(c for c in losses()["softmax-cross-entropy"]["cases"] if c["shape"] == [5, 3])
    for z in np.array(case["pred"]).reshape(5, 3):
        added = lightgbm_step(api["name"], np.eye(3), [0, 1, 2], np.repeat(z, 3), LAMBDA, num_class=3)
        expected = torch.softmax(torch.from_numpy(z), 0).numpy() - np.eye(3)
        gradient = -added * LAMBDA
        np.testing.assert_allclose(np.diag(gradient), np.diag(expected), rtol=2e-5)
        others = (np.ones((3, 3)) - np.eye(3)) * gradient
        # The other two rows share a leaf, with the sum of their equal gradients.
        np.testing.assert_allclose(others.sum(0) / 4, expected.sum(0) / 2 - np.diag(expected) / 2, rtol=2e-5)


def lightgbm_absolute_error(api):
    """Its leaves are refitted to the loss's minimiser, the median of the residuals."""
    x = np.array([[0.0]] * 3 + [[1.0]] * 5)
    y = np.array([-4.0, -1.0, -0.5, 0.5, 1.0, 9.0, 3.0, 100.0])
    added = lightgbm_step(api["name"], x, y, np.zeros(8), 0)
    np.testing.assert_allclose(added, [np.median(y[:3])] * 3 + [np.median(y[3:])] * 5, rtol=1e-6)


PROBES = {
    ("sklearn", "squared_error"): sklearn_squared_error,
    ("sklearn", "absolute_error"): sklearn_absolute_error,
    ("sklearn", "huber"): sklearn_huber,
    ("sklearn", "log_loss"): sklearn_log_loss,
    ("sklearn", "sklearn.linear_model.HuberRegressor"): sklearn_huber_regressor,
    ("sklearn", "sklearn.linear_model.LogisticRegression"): sklearn_logistic_regression,
    ("xgboost", "reg:squarederror"): xgboost_elementwise("mean-squared-error"),
    ("xgboost", "reg:absoluteerror"): xgboost_absolute_error,
    ("xgboost", "binary:logistic"): xgboost_binary(raw=False),
    ("xgboost", "binary:logitraw"): xgboost_binary(raw=True),
    ("xgboost", "multi:softprob"): xgboost_classes("probabilities"),
    ("xgboost", "multi:softmax"): xgboost_classes("class"),
    ("lightgbm", "regression"): lightgbm_squared,
    ("lightgbm", "l2"): lightgbm_squared,
    ("lightgbm", "mse"): lightgbm_squared,
    ("lightgbm", "regression_l1"): lightgbm_absolute_error,
    ("lightgbm", "l1"): lightgbm_absolute_error,
    ("lightgbm", "mae"): lightgbm_absolute_error,
    ("lightgbm", "huber"): lightgbm_huber,
    ("lightgbm", "binary"): lightgbm_binary,
    ("lightgbm", "multiclass"): lightgbm_classes,
    ("lightgbm", "softmax"): lightgbm_classes,
}
PROBED = [entry for entry in entries() if (entry[1]["framework"], entry[1]["name"]) in PROBES]


@pytest.mark.parametrize("entry", PROBED, ids=name_of)
def test_step_or_optimum(entry):
    api = entry[1]
    PROBES[api["framework"], api["name"]](api)
