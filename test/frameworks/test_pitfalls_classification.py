"""The pitfalls of classification losses, done (those of the most common ones are in test_pitfalls.py)."""

import math
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
import scipy.optimize
import scipy.spatial.distance
import torch
from catalogue import ours
from pitfalls import pitfall
from sklearn import metrics
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.svm import LinearSVC
from test_pitfalls import close, torch_gradient

F = torch.nn.functional
BCE_P, NLL = "binary-cross-entropy", "negative-log-likelihood"
SPARSE, CATEGORICAL, SOFT = "sparse-categorical-cross-entropy", "categorical-cross-entropy", "softmax-cross-entropy-distribution"


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def score(loss, prediction, label, convention=None, **parameters):
    """Value and gradient at one score or probability."""
    inputs = {"pred": [[prediction]], "target": [[label]]}
    answer = ours(loss, inputs, convention=convention, **parameters)
    return answer.value.item(), answer.gradients["pred"].item()


# --- probabilities


@pitfall(BCE_P, "all elements of input should be between 0 and 1")
@pitfall(BCE_P, "costs 100 in PyTorch, 16.118 in Keras and TensorFlow.js, 36.04 in scikit-learn")
def test_probabilities():
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        F.binary_cross_entropy(tensor(3), tensor(1))
    assert math.isfinite(keras.losses.BinaryCrossentropy()(tensor([1]), tensor([3])).item())
    close(F.binary_cross_entropy(tensor(0), tensor(1)), 100)
    assert round(keras.losses.BinaryCrossentropy()(tensor([1]), tensor([0])).item(), 3) == 16.118
    assert round(metrics.log_loss([1], [0.0], labels=[0, 1]), 2) == 36.04


@pitfall(BCE_P, "from a logit of about 17 on")
def test_sigmoid_rounds_to_1():
    logit = torch.tensor([18.0], requires_grad=True)
    zero = torch.zeros(1)
    assert torch.sigmoid(torch.tensor(16.0)) < 1 and torch.sigmoid(logit) == 1
    value = F.binary_cross_entropy(torch.sigmoid(logit), zero)
    assert value.item() == 100 and torch.autograd.grad(value, logit)[0].item() == 0
    clipped = keras.losses.BinaryCrossentropy(dtype="float32")(zero[None], torch.sigmoid(logit)[None])
    assert clipped.item() == pytest.approx(16, abs=0.2)


@pitfall(NLL, "On raw scores the loss is negative")
@pitfall(NLL, "is −∞ where the softmax rounds to 0")
@pitfall(NLL, "of type torch.long")
@pitfall(NLL, "When every target is ignored it is NaN")
def test_negative_log_likelihood():
    assert F.nll_loss(tensor([50.0, 0]), torch.tensor([0])).item() == -50
    assert -1 <= F.nll_loss(tensor([0.3, 0.7]), torch.tensor([0])).item() <= 0
    logits = torch.tensor([[0.0, 200.0]])
    assert torch.isinf(F.nll_loss(torch.log(torch.softmax(logits, 1)), torch.tensor([0])))
    close(F.nll_loss(torch.log_softmax(logits, 1), torch.tensor([0])), 200)
    with pytest.raises(RuntimeError):
        F.nll_loss(logits, torch.tensor([0.0]))
    F.nll_loss(torch.zeros(2, 3, 5), torch.zeros(2, 5, dtype=torch.long))
    weight = tensor(1, 3)
    two = tensor([-1.0, -2], [-3, -0.5])
    close(F.nll_loss(two, torch.tensor([0, 1]), weight=weight), (1 * 1 + 3 * 0.5) / 4)
    assert torch.isnan(F.nll_loss(two, torch.tensor([-100, -100])))


