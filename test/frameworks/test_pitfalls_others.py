"""The pitfalls of all other families, done; and none that names a framework without a test or a reason."""

import math

import jax
import jax.numpy as jnp
import keras
import lightgbm
import numpy as np
import optax
import pytest
import scipy.stats
import torch
import xgboost
from catalogue import losses, ours
from pitfalls import CLAIMED, FRAMEWORK, pitfall
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from test_pitfalls import close, torch_gradient

F = torch.nn.functional
SUPCON, TRIPLET = "supervised-contrastive", "triplet-margin"


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def normals(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


# What cannot be run here, by a piece of the sentence.
NOT_RUN = {
    ("binary-cross-entropy", "under automatic mixed precision on a GPU"): "needs a GPU",
    ("binary-focal", "torchvision’s reduction"): "torchvision is not installed; golden cases hold its values",
    ("cosface", "pytorch-metric-learning keeps the centres"): "pytorch-metric-learning is not installed",
    ("n-pair", "offers it as embedding_regularizer"): "pytorch-metric-learning is not installed",
    ("n-pair", "normalises the vectors unless told otherwise"): "as above; golden cases hold its values",
    (SUPCON, "Here and in pytorch-metric-learning"): "as above; golden cases hold its values",
    ("ranknet", "XGBoost’s rank:pairwise"): "neither reports the value that it trains on",
    ("wasserstein-critic", "With labels of ±1, as in Keras examples"): "about examples, not about Keras itself",
}


def test_every_pitfall_that_names_a_framework_has_a_test():
    import test_pitfalls
    import test_pitfalls_classification
    import test_pitfalls_regression

    assert test_pitfalls and test_pitfalls_classification and test_pitfalls_regression
    bare = [
        (loss_id, text)
        for loss_id, loss in losses().items()
        for text in loss["pitfalls"]
        if FRAMEWORK.search(text)
        and not any(loss_id == other and words in text for other, words in CLAIMED)
        and not any(loss_id == other and words in text for other, words in NOT_RUN)
    ]
    assert bare == []


# --- embeddings


@pitfall(TRIPLET, "1e-6·√D in the one and 1e-3 in the other")
@pitfall(TRIPLET, "adds up signed differences")
@pitfall(TRIPLET, "A loss that stays at the margin means a collapse")
@pitfall(TRIPLET, "FaceNet squares the distances, PyTorch does not")
def test_triplet():
    for features in (4, 128):
        same = torch.zeros(1, features, dtype=torch.float64)
        assert F.pairwise_distance(same, same).item() == pytest.approx(1e-6 * math.sqrt(features))
        far = np.full((1, features), 9.0)
        raised = optax.losses.triplet_margin_loss(np.zeros((1, features)), np.zeros((1, features)), far, margin=1e6)
        distance = 3 * 3 * math.sqrt(features)
        assert raised.item() - 1e6 + distance == pytest.approx(1e-3, rel=0.05)
    anchor, positive, negative = np.zeros((1, 2)), np.array([[1.0, -1.0]]), np.array([[0.5, -0.5]])
    signed = optax.losses.triplet_margin_loss(anchor, positive, negative, norm_degree=1, margin=1.0)
    assert signed.item() == pytest.approx(0 - 0 + 1, abs=1e-5)
    equal = torch.zeros(3, 2, dtype=torch.float64)
    close(torch.nn.TripletMarginLoss(margin=0.7)(equal, equal, equal), 0.7)
    a, p, n = normals(3, 2), normals(3, 2) + 1, normals(3, 2) * 2
    distance = lambda x, y: (x - y).square().sum(1).sqrt()
    own = torch.relu(distance(a, p) - distance(a, n) + 1).mean().item()
    assert torch.nn.TripletMarginLoss()(a, p, n).item() == pytest.approx(own, rel=1e-4)


@pitfall("info-nce", "is about ln N while nothing is learned (5.5 for 256)")
@pitfall("info-nce", "are three different numbers of one batch")
@pitfall("info-nce", "only if z1 and z2 were normalised before")
def test_info_nce():
    z1, z2 = normals(5, 3), normals(5, 3).flip(0) + 0.1
    plain = F.cross_entropy(z1 @ z2.T / 0.07, torch.arange(5)).item()
    unit = F.cross_entropy(F.normalize(z1) @ F.normalize(z2).T / 0.07, torch.arange(5)).item()
    pair = {"z1": z1, "z2": z2}
    values = [
        ours("info-nce", pair, reduction="mean").value.item(),
        ours("info-nce", pair, reduction="mean", convention="clip").value.item(),
        ours("nt-xent", pair, reduction="mean", temperature=0.07).value.item(),
    ]
    assert values[0] == pytest.approx(unit) and values[0] != pytest.approx(plain, rel=1e-3)
    assert len({round(value, 6) for value in values}) == 3
    assert round(math.log(256), 1) == 5.5


@pitfall("contrastive", "its gradient is NaN in PyTorch for two equal vectors")
@pitfall("contrastive", "in the paper 1 means different")
@pitfall("contrastive", "The paper has a factor ½")
def test_contrastive():
    vector, other = np.ones((1, 2)), torch.ones(1, 2, dtype=torch.float64)
    written = torch_gradient(lambda x: torch.sqrt(((x - other) ** 2).sum()), vector)[1]
    assert np.isnan(written).all()
    assert (torch_gradient(lambda x: torch.linalg.vector_norm(x - other), vector)[1] == 0).all()
    far = {"x1": [[0.5, 0.0]], "x2": [[0.0, 0.0]]}
    paper = {label: ours("contrastive", {**far, "target": [label]}).value.item() for label in (0, 1)}
    tutorial = {
        label: ours("contrastive", {"pred": [[0.5]], "target": [[label]]}, convention="tutorial").value.item()
        for label in (0, 1)
    }
    for label in (0, 1):
        close(tutorial[1 - label], 2 * paper[label])


@pitfall("cosine-embedding", "gives pairs of label 0 a loss of 0")
@pitfall("cosine-embedding", "With the default margin 0")
@pitfall("cosine-embedding", "neither has labels")
def test_cosine_embedding():
    a, b = tensor([1.0, 0.2]), tensor([0.9, 0.3])
    assert F.cosine_embedding_loss(a, b, torch.tensor([0])).item() == 0
    assert F.cosine_embedding_loss(a, b, torch.tensor([-1])).item() > 0.9
    assert F.cosine_embedding_loss(tensor([1.0, 0]), tensor([0, 1.0]), torch.tensor([-1])).item() == pytest.approx(0, abs=1e-12)
    cosine = F.cosine_similarity(a, b).item()
    assert keras.losses.CosineSimilarity()(a, b).item() == pytest.approx(-cosine)
    close(torch.nn.CosineSimilarity()(a, b), cosine)


@pitfall("hinge-embedding", "for y = 1 it is the input itself")
@pitfall("hinge-embedding", "the loss there is d + max(0, m − d) and never below m")
@pitfall("hinge-embedding", "about 16 apart")
def test_hinge_embedding():
    for distance in (0.2, 3.0):
        at = lambda label, margin=1.0: F.hinge_embedding_loss(tensor(distance), tensor(label), margin=margin).item()
        assert at(1) == distance
        for margin in (0.5, 2.0):
            assert at(0, margin) == pytest.approx(distance + max(0, margin - distance))
            assert at(0, margin) >= margin
    x = normals(4000, 128)
    assert torch.linalg.vector_norm(x[::2] - x[1::2], dim=1).mean().item() == pytest.approx(16, abs=0.1)


@pitfall("nt-xent", "jnp.concatenate([z1, z2])")
@pitfall("nt-xent", "optax and pytorch-metric-learning default to 0.07")
@pitfall("nt-xent", "about ln(2N − 1)")
def test_nt_xent():
    z1, z2 = normals(6, 3), normals(6, 3).flip(0)
    both = jnp.concatenate([jnp.asarray(z1.numpy()), jnp.asarray(z2.numpy())])
    labels = jnp.tile(jnp.arange(6), 2)
    expected = ours("nt-xent", {"z1": z1, "z2": z2}, reduction="mean", temperature=0.07).value.item()
    assert optax.losses.ntxent(both, labels).item() == pytest.approx(expected, rel=1e-6)
    same = np.ones((8, 4))
    assert ours("nt-xent", {"z1": same, "z2": same}, reduction="mean").value.item() == pytest.approx(math.log(15))


@pitfall(SUPCON, "keeps at least ln P")
@pitfall("n-pair", "2.90 for 128 pairs")
@pitfall("n-pair", "Anchors and positives are not exchangeable")
def test_least_values():
    z, labels = np.array([[1.0, 0]] * 4 + [[-1.0, 0]]), [0, 0, 0, 0, 1]
    values = ours(SUPCON, {"pred": z, "target": labels}, temperature=0.01).value
    close(values[:4], math.log(3))
    assert round(math.log(1 + 127 * math.exp(-2)), 2) == 2.90
    z1, z2 = normals(8, 2).split(4)
    swapped = [ours("n-pair", {"z1": a, "z2": b}, reduction="mean").value.item() for a, b in ((z1, z2), (z2, z1))]
    assert swapped[0] != pytest.approx(swapped[1], rel=1e-3)


@pitfall("circle", "does not normalise")
@pitfall("circle", "are differentiated in Keras")
@pitfall("circle", "pytorch-metric-learning and Keras default to 80 and 0.4")
@pitfall("circle", "Without two samples of one class")
def test_circle():
    made = keras.losses.Circle()
    assert (made.gamma, made.margin) == (80, 0.4)
    z, labels = F.normalize(normals(6, 3)), torch.tensor([0, 0, 1, 1, 2, 2])
    made = keras.losses.Circle(gamma=2.0, reduction="sum", dtype="float64")
    assert made(labels, 2 * z).item() != pytest.approx(made(labels, z).item(), rel=1e-3)
    value, gradient = torch_gradient(lambda z: made(labels, z), z.numpy())
    pair = {"pred": z, "target": labels}
    constant = ours("circle", pair, reduction="sum", gamma=2.0)
    assert value.item() == pytest.approx(constant.value.item(), rel=1e-5)
    # The paper's gradient lies across the vectors; Keras's too once the part along them is taken out, and still differs.
    across = gradient - (gradient * z.numpy()).sum(1, keepdims=True) * z.numpy()
    assert np.abs(across - constant.gradients["pred"]).max() > 0.01 * np.abs(across).max()
    assert ours("circle", {"pred": z[:3], "target": [0, 1, 2]}, reduction="mean").value.item() == 0


@pitfall("arcface", "pytorch-metric-learning takes degrees: 28.6")
@pitfall("arcface", "has an infinite derivative at c = ±1")
@pitfall("cosface", "cannot fall below 7.2 even without a margin")
def test_angles():
    assert round(math.degrees(0.5), 1) == 28.6
    written = torch_gradient(lambda c: torch.cos(torch.acos(c) + 0.5), np.array([1.0]))[1]
    assert not np.isfinite(written).all()
    assert round(math.log(1 + 9999 * math.exp(-2)), 1) == 7.2
    inputs = {"pred": [[2.0, 0.0]], "centres": [[1.0, 0.0], [0.0, 1.0]], "target": [0]}
    assert np.isfinite(ours("arcface", inputs).gradients["pred"]).all()
    longer = {**inputs, "pred": [[20.0, 0.0]], "centres": [[3.0, 0.0], [0.0, 0.5]]}
    for loss in ("arcface", "cosface"):
        close(ours(loss, inputs).value, ours(loss, longer).value)


# --- ranking


@pitfall("margin-ranking", "The default margin is 0")
@pitfall("margin-ranking", "with a label of 0 the loss is the margin")
@pitfall("margin-ranking", "PyTorch’s derivative where the hinge bends is −y")
def test_margin_ranking():
    assert torch.nn.MarginRankingLoss().margin == 0
    assert F.margin_ranking_loss(tensor(1), tensor(1), tensor(1)).item() == 0
    assert F.margin_ranking_loss(tensor(5), tensor(1), tensor(0), margin=0.3).item() == pytest.approx(0.3)
    for label in (1.0, -1.0):
        gradient = torch_gradient(lambda x: F.margin_ranking_loss(x, tensor(1), tensor(label)), np.array([1.0]))[1]
        assert gradient.item() == -label
        assert jax.grad(lambda x: jnp.maximum(-label * (x - 1), 0))(1.0) == -label / 2
        assert jax.grad(lambda x: jax.nn.relu(-label * (x - 1)))(1.0) == 0


@pitfall("ranknet", "Items of equal relevance make no pair")
@pitfall("ranknet", "up to n(n − 1)/2 pairs")
def test_ranknet():
    at = lambda relevance: ours("ranknet", {"pred": [[0.0] * 4], "target": [relevance]}).value.item()
    assert at([2, 2, 2, 2]) == 0
    close(at([3, 2, 1, 0]), 6 * math.log(2))


@pitfall("bpr", "from a difference of −89 on in float32, and −710 in float64")
@pitfall("non-saturating-gan-generator", "is −∞ for logits below −89 in float32")
@pitfall("minimax-gan-generator", "is −∞ for logits from 17 on in float32")
@pitfall("minimax-gan-discriminator", "is −∞ for logits from 17 on in float32")
def test_logarithms_of_sigmoids_written_out():
    for dtype, edge in ((torch.float32, 89), (torch.float64, 710)):
        at = lambda x: -torch.log(torch.sigmoid(torch.tensor(float(x), dtype=dtype)))
        assert torch.isinf(at(-edge - 1)) and torch.isfinite(at(-edge + 2))
        assert torch.isfinite(F.softplus(torch.tensor(float(edge + 1), dtype=dtype)))
    other = lambda x: torch.log(1 - torch.sigmoid(torch.tensor(float(x))))
    assert torch.isinf(other(17)) and torch.isfinite(other(16))


@pitfall("listnet", "64 %, the same labels divided by 4 only 31 %")
@pitfall("listnet", "ln n for n equal labels")
@pitfall("listnet", "uses raw labels")
def test_listnet():
    labels = np.arange(5.0)
    share = lambda x: (np.exp(x) / np.exp(x).sum()).max()
    assert round(100 * share(labels)) == 64 and round(100 * share(labels / 4)) == 31
    close(ours("listnet", {"pred": [[0.0] * 6], "target": [[1.0] * 6]}).value, math.log(6))
    scores, zeros = jnp.array([[1.0, 3.0, 2.0]]), jnp.zeros((1, 3))
    assert optax.losses.ranking_softmax_loss(scores, zeros).item() == 0
    assert not np.asarray(jax.grad(lambda s: optax.losses.ranking_softmax_loss(s, zeros))(scores)).any()
    grades = jnp.array([[0.0, 2.0, 1.0]])
    expected = -np.sum(np.asarray(grades) * np.asarray(jax.nn.log_softmax(scores)))
    assert optax.losses.ranking_softmax_loss(scores, grades).item() == pytest.approx(expected)


@pitfall("listmle", "from scores of about 88 on in float32")
@pitfall("listmle", "Sum over the items")
def test_listmle():
    written = lambda s: torch.log(torch.cumsum(torch.exp(torch.tensor([s, 0.0])), 0))
    assert torch.isinf(written(89.0)).any() and torch.isfinite(written(88.0)).all()
    at = lambda n: ours("listmle", {"pred": [[0.0] * n], "target": [list(range(n))]}).value.item()
    close(at(5), math.log(math.factorial(5)))


@pitfall("lambdarank", "0, 1, 3, 7, 15, and a grade of 30 a billion")
@pitfall("lambdarank", "lambdarank_truncation_level")
def test_lambdarank():
    assert [2**y - 1 for y in range(5)] == [0, 1, 3, 7, 15] and round((2**30 - 1) / 1e9) == 1
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 2))
    y = np.clip(np.round(x[:, 0] + random.normal(size=400)), 0, 3).astype(int)
    fit = lambda **options: lightgbm.train(
        {"objective": "lambdarank", "verbose": -1, **options}, lightgbm.Dataset(x, y, group=[100] * 4), 3
    ).predict(x)
    close(fit(), fit(lambdarank_truncation_level=30, lambdarank_norm=True))
    assert np.abs(fit() - fit(lambdarank_norm=False)).max() > 1e-3
    assert np.abs(fit() - fit(lambdarank_truncation_level=100)).max() > 1e-4
    train = lambda grade: lightgbm.train(
        {"objective": "lambdarank", "verbose": -1}, lightgbm.Dataset(x, np.where(y == 3, grade, y), group=[100] * 4), 1
    )
    train(30)
    with pytest.raises(lightgbm.basic.LightGBMError, match="label_gain|Label"):
        train(31)


