"""The few failures that are the user's business: their message is the reply. All else is a bug.

The model's own refusals, `model.ModelError`, are of the same kind.
"""

import secrets

from bot.localisation import _


class Refusal(Exception):
    """What was asked can't be done; the message says why, and what would do.

    It is an English sentence with its values in braces, put into the language of the one who asked when
    they are told: `Refusal("There is no {what}.", what=name)`.
    """

    def __init__(self, sentence: str, /, **values: object) -> None:
        super().__init__(sentence, values)
        self._sentence, self._values = sentence, values

    def __str__(self) -> str:
        return _(self._sentence, **self._values)


class Gone(Refusal):
    """What a card speaks of is there no more; the card itself is out of date."""


def error_id() -> str:
    """A short ID that a reply shows and the log has beside the traceback."""
    return secrets.token_hex(4)