@pitfall(SPARSE, "The model must end in a softmax")
@pitfall(CATEGORICAL, "The model must end in a softmax")
@pitfall(SPARSE, "Keras raises where the shapes do not fit")
@pitfall(CATEGORICAL, "Keras raises where the shapes do not fit")
@pitfall(SPARSE, "at most about 16.118")
@pitfall(CATEGORICAL, "the loss is at most 16.118")
@pitfall(SPARSE, "With ignore_class the mean divides by the number of labels that count")
def test_keras_on_probabilities():
    sparse, categorical = keras.losses.sparse_categorical_crossentropy, keras.losses.categorical_crossentropy
    scores, label, onehot = tensor([3.0, 1.0, -2.0]), torch.tensor([1]), tensor([0, 1, 0])
    right = F.cross_entropy(scores, label).item()
    for call, target in ((sparse, label), (categorical, onehot)):
        assert math.isfinite(call(target, scores).item())
        assert call(target, scores).item() != pytest.approx(right, rel=0.05)
    with pytest.raises(ValueError):
        keras.losses.SparseCategoricalCrossentropy()(torch.eye(3)[:2], torch.full((2, 3), 1 / 3))
    with pytest.raises(ValueError):
        keras.losses.CategoricalCrossentropy()(torch.tensor([0, 1]), torch.full((2, 3), 1 / 3))
    wrong = np.array([[1.0, 0.0, 0.0]])
    for call, target in ((sparse, label), (categorical, onehot)):
        value, gradient = torch_gradient(lambda p: call(target, p), wrong)
        assert round(value.item(), 2) == 16.12 and gradient[0, 1] == 0
    ignoring = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    rows = torch.full((3, 3), 1 / 3)
    assert ignoring(torch.tensor([0, -1, 2]), rows).item() == pytest.approx(math.log(3), rel=1e-6)
    assert ignoring(torch.tensor([-1, -1, -1]), rows).item() == 0
    assert torch.isnan(F.cross_entropy(rows, torch.tensor([-100, -100, -100])))