@pitfall("lambdarank", "differentiating through them")
def test_weights_are_detached():
    scores = np.array([0.3, -0.2])
    discount = lambda s: 1 / torch.log2(2 + torch.sigmoid(s[1] - s[0]))
    priced = lambda s, weight: weight * F.softplus(s[1] - s[0])
    through = torch_gradient(lambda s: priced(s, discount(s)), scores)
    constant = torch_gradient(lambda s: priced(s, discount(s).detach()), scores)
    close(through[0], constant[0])
    assert np.abs(through[1] - constant[1]).max() > 0.01


# --- segmentation


@pitfall("dice", "Keras gives 1, the worst value")
@pitfall("tversky", "Keras gives 1")
@pitfall("dice", "binary_dice_loss(smooth=s) is this loss with S = 2s")
@pitfall("dice", "Keras does the former, optax the latter")
@pitfall("dice", "Optax’s functions expect logits")
def test_dice():
    empty = torch.zeros(1, 4, 1)
    assert keras.losses.Dice()(empty, empty).item() == 1
    assert keras.losses.Tversky()(empty, empty).item() == 1
    assert ours("dice", {"pred": [[0.0] * 4], "target": [[0.0] * 4]}).value.item() == 0
    z, y = normals(2, 6), (normals(2, 6).flip(1) > 0).double()
    p = torch.sigmoid(z)
    for s in (0.5, 2.0):
        each = optax.losses.binary_dice_loss(z.numpy(), y.numpy(), smooth=s)
        np.testing.assert_allclose(each, ours("dice", {"pred": p, "target": y}, smooth=2 * s).value, rtol=1e-6)
    whole = 1 - 2 * (p * y).sum() / (p.sum() + y.sum() + 1e-7)
    assert keras.losses.Dice()(y, p).item() == pytest.approx(whole.item(), rel=1e-6)


