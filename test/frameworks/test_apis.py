"""What the catalogue claims about frameworks, called: names, keywords, order of arguments, scale, probabilities.

Every entry of `apis` is either called here, held against golden cases of its framework here, or used to fit a model in
test_solvers.py; what is left is listed with the reason. Tolerances: 1e-9 relative in float64, 2e-5 in float32, which is
what Keras takes means in unless it runs on TensorFlow; golden cases of Keras on TensorFlow are compared at 1e-9.
"""

import importlib
import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from catalogue import entries, name_of, numbers
from test_solvers import PROBES

# (framework, name) → why it is neither called nor compared.
NOT_EXECUTED = {
    ("tf", "tensorflow.nn.sparse_softmax_cross_entropy_with_logits"): "TensorFlow is not installed, no golden case",
    ("tfjs", "meanSquaredError"): "TensorFlow.js is not installed, no golden case of the string",
    ("tfjs", "meanAbsoluteError"): "TensorFlow.js is not installed, no golden case of the string",
}
CALLED = [
    entry
    for entry in entries()
    if entry[1]["framework"] in ("torch", "keras", "optax") or entry[1]["name"].startswith("sklearn.metrics.")
]
GOLDEN = [entry for entry in entries() if entry[1]["golden"]]
CALLABLES = [entry for entry in CALLED if entry[1]["form"] != "string"]
EXPECTS = [entry for entry in CALLED if "expects" in entry[1]]
TAKES_OURS = [entry for entry in CALLED if "expects" not in entry[1] or "requires" in entry[1]]


def parametrize(chosen):
    return pytest.mark.parametrize("entry", chosen, ids=name_of)


