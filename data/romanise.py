"""Romanisation of surnames: one function for each script or language.

Each function follows the table in everyday use for names in that language
(passports and newspapers), not a scholarly one, because the bot's names should
look the way people sign them.
"""
# The tables are full of letters that look like Latin ones; that is their purpose.

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from anyascii import anyascii

if TYPE_CHECKING:
    from collections.abc import Mapping

_CYRILLIC_COMMON: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z",
    "и": "i", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p",
    "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch",
    "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip

_RUSSIAN: Final = _CYRILLIC_COMMON | {"ё": "yo"}
# At the start of a word, after a vowel and after a hard or soft sign the letter
# е is heard, and usually written, as "ye": Yermolov, Sergeyev, Vasilyev.
_RUSSIAN_IOTATED_E: Final = re.compile(r"(^|(?<=[-аеёиоуыэюяъь]))е")
_RUSSIAN_YO_AFTER_SIBILANT: Final = re.compile(r"(?<=[жчшщ])ё")
_RUSSIAN_SIGN_BEFORE_I: Final = re.compile(r"ь(?=и)")
_RUSSIAN_ADJECTIVE: Final = re.compile(r"(ий|ый)\b")

# Kazakh names in Latin letters still follow the Russian habit (Nazarbayev).
_KAZAKH_ONLY: Final = {
    "ә": "a", "ғ": "gh", "қ": "k", "ң": "ng", "ө": "o", "ұ": "u", "ү": "u",
    "һ": "kh", "і": "i",
}  # fmt: skip

# Resolution 55 of the Cabinet of Ministers of Ukraine, 27 January 2010.
_UKRAINIAN: Final = _CYRILLIC_COMMON | {
    "г": "h", "ґ": "g", "є": "ie", "и": "y", "і": "i", "ї": "i", "й": "i", "ю": "iu",
    "я": "ia", "'": "",
}  # fmt: skip
_UKRAINIAN_INITIAL: Final = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}

_GEORGIAN: Final = {
    "ა": "a", "ბ": "b", "გ": "g", "დ": "d", "ე": "e", "ვ": "v", "ზ": "z", "თ": "t",
    "ი": "i", "კ": "k", "ლ": "l", "მ": "m", "ნ": "n", "ო": "o", "პ": "p", "ჟ": "zh",
    "რ": "r", "ს": "s", "ტ": "t", "უ": "u", "ფ": "p", "ქ": "k", "ღ": "gh", "ყ": "q",
    "შ": "sh", "ჩ": "ch", "ც": "ts", "ძ": "dz", "წ": "ts", "ჭ": "ch", "ხ": "kh",
    "ჯ": "j", "ჰ": "h",
}  # fmt: skip

_ARMENIAN: Final = {
    "ա": "a", "բ": "b", "գ": "g", "դ": "d", "ե": "e", "զ": "z", "է": "e", "ը": "y",
    "թ": "t", "ժ": "zh", "ի": "i", "լ": "l", "խ": "kh", "ծ": "ts", "կ": "k", "հ": "h",
    "ձ": "dz", "ղ": "gh", "ճ": "ch", "մ": "m", "յ": "y", "ն": "n", "շ": "sh", "ո": "o",
    "չ": "ch", "պ": "p", "ջ": "j", "ռ": "r", "ս": "s", "վ": "v", "տ": "t", "ր": "r",
    "ց": "ts", "ւ": "v", "փ": "p", "ք": "k", "և": "ev", "օ": "o", "ֆ": "f",
}  # fmt: skip
_ARMENIAN_INITIAL: Final = {"ե": "ye", "ո": "vo", "և": "yev"}

_GREEK: Final = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th",
    "ι": "i", "κ": "k", "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p",
    "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps",
    "ω": "o",
}  # fmt: skip
_GREEK_PAIRS: Final = (
    (re.compile(r"ου"), "ou"),
    # αυ, ευ and ηυ end in f before a voiceless sound and in v before any other.
    (re.compile(r"([αεη])υ(?=[θκξπσςτφχψ]|$)"), r"\1f"),
    (re.compile(r"([αεη])υ"), r"\1v"),
    (re.compile(r"γγ"), "ng"),
    (re.compile(r"γ(?=[ξχ])"), "n"),
    (re.compile(r"\bγκ"), "g"),
    (re.compile(r"\bμπ"), "b"),
    (re.compile(r"\bντ"), "d"),
)
_COMBINING_DIAERESIS: Final = "\u0308"