@pitfall("jaccard", "it is ⅔ without smoothing")
@pitfall("jaccard", "J = 2D/(1 + D) without smoothing")
@pitfall("jaccard", "PyTorch, Keras and optax have no such loss")
def test_jaccard():
    half = {"pred": [[0.5] * 4], "target": [[0.5] * 4]}
    close(ours("jaccard", half, smooth=0.0).value, 2 / 3)
    masks = {"pred": [[0.9, 0.2, 0.4]], "target": [[1.0, 0.0, 1.0]]}
    dice, jaccard = (ours(loss, masks, smooth=0.0).value.item() for loss in ("dice", "jaccard"))
    close(jaccard, 2 * dice / (1 + dice))
    for module in (torch.nn, F, keras.losses, optax.losses):
        assert not [name for name in dir(module) if "jaccard" in name.lower() or "iou" in name.lower()]
    assert issubclass(keras.metrics.IoU, keras.metrics.Metric)


@pitfall("tversky", "In keras.losses.Tversky α weights false negatives")
@pitfall("tversky", "α = β = 1 is the Jaccard loss")
def test_tversky():
    y, missed, false = torch.tensor([[1.0, 1, 0, 0]]), torch.tensor([[1.0, 0, 0, 0]]), torch.tensor([[1.0, 1, 1, 0]])
    made = keras.losses.Tversky(alpha=0.9, beta=0.1)
    assert made(y, missed).item() == pytest.approx(1 - 1 / (1 + 0.9)) and made(y, false).item() == pytest.approx(1 - 2 / (2 + 0.1))
    assert "false positives" in keras.losses.Tversky.__doc__.split("alpha:")[1].split("beta:")[0].lower()
    masks = {"pred": [[0.9, 0.2, 0.4]], "target": [[1.0, 0.0, 1.0]]}
    close(ours("tversky", masks, alpha=1.0, beta=1.0, smooth=1.0).value, ours("jaccard", masks, smooth=1.0).value)


