"""What every message of the bot is."""

import discord


class Card(discord.ui.LayoutView):
    """A message's layout, with items that are answered by what their custom IDs say.

    So nothing of it need be remembered. To discord.py it is finished as soon as it is made: else that would
    keep each private one, and a timer for it, for a quarter of an hour.
    """

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()
