"""Pictures in cards."""

import io
from typing import Any

import discord

_FILENAME = "picture.png"


def gallery(description: str) -> discord.ui.MediaGallery[Any]:
    """Where a card shows the picture that is sent with it."""
    shown: discord.ui.MediaGallery[Any] = discord.ui.MediaGallery()
    shown.add_item(media=f"attachment://{_FILENAME}", description=description)
    return shown


def attached(picture: bytes) -> list[discord.File]:
    """The PNG, to be sent with a card that has a gallery for it."""
    return [discord.File(io.BytesIO(picture), _FILENAME)]
