"""How text is compared where case, accents and script don't matter."""

from anyascii import anyascii


def fold(text: str) -> str:
    """Write the text as one would type it on a plain keyboard, in lower case, for searching.

    Without NUL, which PostgreSQL refuses and at which SQLite's LIKE stops reading.
    """
    return anyascii(text).casefold().replace("\0", "")
