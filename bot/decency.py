"""Names are for a public place: slurs and obscene words are none.

The words are those of badwords-py, which keeps lists for 25 languages, most of the bundled ones that
have any such list; a host may add others.
"""

from collections.abc import Iterable, Mapping, Sequence

from badwords import ProfanityFilter

from model.text import fold


class Decency:
    """Tells names that may be shown from those that are drawn again."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._filter = ProfanityFilter()
        self._filter.init()
        self._filter.add_words(more)

    def allows(self, name: str, known: Mapping[str, Sequence[str]], languages: Iterable[str]) -> bool:
        """Whether a name has no listed word in it.

        Only whole words count: Scunthorpe is a town. A word that is an ordinary name in one of these
        languages, by the names that are known of each, is let pass: Wang is Chinese before it is
        anything else.
        """
        if not self._filter.is_profane(name):
            return True
        ordinary = {fold(word) for language in languages for one in known[language] for word in one.split()}
        return all(fold(found.matched_text) in ordinary for found in self._filter.find(name))
