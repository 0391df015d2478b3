"""The pitfalls of regression losses, done (those of the most common ones are in test_pitfalls.py)."""

import math
import warnings

import jax
import jax.numpy as jnp
import keras
import lightgbm
import numpy as np
import optax
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
import torch
import xgboost
from catalogue import ours
from pitfalls import pitfall, text_of
from sklearn import metrics
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import QuantileRegressor, Ridge, SGDRegressor, TweedieRegressor
from sklearn.svm import SVR, LinearSVR
from test_pitfalls import close, torch_gradient

F = torch.nn.functional


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def value(loss, prediction, target, convention=None, **parameters):
    """The loss of one prediction."""
    inputs = {"pred": [[prediction]], "target": [[target]]}
    return ours(loss, inputs, convention=convention, **parameters).value.item()


def slope(loss, prediction, target, convention=None, **parameters):
    inputs = {"pred": [[prediction]], "target": [[target]]}
    return ours(loss, inputs, convention=convention, **parameters).gradients["pred"].item()


# --- what differs by a factor


@pitfall("smooth-l1", "the same as Huber only at 1")
@pitfall("smooth-l1", "the gradient of a small residual is 10 times that of Huber")
def test_smooth_l1_is_huber_over_beta():
    residual, zero = tensor(0.03, -0.5, 4), tensor(0, 0, 0)
    for beta in (0.1, 1, 3):
        smooth = F.smooth_l1_loss(residual, zero, beta=beta, reduction="none")
        close(smooth, F.huber_loss(residual, zero, delta=beta, reduction="none") / beta)
    small = np.array([0.05])
    gradients = [torch_gradient(lambda p: call(p, tensor(0)), small)[1].item() for call in (
        lambda p, y: F.smooth_l1_loss(p, y, beta=0.1), F.huber_loss)]
    assert gradients[0] == pytest.approx(10 * gradients[1])


@pitfall("smooth-l1", "PyTorch’s default is 1")
@pitfall("smooth-l1", "raises for a negative beta")
@pitfall("smooth-l1", "becomes the absolute error")
def test_smooth_l1_beta():
    assert torch.nn.SmoothL1Loss().beta == 1
    with pytest.raises(RuntimeError, match="negative"):
        F.smooth_l1_loss(tensor(1), tensor(0), beta=-1)
    with pytest.raises(TypeError, match="weight"):
        F.smooth_l1_loss(tensor(1), tensor(0), weight=tensor(1))
    F.l1_loss(tensor(1), tensor(0), weight=tensor(1))
    F.mse_loss(tensor(1), tensor(0), weight=tensor(1))
    close(F.smooth_l1_loss(tensor(3), tensor(0), beta=0), 3)
    assert F.smooth_l1_loss(tensor(3), tensor(0), beta=1e9) < 1e-8


@pitfall("half-squared-error", "off by the factor 2 for the other")
@pitfall("half-squared-error", "tends to this loss for a large delta")
@pitfall("half-squared-error", "tf.nn.l2_loss")
def test_half_squared_error():
    pred, target = np.array([3.0, -1.0]), tensor(1, 1)
    full = torch_gradient(lambda p: torch.nn.MSELoss(reduction="none")(p, target), pred)
    huber = torch_gradient(lambda p: torch.nn.HuberLoss(reduction="none", delta=1e9)(p, target), pred)
    close(huber[0], full[0] / 2)
    close(huber[1], full[1] / 2)
    close(slope("half-squared-error", 3, 1), full[1][0] / 2)


@pitfall("quantile", "half the mean absolute error")
@pitfall("quantile", "Swapping prediction and target turns τ into 1 − τ")
@pitfall("expectile", "Swapping prediction and target turns τ into 1 − τ")
@pitfall("expectile", "half the squared error")
def test_level():
    rows = [1.0, 2.0, 5.0], [2.0, 2.5, 1.0]
    close(metrics.mean_pinball_loss(*rows, alpha=0.5), metrics.mean_absolute_error(*rows) / 2)
    close(metrics.mean_pinball_loss(*rows, alpha=0.9), metrics.mean_pinball_loss(*rows[::-1], alpha=0.1))
    for loss in ("quantile", "expectile"):
        close(value(loss, 3, 1, tau=0.9), value(loss, 1, 3, tau=0.1))
    close(value("expectile", 3, 1, tau=0.5), 2)