@pitfall("focal-tversky", "a framework multiplies it by 0 and gets NaN")
def test_focal_tversky():
    gradient = torch_gradient(lambda p: (1 - p) ** 0.75 * 1.0, np.array([1.0]))[1]
    assert np.isinf(gradient).all()
    chained = torch_gradient(lambda p: (1 - p.clamp(max=1) ** 2 / p**2) ** 0.75, np.array([1.0]))[1]
    assert np.isnan(chained).all()


@pitfall("lovasz-hinge", "twice the Jaccard loss")
@pitfall("lovasz-hinge", "no error can fall below 0")
def test_lovasz():
    y, right = np.array([[1.0, 1, 0, 0, 1]]), np.array([[1.0, -1, 1, -1, 1]])
    hard = (right > 0).astype(float)
    jaccard = ours("jaccard", {"pred": hard, "target": y}, smooth=0.0).value
    close(ours("lovasz-hinge", {"pred": right, "target": y}).value, 2 * jaccard)
    for p in (0.0, 0.5, 1.0):
        assert 1 - p >= 0 and 1 + p >= 0


@pitfall("generalised-dice", "optax.losses.multiclass_generalized_dice_loss")
def test_generalised_dice():
    assert hasattr(optax.losses, "multiclass_generalized_dice_loss")
    z = normals(1, 6, 3)
    y = F.one_hot(torch.tensor([[0, 1, 2, 2, 0, 1]]), 3).double()
    theirs = optax.losses.multiclass_generalized_dice_loss(z.numpy(), y.numpy())
    own = ours("generalised-dice", {"pred": z, "target": y}, convention="optax").value
    np.testing.assert_allclose(np.mean(theirs), np.mean(own), rtol=1e-6)
    plain = ours("generalised-dice", {"pred": torch.softmax(z, 2), "target": y.argmax(2)}).value
    assert np.mean(theirs) != pytest.approx(np.mean(plain), rel=1e-3)


