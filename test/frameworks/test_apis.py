"""What the catalogue claims about frameworks, called: names, keywords and their defaults, order of arguments, scale,
reductions, conventions. The calls are built from the claims alone (calls.py).

Every entry of `apis` is called here, used to fit a model in test_solvers.py, or executed by a test in TypeScript. The
tolerance is 1e-9 relative, value and gradient, in float64.
"""

import inspect
import warnings
from collections import defaultdict

import jax.numpy as jnp
import keras
import numpy as np
import optax
import pytest
import torch
from calls import (
    KERAS_REDUCTIONS,
    REGULARIZERS,
    accepted,
    arrays_of,
    by_jax,
    by_torch,
    called,
    calls_of,
    find,
    keywords_of,
    order_of,
    predictions_of,
    signature_of,
)
from catalogue import Answer, answered, batches, entries, name_of, numbers, ours
from test_solvers import PROBES

# Where claims are executed that Python cannot execute here.
ELSEWHERE = {
    "tfjs": "test/core/losses/tfjsApis.test.ts, by TensorFlow.js itself",
    "tf": "test/core/losses/goldenApis.test.ts, by golden cases of TensorFlow",
    "torchvision": "test/core/losses/goldenApis.test.ts, by golden cases of torchvision",
}
# (framework, name) → why it is not executed.
NOT_EXECUTED: dict[tuple[str, str], str] = {}

# PyTorch's softplus is a straight line from 20 on, so that tanh(r) is 1 from |r| = 10 on: an error of e⁻²⁰.
LOG_COSH = ("keras.losses.LogCosh", "keras.losses.log_cosh", "log_cosh", "LogCosh")


def place_of(entry):
    """What executes a claim."""
    _, api = entry
    library = api["name"].split(".")[0]
    if api["framework"] in ELSEWHERE or library in ELSEWHERE:
        return "elsewhere"
    if "arranged" in api:
        return "arranged"
    if "cases" in api:
        return "called"
    if key_of(entry) in PROBES:
        return "probed"
    return "listed" if (api["framework"], api["name"]) in NOT_EXECUTED else "nowhere"


def key_of(entry):
    loss, api = entry
    return (api["framework"], api["name"], loss["id"])


def those(*places):
    return [entry for entry in entries() if place_of(entry) in places]


def parametrize(chosen):
    return pytest.mark.parametrize("entry", chosen, ids=name_of)


def close(actual, expected, what="", rtol=1e-9):
    """Equal to 1e-9 of itself, or to 1e-12 of the largest where terms cancel."""
    finite = np.abs(expected[np.isfinite(expected)])
    largest = finite.max() if finite.size else 0.0
    assert np.shape(actual) == expected.shape, f"shape {np.shape(actual)}, not {expected.shape}: {what}"
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-12 * max(largest, 0.1), err_msg=str(what))


def close_answer(api, actual, expected, what, with_gradient=True):
    scale = api.get("scale", 1)
    close(actual.value, scale * expected.value, what)
    if with_gradient:
        for name, gradient in actual.gradients.items():
            close(gradient, scale * expected.gradients[name], what, 1e-8 if api["name"] in LOG_COSH else 1e-9)


def test_every_claim_is_executed():
    """Nothing drops out: what is executed and what is listed are all there is."""
    assert [name_of(entry) for entry in those("nowhere")] == []
    counts = {place: len(those(place)) for place in ("called", "arranged", "probed", "elsewhere", "listed")}
    assert sum(counts.values()) == len(entries())
    assert counts["listed"] == len(NOT_EXECUTED)
    assert set(PROBES) == {key_of(entry) for entry in those("probed")}
    for place in ("called", "arranged", "probed", "elsewhere"):
        assert counts[place] > 0


def test_names_mean_one_loss():
    """Entries of one name differ in what the call requires or in what kind of input it is given."""
    by_name = defaultdict(list)
    for loss, api in entries():
        kinds = [each["kind"] for each in api.get("inputs", [])]
        by_name[api["framework"], api["form"], api["name"]].append(str([kinds, api.get("requires")]))
    for name, told in by_name.items():
        assert len(set(told)) == len(told), name


@parametrize(those("called"))
def test_value_and_gradient(entry):
    """On batches of several sizes and magnitudes: without keywords, which tests the defaults, and with them."""
    loss, api = entry
    compared, told = 0, set()
    for case in batches(api["cases"]):
        keywords = keywords_of(api, case)
        for arrays, more in accepted(api, case, arrays_of(api, case)):
            for reduction, call in calls_of(api, {**keywords, **more}).items():
                expected = answered(case["answers"][reduction])
                # Where many values are equal frameworks have gradients of their own; ours is PyTorch's.
                with_gradient = api["framework"] == "torch" or not case["ties"]
                close_answer(api, called(api, call, arrays), expected, (reduction, case["told"]), with_gradient)
            compared += 1
        told |= {each["keyword"] for each in case["told"]}
    assert compared >= 3
    if api["form"] != "string":
        assert told == set(api.get("keywords", {})), "every keyword must be used by a case"


