"""What the catalogue warns of, done: every pitfall has a test that walks into it, every note a test that holds it."""

import functools
import json
import math
import re
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
import torch
import xgboost
from catalogue import ROOT, losses
from pitfalls import CLAIMED, pitfall, text_of
from scipy.optimize import minimize_scalar
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import SGDRegressor
from sklearn.metrics import mean_absolute_error, mean_squared_error
from test_solvers import sgd_derivative

F = torch.nn.functional
MSE, MAE, HUBER = "mean-squared-error", "mean-absolute-error", "huber"
BCE, CE = "binary-cross-entropy-logits", "softmax-cross-entropy"

def close(actual, expected, what=""):
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-13, err_msg=str(what))


def close_float32(actual, expected, what=""):
    """Keras takes means in single precision on PyTorch."""
    atol = 1e-6 * float(np.max(np.abs(expected)))
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=atol, err_msg=str(what))


def torch_gradient(call, prediction):
    leaf = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    value = call(leaf)
    (gradient,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach().numpy(), gradient.numpy()


def weighted_batches(loss_id):
    """Predictions, targets and a weight for each row, of several shapes."""
    generator = torch.Generator().manual_seed(7)
    for rows, columns in ((1, 1), (7, 1), (5, 3), (4, 2)):
        prediction = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
        target = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
        if loss_id == BCE:
            target = (target > 0).double()
        if loss_id == CE:
            prediction = torch.randn(rows, 4, generator=generator, dtype=torch.float64)
            target = torch.randint(0, 4, (rows,), generator=generator)
        yield prediction, target, 0.25 + 2 * torch.rand(rows, generator=generator, dtype=torch.float64)


def test_every_pitfall_of_the_common_losses_has_a_test():
    for loss_id, words in CLAIMED:
        text_of(loss_id, words)
    for loss_id in (MSE, MAE, HUBER, BCE, CE):
        for text in losses()[loss_id]["pitfalls"]:
            assert any(loss_id == other and words in text for other, words in CLAIMED), text


# --- shapes


@pitfall(MSE, "N × N pairs")
@pitfall(MAE, "N × N pairs")
@pytest.mark.parametrize(
    ("loss_id", "call", "statistic"), [(MSE, F.mse_loss, torch.mean), (MAE, F.l1_loss, torch.median)]
)
def test_broadcasting(loss_id, call, statistic):
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(9, generator=generator, dtype=torch.float64).exp()
    prediction = torch.zeros(9, 1, dtype=torch.float64, requires_grad=True)
    power = 2 if loss_id == MSE else 1
    with pytest.warns(UserWarning, match="size"):
        assert call(prediction, target, reduction="none").shape == (9, 9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (np.abs(prediction.detach().numpy() - target.numpy()) ** power).shape == (9, 9)
        assert (jnp.abs(jnp.zeros((9, 1)) - jnp.asarray(target.numpy())) ** power).shape == (9, 9)
    # Every row may have a prediction of its own, and yet all that is learned is one number.
    learned = statistic(target).item()
    assert f"the {statistic.__name__} of the target" in text_of(loss_id, "N × N pairs")
    assert abs(target.mean() - target.median()) > 0.1
    optimizer = torch.optim.Adam([prediction], 0.05)
    for step in range(2000):
        optimizer.param_groups[0]["lr"] = 0.05 * 0.995**step
        optimizer.zero_grad()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(prediction, target).backward()
        optimizer.step()
    np.testing.assert_allclose(prediction.detach().numpy(), learned, atol=1e-3)


@pitfall(BCE, "(N, 1) against (N,) raises")
def test_bce_targets():
    with pytest.raises(ValueError, match="same"):
        F.binary_cross_entropy_with_logits(torch.zeros(4, 1), torch.zeros(4))
    with pytest.raises(RuntimeError, match="Long"):
        F.binary_cross_entropy_with_logits(torch.zeros(4), torch.zeros(4, dtype=torch.long))


@pitfall(CE, "PyTorch wants the classes in dimension 1")
def test_class_axis():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    last = logits.movedim(1, -1)
    target = torch.randint(3, (2, 4), generator=generator)
    expected = F.cross_entropy(logits, target, reduction="none").numpy()
    close_float32(
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)(target, last).numpy(), expected
    )
    close(
        np.asarray(optax.softmax_cross_entropy_with_integer_labels(jnp.asarray(last.numpy()), jnp.asarray(target))),
        expected,
    )
    with pytest.raises((RuntimeError, ValueError)):
        F.cross_entropy(last, target)
    rows, labels = torch.zeros(2, 3), torch.tensor([0, 1])
    allowed = [torch.int64, torch.uint8]
    assert "(torch.long or torch.uint8)" in text_of(CE, "PyTorch wants the classes")
    for dtype in (torch.int64, torch.uint8, torch.int32, torch.int16, torch.int8, torch.bool):
        if dtype in allowed:
            F.cross_entropy(rows, labels.to(dtype))
        else:
            with pytest.raises((RuntimeError, IndexError)):
                F.cross_entropy(rows, labels.to(dtype))


def test_float_targets_are_probabilities():
    logits = torch.tensor([[1.0, -2.0, 0.5]])
    log_p = torch.log_softmax(logits, -1)
    target = torch.tensor([[0.2, 0.3, 0.5]])
    assert F.cross_entropy(logits, target).item() == pytest.approx(-(target * log_p).sum().item())
    assert torch.nn.CrossEntropyLoss()(logits, target).item() == pytest.approx(-(target * log_p).sum().item())


@pitfall(CE, "single output unit")
def test_single_output_unit():
    logits = torch.tensor([[3.0], [-2.0], [0.5]], requires_grad=True)
    target = torch.tensor([[0.0], [1.0], [0.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value = F.cross_entropy(logits, target)
    assert value.item() == 0
    (gradient,) = torch.autograd.grad(value, logits)
    assert not gradient.any()
    with pytest.warns(SyntaxWarning, match="num_classes"):
        assert keras.losses.CategoricalCrossentropy(from_logits=True)(target, logits.detach()).item() == 0
    with pytest.raises(IndexError, match="out of bounds"):
        F.cross_entropy(logits, torch.tensor([0, 1, 0]))
    with pytest.raises(IndexError, match="out of bounds"):
        keras.losses.SparseCategoricalCrossentropy(from_logits=True)(torch.tensor([0, 1, 0]), logits)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert math.isnan(optax.softmax_cross_entropy_with_integer_labels(jnp.zeros((1, 1)), jnp.array([1]))[0])


# --- factors, units, weights


@pitfall(MSE, "factor ½")
def test_half():
    for prediction, target in ((3.0, 1.0), (-0.5, 2.0)):
        full, derivative = (prediction - target) ** 2, 2 * (prediction - target)
        assert optax.l2_loss(prediction, target) == full / 2
        assert jax.grad(optax.l2_loss)(prediction, target) == derivative / 2
        step = sgd_derivative(SGDRegressor(loss="squared_error"), prediction, target)
        assert step == pytest.approx(derivative / 2)


@pitfall(MSE, "squared units")
def test_units():
    prediction, target = np.array([1.0, -2.0, 0.5]), np.array([0.0, 1.0, 3.0])
    value, gradient = torch_gradient(lambda p: F.mse_loss(p, torch.from_numpy(target)), prediction)
    large = torch_gradient(lambda p: F.mse_loss(p, torch.from_numpy(1000 * target)), 1000 * prediction)
    close(large[0], 1e6 * value)
    close(large[1], 1e3 * gradient)


@pitfall(MSE, "With weights")
@pitfall(MAE, "With weights")
@pitfall(HUBER, "With weights")
@pytest.mark.parametrize(
    ("loss_id", "call", "mean"),
    [
        (MSE, F.mse_loss, "byWeights"),
        (MAE, F.l1_loss, "byWeights"),
        (HUBER, F.huber_loss, "byElements"),
        (BCE, F.binary_cross_entropy_with_logits, "byElements"),
    ],
)
def test_torch_weights(loss_id, call, mean):
    for prediction, target, rows in weighted_batches(loss_id):
        weight = rows[:, None].expand_as(prediction)
        each = call(prediction, target, reduction="none")
        means = {"byWeights": (weight * each).sum() / weight.sum(), "byElements": (weight * each).mean()}
        value = call(prediction, target, weight=weight)
        close(value, means[mean])
        if len(rows) > 1:
            assert value.item() != pytest.approx(means[{"byWeights": "byElements", "byElements": "byWeights"}[mean]].item(), rel=1e-3)


@pytest.mark.parametrize(
    ("loss_id", "made"),
    [
        (MSE, keras.losses.MeanSquaredError),
        (MAE, keras.losses.MeanAbsoluteError),
        (HUBER, keras.losses.Huber),
        (BCE, functools.partial(keras.losses.BinaryCrossentropy, from_logits=True)),
        (CE, functools.partial(keras.losses.SparseCategoricalCrossentropy, from_logits=True)),
    ],
)
def test_keras_sample_weight(loss_id, made):
    """By the number of samples; by the weights under the reduction that says so."""
    for prediction, target, weight in weighted_batches(loss_id):
        rows = made(reduction=None)(target, prediction)
        close_float32(made()(target, prediction, sample_weight=weight).item(), (weight * rows).mean().item())
        averaged = made(reduction="mean_with_sample_weight")(target, prediction, sample_weight=weight)
        close_float32(averaged.item(), ((weight * rows).sum() / weight.sum()).item())


@pytest.mark.parametrize(("loss_id", "call"), [(MSE, mean_squared_error), (MAE, mean_absolute_error)])
def test_sklearn_sample_weight(loss_id, call):
    for prediction, target, weight in weighted_batches(loss_id):
        rows = [call(t[None], p[None]) for p, t in zip(prediction, target)]
        close(call(target, prediction, sample_weight=weight), np.average(rows, weights=weight))


@pitfall(CE, "With class weights")
def test_class_weights():
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 1.0, 2.0]], dtype=torch.float64)
    target = torch.tensor([0, 2])
    weight = torch.tensor([3.0, 1.0, 0.5], dtype=torch.float64)
    weighted_sum = (weight[target] * F.cross_entropy(logits, target, reduction="none")).sum()
    close(F.cross_entropy(logits, target, weight=weight), weighted_sum / weight[target].sum())
    keras_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    close_float32(keras_loss(target, logits, sample_weight=weight[target]).item(), weighted_sum.item() / 2)
    # What fit() makes of class_weight: at rate 0 it reports the loss of the model as it is.
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "linear", use_bias=False)])
    model.layers[0].set_weights([np.eye(3)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss=keras_loss)
    history = model.fit(logits.numpy(), target.numpy(), class_weight=dict(enumerate(weight.tolist())), verbose=0)
    close_float32(history.history["loss"][0], (weighted_sum / 2).item())
    assert torch.isnan(F.cross_entropy(logits, torch.tensor([-100, -100])))


# --- gradients that mislead


@pitfall(MSE, "behind a sigmoid or softmax")
def test_squared_error_behind_sigmoid_or_softmax():
    wrong = np.array([-20.0])
    one = torch.ones(1, dtype=torch.float64)
    squared = torch_gradient(lambda z: F.mse_loss(torch.sigmoid(z), one), wrong)[1]
    entropy = torch_gradient(lambda z: F.binary_cross_entropy_with_logits(z, one), wrong)[1]
    assert abs(squared.item()) < 1e-8 and entropy.item() == pytest.approx(-1)
    rows = np.array([[-20.0, 0.0, 1.0]])
    onehot = torch.eye(3, dtype=torch.float64)[:1]
    squared = torch_gradient(lambda z: F.mse_loss(torch.softmax(z, -1), onehot), rows)[1]
    entropy = torch_gradient(lambda z: F.cross_entropy(z, torch.tensor([0])), rows)[1]
    assert abs(squared[0, 0]) < 1e-8 and entropy[0, 0] == pytest.approx(-1)


@pitfall(MAE, "gradient is ±1 however small")
def test_constant_rate_never_settles():
    rate = 0.1

    def last_errors(call):
        weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([weight], rate)
        errors = []
        for _ in range(500):
            optimizer.zero_grad()
            call(weight, torch.full((1,), 0.537, dtype=torch.float64)).backward()
            optimizer.step()
            errors.append(abs(weight.item() - 0.537))
        return np.array(errors[-20:])

    jitter = last_errors(F.l1_loss)
    assert jitter.max() > rate / 2 and np.ptp(jitter) > 0.01
    assert last_errors(F.huber_loss).max() < 1e-9


@pitfall(MAE, "residual of exactly 0")
def test_gradient_at_zero():
    assert torch_gradient(lambda p: F.l1_loss(p, torch.zeros(1)), np.zeros(1))[1] == 0
    assert jax.grad(jnp.abs)(0.0) == 1
    # TensorFlow: golden cases of Keras.
    text = (ROOT / "test/fixtures/golden/mae.json").read_text(encoding="utf-8")
    found = 0
    for case in json.loads(text)["cases"]:
        if case["convention"] != "keras" or "pred" not in case["expected"].get("grad", {}):
            continue
        assert "tensorflow" in case["framework"]
        # Numbers that JSON lacks are strings.
        pred, target, gradient = (
            np.array([float(x) for x in array["data"]])
            for array in (case["inputs"]["pred"], case["inputs"]["target"], case["expected"]["grad"]["pred"])
        )
        residual = pred - target
        assert not gradient[residual == 0].any()
        found += np.sum(residual == 0)
    assert found > 0


@pitfall(MAE, "skewed target")
def test_median_of_a_skewed_target():
    target = np.exp(np.random.default_rng(0).normal(size=501))
    best = minimize_scalar(lambda p: mean_absolute_error(target, np.full(501, p)), bounds=(0, 10), method="bounded")
    assert best.x == pytest.approx(np.median(target), abs=1e-2)
    assert 501 * best.x < 0.75 * target.sum()


@pitfall(BCE, "Keras clips probabilities at 1e-7")
def test_keras_clips():
    loss = keras.losses.BinaryCrossentropy()
    one = torch.ones(1, 1, dtype=torch.float64)
    for call in (loss, keras.losses.get("binary_crossentropy")):
        value, gradient = torch_gradient(lambda p: call(one, p), np.array([[1e-9]]))
        assert value.item() == pytest.approx(-math.log(1e-7), rel=1e-5) and gradient.item() == 0
        assert torch_gradient(lambda p: call(one, p), np.array([[1e-5]]))[1].item() == pytest.approx(-1e5, rel=1e-3)
    logits = torch.tensor([[3.0]], dtype=torch.float64)
    assert float(loss(one, logits)) != pytest.approx(F.binary_cross_entropy_with_logits(logits, one).item())


@pitfall(CE, "string \"sparse_categorical_crossentropy\" expect probabilities")
def test_sparse_string_on_logits():
    logits = torch.tensor([[2.0, 1.0, 0.5]], dtype=torch.float64)
    target = torch.tensor([1])
    right = F.cross_entropy(logits, target).item()
    string = keras.losses.get("sparse_categorical_crossentropy")
    assert float(string(target, logits)) != pytest.approx(right, rel=0.1)
    assert float(string(target, torch.softmax(logits, -1))) == pytest.approx(right, rel=1e-5)
    assert float(
        keras.losses.SparseCategoricalCrossentropy(from_logits=True)(target, logits)
    ) == pytest.approx(right, rel=1e-5)


# --- floors, thresholds, calibration


@pitfall(BCE, "applied twice")
def test_sigmoid_twice():
    far = torch.tensor([-800.0, 800.0], dtype=torch.float64)
    for label, floor in ((1.0, math.log(1 + math.exp(-1))), (0.0, math.log(2))):
        values = torch.nn.BCEWithLogitsLoss(reduction="none")(torch.sigmoid(far), torch.full_like(far, label))
        assert values.min().item() == pytest.approx(floor)
        assert f"{floor:.3f} for label {label:.0f}" in text_of(BCE, "applied twice")


@pitfall(CE, "applied twice")
def test_softmax_twice():
    found = re.search(r"([\d.]+) for (\d+) classes", text_of(CE, "applied twice"))
    claimed, classes = float(found[1]), int(found[2])
    for count in (2, 3, classes):
        logits = torch.zeros(1, count, dtype=torch.float64)
        logits[0, 0] = 800
        value = torch.nn.CrossEntropyLoss()(torch.softmax(logits, -1), torch.tensor([0])).item()
        assert value == pytest.approx(math.log(1 + (count - 1) / math.e))
    assert round(value, 3) == claimed


@pitfall(BCE, "above 0, not above 0.5")
def test_threshold():
    logits = torch.tensor([-0.1, 0.1, 0.4], dtype=torch.float64)
    likelier = F.binary_cross_entropy_with_logits(logits, torch.ones(3).double(), reduction="none") < (
        F.binary_cross_entropy_with_logits(logits, torch.zeros(3).double(), reduction="none")
    )
    assert likelier.tolist() == [False, True, True]


@pitfall(BCE, "pos_weight multiplies only the positive term")
def test_positive_weight():
    logits = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)
    target = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    weight = torch.tensor(4.0, dtype=torch.float64)
    plain = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    call = functools.partial(F.binary_cross_entropy_with_logits, pos_weight=weight)
    close(call(logits, target), (plain * torch.tensor([4.0, 1.0, 4.0])).sum() / 3)
    # A fifth of the labels is 1; the best constant probability under the weight is not a fifth.
    labels = torch.tensor([1.0, 0, 0, 0, 0], dtype=torch.float64)
    at = lambda z: call(torch.full((5,), z, dtype=torch.float64), labels).item()
    best = minimize_scalar(at, bounds=(-5, 5), method="bounded").x
    assert 1 / (1 + math.exp(-best)) == pytest.approx(0.5, abs=1e-3)


