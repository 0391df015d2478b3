"""Train the networks of examples/mnist-*.losslab.json in PyTorch on MNIST-like files, on one thread.

    npx tsx test/frameworks/writeMnistLike.ts FOLDER && .venv/bin/python test/frameworks/mnist_torch.py FOLDER > test/fixtures/learning/mnist-torch.json

Writes accuracy and loss on the test images after each epoch, and the milliseconds of a training step. Starting values are
Keras's: Glorot's uniform weights, biases 0.
"""

import gzip
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
folder = sys.argv[1]


def idx(name: str) -> np.ndarray:
    with gzip.open(os.path.join(folder, name)) as file:
        data = file.read()
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def part(name: str) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.tensor(idx(f"{name}-images-idx3-ubyte.gz")).float().unsqueeze(1) / 255
    return images, torch.tensor(idx(f"{name}-labels-idx1-ubyte.gz")).long()


def convolutional() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10),
    )


def perceptron() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10), nn.ReLU(), nn.Linear(10, 10))


def brier(outputs: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Ten times Keras's mean squared error of softmax outputs."""
    return (F.softmax(outputs, 1) - F.one_hot(y, 10)).square().sum(1).mean()


def train(make, loss_of, epsilon: float, seed: int) -> dict:
    model = make()
    torch.manual_seed(seed)
    for layer in model:
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, eps=epsilon)
    result = []
    times = []
    for _ in range(5):
        for rows in torch.randperm(len(x)).split(32):
            began = time.perf_counter()
            loss = loss_of(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            times.append(time.perf_counter() - began)
        with torch.no_grad():
            outputs = torch.cat([model(some) for some in test_x.split(1000)])
            accuracy = (outputs.argmax(1) == test_y).double().mean().item()
            result.append({"accuracy": round(accuracy, 5), "loss": round(loss_of(outputs, test_y).item(), 6)})
        print(result[-1], np.median(times) * 1000, file=sys.stderr)
    return {"seed": seed, "epochs": result, "step_ms": round(float(np.median(times)) * 1000, 3)}


x, y = part("train")
test_x, test_y = part("t10k")
json.dump(
    {
        "made_by": f"test/frameworks/mnist_torch.py, torch {torch.__version__}, {len(x)} + {len(test_x)} images",
        "mnist-squared-error": [train(perceptron, brier, 1e-6, seed) for seed in range(10)],
        "mnist-cnn": [train(convolutional, nn.CrossEntropyLoss(), 1e-7, 0)],
    },
    sys.stdout,
    indent=1,
)
sys.stdout.write("\n")
