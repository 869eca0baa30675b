"""Recurrent cells over whole sequences, with gradients written by hand: the inner loop of training.

torch's own recurrent layers spend much of their time on a processor between the matrix products. Here
each step is one product and a few operations in place, on buffers made once; what the cell is fed
arrives already multiplied by its weights; going back, a step multiplies by slopes that were computed for
all steps together; and the weights' gradient is a single product over all steps. Shapes: T steps, B
names, H hidden units, G gates.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, autograd

from model.arrays import Floats, product, sigmoid_

Memory = tuple[Floats, ...]
"""A cell's state, the hidden units (B, H) first."""


class Cell(ABC):
    """A kind of recurrence: h[t] from h[t - 1] @ weight and what comes in at t."""

    gates: ClassVar[int]
    """Blocks of H columns in the weight (H, G * H) and in what comes in, (B, G * H)."""
    tensors: ClassVar[int]
    """How many tensors its memory has."""

    sequence: ClassVar[type[autograd.Function]]
    """All steps at once."""

    @classmethod
    def run(cls, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        """All hidden units (T, B, H) from the inputs (T, B, G * H), the first from zero."""
        hidden: Tensor = cls.sequence.apply(inputs, weight, precision)  # type: ignore[no-untyped-call]  # torch has no types for it
        return hidden

    @staticmethod
    @abstractmethod
    def step(inputs: Floats, weight: Tensor, memory: Memory) -> Memory:
        """One step while names are written, from inputs (B, G * H), which are overwritten."""


def product_precision(device: torch.device) -> torch.dtype:
    """What matrix products are computed in while training: bfloat16 where the processor multiplies it.

    They are twice as fast there, the weights stay float32, and the held-out loss came out the same to
    0.001.
    """
    native = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()  # no public name for it
    return torch.bfloat16 if native else torch.float32


def _tanh_(x: Tensor) -> Tensor:
    """tanh in place, by the logistic function, which torch computes three times sooner."""
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)


class _Products:
    """x[t] @ weight for one t after another, in some precision; the x are kept in it, side by side."""

    def __init__(self, x: Tensor, weight: Tensor, precision: torch.dtype) -> None:
        self.x = x.new_empty(x.shape, dtype=precision)
        self.weight = weight.to(precision)
        self.result = self.weight.new_empty(x.shape[1], weight.shape[1])

    def of(self, t: int, x: Tensor) -> Tensor:
        """The product; it is overwritten by the next."""
        return torch.mm(self.x[t].copy_(x), self.weight, out=self.result)


def _weight_gradient(hidden: Tensor, gates_grad: Tensor) -> Tensor:
    """(H, G * H) from hidden units before each step (T, B, H) and the gates' gradients (T, B, G * H)."""
    return (hidden.flatten(0, 1).t() @ gates_grad.flatten(0, 1)).float()


