"""Recurrent cells over whole sequences, with gradients written by hand: the inner loop of training.

torch's own recurrent layers spend much of their time on a processor between the matrix products. Here
each step is one product and a few operations in place, on buffers made once; what the cell is fed
arrives already multiplied by its weights; and the weights' gradient is a single product over all
steps. Shapes: T steps, B names, H hidden units, G gates.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, autograd

Memory = tuple[Tensor, ...]
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
        hidden: Tensor = cls.sequence.apply(inputs, weight, precision)  # type: ignore[no-untyped-call]
        return hidden

    @staticmethod
    @abstractmethod
    def step(inputs: Tensor, weight: Tensor, memory: Memory) -> Memory:
        """One step, from inputs (B, G * H), which are overwritten."""


def product_precision(device: torch.device) -> torch.dtype:
    """What matrix products are computed in while training: bfloat16 where the processor multiplies it.

    They are twice as fast there, the weights stay float32, and the held-out loss is the same to
    0.001 (see benchmarks).
    """
    native = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()  # no public name for it
    return torch.bfloat16 if native else torch.float32


def _tanh_(x: Tensor) -> Tensor:
    """tanh in place, by the logistic function, which torch computes three times sooner."""
    return x.mul_(2).sigmoid_().mul_(2).sub_(1)


class _Product:
    """h @ weight, again and again, in some precision."""

    def __init__(self, weight: Tensor, rows: int, precision: torch.dtype) -> None:
        self.weight = weight.to(precision)
        self.result = self.weight.new_empty(rows, weight.shape[1])

    def __call__(self, h: Tensor) -> Tensor:
        """The product; it is overwritten by the next."""
        return torch.mm(h.to(self.weight.dtype), self.weight, out=self.result)


def _weight_gradient(before: Tensor, gates_grad: Tensor, precision: torch.dtype) -> Tensor:
    """(H, G * H) from hidden units before each step (T, B, H) and the gates' gradients (T, B, G * H)."""
    return (before.to(precision).flatten(0, 1).t() @ gates_grad.to(precision).flatten(0, 1)).float()