# The surnames that are read otherwise than the library reads their characters,
# and those with the vowel ü, which it writes as u.
_CHINESE_SURNAMES: Final = {
    "万俟": "Moqi", "尉迟": "Yuchi", "单于": "Chanyu", "澹台": "Tantai", "单": "Shan",
    "曾": "Zeng", "解": "Xie", "仇": "Qiu", "区": "Ou", "查": "Zha", "朴": "Piao",
    "翟": "Zhai", "乐": "Yue", "盖": "Ge", "缪": "Miao", "覃": "Qin", "薄": "Bo",
    "牟": "Mu", "乜": "Nie", "都": "Du", "钭": "Tou", "能": "Nai", "吕": "Lü",
    "闾丘": "Lüqiu",
}  # fmt: skip

_JAPANESE_LONG_VOWEL: Final = re.compile(r"(^o)o|(o)u(?!e|chi$)|((?<=[hjy])u)u")
# Names in which the rule would take a long vowel for two words' vowels or keep it.
_JAPANESE_IRREGULAR: Final = {
    "ookouchi": "Okochi",
    "oouchi": "Ouchi",
    "tooyama": "Toyama",
}


def _capitalise(text: str) -> str:
    """Give every word and every half of a double name a capital letter."""
    return re.sub(r"(^|[ -])(\w)", lambda found: found[1] + found[2].upper(), text)


def _spell(text: str, table: Mapping[str, str]) -> str:
    """Replace letters by *table*; those that it lacks stay, to be seen and dropped."""
    return "".join(table.get(letter, letter) for letter in text)


def _spell_words(text: str, table: Mapping[str, str], initial: Mapping[str, str]) -> str:
    """Like _spell, with another table for the first letter of each word."""
    pieces = re.split(r"([ -])", text)
    return "".join(
        initial.get(piece[:1], _spell(piece[:1], table)) + _spell(piece[1:], table) for piece in pieces
    )


def russian(name: str) -> str:
    """Щербаков -> Shcherbakov, Маяковский -> Mayakovsky, Ильин -> Ilyin."""
    text = name.lower()
    text = _RUSSIAN_ADJECTIVE.sub("y", text)
    text = _RUSSIAN_IOTATED_E.sub("ye", text)
    text = _RUSSIAN_YO_AFTER_SIBILANT.sub("e", text)
    text = _RUSSIAN_SIGN_BEFORE_I.sub("y", text)
    return _capitalise(_spell(text, _RUSSIAN))


def kazakh(name: str) -> str:
    """Қасымов -> Kasymov: the Kazakh letters first, then as Russian."""
    return russian(_spell(name.lower(), _KAZAKH_ONLY))


def ukrainian(name: str) -> str:
    """Згурський -> Zghurskyi, Яценко -> Yatsenko, Мар'яненко -> Marianenko."""
    text = name.lower().replace("\u2019", "'").replace("зг", "zgh")
    return _capitalise(_spell_words(text, _UKRAINIAN, _UKRAINIAN_INITIAL))


def georgian(name: str) -> str:
    """As in passports, without the ejectives' apostrophes: აბაშიძე -> Abashidze."""
    return _capitalise(_spell(name, _GEORGIAN))


def armenian(name: str) -> str:
    """Eastern pronunciation, as in passports: Հովհաննիսյան -> Hovhannisyan."""
    text = name.lower().replace("եւ", "և").replace("ու", "u")
    return _capitalise(_spell_words(text, _ARMENIAN, _ARMENIAN_INITIAL))


def greek(name: str) -> str:
    """Παπαδόπουλος -> Papadopoulos, Ευσταθίου -> Efstathiou, Μπουρνάς -> Bournas."""
    # A diaeresis says that two vowels are no pair; a mark between them shows it
    # to the rules for pairs, and goes when they have run.
    text = re.sub(f"(.){_COMBINING_DIAERESIS}", r"|\1", unicodedata.normalize("NFD", name.lower()))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    for pattern, latin in _GREEK_PAIRS:
        text = pattern.sub(latin, text)
    return _capitalise(_spell(text.replace("|", ""), _GREEK))


def chinese(name: str) -> str:
    """Pinyin without tone marks, two-character surnames in one word: 欧阳 -> Ouyang."""
    if name in _CHINESE_SURNAMES:
        return _CHINESE_SURNAMES[name]
    # The library gives every character a capital letter; the name has but one.
    return anyascii(name).capitalize()


def japanese(romaji: str) -> str:
    """Kana-true romaji as names write it: satou -> Sato, oono -> Ono, inoue -> Inoue.

    Long o and u stay unmarked, as in passports. Two vowels that only meet where
    the name's two words do (matsu-ura, ino-ue, take-no-uchi) are no long vowel.
    """
    if romaji in _JAPANESE_IRREGULAR:
        return _JAPANESE_IRREGULAR[romaji]
    return _JAPANESE_LONG_VOWEL.sub(r"\1\2\3", romaji).capitalize()
