"""Recurrent networks with embedded letters and categories and a start token: rnn, gru and lstm."""

import math
from typing import ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

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

    Letters and categories come in by table: what their embeddings contribute to the first layer's
    gates is computed once for each, not once for each letter read.
    """

    has_start = True

    def __init__(self, config: RecurrentConfig, categories: int, symbols: int) -> None:
        super().__init__()
        self.config = config
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
        self._frozen: tuple[Tensor, Tensor, list[Tensor]] | None = None

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        letter_gates, category_gates, _ = self._tables()
        precision = product_precision(letters.device) if self.training else torch.float32
        look_up = nn.functional.embedding
        inputs = look_up(letters.t().contiguous(), letter_gates) + look_up(
            categories, category_gates
        )  # (T, B, GH)
        hidden = self.config.cell.run(inputs, self.recurrent[0], precision)  # (T, B, H)
        for between, recurrent in zip(self.between, list(self.recurrent)[1:], strict=True):
            hidden = self.config.cell.run(between(self._drop(hidden)), recurrent, precision)
        logits = self.output(self._drop(hidden))  # (T, B, V)
        return nn.functional.log_softmax(logits, 2).transpose(0, 1)

    def start(self, categories: Tensor) -> State:
        zeros = self.output.weight.new_zeros(len(categories), self.config.hidden)
        return categories, *(zeros for _ in range(self.config.layers * self.config.cell.tensors))

    def step(self, letters: Tensor, state: State) -> tuple[Tensor, State]:
        letter_gates, category_gates, recurrent = self._tables()
        cell = self.config.cell
        categories, *memories = state
        after: list[Tensor] = [categories]
        inputs = letter_gates[letters] + category_gates[categories]  # (B, GH)
        for layer, weight in enumerate(recurrent):
            if layer:
                inputs = self.between[layer - 1](after[-cell.tensors])
            memory = tuple(memories[layer * cell.tensors : (layer + 1) * cell.tensors])
            after += cell.step(inputs, memory[0] @ weight, memory)
        log_probs = nn.functional.log_softmax(self.output(after[-cell.tensors]), 1)
        return log_probs, tuple(after)

    def freeze(self) -> None:
        super().freeze()
        self._frozen = None
        self._frozen = self._tables()

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

    def _tables(self) -> tuple[Tensor, Tensor, list[Tensor]]:
        """What each letter (V, GH) and category (C, GH) adds to the gates, and the recurrent weights."""
        if self._frozen is not None:
            return self._frozen
        return (
            self.letter_gates(self.letter.weight),
            self.category_gates(self.category.weight),
            list(self.recurrent),
        )

    def _drop(self, hidden: Tensor) -> Tensor:
        """Dropout, with masks of random bytes: torch's own takes as long as a matrix product."""
        dropped = round(self.config.dropout * 256)  # of the 256 values of a byte
        if not self.training or not dropped:
            return hidden
        words = torch.empty(-(-hidden.numel() // 8), dtype=torch.int64, device=hidden.device)
        kept = words.random_(-(2**63), None).view(torch.uint8)[: hidden.numel()] >= dropped
        return hidden * kept.view_as(hidden) * (256 / (256 - dropped))
