"""Optimizers, schedules, clipping, penalties and accumulation against PyTorch, Keras and optax, with random options."""

import functools
import json
import os
import pathlib
import random
import subprocess

import jax
import keras
import numpy as np
import optax
import pytest
import torch
from torch.optim import lr_scheduler

keras.config.set_floatx("float64")
jax.config.update("jax_enable_x64", True)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = {"layers.0.weight": (3, 4), "layers.0.bias": (4,), "layers.1.weight": (4, 2)}
STEPS, PER_EPOCH = 30, 3
EPOCHS = STEPS // PER_EPOCH


def number(rng, low, high):
    """Of a few digits, and spread over the magnitudes between the bounds."""
    return float(f"{10 ** rng.uniform(np.log10(low), np.log10(high)):.3g}")


def case(rng, optimizer):
    """A case of followOptimizers.ts: a start and gradients of mixed sizes, some of them exactly zero."""
    draw = np.random.default_rng(rng.randrange(2**32))
    scale = {name: 10 ** draw.uniform(-2, 1) for name in SHAPES}

    def tensor(shape, size=1.0):
        values = size * draw.normal(size=int(np.prod(shape)))
        return values * (draw.random(len(values)) > 0.1)

    return {
        "optimizer": optimizer,
        "start": {name: tensor(shape).tolist() for name, shape in SHAPES.items()},
        "gradients": [
            {name: tensor(shape, scale[name]).tolist() for name, shape in SHAPES.items()} for _ in range(STEPS)
        ],
        "stepsPerEpoch": PER_EPOCH,
        "losses": [1.0, 0.9, 0.95, 0.9, 0.97, 0.96, 0.95, 0.5, 0.6, 0.6],
    }


# Options of ours and those of torch.optim, by type.
def torch_options(rng):
    decay = rng.choice([0.0, number(rng, 1e-4, 0.1)])
    rate = number(rng, 1e-4, 0.1)

    def both(ours, theirs):
        return {"rate": rate, "weightDecay": decay, **ours}, {"lr": rate, "weight_decay": decay, **theirs}

    def adam_like(type_, make, **more):
        b, e = (number(rng, 0.3, 0.95), number(rng, 0.8, 0.9999)), number(rng, 1e-10, 1e-3)
        theirs = {("amsgrad" if k == "amsgrad" else "momentum_decay"): v for k, v in more.items()}
        ours = {"beta1": b[0], "beta2": b[1], "epsilon": e, **more}
        return type_, make, *both(ours, {"betas": b, "eps": e, **theirs})

    momentum = rng.choice([0.0, number(rng, 0.3, 0.99)])
    nesterov = momentum > 0 and rng.random() < 0.5
    dampening = 0.0 if nesterov else rng.choice([0.0, number(rng, 0.1, 0.9)])
    sgd = {"momentum": momentum, "dampening": dampening, "nesterov": nesterov}
    yield "sgd", torch.optim.SGD, *both(sgd, sgd)
    alpha, eps, centered = number(rng, 0.5, 0.999), number(rng, 1e-9, 1e-3), rng.random() < 0.5
    yield "rmsprop", torch.optim.RMSprop, *both(
        {"smoothing": alpha, "epsilon": eps, "momentum": momentum, "centered": centered},
        {"alpha": alpha, "eps": eps, "momentum": momentum, "centered": centered},
    )
    lr_decay, initial = rng.choice([0.0, number(rng, 1e-3, 0.5)]), rng.choice([0.0, number(rng, 1e-3, 1)])
    yield "adagrad", torch.optim.Adagrad, *both(
        {"rateDecay": lr_decay, "accumulator": initial, "epsilon": eps},
        {"lr_decay": lr_decay, "initial_accumulator_value": initial, "eps": eps},
    )
    yield "adadelta", torch.optim.Adadelta, *both({"smoothing": alpha, "epsilon": eps}, {"rho": alpha, "eps": eps})
    yield adam_like("adam", torch.optim.Adam, amsgrad=rng.random() < 0.5)
    yield adam_like("adamw", torch.optim.AdamW, amsgrad=rng.random() < 0.5)
    yield adam_like("adamax", torch.optim.Adamax)
    yield adam_like("nadam", torch.optim.NAdam, momentumDecay=number(rng, 1e-3, 1))


