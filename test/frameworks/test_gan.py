"""One step of a GAN against PyTorch in float64: the losses and gradients of both networks, and what they become."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTIVATIONS = {"none": lambda x: x, "relu": F.relu, "leakyRelu": F.leaky_relu, "tanh": torch.tanh}


@pytest.fixture(autouse=True, scope="module")
def double_precision():
    """PyTorch computes these tests, and no others, in float64 by default."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


# Losses as their papers write them, and as PyTorch computes them.
def cross_entropy(scores, label):
    return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def minimax(real, fake):
    return cross_entropy(real, 1) + cross_entropy(fake, 0)


def least_squares(real, fake):
    return 0.5 * (F.mse_loss(real, torch.ones_like(real)) + F.mse_loss(fake, torch.zeros_like(fake)))


def hinge(real, fake):
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def wasserstein(real, fake):
    return fake.mean() - real.mean()


PAIRS = {
    "minimax-gan-discriminator": (minimax, lambda fake: -cross_entropy(fake, 0)),
    "non-saturating-gan-generator": (minimax, lambda fake: cross_entropy(fake, 1)),
    "least-squares-gan-discriminator": (least_squares, lambda fake: 0.5 * F.mse_loss(fake, torch.ones_like(fake))),
    "hinge-gan-discriminator": (hinge, lambda fake: -fake.mean()),
    "wasserstein-critic": (wasserstein, lambda fake: -fake.mean()),
}


class Network:
    """Dense layers and batch normalisation, parameters by our names and in our layout."""

    def __init__(self, layers, prefix, inputs, outputs, generator):
        self.layers = [*layers, {"type": "dense", "units": outputs}]
        self.prefix = prefix
        self.parameters = {}
        self.statistics = {}
        for i, layer in enumerate(self.layers):
            name = f"{prefix}.{i}"
            if layer["type"] == "dense":
                draw = lambda *shape: torch.from_numpy(generator.normal(0, 1 / np.sqrt(inputs), shape))
                self.parameters[f"{name}.weight"] = draw(inputs, layer["units"]).requires_grad_()
                self.parameters[f"{name}.bias"] = draw(layer["units"]).requires_grad_()
                inputs = layer["units"]
            else:
                self.parameters[f"{name}.gain"] = torch.ones(inputs).requires_grad_()
                self.parameters[f"{name}.shift"] = torch.zeros(inputs).requires_grad_()
                self.statistics[f"{name}.mean"] = torch.zeros(inputs)
                self.statistics[f"{name}.variance"] = torch.ones(inputs)

    def __call__(self, x):
        for i, layer in enumerate(self.layers):
            name = f"{self.prefix}.{i}"
            of = lambda role: self.parameters.get(f"{name}.{role}", self.statistics.get(f"{name}.{role}"))
            if layer["type"] == "dense":
                x = ACTIVATIONS[layer.get("activation", "none")](x @ of("weight") + of("bias"))
            else:
                x = F.batch_norm(x, of("mean"), of("variance"), of("gain"), of("shift"), training=True)
        return x


def gradients(network):
    return {name: values.grad.flatten().tolist() for name, values in network.parameters.items()}


def penalty(critic, real, fake, mixing, weight, sided):
    points = (mixing * real + (1 - mixing) * fake).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    off = slopes.norm(dim=1) - 1
    return weight * (F.relu(off) if sided == "one" else off).square().mean()


def step(given, generator, discriminator):
    """The step in PyTorch: losses and gradients of every update."""
    judge, play = PAIRS[given["loss"]]
    batch, latent = given["batch"], given["latent"]
    noise = torch.tensor(given["noise"]).reshape(-1, batch, latent)
    mixing = torch.tensor(given["mixing"]).reshape(-1, batch, 1)
    rows = torch.tensor(given["rows"])[given["order"]].reshape(-1, batch, given["columns"])
    options = dict(given["optimizer"])
    kind, rate = options.pop("type"), options.pop("rate")
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[kind]
    moves_critic = make(discriminator.parameters.values(), lr=given.get("discriminatorRate", rate), **options)
    moves_generator = make(generator.parameters.values(), lr=rate, **options)
    losses, found = [], []
    for turn in range(given["discriminatorSteps"]):
        moves_critic.zero_grad()
        fake = generator(noise[turn]).detach()
        loss = judge(discriminator(rows[turn]), discriminator(fake))
        if "gradientPenalty" in given:
            loss = loss + penalty(discriminator, rows[turn], fake, mixing[turn], **given["gradientPenalty"])
        loss.backward()
        losses.append(loss.item())
        found.append(gradients(discriminator))
        moves_critic.step()
    moves_generator.zero_grad()
    loss = play(discriminator(generator(noise[-1])))
    loss.backward()
    found.append(gradients(generator))
    moves_generator.step()
    return [*losses, loss.item()], found


