"""Recurrent networks with embedded letters and categories and a start token: rnn, gru and lstm."""

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn

from model.arrays import Floats, Integers, linear, log_softmax
from model.encoding import Moved
from model.networks.cells import Cell, Gru, Lstm, Rnn, product_precision
from model.networks.contract import Config, Network, State, move_rows


class RecurrentConfig(Config):
    """Sizes that the recurrent networks share."""

    cell: ClassVar[type[Cell]]
    hidden: int = Field(256, ge=1, le=4096)
    layers: int = Field(1, ge=1, le=4)
    letter_width: int = Field(64, ge=1, le=1024)
    category_width: int = Field(32, ge=1, le=1024)
    dropout: float = Field(0.35, ge=0, lt=1)


class RnnConfig(RecurrentConfig):
    """A plain recurrent network with tanh."""

    cell = Rnn
    network: Literal["rnn"] = "rnn"


class GruConfig(RecurrentConfig):
    """A gated recurrent network (GRU)."""

    cell = Gru
    network: Literal["gru"] = "gru"


class LstmConfig(RecurrentConfig):
    """A long short-term memory (LSTM)."""

    cell = Lstm
    network: Literal["lstm"] = "lstm"


class RecurrentNetwork(Network):
    """Layers of a recurrent cell, told the category at every letter.

    What the embeddings add to the first layer's gates is computed once for each letter and category
    of a batch, and once for all when training is over.
    """

    has_start = True

    def __init__(self, config: RecurrentConfig, categories: int, symbols: int) -> None:
        super().__init__()
        self.config, self.symbols = config, symbols
        hidden, gates = config.hidden, config.cell.gates * config.hidden
        self.letter = nn.Embedding(symbols, config.letter_width)
        self.category = nn.Embedding(categories, config.category_width)
        self.letter_gates = nn.Linear(config.letter_width, gates)
        self.category_gates = nn.Linear(config.category_width, gates, bias=False)
        self.recurrent = nn.ParameterList(torch.empty(hidden, gates) for _ in range(config.layers))
        self.between = nn.ModuleList(nn.Linear(hidden, gates) for _ in range(config.layers - 1))
        self.output = nn.Linear(hidden, symbols)
        for weight in (*self.recurrent, self.letter_gates.weight, self.category_gates.weight):
            nn.init.uniform_(weight, -1 / math.sqrt(hidden), 1 / math.sqrt(hidden))

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        run = self.config.cell.run
        precision = product_precision(letters.device) if self.training else torch.float32
        inputs = self._inputs(categories, letters.t())  # (T, B, GH)
        hidden = run(inputs, self.recurrent[0], precision)  # (T, B, H)
        for between, recurrent in zip(self.between, list(self.recurrent)[1:], strict=True):
            hidden = run(between(self._drop(hidden)), recurrent, precision)
        logits = self.output(self._drop(hidden))  # (T, B, V)
        return nn.functional.log_softmax(logits, 2).transpose(0, 1)

    def start(self, categories: Integers) -> State:
        zeros = np.zeros((len(categories), self.config.hidden), np.float32)
        return categories, *(zeros for _ in range(self.config.layers * self.config.cell.tensors))

    def step(self, letters: Integers, state: State) -> tuple[Floats, State]:
        cell = self.config.cell
        categories, *memories = state
        after: list[NDArray[Any]] = [categories]
        for layer, weight in enumerate(self._recurrent):
            if layer:
                inputs = linear(after[-cell.tensors], self._layers[layer - 1])  # of the layer below
            else:
                inputs = self._by_letter.take(letters, 0)
                inputs += self._by_category.take(categories, 0)
            memory = tuple(memories[layer * cell.tensors : (layer + 1) * cell.tensors])
            after += cell.step(inputs, weight, memory)
        return log_softmax(linear(after[-cell.tensors], self._layers[-1])), tuple(after)

    def freeze(self) -> None:
        """Keep at hand what a step needs: torch looks its modules' parts up by name."""
        super().freeze()
        # A table of every letter in every category would save an addition, and take most of a model's memory.
        self._by_letter: Floats = self.letter_gates(self.letter.weight).numpy()  # (V, GH)
        self._by_category: Floats = self.category_gates(self.category.weight).numpy()  # (C, GH)
        self._recurrent = [weight.detach() for weight in self.recurrent]
        self._layers = [layer for layer in (*self.between, self.output) if isinstance(layer, nn.Linear)]

    def _inputs(self, categories: Tensor, letters: Tensor) -> Tensor:
        """What the letters, fed to names of the categories, add to the first layer's gates: (..., GH)."""
        look_up = nn.functional.embedding
        inputs = look_up(letters, self.letter_gates(self.letter.weight))
        return inputs.add_(look_up(categories, self.category_gates(self.category.weight)))

    def adopt(self, donor: Self, moved: Moved) -> None:
        mine, theirs = dict(self.named_parameters()), dict(donor.named_parameters())
        rows = {
            "letter.weight": moved.symbols,
            "output.weight": moved.symbols,
            "output.bias": moved.symbols,
            "category.weight": moved.categories,
        }
        for name, parameter in mine.items():
            if name in rows:
                move_rows(theirs[name], parameter, rows[name])
            else:
                parameter.data.copy_(theirs[name])

    def _drop(self, hidden: Tensor) -> Tensor:
        """Dropout, with masks of random bytes: torch's own takes as long as a matrix product."""
        dropped = round(self.config.dropout * 256)  # of the 256 values of a byte
        if not self.training or not dropped:
            return hidden
        words = torch.empty(-(-hidden.numel() // 8), dtype=torch.int64, device=hidden.device)
        kept = words.random_(-(2**63), None).view(torch.uint8)[: hidden.numel()] >= dropped
        return hidden * kept.view_as(hidden).to(hidden).mul_(256 / (256 - dropped))