# --- Huber


@pitfall(HUBER, "δ is in units of the target")
def test_huber_units():
    small, zero = torch.tensor([0.9, -0.2], dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    close(F.huber_loss(small, zero, reduction="none"), F.mse_loss(small, zero, reduction="none") / 2)
    large = torch.tensor([2000.0, -5000.0], dtype=torch.float64)
    close_ratio = F.huber_loss(large, zero, reduction="none") / F.l1_loss(large, zero, reduction="none")
    np.testing.assert_allclose(close_ratio.numpy(), 1, atol=1e-3)


@pitfall(HUBER, "SmoothL1Loss(beta)")
def test_smooth_l1():
    for beta in (0.25, 1, 3.5):
        prediction, target, _ = next(weighted_batches(HUBER))
        huber = torch.nn.HuberLoss(delta=beta)(prediction, target)
        close(torch.nn.SmoothL1Loss(beta=beta)(prediction, target), huber / beta)


@pitfall(HUBER, "tends to half the squared error")
def test_huber_large_delta():
    prediction, target = torch.tensor([3.0, 100.0]).double(), torch.tensor([0.0, -50.0]).double()
    close(torch.nn.HuberLoss(delta=1e9)(prediction, target), torch.nn.MSELoss()(prediction, target) / 2)


@pitfall(HUBER, "a quantile of the residuals")
def test_quantile_threshold():
    random = np.random.default_rng(0)
    x = random.normal(size=(101, 2))
    y = x[:, 0] + random.standard_t(2, size=101)
    for alpha in (0.5, 0.9):
        boosted = GradientBoostingRegressor(loss="huber", alpha=alpha, n_estimators=1).fit(x, y)
        start = torch.from_numpy(boosted.init_.predict(x).reshape(-1))
        target = torch.from_numpy(y)
        delta = np.quantile(np.abs(y - start.numpy()), alpha, method="inverted_cdf")
        prediction = torch.from_numpy(boosted.predict(x))
        assert boosted.train_score_[0] == pytest.approx(F.huber_loss(prediction, target, delta=delta).item(), rel=1e-6)
    with pytest.raises(xgboost.core.XGBoostError) as unknown:
        xgboost.train({"objective": "reg:huber"}, xgboost.DMatrix(x, label=y), num_boost_round=1)
    objectives = re.findall(r"Objective candidate: (\S+)", str(unknown.value))
    assert [name for name in objectives if "huber" in name] == ["reg:pseudohubererror"]