@pitfall("generalised-dice", "optax adds 1e-7")
@pitfall("generalised-dice", "of the whole batch in optax")
def test_weights_of_classes():
    # Class 1 occurs nowhere: its mistake alone is seen. In the second half of a batch it makes the first half's change.
    z = normals(2, 6, 2)
    background = F.one_hot(torch.zeros(2, 6, dtype=torch.long), 2).double()
    value = lambda logits, y: optax.losses.multiclass_generalized_dice_loss(logits.numpy(), y.numpy()).mean().item()
    rare = z.clone()
    rare[..., 1] -= 30
    assert abs(value(rare, background) - value(z, background)) > 0.1
    mixed = background.clone()
    mixed[1, :3] = torch.tensor([0.0, 1.0])
    apart = (value(z[:1], mixed[:1]) + value(z[1:], mixed[1:])) / 2
    assert value(z, mixed) != pytest.approx(apart, rel=1e-2)


# --- sequences and survival


@pitfall("ctc", "PyTorch wants log-probabilities, (time, sample, class)")
@pitfall("ctc", "divides each loss by the length of its labels and then by the batch")
@pitfall("ctc", "With fewer PyTorch gives ∞ and a gradient of NaN")
@pitfall("ctc", "optax takes paddings")
@pitfall("ctc", "In optax blank_id, in PyTorch blank")
def test_ctc():
    logits, labels = normals(2, 6, 4), torch.tensor([[1, 2], [3, 3]])
    log_p = torch.log_softmax(logits, -1).movedim(0, 1)
    times, lengths = torch.tensor([6, 6]), torch.tensor([2, 2])
    each = F.ctc_loss(log_p, labels, times, lengths, reduction="none")
    close(F.ctc_loss(log_p, labels, times, lengths), (each / lengths).mean())
    theirs = optax.ctc_loss(logits.numpy(), np.zeros((2, 6)), labels.numpy(), np.zeros((2, 2)))
    np.testing.assert_allclose(theirs, each, rtol=1e-6)
    rows = keras.losses.CTC(reduction=None)(labels, logits.float())
    np.testing.assert_allclose(rows, each, rtol=1e-4)
    short = torch.tensor([[3, 3]]), torch.tensor([2]), torch.tensor([2])
    leaf = torch.log_softmax(logits[:1], -1).movedim(0, 1)[:2].clone().requires_grad_()
    value = F.ctc_loss(leaf, *short, reduction="sum")
    assert torch.isinf(value) and torch.isnan(torch.autograd.grad(value, leaf)[0]).any()
    value = F.ctc_loss(leaf, *short, reduction="sum", zero_infinity=True)
    assert value.item() == 0 and not torch.autograd.grad(value, leaf)[0].any()
    last = F.ctc_loss(log_p[..., [1, 2, 3, 0]], labels - 1, times, lengths, blank=3, reduction="none")
    close(last, each)
    moved = optax.ctc_loss(logits.numpy()[..., [1, 2, 3, 0]], np.zeros((2, 6)), labels.numpy() - 1, np.zeros((2, 2)), blank_id=3)
    np.testing.assert_allclose(moved, each, rtol=1e-6)


