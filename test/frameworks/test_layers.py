"""Layers and whole models against PyTorch in float64: outputs, gradients in every parameter, statistics carried on."""

import json
import os
import pathlib
import random
import subprocess

import numpy as np
import pytest
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True, scope="module")
def double_precision():
    """PyTorch computes these tests, and no others, in float64 by default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


ACTIVATIONS = {
    "none": lambda x: x,
    "relu": F.relu,
    "leakyRelu": F.leaky_relu,
    "elu": F.elu,
    "gelu": F.gelu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
}


def pair(extent):
    return (extent, extent) if isinstance(extent, int) else tuple(extent)


def same(length, size, stride):
    """Zeros before and after, as TensorFlow defines `same`."""
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


class Network:
    """A model in PyTorch with channels last, as ours; parameters by our names, in our layout."""

    def __init__(self, layers, shape, outputs, generator):
        self.layers = [*layers, {"type": "dense", "units": outputs}]
        self.parameters = {}
        self.statistics = {}
        self.generator = generator
        # Runs once in evaluation to make the parameters where they are needed.
        self.making = True
        self.masks = {}
        self.run(torch.ones(2, *shape) * 0, training=False)
        self.making = False

    def parameter(self, name, *shape):
        if self.making:
            spread = 1 / np.sqrt(max(1, np.prod(shape[:-1])))
            values = torch.from_numpy(self.generator.normal(0, spread, shape))
            self.parameters[name] = values.requires_grad_()
        return self.parameters[name]

    def statistic(self, name, channels, low):
        if self.making:
            self.statistics[name] = torch.from_numpy(self.generator.uniform(low, low + 1, channels))
        return self.statistics[name]

    def run(self, x, training):
        return self.block(self.layers, x, "layers", training)

    def block(self, layers, x, prefix, training):
        for i, layer in enumerate(layers):
            x = self.layer(layer, x, f"{prefix}.{i}", training)
        return x

    def layer(self, layer, x, name, training):
        kind = layer["type"]
        activation = ACTIVATIONS[layer.get("activation", "none")]
        if kind == "dense":
            weight = self.parameter(f"{name}.weight", x.shape[-1], layer["units"])
            return activation(F.linear(x, weight.T, self.parameter(f"{name}.bias", layer["units"])))
        if kind in ("conv1d", "conv2d"):
            return activation(self.convolution(layer, x, name))
        if kind in ("maxPool", "averagePool"):
            size, stride = layer["size"], layer.get("stride", layer["size"])
            moved = x.movedim(-1, 1)
            if x.dim() == 3:
                pool = F.max_pool1d if kind == "maxPool" else F.avg_pool1d
            else:
                pool = F.max_pool2d if kind == "maxPool" else F.avg_pool2d
                size, stride = pair(size), pair(stride)
            return pool(moved, size, stride).movedim(1, -1)
        if kind == "flatten":
            return x.reshape(len(x), -1)
        if kind == "activation":
            return activation(x)
        if kind == "dropout":
            return x * self.mask(name, x) if training else x
        if kind == "batchNorm":
            channels = x.shape[-1]
            return F.batch_norm(
                x.movedim(-1, 1),
                self.statistic(f"{name}.mean", channels, -0.5),
                self.statistic(f"{name}.variance", channels, 0.5),
                self.parameter(f"{name}.gain", channels),
                self.parameter(f"{name}.shift", channels),
                training,
                layer.get("momentum", 0.1),
                layer.get("epsilon", 1e-5),
            ).movedim(1, -1)
        if kind == "layerNorm":
            channels = x.shape[-1]
            gain, shift = self.parameter(f"{name}.gain", channels), self.parameter(f"{name}.shift", channels)
            return F.layer_norm(x, (channels,), gain, shift, layer.get("epsilon", 1e-5))
        if kind == "embedding":
            return F.embedding(x.long(), self.parameter(f"{name}.weight", layer["count"], layer["units"]))
        assert kind == "residual"
        return x + self.block(layer["layers"], x, name, training)

    def mask(self, name, x):
        """Ours, whose channels may be padded."""
        channels = x.shape[-1]
        values = torch.tensor(self.masks[name]).reshape(*x.shape[:-1], -1)
        return values[..., :channels]

    def convolution(self, layer, x, name):
        is_series = layer["type"] == "conv1d"
        size = (layer["size"],) if is_series else pair(layer["size"])
        stride = (layer.get("stride", 1),) if is_series else pair(layer.get("stride", 1))
        weight = self.parameter(f"{name}.weight", *size, x.shape[-1], layer["filters"])
        bias = self.parameter(f"{name}.bias", layer["filters"])
        moved = x.movedim(-1, 1)
        if layer.get("padding") == "same":
            margins = [same(n, s, step) for n, s, step in zip(x.shape[1:-1], size, stride)]
            moved = F.pad(moved, [side for margin in reversed(margins) for side in margin])
        convolve = F.conv1d if is_series else F.conv2d
        return convolve(moved, weight.movedim((-1, -2), (0, 1)).contiguous(), bias, stride).movedim(1, -1)


def case(layers, shape, training=True, rows=5, outputs=3, present=None, features=None, seed=0):
    return {
        "layers": layers,
        "shape": shape,
        "training": training,
        "rows": rows,
        "outputs": outputs,
        "present": rows if present is None else present,
        "features": features,
        "seed": seed,
    }


def conv(**options):
    return {"type": "conv2d", "filters": 5, "size": 3, **options}


FLAT = {"type": "flatten"}


def cases():
    """Every layer in several shapes, each behind one with parameters, so that its gradient in the input counts."""
    draw = random.Random(7)
    made = {}
    for name in ACTIVATIONS:
        made[f"dense {name}"] = case([{"type": "dense", "units": 6, "activation": name}], [4], rows=7)
        made[f"wide dense {name}"] = case([{"type": "dense", "units": 19, "activation": name}] * 2, [17], rows=30)
        made[f"conv {name}"] = case([conv(activation=name), FLAT], [5, 6, 2])
        if name != "none":
            layers = [{"type": "dense", "units": 6}, {"type": "activation", "activation": name}]
            made[f"activation {name}"] = case(layers, [4])
    for i in range(24):
        height, width, channels = draw.randint(4, 9), draw.randint(4, 9), draw.choice([1, 2, 3, 4, 8])
        second = {
            "type": "conv2d",
            "filters": draw.choice([1, 3, 4, 6]),
            "size": [draw.randint(1, 4), draw.randint(1, 4)],
            "stride": draw.choice([1, 1, 2, 3, [2, 1], [1, 2]]),
            "padding": draw.choice(["same", "valid"]),
        }
        first = conv(filters=draw.choice([3, 4]), padding="same", activation="relu")
        made[f"conv2d {i}"] = case([first, second, FLAT], [height, width, channels], seed=i)
    for i in range(8):
        time, channels = draw.randint(6, 14), draw.choice([1, 3, 4])
        second = {
            "type": "conv1d",
            "filters": draw.choice([2, 4]),
            "size": draw.randint(1, 5),
            "stride": draw.choice([1, 2, 3]),
            "padding": draw.choice(["same", "valid"]),
        }
        first = {"type": "conv1d", "filters": 3, "size": 3, "padding": "same", "activation": "tanh"}
        made[f"conv1d {i}"] = case([first, second, FLAT], [time, channels], seed=i)
    for kind in ("maxPool", "averagePool"):
        for i, (size, stride) in enumerate([(2, None), (2, 1), (3, 2), ([2, 3], [1, 2]), (2, 3), (1, 2)]):
            pool = {"type": kind, "size": size, **({} if stride is None else {"stride": stride})}
            made[f"{kind} {i}"] = case([conv(filters=3), pool, FLAT], [8, 9, 2])
        series = {"type": kind, "size": 3, "stride": 2}
        first = {"type": "conv1d", "filters": 3, "size": 2}
        made[f"{kind} of series"] = case([first, series, FLAT], [11, 2])
        made[f"{kind} of the data"] = case([{"type": kind, "size": 2}, FLAT], [5, 5, 1])
        # ReLU makes many zeros: the first of equal values gets the gradient.
        ties = [conv(activation="relu"), {"type": kind, "size": 3, "stride": 1}, FLAT]
        made[f"{kind} with ties"] = case(ties, [7, 7, 1], features=lambda g, shape: g.integers(-1, 2, shape))
    for shape in ([6], [4, 5, 3], [7, 2]):
        is_image = len(shape) == 3
        first = {6: {"type": "dense", "units": 5}}.get(shape[0]) or (
            conv(filters=3) if is_image else {"type": "conv1d", "filters": 6, "size": 2}
        )
        tail = [] if len(shape) == 1 else [FLAT]
        text = "×".join(map(str, shape))
        for kind in ("batchNorm", "layerNorm"):
            norm = {"type": kind, "epsilon": 1e-3}
            made[f"{kind} of {text}"] = case([first, norm, *tail], shape)
            made[f"{kind} of {text} in evaluation"] = case([first, norm, *tail], shape, training=False)
            made[f"{kind} of the data, {text}"] = case([norm, *tail], shape)
        slow = {"type": "batchNorm", "momentum": 0.3}
        made[f"batchNorm of {text} in a short batch"] = case([first, slow, *tail], shape, present=3)
        made[f"dropout of {text}"] = case([first, {"type": "dropout", "rate": 0.4}, *tail], shape)
        made[f"dropout of {text} in evaluation"] = case([first, {"type": "dropout"}, *tail], shape, training=False)
    whole = lambda count: lambda g, shape: g.integers(0, count, shape)
    words = {"type": "embedding", "count": 9, "units": 5}
    made["embedding"] = case([words, FLAT], [6], features=whole(9))
    made["embedding of one number"] = case([words, FLAT], [1], features=whole(9))
    made["embedding, then convolution"] = case([words, conv1(3), FLAT], [6], features=whole(9))
    block = {"type": "residual", "layers": [{"type": "dense", "units": 6, "activation": "tanh"}]}
    made["residual"] = case([{"type": "dense", "units": 6}, block, block], [4])
    images = {"type": "residual", "layers": [conv(filters=3, padding="same", activation="relu"), {"type": "batchNorm"}]}
    made["residual of the data"] = case([images, images, FLAT], [4, 5, 3])
    behind = [{"type": "batchNorm"}, images, FLAT]
    made["residual of normalised data"] = case(behind, [4, 5, 3])
    made["P3's network"] = case(
        [
            conv(filters=8, activation="relu"),
            {"type": "maxPool", "size": 2},
            conv(filters=12, activation="relu"),
            {"type": "maxPool", "size": 2},
            conv(filters=12, activation="relu", padding="same"),
            FLAT,
            {"type": "dense", "units": 16, "activation": "relu"},
        ],
        [18, 18, 1],
        outputs=10,
        rows=4,
    )
    everything = [
        conv(activation="gelu", padding="same"),
        {"type": "batchNorm"},
        {"type": "averagePool", "size": 2},
        {"type": "residual", "layers": [conv(padding="same"), {"type": "dropout", "rate": 0.25}]},
        {"type": "layerNorm"},
        {"type": "maxPool", "size": 3, "stride": 2},
        FLAT,
        {"type": "dropout"},
        {"type": "dense", "units": 7, "activation": "softplus"},
    ]
    made["everything together"] = case(everything, [11, 10, 2], rows=6)
    made["everything together in evaluation"] = case(everything, [11, 10, 2], rows=6, training=False)
    return made


def conv1(filters):
    return {"type": "conv1d", "filters": filters, "size": 2, "activation": "relu"}


CASES = cases()


@pytest.fixture(scope="module")
def answers():
    """What ours make of all cases, with the networks in PyTorch; one call for all."""
    prepared = {}
    for name, given in CASES.items():
        generator = np.random.default_rng(given["seed"])
        shape = [given["rows"], *given["shape"]]
        draw = given["features"] or (lambda g, extents: g.normal(0, 1, extents))
        features = torch.from_numpy(np.asarray(draw(generator, shape), dtype=np.float64))
        delta = torch.from_numpy(generator.normal(0, 1, (given["rows"], given["outputs"])))
        present = given["present"]
        delta[present:] = 0
        features[present:] = features[present - 1]
        network = Network(given["layers"], given["shape"], given["outputs"], generator)
        prepared[name] = network, features, delta
    requests = [
        {
            "model": {"type": "layers", "layers": CASES[name]["layers"]},
            "shape": CASES[name]["shape"],
            "outputs": CASES[name]["outputs"],
            "batch": CASES[name]["rows"],
            "training": CASES[name]["training"],
            "features": features.flatten().tolist(),
            "parameters": {
                key: values.flatten().tolist() for key, values in (network.parameters | network.statistics).items()
            },
            "delta": delta.flatten().tolist(),
            "weights": [1.0 if n < CASES[name]["present"] else 0.0 for n in range(CASES[name]["rows"])],
        }
        for name, (network, features, delta) in prepared.items()
    ]
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/layers.ts"],
        cwd=ROOT,
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return {name: (*prepared[name], ours) for name, ours in zip(prepared, json.loads(done.stdout))}


@pytest.mark.parametrize("name", CASES)
def test_layer(answers, name):
    network, features, delta, ours = answers[name]
    given = CASES[name]
    present = given["present"]
    network.masks = ours["masks"]
    # Rows that only fill the batch are not there for PyTorch.
    output = network.run(features[:present], given["training"])
    np.testing.assert_allclose(ours["output"][:present], output.detach().numpy(), rtol=1e-10, atol=1e-12)
    for key, values in network.statistics.items():
        np.testing.assert_allclose(ours["statistics"][key], values.numpy(), rtol=1e-12, err_msg=key)
    if not given["training"]:
        return
    output.backward(delta[:present])
    assert set(ours["gradients"]) == set(network.parameters)
    for key, values in network.parameters.items():
        expected = values.grad.flatten().numpy()
        np.testing.assert_allclose(ours["gradients"][key], expected, rtol=1e-9, atol=1e-11, err_msg=key)