@pitfall("quantile", "Defaults differ")
def test_quantile_defaults():
    rows = [1.0, 2.0], [2.0, 1.5]
    assert metrics.mean_pinball_loss(*rows) == metrics.mean_pinball_loss(*rows, alpha=0.5)
    assert QuantileRegressor().quantile == 0.5
    assert GradientBoostingRegressor().alpha == 0.9
    random = np.random.default_rng(0)
    x, y = random.normal(size=(200, 1)), random.normal(size=200)
    leaves = {"num_leaves": 2, "verbose": -1, "objective": "quantile"}
    fitted = [lightgbm.train({**leaves, **alpha}, lightgbm.Dataset(x, y), 3).predict(x) for alpha in ({}, {"alpha": 0.9})]
    close(*fitted)
    with pytest.raises(xgboost.core.XGBoostError, match="quantile_alpha"):
        xgboost.train({"objective": "reg:quantileerror"}, xgboost.DMatrix(x, y), 1)


@pitfall("expectile", "it lies at 0.86 standard deviations")
def test_expectile_of_a_normal_distribution():
    density, tail = scipy.stats.norm.pdf, scipy.stats.norm.sf
    # E(Y − e)₊ = φ(e) − e·(1 − Φ(e)), and E(e − Y)₊ that plus e.
    above = lambda e: density(e) - e * tail(e)
    expectile = scipy.optimize.brentq(lambda e: 0.9 * above(e) - 0.1 * (above(e) + e), 0, 3)
    assert round(expectile, 2) == 0.86
    assert round(scipy.stats.norm.ppf(0.9), 2) == 1.28


@pitfall("expectile", "No loss of PyTorch, Keras or optax")
def test_nobody_has_an_expectile_loss():
    for module in (torch.nn, F, keras.losses, optax.losses):
        assert not [name for name in dir(module) if "expectile" in name.lower()]
    assert text_of("expectile", "No loss of PyTorch").count(".".join(xgboost.__version__.split(".")[:2])) == 1
    with pytest.raises(xgboost.core.XGBoostError):
        xgboost.train({"objective": "reg:expectileerror"}, xgboost.DMatrix(np.ones((2, 1)), [0, 1]), 1)


@pitfall("pseudo-huber", "0.414·δ² against 0.5·δ²")
@pitfall("pseudo-huber", "scipy.special.pseudo_huber(delta, r)")
@pitfall("pseudo-huber", "huber_slope, 1 by default")
@pitfall("pseudo-huber", "Charbonnier")
def test_pseudo_huber():
    for delta in (0.5, 3):
        close(value("pseudo-huber", delta, 0, delta=delta), (math.sqrt(2) - 1) * delta**2)
        close(F.huber_loss(tensor(delta), tensor(0), delta=delta), 0.5 * delta**2)
        for r in (-4, 0.2, 7):
            close(scipy.special.pseudo_huber(delta, r), value("pseudo-huber", r, 0, delta=delta))
            close(delta * (math.sqrt(r * r + delta**2) - delta), value("pseudo-huber", r, 0, delta=delta), "Charbonnier")
            assert value("pseudo-huber", r, 0, delta=delta) < F.huber_loss(tensor(r), tensor(0), delta=delta)
    assert round(math.sqrt(2) - 1, 3) == 0.414
    booster = xgboost.train({"objective": "reg:pseudohubererror"}, xgboost.DMatrix(np.ones((2, 1)), [0, 1]), 1)
    assert '"huber_slope":"1"' in booster.save_config().replace(" ", "")


@pitfall("cauchy", "minimises ½f_scale²·log(1 + (r/f_scale)²)")
@pitfall("cauchy", "With c = 1 and residuals in the hundreds")
def test_cauchy():
    residual = np.array([0.3, -4.0, 30.0])
    for scale in (1, 2.5):
        result = scipy.optimize.least_squares(
            lambda _: residual, np.zeros(1), loss="cauchy", f_scale=scale, max_nfev=1, jac=lambda _: np.zeros((3, 1))
        )
        close(result.cost, sum(value("cauchy", r, 0, c=scale) for r in residual))
        close(result.cost, np.sum(scale**2 / 2 * np.log1p((residual / scale) ** 2)))
    assert abs(slope("cauchy", 300, 0, c=1)) < 0.01


