"""Printed NumPy and PyTorch code against golden values of real frameworks, and gradients against differences.

Tolerances are those of DESIGN: 1e-9 relative in float64, and the golden case's own where that is wider.
"""

import re

import numpy as np
import pytest
import torch

LANGUAGES = ("numpy", "torch")


def load(function):
    """The names that the printed code defines, as an importing file would see them."""
    names = {}
    exec(compile(function["code"], f"<printed {function['loss']}>", "exec"), names)
    return names


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def options(case):
    return {"reduction": case["reduction"], **{snake(k): value for k, value in case["parameters"].items()}}


def array(given, dtype=float):
    numbers = [float(x) for x in given["data"]]
    if given.get("dtype") == "int":
        return np.array(numbers, dtype=np.int64).reshape(given["shape"])
    return np.array(numbers, dtype=dtype).reshape(given["shape"])


def tensor(given):
    return torch.from_numpy(array(given))


def close(actual, expected, case):
    rtol = max(1e-9, case["tol"]["rtol"])
    np.testing.assert_allclose(
        actual, expected, rtol=rtol, atol=case["tol"]["atol"], equal_nan=True, err_msg=f"golden case {case['id']}"
    )


def compares_gradient(case):
    return "grad_policy" not in case and "prediction" in case["expected"]


def test_has_cases(function):
    assert len(function["cases"]) >= 10


def test_value(function):
    call = load(function)[function["name"]]
    convert = array if function["language"] == "numpy" else tensor
    for case in function["cases"]:
        value = call(convert(case["prediction"]), convert(case["target"]), **options(case))
        expected = array(case["expected"]["loss"])
        assert np.shape(value) == expected.shape, case["id"]
        close(np.asarray(value), expected, case)


def test_gradient(function):
    names = load(function)
    compared = 0
    for case in filter(compares_gradient, function["cases"]):
        if function["language"] == "numpy":
            gradient = names[function["gradient"]](array(case["prediction"]), array(case["target"]), **options(case))
        else:
            prediction = tensor(case["prediction"]).requires_grad_()
            loss = names[function["name"]](prediction, tensor(case["target"]), **options(case))
            (gradient,) = torch.autograd.grad(loss.sum(), prediction)
        expected = array(case["expected"]["prediction"])
        assert np.shape(gradient) == expected.shape, case["id"]
        close(np.asarray(gradient), expected, case)
        compared += 1
    assert compared > 0


def test_gradient_against_differences(function):
    """The derivative of the sum of what the function returns, by central differences in float64."""
    names = load(function)
    numpy = function["language"] == "numpy"
    compared = 0
    for case in filter(compares_gradient, function["cases"]):
        prediction = array(case["prediction"])
        if "random" not in case["tags"] or prediction.size == 0:
            continue
        given = options(case)
        if numpy:
            target = array(case["target"])
            gradient = names[function["gradient"]](prediction, target, **given)
            at = lambda x: float(np.sum(names[function["name"]](x, target, **given)))
        else:
            target = tensor(case["target"])
            leaf = torch.from_numpy(prediction.copy()).requires_grad_()
            (gradient,) = torch.autograd.grad(names[function["name"]](leaf, target, **given).sum(), leaf)
            at = lambda x: float(names[function["name"]](torch.from_numpy(x), target, **given).sum())
        for place in np.ndindex(prediction.shape):
            step = 1e-6 * max(1.0, abs(prediction[place]))
            up, down = prediction.copy(), prediction.copy()
            up[place] += step
            down[place] -= step
            difference = (at(up) - at(down)) / (up[place] - down[place])
            scale = max(1.0, abs(difference), abs(at(prediction)))
            assert abs(float(gradient[place]) - difference) < 1e-6 * scale, (case["id"], place)
            compared += 1
    assert compared > 0


def test_mismatched_shapes_raise(function):
    """(N, 1) against (N,) would broadcast to N × N values without a word."""
    names = load(function)
    make = np.asarray if function["language"] == "numpy" else torch.as_tensor
    for wrong in function["misuse"]:
        prediction, target = make(wrong["prediction"]), make(wrong["target"])
        with pytest.raises(ValueError, match=wrong["message"]):
            names[function["name"]](prediction, target)
        if function["gradient"]:
            with pytest.raises(ValueError, match=wrong["message"]):
                names[function["gradient"]](prediction, target)


def test_unknown_reduction_raises(function):
    names = load(function)
    convert = array if function["language"] == "numpy" else tensor
    case = function["cases"][0]
    with pytest.raises(ValueError, match="reduction"):
        names[function["name"]](convert(case["prediction"]), convert(case["target"]), reduction="batchmean")


def test_documentation(function):
    """Everyone who reads the function finds its meaning, arguments and source; parameters are keyword-only."""
    names = load(function)
    documented = [names[function["name"]]] + ([names[function["gradient"]]] if function["gradient"] else [])
    for each in documented:
        text = each.__doc__
        for argument in each.__annotations__:
            assert argument == "return" or f"{argument}: " in text
        assert "Returns:" in text and "Raises:" in text
    assert set(names[function["name"]].__kwdefaults__) == {"reduction", *map(snake, function["parameters"])}


def test_expression(expression):
    """Every primitive, alone and with broadcasting, against the interpreter."""
    names = {}
    exec(compile(expression["code"], f"<{expression['name']}>", "exec"), names)
    arguments = []
    for given in expression["inputs"]:
        values = np.array(given["data"], dtype=np.int64 if given["index"] else float).reshape(given["shape"])
        arguments.append(values if expression["language"] == "numpy" else torch.from_numpy(values))
    result = np.asarray(names["f"](*arguments, expression["p"]))
    assert result.shape == tuple(expression["shape"]), expression["code"]
    expected = np.array(expression["expected"], dtype=float).reshape(expression["shape"])
    np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-14, err_msg=expression["code"])