class _RnnSequence(autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        steps, rows, width = inputs.shape
        hidden = inputs.new_zeros(steps + 1, rows, width)
        product = _Product(weight, rows, precision)
        for t in range(steps):
            _tanh_(torch.add(inputs[t], product(hidden[t]), out=hidden[t + 1]))
        ctx.save_for_backward(hidden, weight)
        ctx.precision = precision
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (hidden_grad,) = gradients
        hidden, weight = ctx.saved_tensors
        gates_grad = torch.empty_like(hidden_grad)
        back = _Product(weight.t(), hidden.shape[1], ctx.precision)
        h_grad = torch.zeros_like(hidden[0])
        for t in reversed(range(len(hidden_grad))):
            h_grad = h_grad + hidden_grad[t]
            torch.ops.aten.tanh_backward.grad_input(h_grad, hidden[t + 1], grad_input=gates_grad[t])
            h_grad = back(gates_grad[t]).float()
        return gates_grad, _weight_gradient(hidden[:-1], gates_grad, ctx.precision), None


class _GruSequence(autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        steps, rows, width = len(inputs), inputs.shape[1], len(weight)
        gates = inputs.new_empty(steps, rows, 2 * width)  # reset and update
        candidate = inputs.new_empty(steps, rows, width)
        recalled = inputs.new_empty(steps, rows, width)  # the candidate's share of h @ weight
        hidden = inputs.new_zeros(steps + 1, rows, width)
        product = _Product(weight, rows, precision)
        for t in range(steps):
            both = product(hidden[t])
            torch.add(inputs[t, :, : 2 * width], both[:, : 2 * width], out=gates[t]).sigmoid_()
            recalled[t] = both[:, 2 * width :]
            reset, update = gates[t, :, :width], gates[t, :, width:]
            _tanh_(torch.addcmul(inputs[t, :, 2 * width :], reset, recalled[t], out=candidate[t]))
            torch.lerp(candidate[t], hidden[t], update, out=hidden[t + 1])
        ctx.save_for_backward(gates, candidate, recalled, hidden, weight)
        ctx.precision = precision
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (hidden_grad,) = gradients
        gates, candidate, recalled, hidden, weight = ctx.saved_tensors
        steps, rows, width = candidate.shape
        gates_grad = gates.new_empty(steps, rows, 3 * width)
        candidate_grad = torch.empty_like(candidate)
        back = _Product(weight.t(), rows, ctx.precision)
        h_grad, scratch = torch.zeros_like(hidden[0]), torch.empty_like(hidden[0])
        sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
        for t in reversed(range(steps)):
            reset, update = gates[t, :, :width], gates[t, :, width:]
            reset_grad, update_grad, recalled_grad = gates_grad[t].chunk(3, 1)
            h_grad += hidden_grad[t]
            torch.sub(hidden[t], candidate[t], out=scratch).mul_(h_grad)
            sigmoid_backward(scratch, update, grad_input=update_grad)
            torch.addcmul(h_grad, h_grad, update, value=-1, out=scratch)
            torch.ops.aten.tanh_backward.grad_input(scratch, candidate[t], grad_input=candidate_grad[t])
            torch.mul(candidate_grad[t], reset, out=recalled_grad)
            torch.mul(candidate_grad[t], recalled[t], out=scratch)
            sigmoid_backward(scratch, reset, grad_input=reset_grad)
            h_grad.mul_(update).add_(back(gates_grad[t]))
        weight_grad = _weight_gradient(hidden[:-1], gates_grad, ctx.precision)
        gates_grad[:, :, 2 * width :] = candidate_grad  # what comes in isn't multiplied by the reset gate
        return gates_grad, weight_grad, None


class _LstmSequence(autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, precision: torch.dtype) -> Tensor:
        steps, rows, width = len(inputs), inputs.shape[1], len(weight)
        gates = inputs.new_empty(steps, rows, 3 * width)  # input, forget and output
        candidate = inputs.new_empty(steps, rows, width)
        carried = inputs.new_zeros(steps + 1, rows, width)  # the cell state
        squashed = inputs.new_empty(steps, rows, width)  # its tanh
        hidden = inputs.new_zeros(steps + 1, rows, width)
        product = _Product(weight, rows, precision)
        for t in range(steps):
            both = product(hidden[t])
            torch.add(inputs[t, :, : 3 * width], both[:, : 3 * width], out=gates[t]).sigmoid_()
            _tanh_(torch.add(inputs[t, :, 3 * width :], both[:, 3 * width :], out=candidate[t]))
            enter, keep, show = gates[t].chunk(3, 1)
            torch.mul(carried[t], keep, out=carried[t + 1]).addcmul_(enter, candidate[t])
            _tanh_(squashed[t].copy_(carried[t + 1]))
            torch.mul(show, squashed[t], out=hidden[t + 1])
        ctx.save_for_backward(gates, candidate, carried, squashed, hidden, weight)
        ctx.precision = precision
        return hidden[1:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (hidden_grad,) = gradients
        gates, candidate, carried, squashed, hidden, weight = ctx.saved_tensors
        steps, rows, width = candidate.shape
        gates_grad = gates.new_empty(steps, rows, 4 * width)
        back = _Product(weight.t(), rows, ctx.precision)
        h_grad, carried_grad = torch.zeros_like(hidden[0]), torch.zeros_like(hidden[0])
        scratch = torch.empty_like(h_grad)
        sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
        tanh_backward = torch.ops.aten.tanh_backward.grad_input
        for t in reversed(range(steps)):
            enter, keep, show = gates[t].chunk(3, 1)
            enter_grad, keep_grad, show_grad, candidate_grad = gates_grad[t].chunk(4, 1)
            h_grad += hidden_grad[t]
            sigmoid_backward(torch.mul(h_grad, squashed[t], out=scratch), show, grad_input=show_grad)
            carried_grad += tanh_backward(h_grad.mul_(show), squashed[t], grad_input=scratch)
            sigmoid_backward(torch.mul(carried_grad, candidate[t], out=scratch), enter, grad_input=enter_grad)
            sigmoid_backward(torch.mul(carried_grad, carried[t], out=scratch), keep, grad_input=keep_grad)
            tanh_backward(
                torch.mul(carried_grad, enter, out=scratch), candidate[t], grad_input=candidate_grad
            )
            carried_grad.mul_(keep)
            h_grad.copy_(back(gates_grad[t]))
        return gates_grad, _weight_gradient(hidden[:-1], gates_grad, ctx.precision), None


class Rnn(Cell):
    """h' = tanh(x + h W). Source: Elman, "Finding Structure in Time" (1990)."""

    gates = 1
    tensors = 1
    sequence = _RnnSequence

    @staticmethod
    def step(inputs: Tensor, weight: Tensor, memory: Memory) -> Memory:
        return (_tanh_(inputs.addmm_(memory[0], weight)),)


class Gru(Cell):
    """Gates r and z; n = tanh(x + r (h W)); h' = (1 - z) n + z h.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical
    Machine Translation" (2014), with the reset gate after the product, as cuDNN and PyTorch have it.
    """

    gates = 3
    tensors = 1
    sequence = _GruSequence

    @staticmethod
    def step(inputs: Tensor, weight: Tensor, memory: Memory) -> Memory:
        (hidden,) = memory
        width = hidden.shape[1]
        gates = inputs[:, : 2 * width].addmm_(hidden, weight[:, : 2 * width]).sigmoid_()
        recalled = hidden @ weight[:, 2 * width :]
        candidate = _tanh_(inputs[:, 2 * width :].addcmul_(gates[:, :width], recalled))
        return (torch.lerp(candidate, hidden, gates[:, width:]),)


class Lstm(Cell):
    """Gates i, f and o; c' = f c + i tanh(x + h W); h' = o tanh(c').

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory" (1997), with the forget gate of Gers
    et al. (2000).
    """

    gates = 4
    tensors = 2
    sequence = _LstmSequence

    @staticmethod
    def step(inputs: Tensor, weight: Tensor, memory: Memory) -> Memory:
        hidden, carried = memory
        width = hidden.shape[1]
        both = inputs.addmm_(hidden, weight)
        enter, keep, show = both[:, : 3 * width].sigmoid_().chunk(3, 1)
        carried = torch.addcmul(carried * keep, enter, _tanh_(both[:, 3 * width :]))
        return show * _tanh_(carried.clone()), carried
