"""The few failures that are the user's business: their message is the reply."""

import secrets

from model import ModelError


class Refusal(Exception):
    """What was asked can't be done; the message says why, and what would do."""


USERS_BUSINESS = (Refusal, ModelError)
"""What a user is told in its own words. All else is a bug, told by its ID."""


def error_id() -> str:
    """A short ID that a reply shows and the log has beside the traceback."""
    return secrets.token_hex(4)