@pitfall("cox-partial-likelihood", "censored times are negative")
@pitfall("cox-partial-likelihood", "Adding a constant to all scores changes nothing")
@pitfall("cox-partial-likelihood", "a mean of NaN")
def test_cox():
    scores, times, events = [0.3, -1.0, 2.0], [2.0, 5.0, 3.0], [1.0, 0.0, 1.0]
    inputs = {"pred": scores, "time": times, "event": events}
    value = ours("cox-partial-likelihood", inputs, reduction="mean").value
    shifted = {**inputs, "pred": [s + 3 for s in scores]}
    close(ours("cox-partial-likelihood", shifted, reduction="mean").value, value)
    assert math.isnan(ours("cox-partial-likelihood", {**inputs, "event": [0.0] * 3}, reduction="mean").value.item())
    data = xgboost.DMatrix(np.zeros((3, 1)), [2.0, -5.0, 3.0])
    data.set_base_margin(scores)
    result = {}
    xgboost.train({"objective": "survival:cox", "eta": 0}, data, 1, evals=[(data, "x")], evals_result=result, verbose_eval=False)
    assert result["x"]["cox-nloglik"][0] == pytest.approx(value.item(), rel=1e-5)


@pitfall("accelerated-failure-time", "predict returns its exponential")
@pitfall("accelerated-failure-time", "is that of a minimum")
@pitfall("accelerated-failure-time", "its value stops at 27.6")
def test_aft():
    data = xgboost.DMatrix(np.ones((2, 1)))
    for bound in ("label_lower_bound", "label_upper_bound"):
        data.set_float_info(bound, [2.0, 3.0])
    booster = xgboost.train({"objective": "survival:aft"}, data, 2)
    np.testing.assert_allclose(booster.predict(data), np.exp(booster.predict(data, output_margin=True)), rtol=1e-6)
    assert round(-math.log(1e-12), 1) == 27.6
    # Minima of Weibull times: the left tail of the logarithm is the long one; gumbel_r has the right one.
    assert scipy.stats.gumbel_l.stats(moments="s") < 0 < scipy.stats.gumbel_r.stats(moments="s")


# --- adversarial pairs