@pitfall("fair", "the gradient is already halved")
@pitfall("fair", "fair_c is 1 by default")
def test_fair():
    close(slope("fair", 2, 0, c=2), 1)
    random = np.random.default_rng(0)
    x, y = random.normal(size=(200, 1)), random.normal(size=200)
    leaves = {"num_leaves": 2, "verbose": -1, "objective": "fair"}
    fitted = [lightgbm.train({**leaves, **c}, lightgbm.Dataset(x, y), 3).predict(x) for c in ({}, {"fair_c": 1}, {"fair_c": 1.3998})]
    close(fitted[0], fitted[1])
    assert np.abs(fitted[0] - fitted[2]).max() > 1e-4


@pitfall("geman-mcclure", "Barron’s loss with α = −2 and the scale c/2, times c²/4")
@pitfall("geman-mcclure", "this loss divided by ½c²")
@pitfall("geman-mcclure", "0.577·c")
def test_geman_mcclure():
    for r in (-3, 0.2, 9):
        close(value("geman-mcclure", r, 0, c=3), value("barron", r, 0, alpha=-2, c=1.5) * 9 / 4)
        close(value("geman-mcclure", r, 0, c=3) / 4.5, r * r / (r * r + 9))
    bend = [slope("geman-mcclure", r * 3, 0, c=3) for r in (0.567, 0.577, 0.587)]
    assert bend[0] < bend[1] > bend[2]


@pitfall("tukey", "0.447·c")
@pitfall("tukey", "rejected rows all cost c²/6")
@pitfall("tukey", "every gradient is exactly 0")
def test_tukey():
    bend = [slope("tukey", r * 2, 0, c=2) for r in (0.437, 0.447, 0.457)]
    assert bend[0] < bend[1] > bend[2]
    for r in (2.1, 500):
        close(value("tukey", r, 0, c=2), 4 / 6)
        assert slope("tukey", r, 0, c=2) == 0


@pitfall("welsch", "in float32 it is exactly 0 beyond |r| = 10.2·c")
def test_welsch():
    c = torch.tensor(2.985)
    for distance, is_zero in ((10.1, False), (10.25, True)):
        r = (distance * c).requires_grad_()
        (gradient,) = torch.autograd.grad(c**2 / 2 * (1 - torch.exp(-((r / c) ** 2))), r)
        assert (gradient.item() == 0) == is_zero
        assert slope("welsch", r.item(), 0, c=c.item()) == pytest.approx(gradient.item(), abs=1e-42)


@pitfall("barron", "halving c makes gradients four times as large")
@pitfall("barron", "for α below 0 it is bounded by |α − 2|/|α|")
def test_barron():
    assert slope("barron", 1e-4, 0, c=0.5) == pytest.approx(4 * slope("barron", 1e-4, 0, c=1), rel=1e-6)
    for alpha in (-0.5, -2, -10):
        assert value("barron", 1e12, 0, alpha=alpha) == pytest.approx(abs(alpha - 2) / abs(alpha), rel=1e-3)


@pitfall("log-cosh", "overflows beyond |r| = 710 in float64 and 89 in float32")
@pitfall("log-cosh", "\"logcosh\" raises")
@pitfall("log-cosh", "its values are off by 1.9e-9")
def test_log_cosh():
    with np.errstate(over="ignore"):
        assert np.isinf(np.log(np.cosh(711.0))) and np.isfinite(np.log(np.cosh(710.0)))
        assert np.isinf(np.log(np.cosh(np.float32(90)))) and np.isfinite(np.log(np.cosh(np.float32(89))))
    assert np.log(np.cosh(1e-9)) == 0
    with pytest.raises(ValueError, match="logcosh"):
        keras.losses.get("logcosh")
    keras.losses.get("log_cosh")
    assert abs(float(np.float32(math.log(2))) - math.log(2)) == pytest.approx(1.9e-9, rel=0.01)


# --- rates and amounts