class _RnnSequence(autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        steps, rows, width = inputs.shape
        hidden = inputs.new_zeros(steps + 1, rows, width)
        products = _Products(hidden[1:], weight, precision)
        for t in range(steps):
            _tanh_(torch.add(inputs[t], products.of(t, hidden[t]), out=hidden[t + 1]))
        ctx.save_for_backward(hidden, products.x, weight)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (hidden_grad,) = gradients
        hidden, fed, weight = ctx.saved_tensors
        gates_grad = torch.empty_like(hidden_grad)
        back = _Products(gates_grad, weight.t(), fed.dtype)
        h_grad = torch.zeros_like(hidden[0])
        for t in reversed(range(len(hidden_grad))):
            h_grad += hidden_grad[t]
            torch.ops.aten.tanh_backward.grad_input(h_grad, hidden[t + 1], grad_input=gates_grad[t])
            h_grad.copy_(back.of(t, gates_grad[t]))
        return gates_grad, _weight_gradient(fed, back.x), None


class _GruSequence(autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        steps, rows, width = len(inputs), inputs.shape[1], len(weight)
        gates = torch.empty_like(inputs)  # reset and update, and what the candidate recalls: its h @ weight
        candidate = inputs.new_empty(steps, rows, width)
        hidden = inputs.new_zeros(steps + 1, rows, width)
        products = _Products(candidate, weight, precision)
        for t in range(steps):
            gates[t] = products.of(t, hidden[t])
            gates[t, :, : 2 * width].add_(inputs[t, :, : 2 * width]).sigmoid_()
            reset, update, recalled = gates[t].chunk(3, 1)
            _tanh_(torch.addcmul(inputs[t, :, 2 * width :], reset, recalled, out=candidate[t]))
            torch.lerp(candidate[t], hidden[t], update, out=hidden[t + 1])
        ctx.save_for_backward(gates, candidate, hidden, products.x, weight)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """All gates' gradients are the hidden units' times what is known of all steps beforehand."""
        (hidden_grad,) = gradients
        gates, candidate, hidden, fed, weight = ctx.saved_tensors
        reset, update, recalled = gates.chunk(3, 2)
        fresh = 1 - update
        candidate_slope = torch.addcmul(fresh, fresh, candidate.square(), value=-1)
        slopes = gates.new_empty(*gates.shape[:2], 3, gates.shape[2] // 3)  # (T, B, 3, H)
        torch.mul(candidate_slope, reset, out=slopes[:, :, 2])
        torch.mul(slopes[:, :, 2], recalled, out=slopes[:, :, 0]).mul_(1 - reset)
        torch.sub(hidden[:-1], candidate, out=slopes[:, :, 1]).mul_(update).mul_(fresh)
        gates_grad, h_grad = torch.empty_like(gates), torch.empty_like(candidate)
        back, carried = _Products(gates, weight.t(), fed.dtype), torch.zeros_like(hidden[0])
        for t in reversed(range(len(candidate))):
            torch.add(hidden_grad[t], carried, out=h_grad[t])
            torch.mul(h_grad[t, :, None], slopes[t], out=gates_grad[t].view_as(slopes[t]))
            torch.mul(h_grad[t], update[t], out=carried).add_(back.of(t, gates_grad[t]))
        # What comes in isn't multiplied by the reset gate.
        torch.mul(h_grad, candidate_slope, out=gates_grad[:, :, -h_grad.shape[2] :])
        return gates_grad, _weight_gradient(fed, back.x), None


class _LstmSequence(autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        steps, rows, width = len(inputs), inputs.shape[1], len(weight)
        gates = torch.empty_like(inputs)  # input, forget and output, and the candidate
        carried = inputs.new_zeros(steps + 1, rows, width)  # the cell state
        squashed = inputs.new_empty(steps, rows, width)  # its tanh
        hidden = inputs.new_zeros(steps + 1, rows, width)
        products = _Products(squashed, weight, precision)
        for t in range(steps):
            torch.add(inputs[t], products.of(t, hidden[t]), out=gates[t])
            gates[t, :, : 3 * width].sigmoid_()
            enter, keep, show, candidate = gates[t].chunk(4, 1)
            _tanh_(candidate)
            torch.mul(carried[t], keep, out=carried[t + 1]).addcmul_(enter, candidate)
            _tanh_(squashed[t].copy_(carried[t + 1]))
            torch.mul(show, squashed[t], out=hidden[t + 1])
        ctx.save_for_backward(gates, carried, squashed, products.x, weight)
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """All gates' gradients are the hidden units', or the cell state's, times what is known beforehand."""
        (hidden_grad,) = gradients
        gates, carried, squashed, fed, weight = ctx.saved_tensors
        enter, keep, show, candidate = gates.chunk(4, 2)
        slopes = gates.new_empty(*gates.shape[:2], 4, gates.shape[2] // 4)  # (T, B, 4, H)
        torch.mul(candidate, enter, out=slopes[:, :, 0]).mul_(1 - enter)
        torch.mul(carried[:-1], keep, out=slopes[:, :, 1]).mul_(1 - keep)
        torch.mul(squashed, show, out=slopes[:, :, 2]).mul_(1 - show)
        torch.addcmul(enter, enter, candidate.square(), value=-1, out=slopes[:, :, 3])
        shown = torch.addcmul(show, show, squashed.square(), value=-1)
        gates_grad = torch.empty_like(gates)
        back = _Products(gates, weight.t(), fed.dtype)
        h_grad, carried_grad = torch.zeros_like(squashed[0]), torch.zeros_like(squashed[0])
        for t in reversed(range(len(squashed))):
            h_grad += hidden_grad[t]
            carried_grad.addcmul_(h_grad, shown[t])
            grads = gates_grad[t].view_as(slopes[t])
            torch.mul(carried_grad[:, None], slopes[t], out=grads)
            torch.mul(h_grad, slopes[t, :, 2], out=grads[:, 2])
            carried_grad.mul_(keep[t])
            h_grad.copy_(back.of(t, gates_grad[t]))
        return gates_grad, _weight_gradient(fed, back.x), None


class Rnn(Cell):
    """h' = tanh(x + h W). Source: Elman, "Finding Structure in Time" (1990)."""

    gates = 1
    tensors = 1
    sequence = _RnnSequence

    @staticmethod
    def step(inputs: Floats, weight: Tensor, memory: Memory) -> Memory:
        inputs += product(memory[0], weight)
        return (np.tanh(inputs, out=inputs),)


class Gru(Cell):
    """Gates r and z; n = tanh(x + r (h W)); h' = (1 - z) n + z h.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical
    Machine Translation" (2014), with the reset gate after the product, as cuDNN and PyTorch have it.
    """

    gates = 3
    tensors = 1
    sequence = _GruSequence

    @staticmethod
    def step(inputs: Floats, weight: Tensor, memory: Memory) -> Memory:
        (hidden,) = memory
        width = hidden.shape[1]
        recalled = product(hidden, weight)
        gates, candidate = inputs[:, : 2 * width], recalled[:, 2 * width :]
        gates += recalled[:, : 2 * width]
        sigmoid_(gates)
        candidate *= gates[:, :width]
        candidate += inputs[:, 2 * width :]
        np.tanh(candidate, out=candidate)
        hidden = hidden - candidate
        hidden *= gates[:, width:]
        hidden += candidate
        return (hidden,)


class Lstm(Cell):
    """Gates i, f and o; c' = f c + i tanh(x + h W); h' = o tanh(c').

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), with the forget gate of Gers
    et al. (2000).
    """

    gates = 4
    tensors = 2
    sequence = _LstmSequence

    @staticmethod
    def step(inputs: Floats, weight: Tensor, memory: Memory) -> Memory:
        hidden, carried = memory
        width = hidden.shape[1]
        inputs += product(hidden, weight)
        enter, keep, show = np.split(sigmoid_(inputs[:, : 3 * width]), 3, 1)
        candidate = inputs[:, 3 * width :]
        enter *= np.tanh(candidate, out=candidate)
        carried = carried * keep
        carried += enter
        show *= np.tanh(carried)
        return show, carried
