"""What a forecast minimises against PyTorch in float64: losses over a horizon, and the pinball loss over horizon × levels."""

import json
import os
import pathlib
import subprocess

import pytest
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pinball(prediction, target, level):
    """Element by element; at a tie the gradient is -level, as scikit-learn has it."""
    error = target - prediction
    return torch.where(error >= 0, level * error, (level - 1) * error)


ELEMENTS = {
    "mean-squared-error": lambda p, y, _: (p - y) ** 2,
    "huber": lambda p, y, parameters: torch.nn.functional.huber_loss(p, y, reduction="none", **parameters),
    "quantile": lambda p, y, parameters: pinball(p, y, parameters["tau"]),
}

# Horizons and levels that fill a multiple of the lanes and that do not; more levels than one kernel adds up.
CASES = {
    "one level, one step": ("quantile", [0.3], 1),
    "a fan": ("quantile", [0.1, 0.5, 0.9], 4),
    "an odd fan": ("quantile", [0.05, 0.25, 0.5, 0.75, 0.95], 7),
    "many levels": ("quantile", [0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98], 3),
    "one quantile by the loss": ("quantile", None, 5),
    "squared error": ("mean-squared-error", None, 6),
    "Huber": ("huber", None, 3),
}
PARAMETERS = {"mean-squared-error": {}, "huber": {"delta": 0.7}, "quantile": {"tau": 0.8}}


@pytest.fixture(scope="module")
def answers():
    generator = torch.Generator().manual_seed(11)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    requests, expected = [], []
    for loss, levels, horizon in CASES.values():
        samples = 9
        outputs = draw(samples, len(levels or [0]), horizon).requires_grad_()
        targets = draw(samples, horizon)
        # A tie, and a row that only fills the batch.
        with torch.no_grad():
            outputs[0, 0, 0] = targets[0, 0]
        weights = torch.rand(samples, generator=generator, dtype=torch.float64)
        weights[-1] = 0
        parameters = {} if levels else PARAMETERS[loss]
        each = [
            ELEMENTS[loss](outputs[:, i], targets, {"tau": level} if levels else parameters)
            for i, level in enumerate(levels or [None])
        ]
        rows = torch.stack(each, 1).mean((1, 2))
        value = (weights * rows).sum() / weights.sum()
        value.backward()
        requests.append(
            {
                "loss": loss,
                "parameters": parameters,
                **({"levels": levels} if levels else {}),
                "horizon": horizon,
                "samples": samples,
                "outputs": outputs.detach().flatten().tolist(),
                "targets": targets.flatten().tolist(),
                "weights": weights.tolist(),
            }
        )
        expected.append((value.item(), outputs.grad.flatten()))
    tsx = ROOT / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/forecast.ts"],
        cwd=ROOT,
        input=json.dumps(requests),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return {name: (ours, *theirs) for name, ours, theirs in zip(CASES, json.loads(done.stdout), expected)}


@pytest.mark.parametrize("name", CASES)
def test_objective_as_pytorch(answers, name):
    ours, value, gradient = answers[name]
    assert ours["loss"] == pytest.approx(value, rel=1e-12)
    torch.testing.assert_close(torch.tensor(ours["gradient"], dtype=torch.float64), gradient, rtol=1e-11, atol=1e-15)