@pitfall("poisson-nll", "PyTorch expects the logarithm of the rate by default")
@pitfall("poisson-nll", "The value can be negative")
@pitfall("poisson-nll", "scikit-learn’s mean_poisson_deviance")
@pitfall("poisson-nll", "saved only by ε")
@pitfall("poisson-nll", "A logarithm of 89 overflows in float32")
def test_poisson():
    rate, count = 2.5, 4.0
    close(torch.nn.PoissonNLLLoss()(tensor(math.log(rate)), tensor(count)), rate - count * math.log(rate))
    assert keras.losses.Poisson()(tensor([count]), tensor([rate])).item() == pytest.approx(rate - count * math.log(rate), rel=1e-6)
    assert rate - count * math.log(rate) < 0
    deviance = lambda rate: metrics.mean_poisson_deviance([count], [rate])
    close(deviance(rate), 2 * (count * math.log(count / rate) - count + rate))
    loss = lambda rate: rate - count * math.log(rate)
    close(deviance(rate) - deviance(1.0), 2 * (loss(rate) - loss(1.0)))
    at_zero = torch.nn.PoissonNLLLoss(log_input=False)(tensor(0), tensor(count)).item()
    assert at_zero == pytest.approx(-count * math.log(1e-8))
    assert keras.losses.Poisson()(tensor([count]), tensor([0.0])).item() == pytest.approx(-count * math.log(1e-7), rel=1e-6)
    assert math.isnan(torch.nn.PoissonNLLLoss(log_input=False)(tensor(-1), tensor(count)))
    assert torch.isinf(torch.nn.PoissonNLLLoss()(torch.tensor([89.0]), torch.tensor([1.0])))
    assert torch.isfinite(torch.nn.PoissonNLLLoss()(torch.tensor([88.0]), torch.tensor([1.0])))


@pitfall("gamma-deviance", "Targets of 0 or less are not allowed")
@pitfall("gamma-deviance", "half the target 0.61, double the target 0.39")
@pitfall("gamma-deviance", "Not convex in the mean beyond twice the target")
@pitfall("gamma-deviance", "train on the logarithm and halve it")
def test_gamma():
    for target in (0.0, -1.0):
        with pytest.raises(ValueError, match="strictly positive"):
            metrics.mean_gamma_deviance([target], [1.0])
    assert round(metrics.mean_gamma_deviance([1.0], [0.5]), 2) == 0.61
    assert round(metrics.mean_gamma_deviance([1.0], [2.0]), 2) == 0.39
    slopes = [slope("gamma-deviance", p, 1) for p in (1.9, 2.0, 2.1)]
    assert slopes[0] < slopes[1] > slopes[2]
    data = xgboost.DMatrix(np.ones((1, 1)), [2.0])
    result = {}
    xgboost.train(
        {"objective": "reg:gamma", "base_score": 3.0, "eta": 0, "eval_metric": ["gamma-deviance"]},
        data, 1, evals=[(data, "train")], evals_result=result, verbose_eval=False,
    )
    assert result["train"]["gamma-deviance"][0] == pytest.approx(metrics.mean_gamma_deviance([2.0], [3.0]), rel=1e-5)


@pitfall("tweedie", "From power 2 on a target of 0 costs infinitely much")
@pitfall("tweedie", "Defaults differ")
def test_tweedie():
    for power in (2, 2.5, 3):
        with pytest.raises(ValueError, match="strictly positive"):
            metrics.mean_tweedie_deviance([0.0], [1.0], power=power)
    with pytest.raises(ValueError):
        metrics.mean_tweedie_deviance([1.0], [1.0], power=0.5)
    metrics.mean_tweedie_deviance([0.0], [1.0], power=1.5)
    assert metrics.mean_tweedie_deviance([1.0], [3.0]) == 4 and TweedieRegressor().power == 0
    booster = xgboost.train({"objective": "reg:tweedie"}, xgboost.DMatrix(np.ones((2, 1)), [0, 1]), 1)
    assert '"tweedie_variance_power":"1.5"' in booster.save_config().replace(" ", "")
    x, y = np.arange(200.0)[:, None], np.arange(200.0) % 7
    leaves = {"verbose": -1, "objective": "tweedie"}
    fitted = [
        lightgbm.train({**leaves, **power}, lightgbm.Dataset(x, y), 3).predict(x)
        for power in ({}, {"tweedie_variance_power": 1.5})
    ]
    close(*fitted)
    assert (fitted[0] > 0).all()