@pitfall(CATEGORICAL, "are read as (0.4, 0.2, 0.4)")
@pitfall(CATEGORICAL, "the same mistake costs up to 36.04")
def test_rows_are_divided_by_their_sum():
    onehot = tensor([0, 1, 0])
    read = keras.losses.categorical_crossentropy(onehot, tensor([0.5, 0.25, 0.5])).item()
    assert read == pytest.approx(-math.log(0.2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert metrics.log_loss([1], [[0.5, 0.25, 0.5]], labels=[0, 1, 2]) != pytest.approx(-math.log(0.2), rel=1e-3)
    assert round(metrics.log_loss([1], [[1.0, 0.0, 0.0]], labels=[0, 1, 2]), 2) == 36.04


# --- divergences


@pitfall("kl-divergence", "the loss comes out negative")
@pitfall("kl-divergence", "Its default reduction \"mean\" divides by rows × classes")
@pitfall("kl-divergence", "PyTorch and optax take the prediction first, Keras the truth")
@pitfall("kl-divergence", "Keras takes probabilities on both sides")
@pitfall("kl-divergence", "by the entropy of the target only")
def test_kl():
    p, y = tensor([0.2, 0.3, 0.5], [0.1, 0.1, 0.8]), tensor([0.5, 0.25, 0.25], [0.3, 0.3, 0.4])
    rows = (y * (y / p).log()).sum(1)
    assert F.kl_div(p, y, reduction="batchmean") < 0
    with pytest.warns(UserWarning, match="batchmean"):
        close(F.kl_div(p.log(), y), rows.sum() / 6)
    close(F.kl_div(p.log(), y, reduction="batchmean"), rows.mean())
    close(optax.losses.kl_divergence(p.log().numpy(), y.numpy()), rows)
    close(optax.losses.kl_divergence_with_log_targets(p.log().numpy(), y.log().numpy()), rows)
    close(F.kl_div(p.log(), y.log(), log_target=True, reduction="none").sum(1), rows)
    close(keras.losses.kl_divergence(y, p), rows)
    assert not np.allclose(keras.losses.kl_divergence(p, y), rows, rtol=0.01)
    clipped = keras.losses.kl_divergence(tensor([0.5, 0.5]), tensor([1.0, 0.0])).item()
    assert clipped == pytest.approx(0.5 * math.log(0.5) + 0.5 * math.log(0.5 / 1e-7))
    z = np.array([[0.3, -1.0, 2.0]])
    divergence = torch_gradient(lambda z: F.kl_div(torch.log_softmax(z, 1), y[:1], reduction="sum"), z)
    entropy = torch_gradient(lambda z: F.cross_entropy(z, y[:1]), z)
    close(divergence[1], entropy[1])
    close(entropy[0] - divergence[0], -(y[:1] * y[:1].log()).sum())


@pitfall("js-divergence", "returns the square root")
@pitfall("js-divergence", "In bits (base 2) the largest value is 1, in nats 0.693")
def test_js():
    p, y = [0.2, 0.3, 0.5], [0.5, 0.25, 0.25]
    distance = scipy.spatial.distance.jensenshannon
    close(distance(p, y) ** 2, ours("js-divergence", {"pred": [p], "target": [y]}).value)
    assert distance([1, 0], [0, 1], base=2) ** 2 == pytest.approx(1)
    assert round(distance([1, 0], [0, 1]) ** 2, 3) == 0.693


@pitfall(SOFT, "0.693 for (0.5, 0.5)")
@pitfall(SOFT, "one-hot labels of type long raise an error")
@pitfall(SOFT, "divides by the number of samples here")
@pitfall(SOFT, "makes the loss NaN")
def test_shares():
    half = tensor([0.5, 0.5])
    assert round(F.cross_entropy(tensor([0.0, 0.0]), half).item(), 3) == 0.693
    assert F.cross_entropy(tensor([0.1, 0.0]), half) > math.log(2)
    with pytest.raises((RuntimeError, ValueError)):
        F.cross_entropy(tensor([0.0, 0.0]), torch.tensor([[1, 0]]))
    logits, labels, weight = tensor([1.0, 0], [0.5, 2]), torch.tensor([0, 1]), tensor(1, 3)
    each = F.cross_entropy(logits, labels, reduction="none") * weight[labels]
    close(F.cross_entropy(logits, F.one_hot(labels).double(), weight=weight), each.sum() / 2)
    close(F.cross_entropy(logits, labels, weight=weight), each.sum() / 4)
    masked, sure = tensor([0.0, -math.inf]), tensor([1.0, 0.0])
    assert torch.isnan(F.cross_entropy(masked, sure))
    assert np.isnan(optax.softmax_cross_entropy(masked.numpy(), sure.numpy())).all()
    assert optax.safe_softmax_cross_entropy(jnp.asarray(masked.numpy()), jnp.asarray(sure.numpy())).item() == 0


@pitfall(SOFT, "that of the others Σ_c y_c · softmax(z) − y")
def test_shares_that_do_not_sum_to_1():
    y, z = np.array([[0.5, 1.0, 0.0]]), np.array([[0.3, -1.0, 2.0]])
    softmax = torch.softmax(torch.from_numpy(z), 1).numpy()
    expected = y.sum() * softmax - y
    close(torch_gradient(lambda z: F.cross_entropy(z, torch.from_numpy(y)), z)[1], expected)
    close(jax.grad(lambda z: optax.softmax_cross_entropy(z, y).sum())(z), expected)
    close(ours(SOFT, {"pred": z, "target": y}, convention="tf").gradients["pred"], softmax - y)


# --- focal losses and their like


@pitfall("binary-focal", "makes positives count a third of negatives")
@pitfall("binary-focal", "optax alpha=None, and Keras ignores alpha unless apply_class_balancing=True")
@pitfall("binary-focal", "Keras expects probabilities unless from_logits=True")
def test_binary_focal():
    assert (0.25 / (1 - 0.25)) == pytest.approx(1 / 3)
    z, y = np.array([0.3, -2.0]), np.array([1.0, 0.0])
    p = 1 / (1 + np.exp(-z))
    share = np.where(y == 1, p, 1 - p)
    plain = -((1 - share) ** 2) * np.log(share)
    close(optax.losses.sigmoid_focal_loss(z, y), plain)
    keras_rows = lambda predicted, **options: keras.losses.BinaryFocalCrossentropy(reduction=None, **options)(y[:, None], predicted[:, None])
    close(keras_rows(p), plain)
    close(keras_rows(p, alpha=0.9), plain)
    close(keras_rows(p, alpha=0.25, apply_class_balancing=True), plain * np.where(y == 1, 0.25, 0.75))
    close(keras_rows(z, from_logits=True), plain)


@pitfall("categorical-focal", "at p_y = 0.9 it is 0.00026 with the defaults, cross-entropy 0.105")
@pitfall("categorical-focal", "Keras expects probabilities and one-hot labels")
@pitfall("categorical-focal", "For a weight per class give Keras’s alpha a list")
def test_categorical_focal():
    p, y = tensor([0.9, 0.1]), tensor([1.0, 0.0])
    value = keras.losses.CategoricalFocalCrossentropy()(y, p).item()
    assert round(value, 5) == 0.00026 and round(-math.log(0.9), 3) == 0.105
    assert value == pytest.approx(0.25 * 0.1**2 * -math.log(0.9), rel=1e-5)
    listed = keras.losses.CategoricalFocalCrossentropy(alpha=[0.5, 2.0])(y, p).item()
    assert listed == pytest.approx(2 * value, rel=1e-5)


@pitfall("generalised-cross-entropy", "raw scores below 0 give NaN")
@pitfall("generalised-cross-entropy", "0.5 in keras.losses.CategoricalGeneralizedCrossEntropy")
@pitfall("generalised-cross-entropy", "by class and function only")
@pitfall("generalised-cross-entropy", "0.04 for 100 classes at q = 0.7")
def test_generalised_cross_entropy():
    made = keras.losses.CategoricalGeneralizedCrossEntropy
    assert made().q == 0.5
    with pytest.raises(TypeError):
        made(from_logits=True)
    assert torch.isnan(made()(torch.tensor([0]), tensor([-1.0, 2.0])))
    with pytest.raises(ValueError):
        keras.losses.get("categorical_generalized_cross_entropy")
    assert round(0.01**0.7, 2) == 0.04
    z = torch.zeros(1, 100, dtype=torch.float64, requires_grad=True)
    p = torch.softmax(z, 1)[:, 0]
    slopes = [torch.autograd.grad(f.sum(), z, retain_graph=True)[0] for f in ((1 - p**0.7) / 0.7, -p.log())]
    close(slopes[0], 0.01**0.7 * slopes[1])


@pitfall("poly-1-cross-entropy", "not class indices")
@pitfall("poly-1-cross-entropy", "the best prediction is about 82 : 18")
def test_poly():
    logits = np.array([[1.0, 0.0]])
    with pytest.raises((TypeError, ValueError, AssertionError)):
        optax.losses.poly_loss_cross_entropy(logits, np.array([0]))
    expected = lambda p: -sum(
        s * (math.log(q) - 2 * (1 - q)) for s, q in ((0.7, p), (0.3, 1 - p))
    )
    best = scipy.optimize.minimize_scalar(expected, bounds=(0.5, 0.99), method="bounded").x
    assert round(best, 2) == 0.82


# --- margins


@pitfall("hinge", "those rows cost exactly 1 whatever the score")
@pitfall("squared-hinge", "those rows cost exactly 1 whatever the score")
@pitfall("exponential", "those rows cost exactly 1 whatever the score")
@pitfall("modified-huber", "those rows cost exactly 1 whatever the score")
@pitfall("savage", "those rows cost 0.25 whatever the score")
@pitfall("perceptron", "those rows cost 0 and teach nothing")
@pitfall("logistic", "0.693 whatever the score")
def test_label_0_in_place_of_minus_1():
    price = {"savage": 0.25, "perceptron": 0, "logistic": math.log(2)}
    for loss in ("hinge", "squared-hinge", "exponential", "modified-huber", "savage", "perceptron", "logistic"):
        for prediction in (-3.0, 0.5, 7.0):
            value, gradient = score(loss, prediction, 0)
            close(value, price.get(loss, 1))
            assert gradient == 0
    close(torch.nn.SoftMarginLoss()(tensor(5), tensor(0)), math.log(2))
    close(optax.losses.hinge_loss(np.array([5.0]), np.array([0.0])), 1)


@pitfall("hinge", "Keras converts them where all labels of the batch are 0 or 1")
@pitfall("hinge", "a batch with a single −1 is not converted")
@pitfall("squared-hinge", "Keras converts labels 0 and 1")
@pitfall("hinge", "−y/2 in optax")
def test_hinge_labels():
    for call, power in ((keras.losses.Hinge, 1), (keras.losses.SquaredHinge, 2)):
        rows = lambda y, f: call(reduction=None)(tensor(*[[v] for v in y]), tensor(*[[v] for v in f])).numpy()
        close(rows([0, 1], [-0.5, 3]), [0.5**power, 0])
        close(rows([1, 1], [0.5, -1]), [0.5**power, 2**power])
        close(rows([0, -1], [-0.5, -0.5]), [1, 0.5**power])
    close(optax.losses.hinge_loss(np.array([-0.5]), np.array([0.0])), 1)
    assert score("hinge", 1, 1)[1] == 0
    assert jax.grad(lambda f: optax.losses.hinge_loss(f, 1.0))(1.0) == -0.5


@pitfall("hinge", "the margin of label −1 is never positive")
def test_hinge_behind_a_sigmoid():
    for z in (-50.0, 0.0, 3.0):
        assert score("hinge", 1 / (1 + math.exp(-z)), -1)[0] >= 1


@pitfall("squared-hinge", "C is 1/(alpha · rows)")
def test_linear_svc():
    assert LinearSVC().loss == "squared_hinge"
    random = np.random.default_rng(0)
    x = random.normal(size=(80, 2))
    y = np.where(x @ [1.0, -1.0] + random.normal(size=80) > 0, 1, -1)
    alpha = 0.05
    svc = LinearSVC(C=1 / (alpha * 80), fit_intercept=False, tol=1e-10, max_iter=100000).fit(x, y).coef_[0]
    objective = lambda w: np.mean(np.maximum(0, 1 - y * (x @ w)) ** 2) + alpha / 2 * w @ w
    np.testing.assert_allclose(svc, scipy.optimize.minimize(objective, np.zeros(2), tol=1e-12).x, atol=1e-4)
    sgd = SGDClassifier(loss="squared_hinge", alpha=alpha, fit_intercept=False, max_iter=3000, tol=None, random_state=0)
    np.testing.assert_allclose(sgd.fit(x, y).coef_[0], svc, atol=0.02)


@pitfall("logistic", "BCEWithLogitsLoss on labels (y + 1)/2 is the same and safe")
def test_soft_margin():
    margins = torch.tensor([-90.0], requires_grad=True)
    value = torch.nn.SoftMarginLoss()(margins, torch.ones(1))
    assert torch.isinf(value) and torch.isnan(torch.autograd.grad(value, margins)[0])
    f, y = tensor(0.3, -4, 2), tensor(1, -1, -1)
    close(F.binary_cross_entropy_with_logits(f, (y + 1) / 2), torch.nn.SoftMarginLoss()(f, y))
    safe = F.binary_cross_entropy_with_logits(torch.tensor([-90.0]), torch.ones(1))
    assert safe.item() == 90


@pitfall("exponential", "A margin of −100 costs 2.7e43")
@pitfall("exponential", "takes two classes only")
@pitfall("exponential", "the probability is σ(2f)")
def test_exponential():
    assert f"{score('exponential', -100, 1)[0]:.1e}" == "2.7e+43"
    assert np.isfinite(np.exp(np.float32(88))) and np.isinf(np.exp(np.float32(89)))
    with pytest.raises(ValueError):
        GradientBoostingClassifier(loss="exponential").fit([[0], [1], [2]], [0, 1, 2])
    boosted = GradientBoostingClassifier(loss="exponential", n_estimators=3).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    f = boosted.decision_function([[1.0], [2.0]])
    close(boosted.predict_proba([[1.0], [2.0]])[:, 1], 1 / (1 + np.exp(-2 * f)))


@pitfall("modified-huber", "(clip(f, −1, 1) + 1)/2")
@pitfall("modified-huber", "Its slope is −4 in the tail")
def test_modified_huber():
    model = SGDClassifier(loss="modified_huber").fit([[-3.0], [3.0], [-2.0], [2.0]], [0, 1, 0, 1])
    x = np.linspace(-3, 3, 13)[:, None]
    f = model.decision_function(x)
    close(model.predict_proba(x)[:, 1], (np.clip(f, -1, 1) + 1) / 2)
    close(score("modified-huber", -9, 1)[1], -4)
    close(score("hinge", -9, 1)[1], -1)


@pitfall("perceptron", "−y/2 in optax")
@pitfall("perceptron", "The score 0 for every row costs 0")
def test_perceptron():
    assert score("perceptron", 0, 1) == (0, 0)
    assert jax.grad(lambda f: optax.losses.perceptron_loss(f, 1.0))(0.0) == -0.5


@pitfall("savage", "0.00009")
@pitfall("savage", "torch.nn.MSELoss behind a sigmoid is the same")
def test_savage():
    assert round(abs(score("savage", -10, 1)[1]), 5) == 0.00009
    assert abs(score("logistic", -10, 1)[1]) == pytest.approx(1, abs=1e-4)
    for f, y in ((0.3, 1), (-2.0, 1), (1.5, -1)):
        close(score("savage", f, y)[0], torch.nn.MSELoss()(torch.sigmoid(tensor(f)), tensor((y + 1) / 2)))


@pitfall("brier", "0.5 against 0.25 for always saying 50 %")
@pitfall("brier", "always saying 1 % costs 0.0099 where 1 % happen")
@pitfall("brier", "scores 16 without an error in torch.nn.functional.mse_loss")
@pitfall("brier", "torch.nn.MSELoss on probabilities trains on it")
def test_brier():
    assert metrics.brier_score_loss([1, 0], [0.5, 0.5]) == 0.25
    assert ours("brier", {"pred": [[0.5, 0.5]], "target": [1]}, convention="multiclass").value.item() == 0.5
    close(metrics.brier_score_loss([1] + [0] * 99, [0.01] * 100), 0.0099)
    assert F.mse_loss(tensor(5), tensor(1)).item() == 16
    with pytest.raises(ValueError):
        metrics.brier_score_loss([1, 0], [5.0, 0.5])
    close(torch.nn.MSELoss()(tensor(0.3, 0.6), tensor(0, 1)), metrics.brier_score_loss([0, 1], [0.3, 0.6]))


# --- several classes


@pitfall("categorical-hinge", "costs 3 here and 0 there")
@pitfall("categorical-hinge", "are broadcast by Keras")
@pitfall("multiclass-hinge", "the loss is larger")
@pitfall("multiclass-hinge", "divides by the number of classes")
@pitfall("multiclass-hinge", "needs labels=…")
def test_multiclass_hinges():
    scores = [-2.0, -5.0]
    assert keras.losses.CategoricalHinge()(tensor([1.0, 0.0]), tensor(scores)).item() == 3
    assert ours("multiclass-hinge", {"pred": [scores], "target": [0]}).value.item() == 0
    indices = keras.losses.CategoricalHinge()(torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0, -1.0], [0.5, 2.0]]))
    assert math.isfinite(indices.item())
    worst = np.array([[1.0, 0.8, 2.0]])
    close(metrics.hinge_loss([0], worst, labels=[0, 1, 2]), 2)
    close(torch.nn.MultiMarginLoss()(torch.from_numpy(worst), torch.tensor([0])), (0.8 + 2) / 3)
    with pytest.raises(ValueError, match="labels"):
        metrics.hinge_loss([0, 1, 2], np.zeros((3, 4)))