TARGETS = ("y_true", "labels", "targets", "target")
# The names of inputs that are neither a prediction nor a target to their framework.
PAIRS = ("x1", "x2", "input1", "input2", "anchor", "anchors", "embeddings", "x")


@parametrize([entry for entry in those("called", "arranged") if entry[1]["form"] != "string"])
def test_signature(entry):
    """The order of arguments and the defaults of keywords, by the framework's own signature."""
    loss, api = entry
    made = find(api)
    is_class = inspect.isclass(made)
    assert is_class == (api["form"] == "class")
    inputs = list(signature_of(made))
    if is_class:
        method = made.forward if api["framework"] == "torch" else made.__call__ if is_regularizer(api) else made.call
        inputs = [name for name in inspect.signature(method).parameters if name != "self"]
    if "arranged" not in api and inputs[0] not in PAIRS:
        assert (inputs[0] in TARGETS) == bool(api.get("targetFirst")), inputs
    parameters = signature_of(made)
    for keyword, claim in api.get("keywords", {}).items():
        assert is_default(loss, claim, parameters[keyword].default), keyword
    if "arranged" in api and api["framework"] != "torch":
        # Its inputs are not ours.
        return
    by_position = [name for name, each in parameters.items() if each.kind is not inspect.Parameter.KEYWORD_ONLY]
    told = [*api.get("requires", {}), *api.get("keywords", {})]
    behind = by_position[0 if is_class else len(order_of(api)) :]
    last = max((behind.index(keyword) + 1 for keyword in told if keyword in behind), default=0)
    assert api.get("positional", list(api.get("keywords", {}))) == behind[:last]


def is_regularizer(api):
    return api["name"].startswith(REGULARIZERS)


def is_default(loss, claim, default):
    """None switches an option off, as our neutral value does; no default at all is claimed as one of NaN."""
    if claim["default"] is None:
        return default is None or default is inspect.Parameter.empty
    if default is None:
        return (loss["id"], claim["parameter"], claim["default"]) in OFF
    return float(default) == claim["default"]


# Our values that say what None says to the framework: a weight of 1, and for α that there are no weights.
OFF = {("binary-cross-entropy-logits", "positiveWeight", 1), ("binary-focal", "alpha", -1)}


@parametrize([entry for entry in those("called") if "requires" in entry[1]])
def test_requires(entry):
    """With the other value of what it requires a call is another loss."""
    api = entry[1]
    for keyword, value in api["requires"].items():
        assert signature_of(find(api))[keyword].default is False
        different = 0
        for case in batches(api["cases"])[:2]:
            keywords = {**keywords_of(api, case), keyword: not value}
            reduction, call = list(calls_of(api, keywords).items())[-1]
            expected = answered(case["answers"][reduction])
            actual = called(api, call, arrays_of(api, case))
            different += not np.allclose(actual.value, api.get("scale", 1) * expected.value, rtol=1e-3)
        assert different == 2


@parametrize([e for e in those("called", "arranged") if e[1]["framework"] == "keras" and e[1]["form"] == "string"])
def test_string_in_compile(entry):
    """The string given to a model's compile() is the mean of the loss."""
    loss, api = entry
    cases = batches(api["cases"])[:2]
    for case in cases:
        arrays = arrays_of(api, case)
        target, prediction = (torch.from_numpy(arrays[name]) for name in order_of(api)[:2])
        expected = answered(case["answers"]["mean"]).value
        if "arranged" in api:
            target, prediction, expected = keras_ctc(arrays)
        model = keras.Sequential([keras.Input(prediction.shape[1:]), keras.layers.Identity()])
        model.compile(loss=api["name"])
        value = model.compute_loss(y=target, y_pred=prediction)
        if loss["id"] == "circle":
            # Keras's object takes the mean over the anchors that count, and compile() only knows the function.
            continue
        close(value.numpy(), api.get("scale", 1) * expected)
    assert len(cases) == 2


# --- means of weighted values


def is_weighable(entry):
    loss, api = entry
    if "weighted" not in api or "arranged" in api or not batches(api["weighted"]) or is_regularizer(api):
        return False
    if api["framework"] == "keras":
        return api["form"] == "class"
    if api["framework"] == "sklearn":
        return True
    # A weight for each element, not one for each class.
    weighs_classes = any("classWeight" in case["inputs"] for case in batches(api["cases"]))
    return api["form"] == "function" and "weight" in signature_of(find(api)) and not weighs_classes