def clips(rng):
    most = number(rng, 0.1, 3)
    return [
        (None, None),
        ({"by": "norm", "max": most}, lambda p: torch.nn.utils.clip_grad_norm_(p, most)),
        ({"by": "norm", "max": most, "order": 1}, lambda p: torch.nn.utils.clip_grad_norm_(p, most, 1)),
        (
            {"by": "norm", "max": most, "order": "infinity"},
            lambda p: torch.nn.utils.clip_grad_norm_(p, most, float("inf")),
        ),
        ({"by": "value", "max": most}, lambda p: torch.nn.utils.clip_grad_value_(p, most)),
    ]


def schedules(rng):
    """Schedules by epoch: ours and PyTorch's."""
    factor, n, least = number(rng, 0.1, 0.95), rng.randint(1, 4), number(rng, 1e-6, 1e-4)
    power, growth = number(rng, 0.3, 3), rng.randint(1, 3)
    shape = rng.choice(["cosine", "linear"])
    s = lr_scheduler
    return [
        (None, None),
        ({"type": "constant", "factor": factor, "length": n}, lambda o: s.ConstantLR(o, factor, n)),
        ({"type": "step", "factor": factor, "length": n}, lambda o: s.StepLR(o, n, factor)),
        ({"type": "multi-step", "factor": factor, "at": [n, n + 1]}, lambda o: s.MultiStepLR(o, [n, n + 1], factor)),
        ({"type": "exponential", "factor": factor}, lambda o: s.ExponentialLR(o, factor)),
        ({"type": "linear", "from": factor, "to": 0.5, "length": n}, lambda o: s.LinearLR(o, factor, 0.5, n)),
        ({"type": "polynomial", "power": power, "length": n}, lambda o: s.PolynomialLR(o, n, power)),
        ({"type": "cosine", "minimum": least}, lambda o: s.CosineAnnealingLR(o, EPOCHS, least)),
        (
            {"type": "cosine-restarts", "length": n, "growth": growth, "minimum": least},
            lambda o: s.CosineAnnealingWarmRestarts(o, n, growth, least),
        ),
        (
            {"type": "plateau", "factor": factor, "patience": n % 2, "minimum": least, "cooldown": 2},
            lambda o: s.ReduceLROnPlateau(o, factor=factor, patience=n % 2, min_lr=least, cooldown=2),
        ),
        (
            {"type": "one-cycle", "every": "epoch", "shape": shape, "phases": growth if growth > 1 else 2},
            lambda o: s.OneCycleLR(
                o,
                max_lr=o.param_groups[0]["lr"],
                total_steps=EPOCHS,
                anneal_strategy=shape.replace("cosine", "cos"),
                three_phase=growth == 3,
                cycle_momentum=False,
            ),
        ),
    ]


def in_torch(given, make, options, clip=None, schedule=None, by_step=False):
    """What PyTorch makes of a case: the parameters after every step."""
    ours = given["optimizer"]
    every = ours.get("accumulate", 1)
    tensors = {name: torch.tensor(given["start"][name], dtype=torch.float64, requires_grad=True) for name in SHAPES}
    # The implementation for single tensors: the other one differs by its rounding.
    optimizer = make(list(tensors.values()), **options, foreach=False)
    scheduler = None if schedule is None else schedule(optimizer)
    trajectory = []
    for step, gradients in enumerate(given["gradients"], start=1):
        factors = {name: torch.tensor(g, dtype=torch.float64) for name, g in gradients.items()}
        loss = sum((tensors[name] * factor).sum() / every for name, factor in factors.items())
        for entry in ours.get("penalties", []):
            for name, w in tensors.items():
                if name.startswith(entry["on"]) or (entry["on"] == "weights" and name.endswith("weight")):
                    loss = loss + (entry["l1"] * w.abs().sum() + entry["l2"] * (w**2).sum()) / every
        loss.backward()
        if step % every == 0:
            if clip is not None:
                clip(list(tensors.values()))
            optimizer.step()
            optimizer.zero_grad()
            if scheduler is not None and by_step:
                scheduler.step()
        if scheduler is not None and not by_step and step % PER_EPOCH == 0:
            epoch = step // PER_EPOCH - 1
            if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
                scheduler.step(given["losses"][epoch])
            elif epoch < EPOCHS - 1:
                scheduler.step()
        trajectory.append({name: w.detach().numpy().copy() for name, w in tensors.items()})
    return trajectory