@pitfall("categorical-hinge", "Where wrong classes tie Keras shares the gradient")
def test_tie_of_wrong_classes():
    y = tensor([1.0, 0, 0])
    gradient = torch_gradient(lambda f: keras.losses.categorical_hinge(y, f), np.array([[0.0, 0.5, 0.5]]))[1]
    close(gradient, [[-1, 0.5, 0.5]])


@pitfall("multi-margin", "the wrong way round cost 1, not 2")
@pitfall("multi-margin", "With class weights the mean divides by the number of rows")
@pitfall("multi-margin", "Only p = 1 and p = 2 exist")
def test_multi_margin():
    assert F.multi_margin_loss(tensor([0.0, 1.0]), torch.tensor([0])).item() == 1
    scores, labels, weight = tensor([0.0, 0.5], [0.2, 0.0]), torch.tensor([0, 1]), tensor(1, 3)
    each = F.multi_margin_loss(scores, labels, reduction="none")
    close(F.multi_margin_loss(scores, labels, weight=weight), (each * weight[labels]).sum() / 2)
    with pytest.raises((RuntimeError, ValueError), match="p"):
        F.multi_margin_loss(scores, labels, p=3)


@pitfall("multilabel-margin", "means the classes 0, 1 and 1")
@pitfall("multilabel-margin", "a label behind it is ignored")
@pitfall("multilabel-margin", "A sample that has no class, or every class, costs 0")
def test_multilabel_margin():
    scores = tensor([0.1, 0.4, -0.3])
    loss = lambda *labels: F.multilabel_margin_loss(scores, torch.tensor([labels])).item()
    # The only other class is 2, against which each of the three labels stands.
    terms = [max(0, 1 - (scores[0, k].item() + 0.3)) for k in (0, 1, 1)]
    assert loss(0, 1, 1) == pytest.approx(sum(terms) / 3)
    assert loss(0, -1, 2) == loss(0, -1, -1)
    assert loss(-1, -1, -1) == 0 and loss(0, 1, 2) == 0


