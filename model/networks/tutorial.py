"""The tutorial's network, exactly."""

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from model.arrays import Floats, Integers
from model.encoding import Moved
from model.networks.contract import Config, Network, State


class TutorialConfig(Config):
    """Its defaults are the tutorial's figures."""

    network: Literal["tutorial"] = "tutorial"
    hidden: int = Field(128, ge=1, le=4096)
    dropout: float = Field(0.1, ge=0, lt=1)


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
        category = nn.functional.one_hot(categories, self.categories).float()  # (B, C)
        hidden = category.new_zeros(len(categories), self.config.hidden)
        outputs = []
        for letter in letters.unbind(1):  # (B,)
            log_probs, hidden = self._after(category, letter, hidden)
            outputs.append(log_probs)
        return torch.stack(outputs, 1)  # (B, T, V)

    def start(self, categories: Integers) -> State:
        one_hot = np.eye(self.categories, dtype=np.float32)[categories]  # (B, C)
        return one_hot, np.zeros((len(categories), self.config.hidden), np.float32)

    def step(self, letters: Integers, state: State) -> tuple[Floats, State]:
        category, *fed = state
        log_probs, hidden = self._after(*map(torch.from_numpy, (category, letters, *fed)))
        return log_probs.numpy(), (category, hidden.numpy())

    def _after(self, category: Tensor, letters: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """What follows the letters (B,), and the next hidden units."""
        letter = nn.functional.one_hot(letters, self.symbols).float()  # (B, V)
        combined = torch.cat((category, letter, hidden), 1)  # (B, C + V + H)
        hidden = self.i2h(combined)  # (B, H)
        output = self.i2o(combined)  # (B, V)
        output = self.dropout(self.o2o(torch.cat((hidden, output), 1)))
        return nn.functional.log_softmax(output, 1), hidden

    def adopt(self, donor: Self, moved: Moved) -> None:
        hidden = self.config.hidden
        symbols = moved.symbols
        after_categories = {donor.categories + old: self.categories + new for old, new in symbols.items()}
        units = {donor.i2h.in_features - hidden + i: self.i2h.in_features - hidden + i for i in range(hidden)}
        combined = {**moved.categories, **after_categories, **units}
        both = {
            **{i: i for i in range(hidden)},
            **{hidden + old: hidden + new for old, new in symbols.items()},
        }
        every = {i: i for i in range(hidden)}
        _move(donor.i2h, self.i2h, inputs=combined, outputs=every)
        _move(donor.i2o, self.i2o, inputs=combined, outputs=symbols)
        _move(donor.o2o, self.o2o, inputs=both, outputs=symbols)


def _move(old: nn.Linear, new: nn.Linear, inputs: Mapping[int, int], outputs: Mapping[int, int]) -> None:
    """Copy the weights between inputs and outputs that both layers have; others keep their fresh values."""
    rows, columns = torch.tensor(list(outputs.items())), torch.tensor(list(inputs.items()))
    new.weight.data[rows[:, 1, None], columns[:, 1]] = old.weight[rows[:, 0, None], columns[:, 0]]
    new.bias.data[rows[:, 1]] = old.bias[rows[:, 0]]
