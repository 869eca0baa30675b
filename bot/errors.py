"""The few failures that are the user's business: their message is the reply. All else is a bug.

The model's own refusals, `model.ModelError`, are of the same kind.
"""

import secrets


class Refusal(Exception):
    """What was asked can't be done; the message says why, and what would do."""


def error_id() -> str:
    """A short ID that a reply shows and the log has beside the traceback."""
    return secrets.token_hex(4)
