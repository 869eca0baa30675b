"""What can be wrong with what a caller asked for.

Every message is a sentence for the person who asked: it names what was wrong and what would do.
"""


class ModelError(ValueError):
    """Base of everything this package refuses.

    `sentence` is the message before its `values` were put into its braces, by which a program may
    look up a translation.
    """

    def __init__(self, sentence: str, /, **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence, self.values = sentence, values


class CorpusError(ModelError):
    """The names can't be read, or there is nothing to learn from them."""


class UnknownCategory(ModelError):
    """No category has that name."""

    def __init__(self, sentence: str, /, nearest: tuple[str, ...] = (), **values: object) -> None:
        super().__init__(sentence, **values)
        self.nearest = nearest


class UnusableLetter(ModelError):
    """A letter that the category, or the whole model, can't write there."""


class ImpossibleOption(ModelError):
    """A setting outside what it can be, or that no name can satisfy."""


class CheckpointError(ModelError):
    """A file that isn't a model of ours, is damaged, or is newer than this program."""
