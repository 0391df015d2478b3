"""Calls of frameworks, built from nothing but what an entry of `apis` claims."""

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping

import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch
from catalogue import Answer, numbers

Arrays = Mapping[str, np.ndarray]

# What a call of each framework returns unless its entry says otherwise.
USUALLY_GIVES = {"torch": "reduction", "keras": "rows", "optax": "elements", "sklearn": "mean"}
REDUCTION_OF = {"elements": "none", "rows": "none", "mean": "mean", "sum": "sum"}
KERAS_REDUCTIONS = {"none": None, "mean": "sum_over_batch_size", "sum": "sum"}
WHOLE_NUMBERS = ("class-index", "label-set", "label-sequence", "length")
REGULARIZERS = "keras.regularizers."


def find(api: Mapping) -> object:
    """The object that the canonical name names, or that Keras understands by the string."""
    if api["form"] == "string":
        return keras.losses.get(api["name"])
    module, name = api["name"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def signature_of(made: object) -> Mapping[str, inspect.Parameter]:
    """The parameters; of a function that is written in C as the first line of its documentation has them."""
    try:
        return inspect.signature(made).parameters
    except ValueError:
        text = re.search(r"^\w+(\(.*?\)) ->", made.__doc__.strip())[1]
        return inspect.signature(eval(f"lambda {text[1:-1].replace('*,', '')}: None")).parameters


def arrays_of(api: Mapping, case: Mapping) -> dict[str, np.ndarray]:
    """The inputs by our names, whole numbers as such."""
    found = {}
    for each in api["inputs"]:
        values = numbers(case["inputs"][each["id"]])
        found[each["id"]] = values.astype(np.int64) if each["kind"] in WHOLE_NUMBERS else values
    return found


def order_of(api: Mapping) -> list[str]:
    """Our names of the inputs in the order of the call; what compile() is given by its name is called target first."""
    if "args" in api:
        return api["args"]
    names = {role: [each["id"] for each in api["inputs"] if each["role"] == role] for role in ("target", "prediction")}
    if api.get("targetFirst") or api["form"] == "string":
        return names["target"] + names["prediction"]
    return [each["id"] for each in api["inputs"]]


def predictions_of(api: Mapping) -> list[str]:
    return [each["id"] for each in api["inputs"] if each["role"] == "prediction"]


def keywords_of(api: Mapping, case: Mapping) -> dict[str, object]:
    """What is written in the call, in the type of the framework's own default; and what the claim requires."""
    written: dict[str, object] = {}
    parameters = signature_of(find(api)) if case["told"] else {}
    for each in case["told"]:
        keyword, value = each["keyword"], each["value"]
        default = parameters[keyword].default
        if isinstance(default, bool):
            value = bool(value)
        elif keyword in ("ignore_index", "ignore_class", "p"):
            value = int(value)
        elif keyword == "pos_weight":
            value = torch.tensor(value, dtype=torch.float64)
        written[keyword] = value
    if "classWeight" in case["inputs"]:
        written["weight"] = torch.from_numpy(numbers(case["inputs"]["classWeight"]))
    return {**written, **api.get("requires", {})}


def by_torch(call: Callable, arrays: Arrays, order: list[str], predictions: list[str]) -> Answer:
    """The value of a call on tensors, and the gradient of its sum."""
    tensors = {name: torch.from_numpy(np.array(values)) for name, values in arrays.items()}
    for name in predictions:
        tensors[name].requires_grad_()
    value = call(*[tensors[name] for name in order])
    leaves = [tensors[name] for name in predictions]
    # What depends on no prediction has the gradient 0.
    found = torch.autograd.grad(value.sum(), leaves, allow_unused=True) if value.requires_grad else [None] * len(leaves)
    gradients = {
        name: np.zeros(arrays[name].shape) if gradient is None else gradient.numpy()
        for name, gradient in zip(predictions, found)
    }
    return Answer(value.detach().numpy(), gradients)


def by_jax(call: Callable, arrays: Arrays, order: list[str], predictions: list[str]) -> Answer:
    """The value of a call on JAX arrays, and the gradient of its sum."""
    given = {name: jnp.asarray(values) for name, values in arrays.items()}

    def total(leaves):
        value = call(*[{**given, **leaves}[name] for name in order])
        return jnp.sum(value), value

    gradients, value = jax.grad(total, has_aux=True)({name: given[name] for name in predictions})
    return Answer(np.asarray(value), {name: np.asarray(gradient) for name, gradient in gradients.items()})


def calls_of(api: Mapping, keywords: Mapping[str, object]) -> dict[str, Callable]:
    """By reduction of ours, the call that should give it."""
    made = find(api)
    framework, is_class = api["framework"], api["form"] == "class"
    gives = api.get("gives", USUALLY_GIVES[framework])
    if isinstance(made, keras.losses.Loss):
        # A string that stands for a class: an object that takes the mean.
        return {"mean": made}
    if framework == "keras" and is_class and not api["name"].startswith(REGULARIZERS):
        return {ours: made(reduction=theirs, **keywords) for ours, theirs in KERAS_REDUCTIONS.items()}
    bound = (lambda **more: made(**keywords, **more)) if is_class else functools.partial(functools.partial, made, **keywords)
    if gives == "reduction":
        return {reduction: bound(reduction=reduction) for reduction in KERAS_REDUCTIONS}
    return {REDUCTION_OF[gives]: bound()}


def called(api: Mapping, call: Callable, arrays: Arrays) -> Answer:
    """The answer of a call; scikit-learn's metrics have no gradient."""
    order = order_of(api)
    if api["framework"] == "sklearn":
        return Answer(np.asarray(call(*[arrays[name] for name in order])), {})
    by = by_jax if api["framework"] == "optax" else by_torch
    return by(call, arrays, order, predictions_of(api))


def accepted(api: Mapping, case: Mapping, arrays: Arrays) -> Iterator[tuple[Arrays, dict]]:
    """The arrays in the forms that the framework takes, with the keywords that scikit-learn needs to know the labels."""
    if api["framework"] != "sklearn":
        if api["name"] not in HARD_LABELS or not case["otherLabels"]:
            yield arrays, {}
        return
    target, prediction = arrays["target"], arrays["pred"]
    columns = prediction.shape[1]
    flat = {name: values.reshape(-1) for name, values in arrays.items()}
    match next(each["kind"] for each in api["inputs"] if each["id"] == "target"):
        case "class-index":
            # Scores of two classes are one column in scikit-learn: the binary loss.
            if columns > 2:
                yield arrays, {"labels": np.arange(columns)}
        case "distribution":
            if case["otherLabels"] and columns > 2:
                yield arrays, {}
                yield {**arrays, "target": target.argmax(1)}, {"labels": np.arange(columns)}
        case "binary-label" | "sign-label":
            # A batch of one class says nothing of the other: without `labels` scikit-learn takes it for the negative one.
            if columns == 1 and len(np.unique(target)) == 2 and np.isin(target, (-1, 0, 1)).all():
                needs_labels = "labels" in signature_of(find(api)) and api["name"].endswith("log_loss")
                yield flat, {"labels": [0, 1]} if needs_labels else {}
        case _:
            if columns == 1:
                yield flat, {}
            if "One output column only" not in api.get("note", ""):
                yield arrays, {}


# Labels between 0 and 1 are not meant here: optax takes every label but 0 for 1.
HARD_LABELS = ("optax.losses.sparsemax_loss",)
