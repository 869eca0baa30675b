"""The networks, behind one contract: tutorial, rnn, gru, lstm, ngram, and an ensemble of them."""

from typing import Annotated

from pydantic import Field

from model.networks.contract import Network, State
from model.networks.ensemble import EnsembleConfig, EnsembleNetwork
from model.networks.ngram import NgramConfig, NgramNetwork
from model.networks.recurrent import GruConfig, LstmConfig, RecurrentNetwork, RnnConfig
from model.networks.tutorial import TutorialConfig, TutorialNetwork

AnyConfig = Annotated[
    TutorialConfig | RnnConfig | GruConfig | LstmConfig | NgramConfig | EnsembleConfig,
    Field(discriminator="network"),
]

__all__ = [
    "AnyConfig",
    "EnsembleConfig",
    "EnsembleNetwork",
    "GruConfig",
    "LstmConfig",
    "Network",
    "NgramConfig",
    "NgramNetwork",
    "RecurrentNetwork",
    "RnnConfig",
    "State",
    "TutorialConfig",
    "TutorialNetwork",
    "build",
]


def build(config: AnyConfig, categories: int, symbols: int) -> Network:
    """A network that has learned nothing yet, its weights drawn from torch's global random state."""
    match config:
        case TutorialConfig():
            return TutorialNetwork(config, categories, symbols)
        case RnnConfig() | GruConfig() | LstmConfig():
            return RecurrentNetwork(config, categories, symbols)
        case NgramConfig():
            return NgramNetwork(config, categories, symbols)
        case EnsembleConfig():
            members = [build(member, categories, symbols) for member in config.members]
            return EnsembleNetwork(config, members, categories, symbols)