def dense(units, activation="none"):
    return {"type": "dense", "units": units, "activation": activation}


def case(loss, generator=None, discriminator=None, steps=1, optimizer=None, **more):
    return {
        "loss": loss,
        "generator": [dense(7, "tanh"), dense(6, "relu")] if generator is None else generator,
        "discriminator": [dense(9, "leakyRelu"), dense(5, "tanh")] if discriminator is None else discriminator,
        "discriminatorSteps": steps,
        "optimizer": {"type": "sgd", "rate": 0.3} if optimizer is None else optimizer,
        "latent": 3,
        "columns": 2,
        "batch": 6,
        **more,
    }


def cases():
    critic = [dense(9, "leakyRelu"), dense(5, "relu"), dense(6)]
    made = {loss: case(loss) for loss in PAIRS}
    made |= {f"{loss}, twice, Adam": case(loss, steps=2, optimizer={"type": "adam", "rate": 0.01}) for loss in PAIRS}
    made["a rate of its own"] = case("hinge-gan-discriminator", discriminatorRate=0.05)
    normalised = [dense(7), {"type": "batchNorm"}, dense(6, "relu")]
    made["normalised generator"] = case("non-saturating-gan-generator", generator=normalised, steps=2)
    for sided in ("two", "one"):
        for loss in ("wasserstein-critic", "minimax-gan-discriminator"):
            made[f"{loss}, penalised, {sided}-sided"] = case(
                loss,
                discriminator=critic,
                steps=3,
                optimizer={"type": "sgd", "rate": 0.02},
                gradientPenalty={"weight": 10, "sided": sided},
            )
    made["a linear critic, penalised"] = case(
        "wasserstein-critic", discriminator=[], columns=5, gradientPenalty={"weight": 2.5, "sided": "two"}
    )
    return made


CASES = cases()


@pytest.fixture(scope="module")
def answers():
    """What ours make of all cases; one call for all."""
    prepared = {}
    for seed, (name, given) in enumerate(CASES.items()):
        random = np.random.default_rng(seed)
        steps, batch, rows = given["discriminatorSteps"], given["batch"], 11
        generator = Network(given["generator"], "layers", given["latent"], given["columns"], random)
        discriminator = Network(given["discriminator"], "discriminator.layers", given["columns"], 1, random)
        data = {
            "rows": random.normal(0, 1, (rows, given["columns"])).tolist(),
            "order": random.integers(0, rows, steps * batch).tolist(),
            "noise": random.normal(0, 1, (steps + 1) * batch * given["latent"]).tolist(),
            "mixing": random.uniform(0, 1, steps * batch).tolist(),
        }
        prepared[name] = given | data, generator, discriminator
    requests = [
        given
        | {player: {"type": "layers", "layers": given[player]} for player in ("generator", "discriminator")}
        | {
            "parameters": {
                key: values.flatten().tolist()
                for network in networks
                for key, values in (network.parameters | network.statistics).items()
            }
        }
        for given, *networks in prepared.values()
    ]
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/gan.ts"],
        cwd=ROOT,
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return {name: (*prepared[name], ours) for name, ours in zip(prepared, json.loads(done.stdout))}


@pytest.mark.parametrize("name", CASES)
def test_step(answers, name):
    given, generator, discriminator, ours = answers[name]
    losses, found = step(given, generator, discriminator)
    np.testing.assert_allclose(ours["losses"], losses, rtol=1e-9, atol=1e-12)
    assert ours["reported"] == ours["losses"][-1]
    for turn, (own, expected) in enumerate(zip(ours["gradients"], found, strict=True)):
        assert set(own) == set(expected)
        for key, values in expected.items():
            np.testing.assert_allclose(own[key], values, rtol=1e-9, atol=1e-11, err_msg=f"{key} in update {turn}")
    for network in (generator, discriminator):
        for key, values in (network.parameters | network.statistics).items():
            after = values.detach().flatten().numpy()
            np.testing.assert_allclose(ours["parameters"][key], after, rtol=1e-8, atol=1e-10, err_msg=key)
