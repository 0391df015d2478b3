"""Linear regression by gradient descent, by hand, in NumPy.

The loss is the mean of the squared residuals, ‖Xw − y‖² / n, so its gradient in w is (2 / n) Xᵀ(Xw − y).
"""

import numpy as np


def fit(X, y, rate=0.1, iterations=200):
    """Return the weights and the loss before every update."""
    n, features = X.shape
    w = np.zeros(features)
    history = []
    for _ in range(iterations):
        residual = X @ w - y
        history.append(np.mean(residual**2))
        gradient = (2 / n) * X.T @ residual
        w -= rate * gradient
    return w, history


rng = np.random.default_rng(0)
x = rng.uniform(-1, 1, size=100)
X = np.column_stack([np.ones_like(x), x])
y = 1 + 3 * x + rng.normal(0, 0.1, size=100)

w, history = fit(X, y)
print(f"intercept {w[0]:.2f}, slope {w[1]:.2f}, loss {history[0]:.3f} -> {history[-1]:.3f}")
