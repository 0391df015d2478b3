"""Printed Python code of every loss, in every convention, language and manner, against our evaluator.

Values and gradients (by the framework's automatic differentiation, in NumPy by the printed gradient function) are
compared on random and extreme batches at 1e-9 relative. Whatever is printed is run; what is refused says why.
"""

import functools
import inspect
import re
import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch
from conftest import printed
from keras.src.backend.common import dtypes as keras_dtypes

keras.config.set_floatx("float64")
jax.config.update("jax_enable_x64", True)
# On PyTorch and JAX means, matrix products and some others of Keras round float64 to float32, on TensorFlow they do not:
# the code is compared as it computes there.
keras_dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"

RTOL = 1e-9
REDUCTIONS = ("none", "mean", "sum")
LANGUAGES = ("numpy", "torch", "keras", "jax")

# Why a language may refuse, beyond that its framework has no such function.
REASON = re.compile(r"[a-z].{10,}", re.IGNORECASE)


def load(code, title):
    """The names that the printed code defines, as an importing file would see them; a warning is an error."""
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(code, f"<printed {title}>", "exec"), names)
    return names


def numbers(data, shape):
    return np.array([float(x) for x in data]).reshape(shape)


def arrays_of(case, batch):
    """The inputs of a batch by name, whole numbers as such."""
    found = {}
    for each in case["inputs"]:
        name = each["name"]
        values = numbers(batch["inputs"][name], batch["shapes"][name])
        found[name] = values.astype(np.int64) if each["integer"] else values
    return found


def close(actual, expected, title):
    """Equal to 1e-9 of itself, or of a thousandth of the largest where terms cancel."""
    actual = np.asarray(actual, dtype=float)
    assert actual.shape == expected.shape, f"{title}: shape {actual.shape} in place of {expected.shape}"
    finite = np.abs(expected[np.isfinite(expected)])
    largest = finite.max() if finite.size else 0.0
    np.testing.assert_allclose(
        actual, expected, rtol=RTOL, atol=1e-12 * max(largest, 1e-3), equal_nan=True, err_msg=title
    )


def by_torch(call, inputs, predictions):
    """The value of a call on tensors, and the gradient of its sum by each prediction."""
    tensors = {name: torch.from_numpy(np.array(values)) for name, values in inputs.items()}
    for name in predictions:
        tensors[name].requires_grad_()
    value = call(**tensors)
    total = value.sum()
    leaves = [tensors[name] for name in predictions]
    if total.requires_grad:
        gradients = torch.autograd.grad(total, leaves, allow_unused=True)
    else:
        gradients = [None] * len(predictions)
    zeros = [np.zeros(inputs[p].shape) if g is None else g.numpy() for p, g in zip(predictions, gradients)]
    return value.detach().numpy(), dict(zip(predictions, zeros))


def by_jax(call, options, predictions):
    """The same by JAX for several sets of options at once, compiled, which takes long: for use on many inputs."""

    def each(inputs, given):
        def total(leaves):
            value = call(**{**inputs, **leaves}, **given)
            return value.sum(), value

        gradients, value = jax.grad(total, has_aux=True)({p: inputs[p] for p in predictions})
        return value, gradients

    return jax.jit(lambda inputs: [each(inputs, given) for given in options])


class Printed:
    """A printed function, to be evaluated."""

    def __init__(self, offer, title):
        names = load(offer["code"], title)
        self.language = offer["language"]
        self.function = names[offer["name"]]
        self.gradient = names[offer["gradient"]] if offer["gradient"] else None
        self.compiled = {}

    def evaluate(self, inputs, options, predictions):
        """For each set of options the value and the gradients; none where the language makes none."""
        if self.language == "jax":
            key = repr(options)
            if key not in self.compiled:
                self.compiled[key] = by_jax(self.function, options, predictions)
            answers = self.compiled[key]({name: jnp.asarray(values) for name, values in inputs.items()})
            return [(np.asarray(value), {p: np.asarray(g) for p, g in found.items()}) for value, found in answers]
        if self.language != "numpy":
            return [by_torch(functools.partial(self.function, **given), inputs, predictions) for given in options]
        return [(self.function(**inputs, **given), self.derived(inputs, given, predictions)) for given in options]

    def derived(self, inputs, given, predictions):
        if self.gradient is None:
            return {}
        gradients = self.gradient(**inputs, **given)
        return dict(zip(predictions, gradients if len(predictions) > 1 else (gradients,)))


def single_reduction(function):
    """What a function without a `reduction` gives: the mean or the sum of a loss that has one value an element."""
    return "sum" if "The loss: the sum." in function.__doc__ else "mean"


