"""The card of /about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import discord

from bot.store import BASE, Model
from bot.ui.names import ACCENT


@dataclass(frozen=True, slots=True)
class Facts:
    """What /about tells. Latency is in seconds, None before it was first measured."""

    version: str
    started_at: datetime
    model: Model | None
    names_made: int
    latency: float | None


class AboutCard(discord.ui.LayoutView):
    """Version, uptime, the model in use, and how much was made."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(timeout=None)
        lines = [
            f"### Namesmith {facts.version}",
            "A neural network that invents names, letter by letter.",
            f"Model: {_model(facts.model)}",
            f"Names made: {facts.names_made:,}",
            f"Up since: <t:{int(facts.started_at.timestamp())}:R>",
        ]
        if facts.latency is not None:
            lines.append(f"Latency: {facts.latency * 1000:.0f} ms")
        card: discord.ui.Container[Self] = discord.ui.Container(accent_colour=ACCENT)
        card.add_item(discord.ui.TextDisplay("\n".join(lines)))
        self.add_item(card)


def _model(model: Model | None) -> str:
    if model is None:
        return "still learning"
    whose = "shared" if model.guild_id == BASE else "this server's own"
    loss = f", {model.held_out_loss:.3f} nats a letter on held-out names" if model.held_out_loss else ""
    trained = f"trained <t:{int(model.created_at.timestamp())}:R>"
    return f"{whose}, {model.network}{loss}, {trained}"
