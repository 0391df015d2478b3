"""Losses that an estimator or booster minimises: read off from what one step of training does.

A step of stochastic gradient descent on one element moves the coefficient by the derivative. The leaf of a tree with
the penalty λ is −g/(h + λ), so that two penalties tell the gradient g. Where a leaf is refitted to the loss (absolute
error, quantiles), its value is the minimiser. Gradients of scikit-learn's boosting are those of the fitted model's own
loss. Full fits are judged by their optimum: there the gradient vanishes, or every step away costs more. What is right is
our definition, asked at the numbers that come up.
"""

import functools
import inspect
import json
from collections.abc import Callable, Mapping

import lightgbm
import numpy as np
import pytest
import xgboost
from catalogue import entries, losses, name_of, ours
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import (
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.svm import SVR, LinearSVC, LinearSVR

# Penalties λ: with large ones the Hessian counts little, with small ones a tree is worth its splits.
LARGE = (1e6, 3e6)
SMALL = (1.0, 10.0)
CLOSE = (0.5, 0.6)
RANDOM = np.random.default_rng
# Residuals of several sizes and signs; no number is a multiple of another.
PREDICTIONS = np.array([-1.31, 0.23, 0.71, 1.57, 2.9, -0.4, 6.1])
TARGETS = np.array([0.42, 1.27, 3.3, 0.93, 2.86, -2.2, -1.9])
AMOUNTS = np.array([0.42, 1.27, 3.3, 0.93, 2.86, 0.11, 7.0])
# Logarithms near those of the amounts.
LOGARITHMS = np.log(AMOUNTS) + PREDICTIONS / 8
LABELS = np.array([0, 1, 1, 0, 1, 0, 0])
SHARES = np.array([0.1, 1, 0.6, 0.0, 0.9, 0.25, 0.5])


def column(loss_id, prediction, target, convention=None, **parameters):
    """Our derivatives of single elements."""
    inputs = {"pred": np.reshape(prediction, (-1, 1)), "target": np.reshape(target, (-1, 1))}
    return ours(loss_id, inputs, convention=convention, **parameters).gradients["pred"][:, 0]


def table(seed=0, rows=120):
    """Features and a target with noise and some outliers."""
    random = RANDOM(seed)
    x = random.normal(size=(rows, 3))
    noise = random.standard_t(2, size=rows)
    return x, x @ np.array([1.5, -2.0, 0.5]) + 0.3 + noise


def amounts(seed=0, rows=60):
    x = RANDOM(seed).normal(size=(rows, 3))
    return x, np.exp(x @ np.array([0.3, -0.2, 0.1]) + 0.3 * RANDOM(seed + 1).normal(size=rows))


def compare(actual, expected, api, rtol=1e-9):
    np.testing.assert_allclose(actual, api.get("scale", 1) * np.asarray(expected), rtol=rtol, atol=rtol)
    assert np.ptp(expected) > 0


# --- scikit-learn: stochastic gradient descent


def sgd_derivative(estimator, prediction, target, **first):
    """The derivative that one step at rate 1 takes at a prediction; the feature is 1, so the coefficient is it."""
    estimator.set_params(penalty=None, learning_rate="constant", eta0=1.0, fit_intercept=False)
    estimator.partial_fit([[1.0]], [target], **first)
    estimator.coef_ = np.full_like(estimator.coef_, prediction)
    estimator.partial_fit([[1.0]], [target])
    return prediction - estimator.coef_.item()


def sgd_regression(loss_id, parameter=None, values=(None,)):
    """SGDRegressor, whose threshold of every kind is epsilon; 0.1 by default."""

    def probe(api):
        for value in values:
            told = {} if value is None else {"epsilon": value}
            expected = column(loss_id, PREDICTIONS, TARGETS, **({} if value is None else {parameter: value}))
            actual = [
                sgd_derivative(SGDRegressor(loss=api["name"], **told), p, y) for p, y in zip(PREDICTIONS, TARGETS)
            ]
            compare(actual, expected, api)

    return probe


def sgd_classification(loss_id, signs=True):
    """SGDClassifier, by the decision function, on labels of any two classes."""

    def probe(api):
        expected = column(loss_id, PREDICTIONS, 2 * LABELS - 1 if signs else LABELS)
        for labels in (("no", "yes"), (-1, 1), (3, 7)):
            actual = [
                sgd_derivative(SGDClassifier(loss=api["name"]), z, labels[y], classes=np.array(labels))
                for z, y in zip(PREDICTIONS, LABELS)
            ]
            compare(actual, expected, api)

    return probe


# --- scikit-learn: boosting


def own_gradient(model, raw, target, **more):
    """The gradient of the loss that a boosting model trains with."""
    return model._loss.gradient(y_true=np.asarray(target, float), raw_prediction=np.asarray(raw, float), **more)


def boosted_regression(loss_id, target, convention=None, models=(HistGradientBoostingRegressor,), **parameters):
    def probe(api, told: Mapping = {}, values: Mapping = {}):
        x = RANDOM(0).normal(size=(len(target), 2))
        for made in models:
            few = {"n_estimators": 1} if made is GradientBoostingRegressor else {"max_iter": 1}
            model = made(loss=api["name"], **few, **told).fit(x, target)
            expected = column(loss_id, PREDICTIONS, target, convention, **parameters, **values)
            compare(own_gradient(model, PREDICTIONS, target), expected, api)

    return probe


def both(*probes):
    """Several estimators know one string."""

    def probe(api):
        for each in probes:
            each(api)

    return probe


def boosted_classes(loss_id, signs, models):
    def probe(api):
        x = RANDOM(0).normal(size=(len(LABELS), 2))
        for made in models:
            few = {"n_estimators": 1} if made is GradientBoostingClassifier else {"max_iter": 1}
            model = made(loss=api["name"], **few).fit(x, np.where(LABELS, "yes", "no"))
            expected = column(loss_id, PREDICTIONS, 2 * LABELS - 1 if signs else LABELS)
            compare(own_gradient(model, PREDICTIONS, LABELS), expected, api)

    return probe


def sklearn_huber(api):
    sgd_regression("huber", "delta", (0.25, 1, 3.5))(api)
    assert SGDRegressor().epsilon == 0.1 and "(0.1 by default)" in api["note"]
    assert GradientBoostingRegressor(loss="huber").alpha == 0.9
    with pytest.raises(ValueError, match="huber"):
        HistGradientBoostingRegressor(loss=api["name"]).fit(*table())


def sklearn_quantile(api):
    boost = boosted_regression("quantile", TARGETS)
    for tau in (0.9, 0.3):
        boost(api, {"quantile": tau}, {"tau": tau})
        old = boosted_regression("quantile", TARGETS, models=(GradientBoostingRegressor,))
        old(api, {"alpha": tau}, {"tau": tau})
    assert GradientBoostingRegressor().alpha == 0.9 and HistGradientBoostingRegressor().quantile is None
    assert "alpha in GradientBoostingRegressor (0.9 by default), quantile in Hist" in api["note"]


def sklearn_epsilon(loss_id):
    def probe(api):
        sgd_regression(loss_id, "epsilon", (None, 0.5))(api)
        assert SGDRegressor().epsilon == 0.1 and LinearSVR().epsilon == 0
        LinearSVR(loss=api["name"]).fit(*table())

    return probe


def sklearn_hinge(loss_id):
    def probe(api):
        sgd_classification(loss_id)(api)
        x, y = table()
        LinearSVC(loss=api["name"]).fit(x, y > 0)

    return probe


# --- scikit-learn: linear models, judged by the optimum


def fitted_raw(model, x):
    return x @ model.coef_ + model.intercept_


def gradient_by_coefficients(loss_id, model, x, y, convention=None, link=True, **parameters):
    """The gradient by coefficients and intercept of the summed loss."""
    g = column(loss_id, fitted_raw(model, x), y, convention, **parameters)
    return x.T @ g, g.sum()


def defaults_hold(estimator, api):
    for keyword, claim in api.get("keywords", {}).items():
        assert inspect.signature(estimator).parameters[keyword].default == claim["default"], keyword


def huber_regressor(api):
    """The gradient vanishes for δ = epsilon · scale_."""
    x, y = table()
    defaults_hold(HuberRegressor, api)
    for epsilon in (1.35, 2.5):
        model = HuberRegressor(epsilon=epsilon, alpha=0, tol=1e-10, max_iter=10_000).fit(x, y)
        assert abs(model.scale_ - 1) > 0.05, "the scale must be seen"
        by = lambda delta: np.abs(gradient_by_coefficients("huber", model, x, y, delta=delta)[0]).max() / len(y)
        assert by(epsilon * model.scale_) < 1e-4 < 1e-3 < by(epsilon)


def quantile_regressor(api):
    """Mean of the loss plus alpha · ‖w‖₁: no step away costs less."""
    x, y = table(rows=60)
    defaults_hold(QuantileRegressor, api)
    for told, tau in (({}, 0.5), ({"quantile": 0.8}, 0.8)):
        model = QuantileRegressor(alpha=0.1, **told).fit(x, y)

        def cost(coefficients, intercept):
            inputs = {"pred": (x @ coefficients + intercept)[:, None], "target": y[:, None]}
            mean = ours("quantile", inputs, reduction="mean", tau=tau).value
            return mean + ours("l1-penalty", {"weights": coefficients}, strength=0.1).value

        assert_optimal(cost, model)


def support_vectors(api):
    """C · Σ loss + ½‖w‖²: no step away costs less."""
    x, y = table(rows=60)
    defaults_hold(SVR, api)
    for told, epsilon in (({}, 0.1), ({"epsilon": 0.5}, 0.5)):
        model = SVR(kernel="linear", C=0.3, tol=1e-9, **told).fit(x, y)

        def cost(coefficients, intercept):
            inputs = {"pred": (x @ coefficients + intercept)[:, None], "target": y[:, None]}
            total = ours("epsilon-insensitive", inputs, reduction="sum", epsilon=epsilon).value
            return 0.3 * total + ours("l2-penalty", {"weights": coefficients}, convention="half", strength=1).value

        assert_optimal(cost, model)


def assert_optimal(cost, model):
    random = RANDOM(3)
    coefficients, intercept = np.ravel(model.coef_), np.ravel(model.intercept_)[0]
    best = cost(coefficients, intercept)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(5):
            step = size * random.normal(size=4)
            assert cost(coefficients + step[:3], intercept + step[3]) > best - 1e-9


def generalised_linear(estimator, loss_id, convention=None, told={}, **parameters):
    """The gradient of the mean loss plus ½·alpha·‖w‖² vanishes; the prediction is the exponential."""

    def probe(api):
        defaults_hold(estimator, api)
        x, y = amounts()
        for alpha in (0.5, 0):
            model = estimator(alpha=alpha, tol=1e-12, max_iter=10_000, solver="newton-cholesky", **told).fit(x, y)
            by_weights, by_intercept = gradient_by_coefficients(loss_id, model, x, y, convention, **parameters)
            penalty = ours("l2-penalty", {"weights": model.coef_}, convention="half", strength=alpha).gradients["weights"]
            np.testing.assert_allclose(by_weights / len(y) + penalty, 0, atol=1e-9)
            assert abs(by_intercept) < 1e-7
            np.testing.assert_allclose(model.predict(x), np.exp(fitted_raw(model, x)), rtol=1e-12)
        assert np.abs(x.T @ np.ones(len(y))).max() > 1

    return probe


def tweedie_regressor(api):
    generalised_linear(TweedieRegressor, "tweedie", "log-link", {"power": 1.5}, power=1.5)(api)
    # At its default power the mean itself is linear.
    x, y = amounts()
    model = TweedieRegressor(alpha=0, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(x, y)
    np.testing.assert_allclose(model.predict(x), fitted_raw(model, x), rtol=1e-12)
    assert "At its default power 0 the prediction itself is linear" in api["note"]


def logistic_regression(api):
    """The gradient of C · Σ loss + ½‖w‖² vanishes, for C = 1.0 by default."""
    assert inspect.signature(LogisticRegression).parameters["C"].default == 1.0 and "(C=1.0)" in api["note"]
    x, y = table()
    label = np.digitize(y, [-1, 1])
    for told in ({}, {"C": 0.1}):
        model = LogisticRegression(tol=1e-10, max_iter=10_000, **told).fit(x, label)
        logits = x @ model.coef_.T + model.intercept_
        gradient = ours("softmax-cross-entropy", {"pred": logits, "target": label}).gradients["pred"].T @ x
        assert np.abs(told.get("C", 1) * gradient + model.coef_).max() < 1e-4 < 1e-1 < np.abs(gradient).max()


def penalised(estimator, loss_of_data, penalty, settings):
    """The gradient of the loss of the data plus that of the penalty vanishes at every weight that is not 0."""

    def probe(api):
        defaults_hold(estimator, api)
        x, y = table()
        x = np.column_stack([x, RANDOM(5).normal(size=len(y))])
        for told, parameters in settings:
            model = estimator(tol=1e-12, max_iter=100_000, **told).fit(x, y)
            inputs = {"pred": fitted_raw(model, x)[:, None], "target": y[:, None]}
            loss_id, reduction = loss_of_data
            by_rows = ours(loss_id, inputs, reduction=reduction).gradients["pred"][:, 0]
            convention = api.get("convention")
            by_weights = ours(penalty, {"weights": model.coef_}, convention=convention, **parameters).gradients["weights"]
            total = (x.T @ by_rows + by_weights)[model.coef_ != 0]
            assert len(total) >= 2 and np.abs(total).max() < 1e-6 < 1e-2 < np.abs(by_weights).max()

    return probe


# --- XGBoost

XGBOOST = {"eta": 1, "min_child_weight": 0, "max_depth": 1, "max_delta_step": 0, "verbosity": 0, "nthread": 1}


def xgboost_leaves(objective, margins, make, row, reg_lambda, **options):
    """What one round adds to a row that it splits off from the others: a leaf for each class."""
    x = np.zeros((len(margins), 1))
    x[row] = 1
    data = make(x)
    data.set_base_margin(margins)
    settings = {**XGBOOST, "objective": objective, "lambda": reg_lambda, "tree_method": "exact", **options}
    booster = xgboost.train(settings, data, num_boost_round=1)
    trees = [json.loads(text) for text in booster.get_dump(dump_format="json")]
    return np.array([leaf_of(tree) for tree in trees])


def leaf_of(tree):
    if "leaf" in tree:
        return tree["leaf"]
    (child,) = [each for each in tree["children"] if each["nodeid"] == tree["no"]]
    return child["leaf"]


def xgboost_gradient(objective, margin, label, **options):
    """The gradient at one row that had `margin` (a number, or one a class)."""
    margins = np.atleast_1d(np.asarray(margin, float))
    margins = margins if margins.size == 1 else margins.reshape(1, -1)
    labels = label if isinstance(label, Mapping) else {"label": [label]}
    make = lambda x: xgboost.DMatrix(x, **labels)
    return gradients_of_leaves(*(xgboost_leaves(objective, margins, make, 0, each, **options) for each in LARGE), *LARGE)


def xgboost_batch_gradients(objective, margins, make, **options):
    """The gradients of rows that count together."""
    leaves = [
        np.array([xgboost_leaves(objective, margins, make, row, each, **options).item() for row in range(len(margins))])
        for each in SMALL
    ]
    return gradients_of_leaves(*leaves, *SMALL)


def gradients_of_leaves(first, second, low, high):
    """From the leaves −g/(h + λ) for two λ: g."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(first, 0), 0, (high - low) / (1 / first - 1 / second))


def xgboost_elements(loss_id, target, predictions=PREDICTIONS, settings=(({}, {}),)):
    def probe(api):
        for told, parameters in settings:
            actual = [xgboost_gradient(api["name"], p, y, **told).item() for p, y in zip(predictions, target)]
            compare(actual, column(loss_id, predictions, target, api.get("convention"), **parameters), api, 2e-5)

    return probe


def xgboost_booster(objective, margin, label, **options):
    """A booster after one round on one row, and its matrix."""
    data = xgboost.DMatrix(np.ones((1, 1)), label=[label])
    data.set_base_margin(np.atleast_2d(margin) if np.ndim(margin) else [margin])
    return xgboost.train({**XGBOOST, "objective": objective, "lambda": 1, **options}, data, num_boost_round=1), data


def xgboost_binary(target, answer):
    """The gradient by the logit; and what predict() returns."""

    def probe(api):
        xgboost_elements("hinge" if answer == "class" else "binary-cross-entropy-logits", target)(api)
        for margin in (0.7, -1.2):
            booster, data = xgboost_booster(api["name"], margin, 1)
            raw = booster.predict(data, output_margin=True).item()
            expected = {"logit": raw, "probability": 1 / (1 + np.exp(-raw)), "class": float(raw > 0)}[answer]
            assert booster.predict(data).item() == pytest.approx(expected, rel=1e-5)

    return probe


def xgboost_classes(answer):
    def probe(api):
        logits = RANDOM(0).normal(size=(6, 4))
        labels = np.array([0, 3, 2, 1, 1, 2])
        expected = ours("softmax-cross-entropy", {"pred": logits, "target": labels}).gradients["pred"]
        for z, y, row in zip(logits, labels, expected):
            compare(xgboost_gradient(api["name"], z, y, num_class=4), row, api, 2e-5)
        booster, data = xgboost_booster(api["name"], logits[0], labels[0], num_class=4)
        raw = booster.predict(data, output_margin=True).reshape(-1)
        shares = np.exp(raw) / np.exp(raw).sum()
        expected = shares if answer == "probabilities" else [raw.argmax()]
        np.testing.assert_allclose(booster.predict(data).reshape(-1), expected, rtol=1e-5)

    return probe


MANY = np.sort(np.concatenate([RANDOM(8).exponential(3, 1500) - 2, RANDOM(9).normal(size=500)]))


def assert_minimiser(loss_id, y, found, **parameters):
    """No other constant costs less by our loss, up to the interpolation between neighbours of a large sample."""

    def cost(constant):
        inputs = {"pred": np.full((len(y), 1), constant), "target": y[:, None]}
        return ours(loss_id, inputs, reduction="mean", **parameters).value

    others = [*y[::100], *(found + np.array([-0.5, -0.1, 0.1, 0.5]))]
    assert cost(found) <= min(cost(np.quantile(y, q)) for q in np.linspace(0, 1, 41)) + 1e-6
    assert sum(cost(other) > cost(found) + 1e-4 for other in others) > len(others) / 2


def xgboost_refitted(loss_id, settings):
    """Its leaf is refitted to the loss's minimiser."""

    def probe(api):
        for told, parameters in settings:
            data = xgboost.DMatrix(np.ones((len(MANY), 1)), label=MANY)
            data.set_base_margin(np.zeros(len(MANY)))
            booster = xgboost.train({**XGBOOST, "objective": api["name"], "lambda": 0, **told}, data, num_boost_round=1)
            (found,) = set(booster.predict(data).tolist())
            assert_minimiser(loss_id, MANY, found, **parameters)

    return probe


def quantile_without_level(api):
    xgboost_refitted("quantile", [({"quantile_alpha": tau}, {"tau": tau}) for tau in (0.9, 0.3)])(api)
    with pytest.raises(xgboost.core.XGBoostError, match="quantile"):
        xgboost_booster(api["name"], 0.0, 1.0)


def xgboost_logarithmic(api):
    """Predictions above −1; so must labels be."""
    predictions = np.abs(PREDICTIONS)
    xgboost_elements("mean-squared-logarithmic-error", AMOUNTS, predictions)(api)
    with pytest.raises(xgboost.core.XGBoostError, match="label"):
        xgboost_booster(api["name"], 0.0, -1.5)


def xgboost_poisson(api):
    xgboost_elements("poisson-nll", AMOUNTS)(api)
    # Left alone, a step is at most 0.7.
    far = {"lambda": 0, "max_delta_step": None}
    settings = {name: value for name, value in {**XGBOOST, **far, "objective": api["name"]}.items() if value is not None}
    data = xgboost.DMatrix(np.ones((1, 1)), label=[100.0])
    data.set_base_margin([0.0])
    booster = xgboost.train(settings, data, num_boost_round=1)
    assert booster.predict(data, output_margin=True).item() == pytest.approx(0.7) and "0.7 by default" in api["note"]
    assert booster.predict(data).item() == pytest.approx(np.exp(0.7))


RELEVANCE = np.array([0, 2, 1, 3, 0, 1.0])
RANKED = np.array([0.13, -0.13, 0.64, 0.1, -0.54, 0.36])
ALL_PAIRS = {
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": 100,
    "lambdarank_normalization": False,
    "lambdarank_score_normalization": False,
}


def xgboost_ranking(expected, relevance=RELEVANCE):
    """The gradients with all pairs and without normalisation are ours; by default they are not."""

    def probe(api):
        def make(x):
            data = xgboost.DMatrix(x, label=relevance)
            data.set_group([len(relevance)])
            return data

        wanted = expected(relevance)
        actual = xgboost_batch_gradients(api["name"], RANKED, make, **ALL_PAIRS)
        np.testing.assert_allclose(actual, wanted, rtol=1e-4)
        by_default = xgboost_batch_gradients(api["name"], RANKED, make)
        assert not np.allclose(by_default, wanted, rtol=0.05)

    return probe


def listwise(loss_id):
    return lambda relevance: ours(loss_id, {"pred": [RANKED], "target": [relevance]}).gradients["pred"][0]


def by_average_precision(relevance):
    """LambdaRank with the change of average precision as the weight of a pair."""

    def precision(order):
        hits = relevance[order]
        return (hits * np.cumsum(hits) / np.arange(1, len(hits) + 1)).sum() / hits.sum()

    order = np.argsort(-RANKED)
    place = np.argsort(order)
    gradient = np.zeros(len(relevance))
    for better in np.flatnonzero(relevance == 1):
        for worse in np.flatnonzero(relevance == 0):
            exchanged = order.copy()
            exchanged[[place[better], place[worse]]] = worse, better
            change = abs(precision(exchanged) - precision(order))
            pull = change / (1 + np.exp(RANKED[better] - RANKED[worse]))
            gradient[better] -= pull
            gradient[worse] += pull
    return gradient


def xgboost_cox(api):
    """Censored times are negative labels; predicts hazards. At equal times the metric is ours, the gradients are not."""
    event = np.array([1, 1, 0, 1, 1, 0])
    for time in (np.array([3.0, 1, 4, 2.5, 5, 2]), np.array([3.0, 1, 4, 2.5, 3, 2])):
        make = lambda x: xgboost.DMatrix(x, label=np.where(event, time, -time))
        inputs = {"pred": RANKED, "time": time, "event": event}
        actual = xgboost_batch_gradients(api["name"], RANKED, make)
        expected = ours("cox-partial-likelihood", inputs).gradients["pred"]
        is_tied = len(set(time)) < 6
        assert np.allclose(actual, expected, rtol=1e-4) == (not is_tied)
        data = make(np.ones((6, 1)))
        data.set_base_margin(RANKED)
        metric: dict = {}
        none = {**XGBOOST, "objective": api["name"], "eta": 0, "eval_metric": "cox-nloglik"}
        booster = xgboost.train(none, data, num_boost_round=1, evals=[(data, "all")], evals_result=metric, verbose_eval=False)
        mean = ours("cox-partial-likelihood", inputs, reduction="mean").value
        assert metric["all"]["cox-nloglik"][0] == pytest.approx(mean, rel=1e-5)
        np.testing.assert_allclose(booster.predict(data), np.exp(booster.predict(data, output_margin=True)), rtol=1e-5)
    assert "equal times" in api["note"]


def xgboost_accelerated(api):
    event = np.array([1, 0, 1, 1, 0, 1, 0])
    bounds = [
        {"label_lower_bound": np.array([t]), "label_upper_bound": np.array([t if seen else np.inf])}
        for t, seen in zip(AMOUNTS, event)
    ]
    for chosen, distribution in enumerate(("normal", "logistic", "extreme")):
        for told, sigma in (({}, 1.0), ({"aft_loss_distribution_scale": 1.7}, 1.7)):
            options = {"aft_loss_distribution": distribution, **told}
            actual = [xgboost_gradient(api["name"], p, each, **options).item() for p, each in zip(LOGARITHMS, bounds)]
            inputs = {"pred": LOGARITHMS, "time": AMOUNTS, "event": event}
            expected = ours("accelerated-failure-time", inputs, distribution=chosen, sigma=sigma).gradients["pred"]
            compare(actual, expected, api, 2e-4)
    assert api["keywords"]["aft_loss_distribution_scale"]["default"] == 1


# --- LightGBM

LIGHTGBM = {
    "learning_rate": 1,
    "min_data_in_leaf": 1,
    "min_sum_hessian_in_leaf": 0,
    "verbosity": -1,
    "num_threads": 1,
    "deterministic": True,
}


def lightgbm_step(objective, x, y, margin, reg_lambda, group=None, **options):
    """What one round adds to the margins of rows; each distinct feature value can have a leaf of its own."""
    binning = {"min_data_in_bin": 1, "feature_pre_filter": False, "verbosity": -1}
    data = lightgbm.Dataset(x, label=y, init_score=margin, group=group, params=binning)
    settings = {**LIGHTGBM, "objective": objective, "num_leaves": len(x), "lambda_l2": reg_lambda, **options}
    return lightgbm.train(settings, data, num_boost_round=1).predict(x, raw_score=True)


def lightgbm_gradient(objective, margin, target, other, **options):
    """The gradient at (margin, target); a second row with a gradient of the other sign makes the tree split."""
    x, y, margins = np.array([[0.0], [1.0]]), [target, other], [margin, margin]
    steps = [lightgbm_step(objective, x, y, margins, each, **options) for each in SMALL]
    assert steps[0][0] != steps[0][1]
    return gradients_of_leaves(steps[0][0], steps[1][0], *SMALL)


def lightgbm_elements(loss_id, target, another, settings=(({}, {}),)):
    """`another` makes of a prediction and a target one whose gradient has the other sign."""
    predictions = LOGARITHMS if another is across else PREDICTIONS

    def probe(api):
        for told, parameters in settings:
            actual = [lightgbm_gradient(api["name"], p, y, another(p, y), **told) for p, y in zip(predictions, target)]
            expected = column(loss_id, predictions, target, api.get("convention"), **parameters)
            compare(actual, expected, api, 2e-5)

    return probe


def lightgbm_batch(objective, y, margin, **options):
    """The gradients of rows that count together, and which rows share a leaf and so a sum of gradients."""
    x = np.arange(len(y), dtype=float).reshape(-1, 1)
    free = {"min_data_in_leaf": 0, **options}
    return leaves_of(*(lightgbm_step(objective, x, y, margin, each, **free) for each in CLOSE))


def leaves_of(first, second):
    (_, leaf), (_, other) = (np.unique(each, return_inverse=True) for each in (first, second))
    # One tree for both penalties.
    assert np.array_equal(leaf[:, None] == leaf, other[:, None] == other)
    return gradients_of_leaves(first, second, *CLOSE), leaf


def compare_leaves(actual, leaf, expected):
    np.testing.assert_allclose(actual, np.bincount(leaf, expected)[leaf], rtol=1e-4)
    assert len(set(leaf)) >= len(leaf) - 2


def reflected(p, y):
    return 2 * p - y


def across(p, y):
    return (1.2 if y < np.exp(p) else 0.8) * np.exp(p)


def opposite(p, y):
    """The label on the side of sigmoid(p) where y is not; the gradient is sigmoid(p) - y."""
    return 1.0 if y < 1 / (1 + np.exp(-p)) else 0.0


def lightgbm_huber(api):
    settings = [({}, {"delta": 0.9}), *(({"alpha": delta}, {"delta": delta}) for delta in (0.25, 1, 3.5))]
    assert "0.9 by default" in api["note"]
    lightgbm_elements("huber", TARGETS, reflected, settings)(api)


def lightgbm_classes(api):
    """The Hessian is not that of the loss (it is C/(C − 1) times its diagonal); two penalties leave it out."""
    logits = RANDOM(1).normal(size=(6, 3))
    labels = np.array([0, 1, 2, 1, 0, 2])
    expected = ours("softmax-cross-entropy", {"pred": logits, "target": labels}).gradients["pred"]
    x = np.arange(6.0).reshape(-1, 1)
    first, second = (
        lightgbm_step(api["name"], x, labels, logits.T.reshape(-1), each, num_class=3, min_data_in_leaf=0)
        for each in CLOSE
    )
    for one in range(3):
        compare_leaves(*leaves_of(first[:, one], second[:, one]), expected[:, one])


def lightgbm_refitted(loss_id, settings=(({}, {}),)):
    """Its leaves are refitted to the loss's minimiser."""

    def probe(api):
        x = np.repeat([[0.0], [1.0]], len(MANY), axis=0)
        two = np.concatenate([MANY, MANY + 50])
        for told, parameters in settings:
            added = lightgbm_step(api["name"], x, two, np.zeros(len(two)), 0, num_leaves=2, **told)
            assert added[0] != added[-1]
            assert_minimiser(loss_id, MANY, added[0], **parameters)
            assert_minimiser(loss_id, MANY + 50, added[-1], **parameters)

    return probe


def lightgbm_mape(api):
    assert api["fixed"] == {"eps": 1}
    lightgbm_refitted("mean-absolute-percentage-error", [({}, api["fixed"])])(api)


def lightgbm_ranking(api):
    """The gradients without truncation and normalisation are ours; by default they are not."""
    expected = listwise("lambdarank")(RELEVANCE)
    plain = {"lambdarank_norm": False, "lambdarank_truncation_level": 100}
    compare_leaves(*lightgbm_batch(api["name"], RELEVANCE, RANKED, group=[6], **plain), expected)
    by_default, leaf = lightgbm_batch(api["name"], RELEVANCE, RANKED, group=[6])
    assert not np.allclose(by_default, np.bincount(leaf, expected)[leaf], rtol=0.05)


def lightgbm_xendcg(api):
    """Gradients of a cross-entropy sum to 0; they depend on the seed of the perturbation, and are not ListNet's."""
    expected = listwise("listnet")(RELEVANCE)
    drawn = []
    for seed in (1, 2):
        gradients, leaf = lightgbm_batch(api["name"], RELEVANCE, RANKED, group=[6], objective_seed=seed)
        _, at = np.unique(leaf, return_index=True)
        assert abs(gradients[at].sum()) < 1e-6
        assert not np.allclose(gradients, np.bincount(leaf, expected)[leaf], rtol=0.05)
        drawn.append(gradients)
    assert not np.allclose(*drawn, rtol=0.01)


SQUARED = lightgbm_elements("mean-squared-error", TARGETS, reflected)
ABSOLUTE = lightgbm_refitted("mean-absolute-error")
PROBES: Mapping[tuple[str, str, str], Callable] = {
    ("sklearn", "squared_error", "mean-squared-error"): both(
        sgd_regression("mean-squared-error"),
        boosted_regression("mean-squared-error", TARGETS, models=(GradientBoostingRegressor, HistGradientBoostingRegressor)),
    ),
    ("sklearn", "absolute_error", "mean-absolute-error"): boosted_regression(
        "mean-absolute-error", TARGETS, models=(GradientBoostingRegressor, HistGradientBoostingRegressor)
    ),
    ("sklearn", "huber", "huber"): sklearn_huber,
    ("sklearn", "quantile", "quantile"): sklearn_quantile,
    ("sklearn", "poisson", "poisson-nll"): boosted_regression("poisson-nll", AMOUNTS),
    ("sklearn", "gamma", "gamma-deviance"): boosted_regression("gamma-deviance", AMOUNTS, "log-link"),
    ("sklearn", "epsilon_insensitive", "epsilon-insensitive"): sklearn_epsilon("epsilon-insensitive"),
    ("sklearn", "squared_epsilon_insensitive", "squared-epsilon-insensitive"): sklearn_epsilon(
        "squared-epsilon-insensitive"
    ),
    ("sklearn", "log_loss", "binary-cross-entropy-logits"): both(
        sgd_classification("binary-cross-entropy-logits", signs=False),
        boosted_classes(
            "binary-cross-entropy-logits", False, (GradientBoostingClassifier, HistGradientBoostingClassifier)
        ),
    ),
    ("sklearn", "hinge", "hinge"): sklearn_hinge("hinge"),
    ("sklearn", "squared_hinge", "squared-hinge"): sklearn_hinge("squared-hinge"),
    ("sklearn", "modified_huber", "modified-huber"): sgd_classification("modified-huber"),
    ("sklearn", "perceptron", "perceptron"): sgd_classification("perceptron"),
    ("sklearn", "exponential", "exponential"): boosted_classes("exponential", True, (GradientBoostingClassifier,)),
    ("sklearn", "sklearn.linear_model.HuberRegressor", "huber"): huber_regressor,
    ("sklearn", "sklearn.linear_model.QuantileRegressor", "quantile"): quantile_regressor,
    ("sklearn", "sklearn.linear_model.PoissonRegressor", "poisson-nll"): generalised_linear(
        PoissonRegressor, "poisson-nll"
    ),
    ("sklearn", "sklearn.linear_model.GammaRegressor", "gamma-deviance"): generalised_linear(
        GammaRegressor, "gamma-deviance", "log-link"
    ),
    ("sklearn", "sklearn.linear_model.TweedieRegressor", "tweedie"): tweedie_regressor,
    ("sklearn", "sklearn.linear_model.LogisticRegression", "softmax-cross-entropy"): logistic_regression,
    ("sklearn", "sklearn.svm.SVR", "epsilon-insensitive"): support_vectors,
    ("sklearn", "sklearn.linear_model.Ridge", "l2-penalty"): penalised(
        Ridge,
        ("mean-squared-error", "sum"),
        "l2-penalty",
        [({}, {"strength": 1}), ({"alpha": 20}, {"strength": 20})],
    ),
    ("sklearn", "sklearn.linear_model.Lasso", "l1-penalty"): penalised(
        Lasso,
        ("half-squared-error", "mean"),
        "l1-penalty",
        [({"alpha": 0.3}, {"strength": 0.3}), ({"alpha": 0.05}, {"strength": 0.05})],
    ),
    ("sklearn", "sklearn.linear_model.ElasticNet", "elastic-net"): penalised(
        ElasticNet,
        ("half-squared-error", "mean"),
        "elastic-net",
        [({"alpha": 0.3}, {"alpha": 0.3}), ({"alpha": 0.2, "l1_ratio": 0.9}, {"alpha": 0.2, "l1Ratio": 0.9})],
    ),
    ("xgboost", "reg:squarederror", "mean-squared-error"): xgboost_elements("mean-squared-error", TARGETS),
    ("xgboost", "reg:absoluteerror", "mean-absolute-error"): xgboost_refitted("mean-absolute-error", [({}, {})]),
    ("xgboost", "reg:quantileerror", "quantile"): quantile_without_level,
    ("xgboost", "reg:squaredlogerror", "mean-squared-logarithmic-error"): xgboost_logarithmic,
    ("xgboost", "reg:pseudohubererror", "pseudo-huber"): xgboost_elements(
        "pseudo-huber", TARGETS, settings=[({}, {}), ({"huber_slope": 2.5}, {"delta": 2.5})]
    ),
    ("xgboost", "count:poisson", "poisson-nll"): xgboost_poisson,
    ("xgboost", "reg:gamma", "gamma-deviance"): xgboost_elements("gamma-deviance", AMOUNTS),
    ("xgboost", "reg:tweedie", "tweedie"): xgboost_elements(
        "tweedie", AMOUNTS, settings=[({}, {}), ({"tweedie_variance_power": 1.2}, {"power": 1.2})]
    ),
    ("xgboost", "binary:logistic", "binary-cross-entropy-logits"): xgboost_binary(LABELS, "probability"),
    ("xgboost", "binary:logitraw", "binary-cross-entropy-logits"): xgboost_binary(LABELS, "logit"),
    ("xgboost", "reg:logistic", "binary-cross-entropy-logits"): xgboost_binary(SHARES, "probability"),
    ("xgboost", "binary:hinge", "hinge"): xgboost_binary(LABELS, "class"),
    ("xgboost", "multi:softprob", "softmax-cross-entropy"): xgboost_classes("probabilities"),
    ("xgboost", "multi:softmax", "softmax-cross-entropy"): xgboost_classes("class"),
    ("xgboost", "rank:pairwise", "ranknet"): xgboost_ranking(listwise("ranknet")),
    ("xgboost", "rank:ndcg", "lambdarank"): xgboost_ranking(listwise("lambdarank")),
    ("xgboost", "rank:map", "lambdarank"): xgboost_ranking(by_average_precision, np.array([0, 1, 1, 0, 0, 1.0])),
    ("xgboost", "survival:cox", "cox-partial-likelihood"): xgboost_cox,
    ("xgboost", "survival:aft", "accelerated-failure-time"): xgboost_accelerated,
    **{
        ("lightgbm", name, "mean-squared-error"): SQUARED
        for name in (
            "regression regression_l2 l2 mean_squared_error mse l2_root root_mean_squared_error rmse".split()
        )
    },
    **{
        ("lightgbm", name, "mean-absolute-error"): ABSOLUTE
        for name in ("regression_l1", "l1", "mean_absolute_error", "mae")
    },
    ("lightgbm", "huber", "huber"): lightgbm_huber,
    ("lightgbm", "fair", "fair"): lightgbm_elements("fair", TARGETS, reflected, [({}, {}), ({"fair_c": 2.5}, {"c": 2.5})]),
    ("lightgbm", "quantile", "quantile"): lightgbm_refitted(
        "quantile", [({}, {"tau": 0.9}), ({"alpha": 0.3}, {"tau": 0.3})]
    ),
    ("lightgbm", "mape", "mean-absolute-percentage-error"): lightgbm_mape,
    ("lightgbm", "mean_absolute_percentage_error", "mean-absolute-percentage-error"): lightgbm_mape,
    ("lightgbm", "poisson", "poisson-nll"): lightgbm_elements("poisson-nll", AMOUNTS, across),
    ("lightgbm", "gamma", "gamma-deviance"): lightgbm_elements("gamma-deviance", AMOUNTS, across),
    ("lightgbm", "tweedie", "tweedie"): lightgbm_elements(
        "tweedie", AMOUNTS, across, [({}, {}), ({"tweedie_variance_power": 1.2}, {"power": 1.2})]
    ),
    ("lightgbm", "binary", "binary-cross-entropy-logits"): lightgbm_elements(
        "binary-cross-entropy-logits", LABELS, opposite
    ),
    ("lightgbm", "cross_entropy", "binary-cross-entropy-logits"): lightgbm_elements(
        "binary-cross-entropy-logits", SHARES, opposite
    ),
    ("lightgbm", "xentropy", "binary-cross-entropy-logits"): lightgbm_elements(
        "binary-cross-entropy-logits", SHARES, opposite
    ),
    ("lightgbm", "multiclass", "softmax-cross-entropy"): lightgbm_classes,
    ("lightgbm", "softmax", "softmax-cross-entropy"): lightgbm_classes,
    ("lightgbm", "rank_xendcg", "listnet"): lightgbm_xendcg,
    ("lightgbm", "lambdarank", "lambdarank"): lightgbm_ranking,
}
PROBED = [entry for entry in entries() if (entry[1]["framework"], entry[1]["name"], entry[0]["id"]) in PROBES]


@pytest.mark.parametrize("entry", PROBED, ids=name_of)
def test_step_or_optimum(entry):
    loss, api = entry
    PROBES[api["framework"], api["name"], loss["id"]](api)