@parametrize([entry for entry in those("called") if is_weighable(entry)])
def test_weighted_mean(entry):
    """What a mean with weights divides by."""
    api = entry[1]
    compared = 0
    for case in batches(api["weighted"]):
        arrays = arrays_of(api, case)
        weight = numbers(case["weight"])
        samples = {by: answered(found) for by, found in case["samples"].items()}
        # The weights of samples, of which generateApis.ts takes the first.
        by_sample = weight.reshape(-1)[: len(weight)]
        keywords = keywords_of(api, case)
        if api["framework"] == "keras":
            for theirs, by in (("sum_over_batch_size", "elements"), ("mean_with_sample_weight", "weights")):
                made = find(api)(reduction=theirs, **keywords)
                call = lambda *given: made(*given, sample_weight=torch.from_numpy(by_sample.copy()))
                close_answer(api, called(api, call, arrays), samples[by], theirs)
            compared += 1
        elif api["framework"] == "sklearn":
            for given, more in accepted(api, case, arrays):
                call = lambda *both: find(api)(*both, sample_weight=by_sample, **keywords, **more)
                close_answer(api, called(api, call, given), samples[api["weightedBy"] or "elements"], more)
                compared += 1
        else:
            call = lambda *given: find(api)(*given, weight=torch.from_numpy(weight))
            expected = answered(case["elements"][api["weightedBy"] or "elements"])
            close_answer(api, called(api, call, arrays), expected, "weight")
            compared += 1
    assert compared >= 1


# --- calls that want their inputs in another form


def ctc_batch(seed, time, labels, classes, samples=3):
    """Logits, labels and lengths of which every label fits."""
    random = np.random.default_rng(seed)
    target_lengths = random.integers(1, labels + 1, samples)
    return {
        "logits": random.normal(size=(samples, time, classes)),
        "targets": random.integers(1, classes, (samples, labels)),
        "input_lengths": random.integers(2 * labels, time + 1, samples),
        "target_lengths": target_lengths,
    }


def padded(arrays):
    """Labels with 0 behind each sequence."""
    return np.where(np.arange(arrays["targets"].shape[1]) < arrays["target_lengths"][:, None], arrays["targets"], 0)


def keras_ctc(arrays):
    """Target, prediction and our mean, for labels padded with 0 and no lengths."""
    whole = {**arrays, "input_lengths": np.full(len(arrays["logits"]), arrays["logits"].shape[1])}
    target, logits = torch.from_numpy(padded(arrays)), torch.from_numpy(arrays["logits"])
    return target, logits, ours("ctc", whole, reduction="mean").value


@parametrize(those("arranged"))
@pytest.mark.parametrize("seed", range(4))
def test_ctc(entry, seed):
    api = entry[1]
    arrays = ctc_batch(seed, 9 + seed, 4, 5 + seed)
    log_p = lambda logits: torch.log_softmax(logits, -1).transpose(0, 1)
    lengths = [torch.from_numpy(arrays[name]) for name in ("input_lengths", "target_lengths")]
    labels = torch.from_numpy(arrays["targets"])
    if api["framework"] == "torch":
        assert "log_softmax(logits, -1).transpose(0, 1)" in api["arranged"] and api["gives"] == "mean"
        for told in ({}, {"zero_infinity": True}):
            call = lambda logits: calls_of({**api, "gives": "reduction"}, told)["mean"](log_p(logits), labels, *lengths)
            expected = ours("ctc", arrays, convention=api["convention"], reduction="mean")
            close_answer(api, by_torch(call, arrays, ["logits"], ["logits"]), expected, told)
        # The other reductions do not divide by the lengths: the loss's own definition.
        for reduction in ("none", "sum"):
            call = lambda logits: calls_of({**api, "gives": "reduction"}, {})[reduction](log_p(logits), labels, *lengths)
            close_answer(api, by_torch(call, arrays, ["logits"], ["logits"]), ours("ctc", arrays, reduction=reduction), "")
    elif api["framework"] == "optax":
        behind = lambda count, used: (np.arange(count) >= used[:, None]).astype(float)
        paddings = [behind(arrays["logits"].shape[1], arrays["input_lengths"]), behind(4, arrays["target_lengths"])]
        call = lambda logits: find(api)(logits, paddings[0], jnp.asarray(arrays["targets"]), paddings[1])
        close_answer(api, by_jax(call, arrays, ["logits"], ["logits"]), ours("ctc", arrays), "")
    else:
        target, _, _ = keras_ctc(arrays)
        whole = {**arrays, "input_lengths": np.full(3, arrays["logits"].shape[1])}
        for reduction, made in calls_of(api, {}).items():
            actual = by_torch(lambda logits: made(target, logits), arrays, ["logits"], ["logits"])
            close_answer(api, actual, ours("ctc", whole, reduction=reduction), reduction)