def torch_cases():
    """(name, case, what runs it): every optimizer, each with other extras."""
    rng = random.Random(4)
    found = []
    for turn in range(4):
        for i, (type_, make, ours, theirs) in enumerate(torch_options(rng)):
            clip, clipper = clips(rng)[(turn + i) % 5]
            schedule, scheduler = schedules(rng)[(3 * turn + i) % 11]
            extra = {"clip": clip, "schedule": schedule}
            if turn % 2 == 1:
                extra["accumulate"] = rng.choice([1, 2, 5])
                extra["penalties"] = [
                    {"on": "weights", "l1": number(rng, 1e-3, 0.1), "l2": 0},
                    {"on": "layers.0", "l1": 0, "l2": number(rng, 1e-3, 0.1)},
                ]
            optimizer = {"type": type_, **ours, **{k: v for k, v in extra.items() if v is not None}}
            run = functools.partial(in_torch, make=make, options=theirs, clip=clipper, schedule=scheduler)
            found.append((f"torch-{type_}-{turn}", case(rng, optimizer), run))
    for schedule, scheduler in schedules(rng)[1:]:
        optimizer = {"type": "sgd", "rate": 0.1, "schedule": schedule}
        run = functools.partial(in_torch, make=torch.optim.SGD, options={"lr": 0.1}, schedule=scheduler)
        found.append((f"torch-schedule-{schedule['type']}", case(rng, optimizer), run))

    def warmed(o):
        return lr_scheduler.SequentialLR(
            o,
            [lr_scheduler.LinearLR(o, 0.1, 1.0, 7), lr_scheduler.CosineAnnealingLR(o, STEPS - 7)],
            milestones=[7],
        )

    optimizer = {
        "type": "sgd",
        "rate": 0.1,
        "warmup": {"length": 7, "from": 0.1},
        "schedule": {"type": "cosine", "every": "step"},
    }
    run = functools.partial(in_torch, make=torch.optim.SGD, options={"lr": 0.1}, schedule=warmed, by_step=True)
    found.append(("torch-warmup-cosine", case(rng, optimizer), run))

    def cycle(o):
        total = STEPS // 2
        return Stopping(lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=total, cycle_momentum=False), total)

    optimizer = {"type": "sgd", "rate": 0.1, "schedule": {"type": "one-cycle"}, "accumulate": 2}
    run = functools.partial(in_torch, make=torch.optim.SGD, options={"lr": 0.1}, schedule=cycle, by_step=True)
    found.append(("torch-one-cycle-by-step", case(rng, optimizer), run))
    return found


class Stopping:
    """A scheduler that is not stepped beyond its end, which OneCycleLR refuses."""

    def __init__(self, scheduler, total):
        self.scheduler, self.left = scheduler, total - 1

    def step(self):
        if self.left > 0:
            self.scheduler.step()
        self.left -= 1


def in_keras(given, make):
    variables = [keras.Variable(np.array(given["start"][name])) for name in SHAPES]
    optimizer = make()
    optimizer.build(variables)
    trajectory = []
    for gradients in given["gradients"]:
        optimizer.apply([keras.ops.convert_to_tensor(np.array(gradients[name])) for name in SHAPES], variables)
        values = [keras.ops.convert_to_numpy(variable).copy() for variable in variables]
        trajectory.append(dict(zip(SHAPES, values)))
    return trajectory


