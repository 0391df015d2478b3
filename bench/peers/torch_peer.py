"""PyTorch on the processor: python torch_peer.py THREADS [fused]. The conversation is that of serve.mjs."""

import base64
import json
import sys
import time

import torch
from torch import nn

threads = int(sys.argv[1])
fused = True if "fused" in sys.argv else None
torch.set_num_threads(threads)


def decode(text, shape):
    values = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)
    return values.reshape(shape).clone()


class Subject:
    def __init__(self, file):
        with open(file, encoding="utf8") as handle:
            problem = json.load(handle)
        task = self.task = problem["task"]
        self.softmax = task["loss"] == "softmax"
        self.start = [decode(p["values"], p["shape"]) for p in problem["parameters"]]
        batches, batch, inputs = task["batches"], task["batch"], task["inputs"]
        x = decode(problem["features"], [batches, batch, *inputs])
        if len(inputs) == 3:
            x = x.permute(0, 1, 4, 2, 3).contiguous()
        y = decode(problem["targets"], [batches, batch])
        y = y.long() if self.softmax else y.unsqueeze(2)
        self.batches = [(x[i].contiguous(), y[i].contiguous()) for i in range(batches)]
        self.loss = nn.CrossEntropyLoss() if self.softmax else nn.MSELoss()
        self.net = self.build()

    def build(self):
        layers, place = [], 0
        for layer in self.task["layers"]:
            if layer["type"] in ("dense", "convolution"):
                weight = self.start[place]
                place += 2
                if layer["type"] == "dense":
                    layers.append(nn.Linear(weight.shape[0], weight.shape[1]))
                else:
                    layers.append(nn.Conv2d(weight.shape[2], weight.shape[3], weight.shape[0]))
                if layer.get("activation") == "relu":
                    layers.append(nn.ReLU())
            elif layer["type"] == "max-pool":
                layers.append(nn.MaxPool2d(layer["size"]))
            else:
                layers.append(nn.Flatten())
        return nn.Sequential(*layers)

    def reset(self):
        """The starting values in PyTorch's layout, and a new optimizer."""
        place, flattened = 0, None
        with torch.no_grad():
            for module in self.net:
                if isinstance(module, nn.Conv2d):
                    module.weight.copy_(self.start[place].permute(3, 2, 0, 1))
                    flattened = self.start[place].shape[3]
                elif isinstance(module, nn.Linear):
                    weight = self.start[place]
                    if flattened is not None:
                        # Ours counts channels fastest after flattening, PyTorch slowest.
                        weight = weight.reshape(-1, flattened, weight.shape[1]).transpose(0, 1)
                        weight = weight.reshape(-1, weight.shape[2])
                        flattened = None
                    module.weight.copy_(weight.t())
                else:
                    continue
                module.bias.copy_(self.start[place + 1])
                place += 2
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=self.task["rate"], eps=1e-8, fused=fused)

    def step(self, i):
        x, y = self.batches[i % len(self.batches)]
        self.optimizer.zero_grad()
        loss = self.loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def window(self, milliseconds):
        self.reset()
        start, steps, limit = time.perf_counter(), 0, milliseconds / 1000
        while True:
            self.step(steps)
            steps += 1
            elapsed = time.perf_counter() - start
            if elapsed >= limit:
                break
        return {"steps": steps, "milliseconds": 1000 * elapsed}


def answer(value):
    print("@" + json.dumps(value), flush=True)


subject = None
answer({"versions": {"torch": torch.__version__, "python": sys.version.split()[0]}})
for line in sys.stdin:
    request = json.loads(line)
    try:
        if request["do"] == "prepare":
            subject = Subject(request["file"])
            answer({})
        elif request["do"] == "losses":
            subject.reset()
            answer({"losses": [subject.step(i).item() for i in range(request["steps"])]})
        elif request["do"] == "window":
            answer(subject.window(request["milliseconds"]))
    except Exception as error:  # whatever goes wrong is told to the bench
        answer({"error": str(error)})
