"""Fit y = 2x with one weight and one bias, in PyTorch.

Hover over `nn.MSELoss` to see the loss and its gradient. The prediction at x = 4 ends at 7.956, not 8: the error
surface is a long valley, and gradient descent is slow along its floor.
"""

import torch
from torch import nn

x = torch.tensor([[1.0], [2.0], [3.0]])
y = torch.tensor([[2.0], [4.0], [6.0]])

model = nn.Linear(1, 1)
with torch.no_grad():
    model.weight.fill_(0.5)
    model.bias.fill_(0.1)

criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

for epoch in range(1000):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(f"prediction at x = 4: {model(torch.tensor([[4.0]])).item():.3f}")