def keras_cases():
    rng = random.Random(5)
    o = keras.optimizers
    found = []

    def add(name, ours, make):
        found.append((f"keras-{name}", case(rng, ours), functools.partial(in_keras, make=make)))

    for turn in range(3):
        # Keras holds the rate in single precision.
        rate, eps = 2.0 ** -rng.randint(3, 9), number(rng, 1e-8, 1e-3)
        b1, b2, rho = number(rng, 0.3, 0.95), number(rng, 0.8, 0.9999), number(rng, 0.5, 0.99)
        decay, initial, momentum = number(rng, 1e-4, 0.1), number(rng, 1e-3, 1), number(rng, 0.3, 0.99)
        flag = turn % 2 == 1
        base = {"rate": rate, "epsilon": eps}
        both = {"learning_rate": rate, "epsilon": eps}
        betas = {"beta1": b1, "beta2": b2}, {"beta_1": b1, "beta_2": b2}
        add(
            f"adam-{turn}",
            {"type": "adam", "convention": "keras", **base, **betas[0], "amsgrad": flag, "weightDecay": decay},
            lambda both=both, b=betas[1], f=flag, d=decay: o.Adam(**both, **b, amsgrad=f, weight_decay=d),
        )
        add(
            f"adamw-{turn}",
            {"type": "adamw", "convention": "keras", **base, **betas[0], "amsgrad": flag, "weightDecay": decay},
            lambda both=both, b=betas[1], f=flag, d=decay: o.AdamW(**both, **b, amsgrad=f, weight_decay=d),
        )
        add(
            f"adamax-{turn}",
            {"type": "adamax", "convention": "keras", **base, **betas[0], "weightDecay": decay},
            lambda both=both, b=betas[1], d=decay: o.Adamax(**both, **b, weight_decay=d),
        )
        add(
            f"nadam-{turn}",
            {"type": "nadam", **base, **betas[0], "momentumDecay": 1},
            lambda both=both, b=betas[1]: o.Nadam(**both, **b),
        )
        mean = {"smoothing": rho, "momentum": momentum if flag else 0, "centered": turn > 0, "weightDecay": decay}
        add(
            f"rmsprop-{turn}",
            {"type": "rmsprop", "convention": "keras", **base, **mean},
            lambda both=both, r=rho, m=mean: o.RMSprop(
                **both, rho=r, momentum=m["momentum"], centered=m["centered"], weight_decay=m["weightDecay"]
            ),
        )
        add(
            f"adagrad-{turn}",
            {"type": "adagrad", "convention": "keras", **base, "accumulator": initial, "weightDecay": decay},
            lambda both=both, a=initial, d=decay: o.Adagrad(**both, initial_accumulator_value=a, weight_decay=d),
        )
        add(
            f"adadelta-{turn}",
            {"type": "adadelta", **base, "smoothing": rho},
            lambda both=both, r=rho: o.Adadelta(**both, rho=r),
        )
    return found


def in_optax(given, make):
    parameters = {name: jax.numpy.array(given["start"][name]) for name in SHAPES}
    transform = make()
    state = transform.init(parameters)
    trajectory = []
    for gradients in given["gradients"]:
        grads = {name: jax.numpy.array(g) for name, g in gradients.items()}
        steps, state = transform.update(grads, state, parameters)
        parameters = optax.apply_updates(parameters, steps)
        trajectory.append({name: np.array(w) for name, w in parameters.items()})
    return trajectory


def optax_cases():
    rng = random.Random(6)
    found = []
    for turn in range(4):
        rate, b1, b2 = number(rng, 1e-4, 0.1), number(rng, 0.3, 0.95), number(rng, 0.8, 0.999)
        decay = number(rng, 1e-4, 0.1) if turn > 0 else 0.0
        ours = {"type": "lion", "rate": rate, "beta1": b1, "beta2": b2, "weightDecay": decay}
        make = functools.partial(optax.lion, rate, b1, b2, weight_decay=decay)
        found.append((f"optax-lion-{turn}", case(rng, ours), functools.partial(in_optax, make=make)))
    return found


CASES = [*torch_cases(), *keras_cases(), *optax_cases()]
# NAdam of PyTorch keeps a product, and Keras its constants, in single precision.
ROUNDED = {"torch-nadam": 1e-7, "keras": 1e-5}


@pytest.fixture(scope="module")
def followed():
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/followOptimizers.ts"],
        input=json.dumps([given for _, given, _ in CASES]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("index", range(len(CASES)), ids=[name for name, _, _ in CASES])
def test_parameters_after_every_step(followed, index):
    name, given, run = CASES[index]
    tolerance = next((rtol for start, rtol in ROUNDED.items() if name.startswith(start)), 1e-10)
    for step, (ours, theirs) in enumerate(zip(followed[index], run(given), strict=True), start=1):
        for tensor, values in theirs.items():
            # Single elements pass through zero: relative to the largest of the tensor.
            scale = np.abs(values).max()
            np.testing.assert_allclose(
                np.array(ours[tensor]), values, rtol=tolerance, atol=tolerance * scale, err_msg=f"{tensor}, step {step}"
            )
