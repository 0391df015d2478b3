"""Train the runs of test/long/learning.ts in PyTorch, on one thread, each twice.

Reads the runs from standard input (see learningParts.ts) and writes their final metrics as JSON. Same model, same rows,
same optimizer, same number of steps. "same" starts from Loss Lab's starting values and takes the batches in its order;
"own" draws both as PyTorch does.
"""

import json
import sys

import torch
from torch import nn

torch.set_num_threads(1)


class Flatten(nn.Module):
    """Channels last, as the rows came."""

    def forward(self, x):
        return x.movedim(1, -1).flatten(1)


def build(run: dict) -> nn.Sequential:
    """The model with PyTorch's own starting values."""
    described, width = run["model"], run["shape"]
    if described["type"] == "mlp":
        specs = [{"type": "dense", "units": units, "activation": described["activation"]} for units in described["hidden"]]
        size, channels = run["training_part"]["features_per_row"], 1
        image = None
    else:
        specs, size, channels = described["layers"], None, width[-1]
        image = width[:2]
    layers: list[nn.Module] = []
    for spec in specs:
        if spec["type"] == "dense":
            layers.append(nn.Linear(size, spec["units"]))
            size = spec["units"]
        elif spec["type"] == "conv2d":
            assert spec["size"] == 3 and spec["stride"] == 1
            padding = 1 if spec["padding"] == "same" else 0
            layers.append(nn.Conv2d(channels, spec["filters"], 3, padding=padding))
            channels = spec["filters"]
            image = [extent - 2 + 2 * padding for extent in image]
        elif spec["type"] == "maxPool":
            assert spec["size"] == 2
            layers.append(nn.MaxPool2d(2))
            image = [extent // 2 for extent in image]
        else:
            assert spec["type"] == "flatten"
            layers.append(Flatten())
            size = image[0] * image[1] * channels
        if "activation" in spec:
            assert spec["activation"] == "relu"
            layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(size, run["outputs"]))


def start(model: nn.Sequential, values: list[dict]) -> None:
    """Loss Lab's starting values: its weights have the outputs last."""
    of_layers = [layer for layer in model if isinstance(layer, (nn.Linear, nn.Conv2d))]
    with torch.no_grad():
        for layer, weight, bias in zip(of_layers, values[0::2], values[1::2], strict=True):
            assert weight["name"].endswith(".weight") and bias["name"].endswith(".bias")
            given = torch.tensor(weight["values"]).reshape(weight["shape"])
            layer.weight.copy_(given.T if given.ndim == 2 else given.permute(3, 2, 0, 1))
            layer.bias.copy_(torch.tensor(bias["values"]))


def tensors(run: dict, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    part = run[name]
    x = torch.tensor(part["features"], dtype=torch.float64).reshape(part["rows"], -1)
    part["features_per_row"] = x.shape[1]
    if run["enlarge"] is not None:
        a = torch.tensor(run["enlarge"], dtype=torch.float64)
        x = a @ x.reshape(-1, a.shape[1], a.shape[1]) @ a.T
    if run["model"]["type"] == "layers":
        height, width, channels = run["shape"]
        assert channels == 1
        x = x.reshape(-1, 1, height, width)
    targets = torch.tensor(part["targets"])
    return x.float(), targets.long() if run["task"] == "classes" else targets.float()


def criterion(run: dict):
    """The loss by its id, on outputs of shape (rows, outputs)."""
    made = {
        "softmax-cross-entropy": nn.CrossEntropyLoss(),
        "binary-cross-entropy-logits": nn.BCEWithLogitsLoss(),
        "mean-squared-error": nn.MSELoss(),
        "mean-absolute-error": nn.L1Loss(),
        "huber": nn.HuberLoss(delta=1.0),
    }[run["loss"]["id"]]
    return made if run["task"] == "classes" else lambda outputs, y: made(outputs[:, 0], y)


def train(run: dict, same: bool) -> dict:
    x, y = tensors(run, "training_part")
    val_x, val_y = tensors(run, "validation_part")
    torch.manual_seed(run["seed"])
    model = build(run)
    if same:
        start(model, run["start"])
    hyper = run["optimizer"]
    assert hyper["type"] == "adam" and hyper["weightDecay"] == 0 and "convention" not in hyper
    optimizer = torch.optim.Adam(
        model.parameters(), lr=hyper["rate"], betas=(hyper["beta1"], hyper["beta2"]), eps=hyper["epsilon"]
    )
    loss_of = criterion(run)
    for epoch in range(run["training"]["epochs"]):
        order = torch.tensor(run["orders"][epoch]) if same else torch.randperm(len(x))
        for rows in order.split(run["training"]["batch"]):
            loss = loss_of(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        outputs = model(val_x)
        metrics = {"loss": loss_of(outputs, val_y).item()}
        if run["task"] == "regression":
            residual = (outputs[:, 0] - val_y).double() * run["target_scale"]
            metrics["rmse"] = residual.square().mean().sqrt().item()
        else:
            answer = outputs.argmax(1) if run["task"] == "classes" else outputs[:, 0] > 0
            metrics["accuracy"] = (answer == val_y).double().mean().item()
    return {name: float(f"{value:.7g}") for name, value in metrics.items()}


cases: dict[str, dict] = {}
for line in sys.stdin:
    run = json.loads(line)
    described = {key: run[key] for key in ("model", "loss", "optimizer", "training")}
    described["training"] = {k: v for k, v in described["training"].items() if k != "seed"}
    case = cases.setdefault(run["case"], {**described, "runs": []})
    case["runs"].append({"seed": run["seed"], "same": train(run, True), "own": train(run, False)})
    print(run["case"], run["seed"], case["runs"][-1], file=sys.stderr)
json.dump({"made_by": f"test/frameworks/learning_torch.py, torch {torch.__version__}", "cases": cases}, sys.stdout, indent=1)
sys.stdout.write("\n")