@pitfall("multilabel-soft-margin", "gives one value a row")
@pitfall("multilabel-soft-margin", "multiplies both answers")
@pitfall("multilabel-soft-margin", "reduction=\"sum\" adds up means")
def test_multilabel_soft_margin():
    z, y, weight = tensor([0.3, -1.0], [2.0, 0.1]), tensor([1.0, 0.0], [0.0, 1.0]), tensor(3, 0.5)
    each = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    close(F.multilabel_soft_margin_loss(z, y, reduction="none"), each.mean(1))
    close(F.multilabel_soft_margin_loss(z, y), each.mean())
    close(F.multilabel_soft_margin_loss(z, y, weight=weight, reduction="none"), (weight * each).sum(1) / 2)
    close(F.multilabel_soft_margin_loss(z, y, reduction="sum"), each.sum() / 2)


@pitfall("sparsemax", "as soon as the true class leads by 1")
@pitfall("sparsemax", "optax.losses.sparsemax_loss is the binary one")
@pitfall("sparsemax", "is −∞ where it said 0")
def test_sparsemax():
    at = lambda *scores: ours("sparsemax", {"pred": [scores], "target": [0]})
    assert at(1.0, 0.0, -3.0).value.item() == 0 and not at(1.5, 0.0, -3.0).gradients["pred"].any()
    assert at(0.9, 0.0, -3.0).value.item() > 0
    close(optax.losses.multiclass_sparsemax_loss(np.array([[0.9, 0.0, -3.0]]), np.array([0])), at(0.9, 0.0, -3.0).value)
    assert optax.losses.sparsemax_loss(np.array([0.3]), np.array([1])).shape == (1,)
    # The gradient is p − [c = y]: a class far behind has probability 0.
    assert at(0.9, 0.0, -3.0).gradients["pred"][0, 2] == 0