def find(api):
    """The object that the canonical name names, or that Keras understands by the string."""
    if api["form"] == "string":
        return keras.losses.get(api["name"])
    module, name = api["name"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def keywords_of(loss, api, case):
    """The case's parameters in the framework's keywords, or None where the framework cannot be told."""
    given = dict(case["parameters"])
    result = {}
    for keyword, claim in api.get("keywords", {}).items():
        if claim["parameter"] in given:
            result[keyword] = given.pop(claim["parameter"])
    if any(value != loss["defaults"][parameter] for parameter, value in given.items()):
        return None
    if "classWeight" in case:
        if api["framework"] != "torch":
            return None
        result["weight"] = torch.tensor(case["classWeight"], dtype=torch.float64)
    if "pos_weight" in result:
        result["pos_weight"] = torch.tensor(result["pos_weight"], dtype=torch.float64)
    return result


def cases_of(entry):
    loss, api = entry
    found = [(case, keywords_of(loss, api, case)) for case in loss["cases"]]
    return [(case, keywords) for case, keywords in found if keywords is not None]


def target_of(loss, case):
    if loss["task"] == "classes":
        return np.array(case["target"], dtype=np.int64)
    return numbers(case["target"], case["shape"])


def close(actual, expected, what=""):
    np.testing.assert_allclose(actual, expected, rtol=1e-9, atol=1e-13, err_msg=str(what))


def close_float32(actual, expected, what=""):
    atol = 1e-6 * float(np.max(np.abs(expected)))
    np.testing.assert_allclose(actual, expected, rtol=2e-5, atol=atol, err_msg=str(what))


def ours(case, reduction, scale):
    answer = case["answers"][reduction]
    return scale * numbers(answer["value"]), scale * numbers(answer["gradient"], case["shape"])


def by_rows(loss, case, reduction, scale):
    """Keras averages over the last axis inside the function, then reduces; losses of classes have none to average."""
    value, gradient = ours(case, reduction, scale)
    if loss["task"] == "classes" or reduction == "mean":
        return value, gradient
    last = case["shape"][-1]
    return (value.reshape(-1, last).mean(1) if reduction == "none" else value / last), gradient / last


def torch_gradient(call, prediction):
    leaf = torch.tensor(prediction, dtype=torch.float64, requires_grad=True)
    value = call(leaf)
    (gradient,) = torch.autograd.grad(value.sum(), leaf)
    return value.detach().numpy(), gradient.numpy()


def check_torch(entry, case, keywords):
    loss, api = entry
    target = torch.from_numpy(target_of(loss, case))
    made = find(api)
    for reduction in ("none", "mean", "sum"):
        if api["form"] == "class":
            call = lambda p: made(reduction=reduction, **keywords)(p, target)
        else:
            call = lambda p: made(p, target, reduction=reduction, **keywords)
        value, gradient = torch_gradient(call, numbers(case["pred"], case["shape"]))
        expected_value, expected_gradient = ours(case, reduction, api.get("scale", 1))
        assert value.shape == (() if reduction != "none" else target.shape)
        close(value.reshape(-1), expected_value, (reduction, case))
        close(gradient, expected_gradient, (reduction, case))


def check_keras(entry, case, keywords, before=lambda p: p):
    """`before` is what the model ends in: nothing, or a sigmoid or softmax where probabilities are expected."""
    loss, api = entry
    target = target_of(loss, case)
    made = find(api)
    words = {"none": None, "mean": "sum_over_batch_size", "sum": "sum"}
    if api["form"] == "class":
        calls = {r: made(reduction=word, **keywords) for r, word in words.items()}
    elif isinstance(made, keras.losses.Loss):
        calls = {"mean": made}
    else:
        calls = {"none": lambda y, p: made(y, p, **keywords)}
    for reduction, call in calls.items():
        value, gradient = torch_gradient(lambda p: call(target, before(p)), numbers(case["pred"], case["shape"]))
        expected_value, expected_gradient = by_rows(loss, case, reduction, api.get("scale", 1))
        assert value.shape == (tuple(case["shape"][:-1]) if reduction == "none" else ())
        close_float32(value.reshape(-1), expected_value, (reduction, case))
        close_float32(gradient, expected_gradient, (reduction, case))


def check_optax(entry, case, keywords):
    loss, api = entry
    target = jnp.asarray(target_of(loss, case))
    prediction = jnp.asarray(numbers(case["pred"], case["shape"]))
    made = find(api)
    for reduction, reducer in (("none", lambda x: x), ("mean", jnp.mean), ("sum", jnp.sum)):
        value = reducer(made(prediction, target, **keywords))
        gradient = jax.grad(lambda p: jnp.sum(reducer(made(p, target, **keywords))))(prediction)
        expected_value, expected_gradient = ours(case, reduction, api.get("scale", 1))
        assert value.shape == (() if reduction != "none" else target.shape)
        close(np.asarray(value).reshape(-1), expected_value, (reduction, case))
        close(np.asarray(gradient), expected_gradient, (reduction, case))


def check_sklearn(entry, case, keywords):
    loss, api = entry
    value = find(api)(target_of(loss, case), numbers(case["pred"], case["shape"]), **keywords)
    close(value, ours(case, "mean", api.get("scale", 1))[0][0], case)


CHECKS = {"torch": check_torch, "keras": check_keras, "optax": check_optax, "sklearn": check_sklearn}


def to_probabilities(loss):
    if loss["task"] == "binary":
        return torch.sigmoid
    return lambda p: torch.softmax(p, -1)


def is_clipped(case):
    """Beyond about 16 Keras clips the probability, and the function is another."""
    logits = numbers(case["pred"])
    return float(np.ptp(np.append(logits, 0))) > 10


def test_every_entry_is_executed():
    once = [(api["framework"], api["name"]) for _, api in entries()]
    assert len(set(once)) == len(once), "two entries of one name cannot be told apart by a reader of code"
    places = [
        [(api["framework"], api["name"]) for _, api in CALLED],
        [(api["framework"], api["name"]) for _, api in GOLDEN if api["framework"] in ("tf", "tfjs")],
        list(PROBES),
        list(NOT_EXECUTED),
    ]
    assert sorted(key for place in places for key in place) == sorted(once)


@parametrize(TAKES_OURS)
def test_value_and_gradient(entry):
    """On the catalogue's own inputs; where the api says so, with the keywords that it requires."""
    api = entry[1]
    compared, told = 0, set()
    for case, keywords in cases_of(entry):
        if api["framework"] == "sklearn" and len(case["shape"]) > 2:
            continue
        told |= {k for k in keywords if k in api.get("keywords", {})}
        CHECKS[api["framework"]](entry, case, {**keywords, **api.get("requires", {})})
        compared += 1
    assert compared >= 6
    assert told == set(api.get("keywords", {})), "every keyword must be used by a case"


@parametrize(EXPECTS)
def test_probabilities(entry):
    """What expects probabilities is our loss after a sigmoid or softmax, and another on the logits themselves."""
    loss = entry[0]
    cases = [(case, keywords) for case, keywords in cases_of(entry) if not is_clipped(case)]
    assert len(cases) >= 4
    for case, keywords in cases:
        check_keras(entry, case, keywords, to_probabilities(loss))
        with pytest.raises(AssertionError):
            check_keras(entry, case, keywords)


@parametrize(CALLABLES)
def test_signature(entry):
    """The order of the two inputs and the defaults of the keywords, by the framework's own signature."""
    loss, api = entry
    made = find(api)
    is_class = inspect.isclass(made)
    assert is_class == (api["form"] == "class")
    method = made if not is_class else made.forward if api["framework"] == "torch" else made.call
    names = [name for name in inspect.signature(method).parameters if name != "self"]
    first = "target" if names[0] in ("y_true", "labels", "targets", "target") else "prediction"
    assert (first == "target") == api.get("targetFirst", False), names
    assert {names[0], names[1]} & {"input", "y_pred", "logits", "predictions"}
    parameters = inspect.signature(made).parameters
    for keyword, claim in api.get("keywords", {}).items():
        default = parameters[keyword].default
        # Given as None, a weight is off: what our neutral value says.
        neutral = loss["defaults"][claim["parameter"]]
        assert claim["default"] == (neutral if default is None else default)
    # What takes logits only when told so expects probabilities until then: test_probabilities.
    if "from_logits" in parameters:
        assert parameters["from_logits"].default is False
        assert api["requires"] == {"from_logits": True} and api["expects"] == "probabilities"
    else:
        assert "requires" not in api and "expects" not in api


@parametrize([entry for entry in CALLED if entry[1]["framework"] == "keras" and entry[1]["form"] == "string"])
def test_string_in_compile(entry):
    """The same string given to a model's compile()."""
    loss, api = entry
    for case, _ in [each for each in cases_of(entry) if len(each[0]["shape"]) == 2 and not is_clipped(each[0])][:4]:
        model = keras.Sequential([keras.Input(case["shape"][1:]), keras.layers.Identity()])
        model.compile(loss=api["name"])
        prediction = torch.from_numpy(numbers(case["pred"], case["shape"]))
        if "expects" in api:
            prediction = to_probabilities(loss)(prediction)
        value = model.compute_loss(y=target_of(loss, case), y_pred=prediction)
        close_float32(float(value), ours(case, "mean", api.get("scale", 1))[0][0])


@parametrize(GOLDEN)
def test_golden(entry):
    """What is not installed, and Keras on TensorFlow: their values and gradients, within the case's tolerance."""
    loss, api = entry
    assert len(api["golden"]) >= 3
    scale, keras_rows = api.get("scale", 1), api["framework"] == "keras"
    for case in api["golden"]:
        expected = case["expected"]
        tolerance = case["tolerance"]
        reduced = by_rows(loss, case, case["reduction"], scale) if keras_rows else ours(case, case["reduction"], scale)
        value, gradient = reduced
        np.testing.assert_allclose(value, numbers(expected["value"]), **tolerance, err_msg=case["id"])
        if expected.get("gradient"):
            wanted = numbers(expected["gradient"], case["shape"])
            np.testing.assert_allclose(gradient, wanted, **tolerance, err_msg=case["id"])
    if "expects" not in api or "requires" in api:
        assert any(case["expected"].get("gradient") for case in api["golden"])
