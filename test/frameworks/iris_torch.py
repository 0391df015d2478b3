"""Train the suggested iris experiment in PyTorch on the parts that Loss Lab uses, one run a seed.

Reads the parts from standard input (see irisParts.ts) and writes the validation accuracies as JSON. Same model, same
rows, same optimizer, same number of steps; starting values and order of the rows are PyTorch's own.
"""

import json
import sys

import torch
from torch import nn


def train(run: dict) -> dict:
    torch.manual_seed(run["seed"])
    parts = {}
    for name in ("training_part", "validation_part"):
        part = run[name]
        features = torch.tensor(part["features"], dtype=torch.float32).reshape(part["rows"], -1)
        parts[name] = (features, torch.tensor(part["targets"]).long())
    x, y = parts["training_part"]
    val_x, val_y = parts["validation_part"]

    widths = [x.shape[1], *run["model"]["hidden"]]
    layers: list[nn.Module] = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(widths[-1], 3))
    assert run["model"]["activation"] == "relu" and run["optimizer"]["type"] == "adam"
    hyper = run["optimizer"]
    optimizer = torch.optim.Adam(
        model.parameters(), lr=hyper["rate"], betas=(hyper["beta1"], hyper["beta2"]), eps=hyper["epsilon"]
    )
    criterion = nn.CrossEntropyLoss()

    best_loss, best_accuracy, accuracy = float("inf"), 0.0, 0.0
    for _ in range(run["training"]["epochs"]):
        order = torch.randperm(len(x))
        for rows in order.split(run["training"]["batch"]):
            loss = criterion(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            logits = model(val_x)
            val_loss = criterion(logits, val_y).item()
            accuracy = (logits.argmax(1) == val_y).float().mean().item()
        if val_loss < best_loss:
            best_loss, best_accuracy = val_loss, accuracy
    return {"seed": run["seed"], "best_accuracy": round(best_accuracy, 6), "last_accuracy": round(accuracy, 6)}


runs = json.load(sys.stdin)
result = {
    "made_by": f"test/frameworks/iris_torch.py, torch {torch.__version__}",
    "experiment": {k: runs[0][k] for k in ("model", "training", "optimizer")},
    "runs": [train(run) for run in runs],
}
json.dump(result, sys.stdout, indent=1)
sys.stdout.write("\n")