@pitfall("gaussian-nll", "PyTorch raises for negative values")
@pitfall("gaussian-nll", "down to −6.9")
@pitfall("gaussian-nll", "it is about −5e11")
@pitfall("gaussian-nll", "A var of shape (N, 1) or (N,)")
def test_gaussian():
    one, zero = tensor(1), tensor(0)
    with pytest.raises(ValueError, match="negative"):
        F.gaussian_nll_loss(one, zero, tensor(-1))
    assert round(F.gaussian_nll_loss(zero, zero, zero).item(), 1) == -6.9
    gradient = torch_gradient(lambda var: F.gaussian_nll_loss(one, zero, var), np.zeros(1))[1]
    assert gradient.item() == pytest.approx(-5e11, rel=1e-3)
    pred, target, var = torch.randn(3, 2), torch.randn(3, 2), tensor(0.5, 1, 2)
    wide = F.gaussian_nll_loss(pred, target, var[:, None].expand(3, 2), reduction="none")
    for narrow in (var, var[:, None]):
        close(F.gaussian_nll_loss(pred, target, narrow, reduction="none"), wide)


@pitfall("tweedie", "XGBoost and LightGBM do so by themselves")
@pitfall("mean-absolute-percentage-error", "divides by max(1, |y|)")
def test_boosted():
    x = np.arange(200.0)[:, None]
    y = np.where(x[:, 0] % 3 == 0, 0.0, x[:, 0] / 400)
    data = xgboost.DMatrix(x, y)
    booster = xgboost.train({"objective": "reg:tweedie"}, data, 3)
    np.testing.assert_allclose(booster.predict(data), np.exp(booster.predict(data, output_margin=True)), rtol=1e-6)
    boosted = lightgbm.train({"objective": "tweedie", "verbose": -1}, lightgbm.Dataset(x, y), 3)
    close(boosted.predict(x), np.exp(boosted.predict(x, raw_score=True)))
    # Without a split a model predicts the best constant: the median of targets weighted by 1/max(1, |y|).
    y = np.arange(1.0, 200.0)
    alone = lambda y: lightgbm.train(
        {"objective": "mape", "verbose": -1, "min_data_in_leaf": 1000}, lightgbm.Dataset(y[:, None], y), 1
    ).predict([[0.0]]).item()
    weighted = y[np.searchsorted(np.cumsum(1 / y), np.sum(1 / y) / 2)]
    assert alone(y) == pytest.approx(weighted, abs=1.5) and weighted < 15
    assert alone(y / 250) == pytest.approx(np.median(y / 250), abs=1.5 / 250)


# --- relative and logarithmic errors


@pitfall("mean-absolute-percentage-error", "between 0 and the target costs 100 % at most")
@pitfall("mean-absolute-percentage-error", "a factor of 100 in value and gradient")
@pitfall("mean-absolute-percentage-error", "scikit-learn divides by 2.2e-16")
@pitfall("mean-absolute-percentage-error", "The gradient is ±1/|y|")
def test_percentage():
    pred, target = np.array([[1.5]]), tensor([2.0])
    percent = torch_gradient(lambda p: keras.losses.mean_absolute_percentage_error(target, p), pred)
    close(percent[0], 25)
    close(percent[1], -50)
    assert metrics.mean_absolute_percentage_error([2.0], [1.5]) == 0.25
    assert metrics.mean_absolute_percentage_error([2.0], [0.0]) == 1
    assert metrics.mean_absolute_percentage_error([2.0], [20.0]) == 9
    close(metrics.mean_absolute_percentage_error([0.0], [1.0]), 1 / np.finfo(float).eps)
    assert 1e15 < metrics.mean_absolute_percentage_error([0.0], [1.0]) < 1e16
    zero = keras.losses.mean_absolute_percentage_error(tensor([0.0]), tensor([1.0])).item()
    assert zero == pytest.approx(100 / 1e-7, rel=1e-6)
    for y in (0.5, 4):
        close(slope("mean-absolute-percentage-error", y + 1, y), 1 / y)
        close(slope("mean-absolute-percentage-error", y + 9, y), 1 / y)


