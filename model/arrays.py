"""NumPy's arrays, in which names are written.

Networks learn in torch, on whole batches of names. A reply needs three, letter by letter: each of the
many small operations that this takes costs in NumPy a third of what it costs in torch. Only the matrix
products are left to torch, whose threads a host can bound.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


def product(x: Floats, weight: Tensor) -> Floats:
    """The matrix product (B, H) @ (H, G)."""
    result: Floats = torch.mm(torch.from_numpy(x), weight).numpy()
    return result


def linear(x: Floats, layer: nn.Linear) -> Floats:
    """What a layer that no longer learns makes of x, (B, H) -> (B, G)."""
    result: Floats = nn.functional.linear(torch.from_numpy(x), layer.weight, layer.bias).numpy()
    return result


def log_softmax(x: Floats) -> Floats:
    """Along the last axis."""
    result: Floats = torch.log_softmax(torch.from_numpy(x), -1).numpy()
    return result


def sigmoid_(x: Floats) -> Floats:
    """The logistic function, in place."""
    torch.from_numpy(x).sigmoid_()
    return x