@pitfall("minimax-gan-discriminator", "2 ln 2 = 1.386 (some code halves it: 0.693)")
@pitfall("minimax-gan-discriminator", "BCEWithLogitsLoss with ones for both")
@pitfall("minimax-gan-generator", "the gradient is −0.0025, that of the non-saturating loss −0.9975")
@pitfall("least-squares-gan-discriminator", "has the loss 0.25 (0.5 without the halves)")
@pitfall("least-squares-gan-generator", "twice the gradient of the paper")
@pitfall("hinge-gan-discriminator", "answers 0 to everything has the loss 2")
def test_adversarial_values():
    both = F.binary_cross_entropy_with_logits
    zero, one = tensor(0), tensor(1)
    undecided = both(zero, one) + both(zero, zero)
    assert round(undecided.item(), 3) == 1.386 and round(undecided.item() / 2, 3) == 0.693
    z = np.array([-6.0])
    assert round(torch_gradient(lambda z: -F.softplus(z), z)[1].item(), 4) == -0.0025
    assert round(torch_gradient(lambda z: both(z, one), z)[1].item(), 4) == -0.9975
    half = tensor(0.5)
    full = F.mse_loss(half, one) + F.mse_loss(half, zero)
    assert full.item() == 0.5 and full.item() / 2 == 0.25
    assert (torch.relu(1 - zero) + torch.relu(1 + zero)).item() == 2
    assert torch_gradient(lambda z: F.mse_loss(z, one), z)[1] == 2 * torch_gradient(lambda z: F.mse_loss(z, one) / 2, z)[1]
    # Ones for both: the answer that is learned says nothing of where a sample is from.
    assert torch_gradient(lambda z: both(z, one), z)[1] < 0


@pitfall("minimax-gan-discriminator", "discriminator(fakes.detach())")
@pitfall("hinge-gan-discriminator", "discriminator(fakes.detach())")
@pitfall("least-squares-gan-discriminator", "discriminator(fakes.detach())")
@pitfall("wasserstein-critic", "discriminator(fakes.detach())")
@pitfall("non-saturating-gan-generator", "Do not detach the fakes here")
@pitfall("minimax-gan-generator", "the gradient also flows into the discriminator’s weights")
def test_detached():
    for detach in (True, False):
        generator, discriminator = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
        fakes = generator(torch.ones(3, 2))
        F.softplus(discriminator(fakes.detach() if detach else fakes)).mean().backward()
        assert (generator.weight.grad is None) == detach
        assert discriminator.weight.grad is not None


@pitfall("wasserstein-gradient-penalty", "Without create_graph=True the penalty has no effect")
@pitfall("wasserstein-gradient-penalty", "gives NaN there in PyTorch and JAX")
@pitfall("wasserstein-gradient-penalty", "flatten images first")
def test_gradient_penalty():
    for graph in (True, False):
        critic = torch.nn.Linear(3, 1)
        points = torch.ones(4, 3, requires_grad=True)
        (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=graph)
        assert slope.requires_grad == graph
    zero = np.zeros(3)
    assert np.isnan(torch_gradient(lambda g: torch.sqrt((g**2).sum()), zero)[1]).all()
    assert np.isnan(jax.grad(lambda g: jnp.sqrt((g**2).sum()))(zero)).all()
    image = normals(2, 3, 4, 4)
    assert image.flatten(1).norm(dim=1).shape == (2,) and image.norm(dim=1).shape == (2, 4, 4)


# --- penalties


@pitfall("l2-penalty", "L2(0.01) is weight_decay=0.02")
@pitfall("l2-penalty", "AdamW takes rate · λ · w off the weight itself")
@pitfall("l2-penalty", "For plain SGD the penalty and decoupled decay are the same step")
@pitfall("l2-penalty", "weight_decay acts on every parameter")
@pitfall("l2-penalty", "Ridge(alpha) stands beside a sum of squared errors")
def test_weight_decay():
    start = [2.0, -3.0]

    def step(optimizer, penalty=None, **options):
        w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        made = optimizer([w], lr=0.1, **options)
        loss = 0 * w.sum() if penalty is None else penalty(w)
        loss.backward()
        made.step()
        return w.detach().numpy()

    keras_l2 = lambda w: keras.regularizers.L2(0.01)(w)
    np.testing.assert_allclose(step(torch.optim.SGD, keras_l2), step(torch.optim.SGD, weight_decay=0.02), rtol=1e-7)
    close(step(torch.optim.SGD, weight_decay=0.5), np.array(start) * (1 - 0.1 * 0.5))
    close(step(torch.optim.AdamW, weight_decay=0.5), np.array(start) * (1 - 0.1 * 0.5))
    # A first step of Adam has the length of the rate, however large the weight is.
    np.testing.assert_allclose(np.abs(step(torch.optim.Adam, weight_decay=0.5) - start), 0.1, rtol=1e-6)
    layer = torch.nn.Linear(1, 1)
    torch.nn.init.ones_(layer.bias)
    made = torch.optim.SGD(layer.parameters(), lr=0.1, weight_decay=0.5)
    layer.weight.grad, layer.bias.grad = torch.zeros(1, 1), torch.zeros(1)
    made.step()
    assert layer.bias.item() == pytest.approx(0.95)
    x, y = normals(30, 2).numpy(), normals(30).numpy()
    close(Ridge(alpha=2.0, fit_intercept=False).fit(x, y).coef_, np.linalg.solve(x.T @ x + 2 * np.eye(2), x.T @ y))