@pitfall("mean-squared-logarithmic-error", "predicting 5 costs 0.37 and predicting 15 costs 0.14")
@pitfall("mean-squared-logarithmic-error", "Below 0 the definitions part")
@pitfall("mean-squared-logarithmic-error", "minimises half of it and wants labels above −1")
def test_squared_logarithmic():
    assert round(metrics.mean_squared_log_error([10.0], [5.0]), 2) == 0.37
    assert round(metrics.mean_squared_log_error([10.0], [15.0]), 2) == 0.14
    below = torch_gradient(lambda p: keras.losses.mean_squared_logarithmic_error(tensor([1.0]), p), np.array([[-0.5]]))
    close(below[0], (math.log1p(1e-7) - math.log(2)) ** 2)
    assert below[1].item() == 0
    with pytest.raises(ValueError):
        metrics.mean_squared_log_error([1.0], [-1.0])
    metrics.mean_squared_log_error([1.0], [-0.5])
    assert math.isnan(ours("mean-squared-logarithmic-error", {"pred": [[-1.5]], "target": [[1.0]]}).value.item())
    with pytest.raises(xgboost.core.XGBoostError, match="greater than -1"):
        xgboost.train({"objective": "reg:squaredlogerror"}, xgboost.DMatrix(np.ones((2, 1)), [-1, 1]), 1)


@pitfall("root-mean-squared-error", "gives NaN for every prediction")
@pitfall("root-mean-squared-error", "it is smaller or equal")
@pitfall("root-mean-squared-error", "is a metric, not a loss")
@pitfall("root-mean-squared-error", "for each output column")
@pitfall("root-mean-squared-logarithmic-error", "for each output column")
@pitfall("root-mean-squared-logarithmic-error", "NaN in every framework")
def test_root():
    fit = np.array([1.0, 2.0])
    assert np.isnan(torch_gradient(lambda p: torch.sqrt(F.mse_loss(p, tensor(1, 2))), fit)[1]).all()
    assert np.isnan(jax.grad(lambda p: jnp.sqrt(jnp.mean((p - fit) ** 2)))(fit)).all()
    y, p = np.array([[1.0, 5.0], [2.0, 9.0]]), np.array([[2.0, 5.5], [2.5, 6.0]])
    root = lambda a, b: math.sqrt(metrics.mean_squared_error(a, b))
    assert (root(y[:1], p[:1]) + root(y[1:], p[1:])) / 2 < root(y, p)
    close(metrics.root_mean_squared_error(y, p), (root(y[:, 0], p[:, 0]) + root(y[:, 1], p[:, 1])) / 2)
    assert metrics.root_mean_squared_error(y, p) != pytest.approx(root(y, p))
    logs = [math.sqrt(metrics.mean_squared_log_error(y[:, k], p[:, k])) for k in range(2)]
    close(metrics.root_mean_squared_log_error(y, p), sum(logs) / 2)
    with pytest.raises(ValueError):
        metrics.root_mean_squared_log_error([1.0], [-1.0])
    assert issubclass(keras.metrics.RootMeanSquaredError, keras.metrics.Metric)
    assert not hasattr(keras.losses, "RootMeanSquaredError")
    x, target = np.arange(200.0)[:, None], np.arange(200.0) % 7
    fitted = [
        lightgbm.train({"verbose": -1, "objective": name}, lightgbm.Dataset(x, target), 3).predict(x)
        for name in ("rmse", "regression")
    ]
    close(*fitted)


# --- tubes


@pitfall("epsilon-insensitive", "Defaults differ")
@pitfall("epsilon-insensitive", "a larger C fits more closely")
@pitfall("squared-epsilon-insensitive", "ridge regression, up to its intercept")
@pitfall("squared-epsilon-insensitive", "There is no factor ½")
def test_tube():
    assert SGDRegressor().epsilon == 0.1 and SVR().epsilon == 0.1 and LinearSVR().epsilon == 0
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 2))
    y = x @ [1.0, -2.0] + random.normal(size=60)
    fits = [np.abs(SVR(C=c, kernel="linear").fit(x, y).predict(x) - y).mean() for c in (1e-3, 10)]
    assert fits[1] < fits[0]
    # C·Σ(r²) + ½‖w‖² is ridge regression with alpha = 1/(2C).
    svr = LinearSVR(loss="squared_epsilon_insensitive", epsilon=0, C=0.05, fit_intercept=False, tol=1e-10, max_iter=100000)
    ridge = Ridge(alpha=1 / (2 * 0.05), fit_intercept=False).fit(x, y)
    np.testing.assert_allclose(svr.fit(x, y).coef_, ridge.coef_, rtol=1e-4)
    close(slope("squared-epsilon-insensitive", 3, 0, epsilon=1), 4)


