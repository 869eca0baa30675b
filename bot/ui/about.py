"""The card of /about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import discord

from bot.localisation import _, decimals
from bot.store import BASE, Model
from bot.ui.card import Card
from bot.ui.names import ACCENT


@dataclass(frozen=True, slots=True)
class Facts:
    """What /about tells. Latency is in seconds, None before it was first measured."""

    version: str
    started_at: datetime
    model: Model | None
    names_made: int
    latency: float | None


class AboutCard(Card):
    """Version, uptime, the model in use, and how much was made."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        lines = [
            f"### Namesmith {facts.version}",
            _("A neural network that invents names, letter by letter."),
            _("Model: {model}", model=_model(facts.model)),
            _("Names made: {count}", count=facts.names_made),
            _("Up since: {when}", when=f"<t:{int(facts.started_at.timestamp())}:R>"),
        ]
        if facts.latency is not None:
            lines.append(_("Latency: {milliseconds} ms", milliseconds=round(facts.latency * 1000)))
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay("\n".join(lines)))
        self.add_item(card)


def _model(model: Model | None) -> str:
    if model is None:
        return _("still learning")
    told = [_("shared") if model.guild_id == BASE else _("this server's own"), model.network]
    if model.held_out_loss:
        told.append(_("{loss} nats a letter on held-out names", loss=decimals(model.held_out_loss)))
    told.append(_("trained {when}", when=f"<t:{int(model.created_at.timestamp())}:R>"))
    return ", ".join(told)