@pitfall("l1-penalty", "PyTorch’s optimizers have no L1")
@pitfall("l1-penalty", "Lasso(alpha) halves the mean squared error")
@pitfall("l1-penalty", "leave no weight exactly at 0")
@pitfall("elastic-net", "ElasticNet(1, 0.5) is L1L2(0.5, 0.25)")
@pitfall("elastic-net", "stands it beside half the mean squared error")
@pitfall("elastic-net", "C divides the loss of the data instead")
@pitfall("elastic-net", "both default to 0")
def test_sparse_penalties():
    w = tensor(1.5, -2)
    own = 0.5 * w.abs().sum() + 0.25 * w.square().sum()
    assert keras.regularizers.L1L2(0.5, 0.25)(w).item() == pytest.approx(own.item())
    assert keras.regularizers.L1L2()(w) == 0
    x, y = normals(50, 3).numpy(), normals(50).numpy()
    x[:, 2] *= 0.01
    lasso = Lasso(alpha=0.01, fit_intercept=False, tol=1e-12, max_iter=100000).fit(x, y).coef_
    rest = y - x @ lasso
    # The gradient of the full mean squared error stands against 2·alpha at every weight that is not 0.
    slopes = 2 * x.T @ rest / 50
    assert lasso[2] == 0 and abs(slopes[2]) < 0.02
    np.testing.assert_allclose(np.abs(slopes[:2]), 0.02, rtol=1e-6)
    net = ElasticNet(alpha=0.1, l1_ratio=0.5, fit_intercept=False, tol=1e-12, max_iter=100000).fit(x, y).coef_
    active = net != 0
    slopes = x.T @ (y - x @ net) / 50
    np.testing.assert_allclose(slopes[active], (0.05 * np.sign(net) + 0.05 * net)[active], rtol=1e-5)
    labels = (y > 0).astype(int)
    small, large = (np.abs(LogisticRegression(C=c).fit(x, labels).coef_).sum() for c in (1e-3, 10))
    assert small < large
    weight = torch.tensor([0.05], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.03)
    for _ in range(50):
        optimizer.zero_grad()
        weight.abs().sum().backward()
        optimizer.step()
        assert weight.item() != 0


# --- composites


@pitfall("vae-elbo", "784 for MNIST")
@pitfall("vae-elbo", "Draw the code as μ + exp(s/2)·ε")
def test_vae():
    pixels = normals(2, 784), normals(2, 784).flip(0)
    close(F.mse_loss(*pixels, reduction="sum") / 2, 784 * F.mse_loss(*pixels))
    mean, log_variance = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    drawn = torch.normal(mean, torch.exp(log_variance / 2))
    written = mean + torch.exp(log_variance / 2) * torch.randn(2)
    slopes = lambda code: torch.autograd.grad(code.sum(), (mean, log_variance), allow_unused=True)
    assert all(slope is None or not slope.any() for slope in slopes(drawn))
    assert all(slope.any() for slope in slopes(written))


@pitfall("distillation", "at T = 4 the hard part outweighs it sixteenfold")
@pitfall("distillation", "its default mean divides by the classes too")
@pitfall("distillation", "under torch.no_grad()")
def test_distillation():
    student, teacher = normals(3, 5), normals(3, 5).flip(0)
    soft = lambda z, t: F.kl_div(torch.log_softmax(z / t, 1), torch.softmax(teacher / t, 1), reduction="batchmean")
    close(5 * F.kl_div(torch.log_softmax(student, 1), torch.softmax(teacher, 1)), soft(student, 1))
    size = lambda t: np.abs(torch_gradient(lambda z: soft(z, t), student.numpy())[1]).max()
    # At high temperatures the gradient goes with 1/T².
    assert size(400) / size(100) == pytest.approx(1 / 16, rel=0.05)
    layer = torch.nn.Sequential(torch.nn.Linear(5, 5), torch.nn.Dropout())
    with torch.no_grad():
        assert not layer(student.float()).requires_grad
    layer.eval()
    assert torch.equal(layer(student.float()), layer(student.float()))
