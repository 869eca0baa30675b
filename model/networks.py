"""The networks, behind one contract: told a category and the letters so far, how likely is each next one.

Symbols are numbers: letter i of the alphabet is i, and `alphabet size` is the boundary, which ends a
name and, for a network with a start token, begins it. B counts names, T letters, V symbols (letters
and the boundary), C categories, H hidden units.
"""

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

State = tuple[Tensor, ...]
"""What a network remembers of the names it is writing: tensors with one row (B first) for each."""


class Config(BaseModel):
    """Sizes of a network; checked when made, kept in the checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TutorialConfig(Config):
    """The tutorial's network; its defaults are the tutorial's figures."""

    network: Literal["tutorial"] = "tutorial"
    hidden: int = Field(128, ge=1, le=4096)
    dropout: float = Field(0.1, ge=0, lt=1)


class GruConfig(Config):
    """A gated recurrent network (GRU) over embedded letters and categories."""

    network: Literal["gru"] = "gru"
    hidden: int = Field(320, ge=1, le=4096)
    layers: int = Field(1, ge=1, le=4)
    letter_width: int = Field(64, ge=1, le=1024)
    category_width: int = Field(32, ge=1, le=1024)
    dropout: float = Field(0.4, ge=0, lt=1)


AnyConfig = Annotated[TutorialConfig | GruConfig, Field(discriminator="network")]


class Network(nn.Module, ABC):
    """The contract that training, sampling and scoring are written against."""

    has_start: ClassVar[bool]
    """Whether it chooses a name's first letter itself, being fed the boundary before it."""

    @abstractmethod
    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        """Log-probabilities (B, T, V) of the symbol after each letter; categories (B,), letters (B, T)."""

    @abstractmethod
    def start(self, categories: Tensor) -> State:
        """The state before any letter, for categories (B,)."""

    @abstractmethod
    def step(self, letters: Tensor, state: State) -> tuple[Tensor, State]:
        """Feed one letter a name, (B,): log-probabilities (B, V) of the next symbol, and the new state."""

    def freeze(self) -> None:
        """Stop learning, and compute once what every step needs."""
        self.zero_grad()
        self.eval().requires_grad_(False)


class TutorialNetwork(Network):
    """The network of the PyTorch tutorial "Generating Names with a Character-Level RNN".

    Category, letter and hidden state side by side go through i2h to the next hidden state, with
    nothing between (a linear recurrence), and through i2o and, with that hidden state, o2o to the
    output. Input is one-hot. There is no start token: the first letter is given.

    Source: https://pytorch.org/tutorials/intermediate/char_rnn_generation_tutorial.html
    """

    has_start = False

    def __init__(self, config: TutorialConfig, categories: int, symbols: int) -> None:
        super().__init__()
        self.config, self.categories, self.symbols = config, categories, symbols
        combined = categories + symbols + config.hidden
        self.i2h = nn.Linear(combined, config.hidden)
        self.i2o = nn.Linear(combined, symbols)
        self.o2o = nn.Linear(config.hidden + symbols, symbols)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        state = self.start(categories)
        outputs = []
        for letter in letters.unbind(1):  # (B,)
            log_probs, state = self.step(letter, state)
            outputs.append(log_probs)
        return torch.stack(outputs, 1)  # (B, T, V)

    def start(self, categories: Tensor) -> State:
        one_hot = nn.functional.one_hot(categories, self.categories).float()  # (B, C)
        return one_hot, one_hot.new_zeros(len(categories), self.config.hidden)

    def step(self, letters: Tensor, state: State) -> tuple[Tensor, State]:
        category, hidden = state
        letter = nn.functional.one_hot(letters, self.symbols).float()  # (B, V)
        combined = torch.cat((category, letter, hidden), 1)  # (B, C + V + H)
        hidden = self.i2h(combined)  # (B, H)
        output = self.i2o(combined)  # (B, V)
        output = self.dropout(self.o2o(torch.cat((hidden, output), 1)))
        return nn.functional.log_softmax(output, 1), (category, hidden)


class GruNetwork(Network):
    """A GRU told the category at every letter, with a start token.

    Source of the cell: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
    Statistical Machine Translation" (2014), in PyTorch's arrangement of its gates.
    """

    has_start = True

    def __init__(self, config: GruConfig, categories: int, symbols: int) -> None:
        super().__init__()
        self.config = config
        self.letter = nn.Embedding(symbols, config.letter_width)
        self.category = nn.Embedding(categories, config.category_width)
        self.cell = nn.GRU(
            config.letter_width + config.category_width,
            config.hidden,
            config.layers,
            batch_first=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(config.hidden, symbols)

    def forward(self, categories: Tensor, letters: Tensor) -> Tensor:
        category = self.category(categories)[:, None].expand(-1, letters.shape[1], -1)
        inputs = torch.cat((self.letter(letters), category), 2)  # (B, T, E)
        hidden, _ = self.cell(inputs)  # (B, T, H)
        return nn.functional.log_softmax(self.output(self.dropout(hidden)), 2)

    def start(self, categories: Tensor) -> State:
        hidden = self.output.weight.new_zeros(len(categories), self.config.layers, self.config.hidden)
        return categories, hidden

    def step(self, letters: Tensor, state: State) -> tuple[Tensor, State]:
        categories, hidden = state
        inputs = torch.cat((self.letter(letters), self.category(categories)), 1)[:, None]  # (B, 1, E)
        output, hidden = self.cell(inputs, hidden.transpose(0, 1).contiguous())
        log_probs = nn.functional.log_softmax(self.output(output[:, 0]), 1)
        return log_probs, (categories, hidden.transpose(0, 1))


def build(config: AnyConfig, categories: int, symbols: int) -> Network:
    """A network with fresh weights, drawn from torch's global random state."""
    match config:
        case TutorialConfig():
            return TutorialNetwork(config, categories, symbols)
        case GruConfig():
            return GruNetwork(config, categories, symbols)