def test_snippet(snippet):
    case, offer = snippet
    title = f"{offer['language']} {offer['manner']} {case['id']}"
    printed_one = Printed(offer, title)
    parameters = inspect.signature(printed_one.function).parameters
    predictions = [each["name"] for each in case["inputs"] if each["prediction"]]
    ids = {each["name"]: each["id"] for each in case["inputs"]}
    # Keras computes some losses otherwise on PyTorch; only its own functions do so.
    key = "onTorch" if offer["language"] == "keras" and offer["manner"] == "idiomatic" else "answers"
    compared = 0
    for index, batch in enumerate(case["batches"]):
        options = {
            name: int(x) if parameters[name].annotation is int else float(x)
            for name, x in batch["parameters"].items()
            if name in parameters
        }
        if len(options) < len(batch["parameters"]) and not batch["plain"]:
            continue  # The framework's function has no such parameter.
        if "reduction" not in parameters:
            reductions, given = (single_reduction(printed_one.function),), [options]
        else:
            reductions = REDUCTIONS if batch["plain"] else ("mean",)
            given = [{**options, "reduction": reduction} for reduction in reductions]
        answers = [batch.get(key, batch["answers"])[reduction] for reduction in reductions]
        # Where the loss is infinite (a label of probability 0) it has no gradient to compare.
        finite = [all(isinstance(x, (int, float)) for x in answer["value"]) for answer in answers]
        where = f"{title}, batch {index} (scale {batch['scale']}), {options}\n{offer['code']}"
        with warnings.catch_warnings():
            # NumPy has nothing to warn of.
            quiet = offer["language"] == "numpy" and batch["scale"] == 1 and all(finite)
            warnings.simplefilter("error" if quiet else "ignore")
            try:
                found = printed_one.evaluate(arrays_of(case, batch), given, predictions)
            except ValueError:
                # A framework's own function may refuse what has no finite loss, or a limit of a parameter.
                assert offer["manner"] == "idiomatic" and not (all(finite) and batch["plain"])
                continue
        for reduction, answer, is_finite, (value, gradients) in zip(reductions, answers, finite, found):
            close(value, numbers(answer["value"], answer["shape"]), f"{reduction}: {where}")
            if offer["language"] != "numpy" or offer["gradient"]:
                assert set(gradients) == set(predictions)
            for name, gradient in gradients.items() if is_finite else ():
                expected = numbers(answer["gradients"][ids[name]], batch["shapes"][name])
                close(gradient, expected, f"gradient by {name}, {reduction}: {where}")
            compared += 1
    assert compared >= (3 if "reduction" in parameters else 1)


def test_nothing_drops_out():
    """Every definition is printed or refused in every language and manner, and each one printed is a test."""
    for case in printed()["cases"]:
        assert {(each["language"], each["manner"]) for each in case["offered"]} == {
            (language, manner) for language in LANGUAGES for manner in ("scratch", "idiomatic")
        }
        assert len(case["offered"]) == 2 * len(LANGUAGES)
        for each in case["offered"]:
            assert ("refused" in each) != ("code" in each)
            if "refused" in each:
                assert REASON.search(each["refused"]), (case["id"], each)


def test_scratch_is_never_refused():
    """From scratch every language can write every loss."""
    refused = [
        (case["id"], each["language"], each["refused"])
        for case in printed()["cases"]
        for each in case["offered"]
        if each["manner"] == "scratch" and "refused" in each
    ]
    assert refused == []


def accepted(case, offer):
    """A batch that the function takes, as its language's arrays."""
    inputs = arrays_of(case, case["batches"][0])
    if offer["language"] == "numpy":
        return inputs
    make = jnp.asarray if offer["language"] == "jax" else torch.from_numpy
    return {name: make(values) for name, values in inputs.items()}


def test_misuse_raises(snippet):
    """Shapes that do not fit, an unknown reduction, and a parameter out of its range raise a ValueError that says so."""
    case, offer = snippet
    names = load(offer["code"], case["id"])
    function = names[offer["name"]]
    documented = [function] + ([names[offer["gradient"]]] if offer["gradient"] else [])
    inputs = accepted(case, offer)
    for each in documented:
        parameters = inspect.signature(each).parameters
        if "reduction" in parameters:
            with pytest.raises(ValueError, match="unknown reduction"):
                each(**inputs, reduction="batchmean")
        for given in case["parameters"]:
            below = float(given["min"]) - 1
            if given["name"] in parameters and below > -1e5:
                with pytest.raises(ValueError, match=f"{given['name']} must be"):
                    each(**inputs, **{given["name"]: below})
        axes = {one["name"]: one["axes"] for one in case["inputs"] if one["axes"]}
        for name, own in axes.items():
            others = {axis for other, theirs in axes.items() if other != name for axis in theirs}
            if own[0] in others:
                with pytest.raises(ValueError, match=re.escape(each.__name__)):
                    each(**{**inputs, name: inputs[name][:-1]})
            if len(axes) > 1:
                # (N, 1) against (N,) would broadcast to N × N values without a word.
                with pytest.raises(ValueError, match=re.escape(each.__name__)):
                    each(**{**inputs, name: inputs[name][..., None]})


def test_documentation(snippet):
    """Everyone who reads the function finds its meaning, arguments and source; options are keyword-only."""
    case, offer = snippet
    names = load(offer["code"], case["id"])
    documented = [names[offer["name"]]] + ([names[offer["gradient"]]] if offer["gradient"] else [])
    for each in documented:
        text = each.__doc__
        for argument in each.__annotations__:
            assert argument == "return" or f"{argument}: " in text
        assert "Returns:" in text and "Raises:" in text and "Source: " in text
        assert list(each.__annotations__)[-1] == "return"
        keyword_only = set(each.__kwdefaults__ or {})
        assert keyword_only <= {"reduction", *(given["name"] for given in case["parameters"])}
    assert max(map(len, offer["code"].splitlines())) <= 88


def test_expression(expression):
    """Every primitive, alone and with broadcasting, against the interpreter."""
    names = load(expression["code"], expression["name"])
    arguments = []
    for given in expression["inputs"]:
        values = np.array(given["data"], dtype=np.int64 if given["index"] else float).reshape(given["shape"])
        make = {"numpy": np.asarray, "jax": jnp.asarray}.get(expression["language"], torch.from_numpy)
        arguments.append(make(values))
    result = np.asarray(names["f"](*arguments, expression["p"]), dtype=float)
    assert result.shape == tuple(expression["shape"]), expression["code"]
    expected = numbers(expression["expected"], expression["shape"])
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-14, err_msg=expression["code"])