# --- directions


@pitfall("cosine-similarity", "Signs differ")
@pitfall("cosine-similarity", "works along dim=1")
@pitfall("cosine-similarity", "grows as 1 / length of the prediction")
@pitfall("cosine-similarity", "gives NaN for a zero vector")
def test_cosine():
    a, b = tensor([1.0, 2.0, 3.0]), tensor([3.0, 1.0, -1.0])
    cosine = (a @ b.T / a.norm() / b.norm()).item()
    assert keras.losses.CosineSimilarity()(a, b).item() == pytest.approx(-cosine, rel=1e-6)
    close(torch.nn.CosineSimilarity()(a, b), cosine)
    close(optax.losses.cosine_distance(a.numpy(), b.numpy()), 1 - cosine)
    sequence = torch.randn(2, 5, 3, dtype=torch.float64)
    assert torch.nn.CosineSimilarity()(sequence, sequence).shape == (2, 3)
    assert torch.nn.CosineSimilarity(dim=-1)(sequence, sequence).shape == (2, 5)
    gradients = [torch_gradient(lambda p: F.cosine_similarity(p, b), k * a.numpy())[1] for k in (1, 10)]
    close(gradients[0], 10 * gradients[1])
    close((gradients[0] * a.numpy()).sum(), 0, "along the vector nothing changes")
    zero = np.zeros((1, 3))
    assert np.isnan(optax.losses.cosine_distance(zero, b.numpy())).all()
    assert np.isfinite(optax.losses.cosine_distance(zero, b.numpy(), epsilon=1e-8)).all()


def test_lengths_below_the_least_have_the_gradient_of_pytorch():
    """Vectors of length 0, below, at and above the least length that F.normalize and cosine_similarity divide by."""
    z2 = torch.randn(4, 3, dtype=torch.float64)
    direction = tensor(1, 0, 0)
    for length in (0.0, 1e-13, 1e-12, 1e-11, 1.0):
        z1 = torch.cat([length * direction[None], torch.randn(3, 3, dtype=torch.float64)]).requires_grad_()
        logits = F.normalize(z1) @ F.normalize(z2).T / 0.07
        expected = F.cross_entropy(logits, torch.arange(4), reduction="none")
        (gradient,) = torch.autograd.grad(expected.sum(), z1)
        actual = ours("info-nce", {"z1": z1.detach(), "z2": z2})
        np.testing.assert_allclose(actual.value, expected.detach(), rtol=1e-9)
        np.testing.assert_allclose(actual.gradients["z1"], gradient, rtol=1e-9, atol=1e-12 * gradient.abs().max().item())
    for length in (0.0, 1e-9, 1e-8, 1e-7, 1.0):
        pred = (length * direction[None]).requires_grad_()
        expected = F.cosine_similarity(pred, z2[:1])
        (gradient,) = torch.autograd.grad(expected.sum(), pred)
        actual = ours("cosine-similarity", {"pred": pred.detach(), "target": z2[:1]}, convention="torch")
        close(actual.value, expected.detach())
        np.testing.assert_allclose(actual.gradients["pred"], gradient, rtol=1e-9, atol=1e-12 * gradient.abs().max().item())


@pitfall("half-squared-error", "N × N pairs")
def test_broadcasting_is_warned_of_by_pytorch_only():
    with pytest.warns(UserWarning, match="size"):
        assert F.mse_loss(torch.zeros(4, 1), torch.zeros(4), reduction="none").shape == (4, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for library in (np, jnp):
            assert (library.square(library.zeros((4, 1)) - library.zeros(4))).shape == (4, 4)
