"""Which lists make up each language, and which letters its surnames are written with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import romanise

if TYPE_CHECKING:
    from collections.abc import Callable


class Package(Enum):
    """The packages with name lists, by the name under which they are installed."""

    FAKER = "Faker"
    MIMESIS = "mimesis"
    JAPANESE = "japanese-personal-name-dataset"


def unchanged(name: str) -> str:
    """The conversion of a list that is in the Latin alphabet already."""
    return name


# English-language lists write McDonald, Mcdonald and Mc Donald.
_MC_PREFIX: Final = re.compile(r"^Mc ?([a-z])", re.IGNORECASE)
# The United States census writes O'Brien without its apostrophe. Names such as
# Odom and Olson start with the same letter, so that only these stems count.
_BARE_O_PREFIX: Final = re.compile(
    r"^O(brien|conner|connor|connell|donnell|grady|hara|keefe|leary|malley|neal|neil|neill|"
    r"reilly|rourke|sullivan|toole)$"
)


def celtic_capitals(name: str) -> str:
    """Restore the inner capitals of Irish and Scottish names."""
    name = _MC_PREFIX.sub(lambda found: "Mc" + found[1].upper(), name)
    return _BARE_O_PREFIX.sub(lambda found: "O'" + found[1].capitalize(), name)


@dataclass(frozen=True)
class Source:
    """One list of a package."""

    package: Package
    locale: str = ""
    attribute: str = ""
    convert: Callable[[str], str] = unchanged
    # Languages whose names this list must not contribute: a census of the United
    # States holds the surnames of the whole world.
    without: tuple[str, ...] = ()
    # A regular expression for names that are real but not of this language.
    unwanted: str = ""


@dataclass(frozen=True)
class Recipe:
    """How to make the list of one language."""

    language: str
    sources: tuple[Source, ...] = ()
    # Letters besides A to Z, in lower case; anything else in a name is a mistake
    # of the source (a mis-decoded file, a foreign name) and rules the name out.
    letters: str = ""
    # Lower-case words with which a surname may start.
    particles: frozenset[str] = frozenset()
    # Whether an unaccented spelling of an accented name in the list is a mistake.
    prefer_marked: bool = False


def _faker(
    locale: str,
    attribute: str = "last_names",
    convert: Callable[[str], str] = unchanged,
    *,
    without: tuple[str, ...] = (),
    unwanted: str = "",
) -> Source:
    return Source(Package.FAKER, locale, attribute, convert, without, unwanted)


def _mimesis(
    locale: str,
    gender: str = "",
    convert: Callable[[str], str] = unchanged,
    *,
    without: tuple[str, ...] = (),
    unwanted: str = "",
) -> Source:
    return Source(Package.MIMESIS, locale, gender, convert, without, unwanted)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# An ordinary surname is one word; these lists hold whole genealogies' entries
# ("Coreth von und zu Coredo") and misplaced particles ("Dussen van").
_SPACED = " "
# Whole persons ("Godfrey van Alemannië") and patronymics ("Claesdr") in a list of
# Dutch surnames that came from a genealogy.
_GENEALOGY = r"^[A-Z]\S* |(dr|sz|sd|zoen|dochter)$"
# Two names of one person, the second without its capital ("Kardache soto").
_SECOND_PERSON = "^[A-Z][^ ]* [a-z]"
# A Czech list of both genders; men have adjectives in -ý or -í.
_CZECH_FEMININE = "(ov|n|sk|t|h|l|r|v)á$"
# Irish and Scottish names in lists for England and America, which have lists of
# their own here.
_CELTIC_PREFIX = "^(Mc|Mac[A-Z]|O')"
# Neighbours whose names a census of an immigrant country mixes in.
_IMMIGRANT = (
    "Arabic", "Chinese", "Danish", "French", "German", "Indian", "Italian", "Japanese",
    "Korean", "Norwegian", "Polish", "Portuguese", "Spanish", "Swedish", "Vietnamese",
)  # fmt: skip

_ROMANCE_PARTICLES = _words("da das de del della di do dos du e la las le los")
_DUTCH_PARTICLES = _words("'s 't de den der het in op te ten ter van von")

# The order matters only where a source is filtered by another language's list.
RECIPES: Final = (
    Recipe("Arabic", (_faker("fr_DZ"),)),
    Recipe("Armenian", (_faker("hy_AM", convert=romanise.armenian),)),
    Recipe(
        "Azerbaijani",
        (
            _faker("az_AZ", "last_names_male"),
            _faker("az_AZ", "last_names_unisex"),
            _mimesis("az"),
        ),
        letters="çəğıİöşü",
    ),
    Recipe("Bulgarian"),
    Recipe(
        "Chinese",
        (
            _faker("zh_CN", convert=romanise.chinese),
            _mimesis("zh", convert=romanise.chinese),
        ),
        letters="ü",
    ),
    Recipe("Croatian", (_faker("hr_HR"), _mimesis("hr")), letters="čćđšž"),
    Recipe(
        "Czech",
        (_faker("cs_CZ", "last_names_male"), _mimesis("cs", unwanted=_CZECH_FEMININE)),
        letters="áčďéěíňóřšťúůýž",
        prefer_marked=True,
    ),
    Recipe("Danish", (_faker("da_DK"), _mimesis("da")), letters="æøåé", prefer_marked=True),
    Recipe(
        "Dutch",
        (_faker("nl_NL", unwanted=_GENEALOGY), _mimesis("nl-be"), _faker("nl_BE")),
        letters="éèëïöü",
        particles=_DUTCH_PARTICLES,
    ),
    Recipe(
        "Estonian",
        (_faker("et_EE", "last_names_est"), _mimesis("et")),
        letters="äöõüšž",
    ),
    Recipe("Finnish", (_faker("fi_FI"), _mimesis("fi")), letters="åäö"),
    Recipe(
        "French",
        (_faker("fr_FR"), _faker("fr_CA"), _mimesis("fr")),
        letters="àâæçéèêëîïôœùûüÿ",
        particles=_ROMANCE_PARTICLES,
        prefer_marked=True,
    ),
    Recipe("Georgian", (_faker("ka_GE", convert=romanise.georgian, unwanted="ev[ai]$"),)),
    Recipe(
        "German",
        (
            _faker("de_DE", unwanted=_SPACED),
            _faker("de_AT", unwanted=_SPACED),
            _mimesis("de-at", unwanted=_SPACED),
        ),
        letters="äöüß",
        particles=_words("von vom zu zum zur"),
        prefer_marked=True,
    ),
    Recipe(
        "Greek",
        (
            _faker("el_GR", "last_names_male", romanise.greek),
            _mimesis("el", "male", romanise.greek),
        ),
    ),
    Recipe("Hebrew"),
    Recipe(
        "Hungarian",
        (_faker("hu_HU"), _mimesis("hu")),
        letters="áéíóöőúüű",
        prefer_marked=True,
    ),
    Recipe("Icelandic", letters="áðéíóúýþæö"),
    Recipe("Indian", (_faker("en_IN"),)),
    Recipe("Indonesian", (_faker("id_ID", "last_names_male"),)),
    Recipe(
        "Italian",
        (_faker("it_IT"), _mimesis("it")),
        letters="àèéìòù",
        particles=_ROMANCE_PARTICLES,
    ),
    Recipe("Japanese", (Source(Package.JAPANESE, convert=romanise.japanese),)),
    Recipe(
        "Kazakh",
        (_mimesis("kk", "male", romanise.kazakh, unwanted="[eo]va$|[Uu]ly$"),),
    ),
    Recipe("Korean"),
    Recipe(
        "Latvian",
        (_faker("lv_LV", "last_names_male"), _faker("lv_LV", "last_names_nonbinary")),
        letters="āčēģīķļņšūž",
    ),
    Recipe("Lithuanian", (_faker("lt_LT"),), letters="ąčęėįšųūž"),
    Recipe(
        "Norwegian",
        (_faker("no_NO"), _mimesis("no")),
        letters="æøåéó",
        prefer_marked=True,
    ),
    Recipe("Persian"),
    Recipe(
        "Polish",
        (
            _faker("pl_PL", "unisex_last_names"),
            _faker("pl_PL", "male_last_names"),
            _mimesis("pl", "male"),
        ),
        letters="ąćęłńóśźż",
        prefer_marked=True,
    ),
    Recipe(
        "Portuguese",
        (_faker("pt_PT"), _faker("pt_BR"), _mimesis("pt")),
        letters="áàâãçéêíóôõú",
        particles=_ROMANCE_PARTICLES,
        prefer_marked=True,
    ),
    Recipe("Romanian", (_faker("ro_RO"),), letters="ăâîșț", prefer_marked=True),
    Recipe(
        "Russian",
        (
            _faker("ru_RU", "last_names_male", romanise.russian),
            _mimesis("ru", "male", romanise.russian),
        ),
    ),
    Recipe("Scottish"),
    Recipe("Serbian", letters="čćđšž"),
    Recipe(
        "Slovak",
        (_faker("sk_SK", "last_names_male"), _mimesis("sk", "male")),
        letters="áäčďéíĺľňóôŕšťúýž",
        prefer_marked=True,
    ),
    Recipe("Slovenian", (_faker("sl_SI"),), letters="čćšž"),
    Recipe(
        "Spanish",
        (
            _faker("es_ES", unwanted=_SECOND_PERSON),
            _faker("es_MX", unwanted=_SECOND_PERSON),
            _faker("es_CL", unwanted=_SECOND_PERSON),
            _faker("es_CO", unwanted=_SECOND_PERSON),
            _faker("es_AR", unwanted=_SECOND_PERSON),
            _mimesis("es-mx", unwanted=_SECOND_PERSON),
            _mimesis("es", unwanted=_SECOND_PERSON),
        ),
        letters="áéíóúüñçàèòï",
        particles=_ROMANCE_PARTICLES,
        prefer_marked=True,
    ),
    Recipe(
        "Swedish",
        (_faker("sv_SE"), _mimesis("sv")),
        letters="åäöéü",
        particles=_words("af de von"),
        prefer_marked=True,
    ),
    Recipe("Turkish", (_faker("tr_TR"), _mimesis("tr")), letters="çğıİöşüâî"),
    Recipe(
        "Ukrainian",
        (
            _faker("uk_UA", "last_names_male", romanise.ukrainian),
            _mimesis("uk", "male", romanise.ukrainian),
        ),
    ),
    Recipe(
        "Vietnamese",
        letters="àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ",
    ),
    Recipe("Welsh", letters="âêîôŵŷ", particles=_words("ap ab")),
    Recipe("Yoruba", (_faker("yo_NG"),)),
    Recipe("Zulu", (_faker("zu_ZA"),)),
    # English is filtered by the lists above and Irish by the English one, so that
    # both come last.
    Recipe(
        "English",
        (
            _faker("en_GB", convert=celtic_capitals, unwanted=_CELTIC_PREFIX),
            _faker(
                "en_NZ",
                convert=celtic_capitals,
                unwanted=_CELTIC_PREFIX,
                without=("Danish", "Indian"),
            ),
            _faker(
                "en_US",
                convert=celtic_capitals,
                unwanted=_CELTIC_PREFIX,
                without=_IMMIGRANT,
            ),
            _mimesis(
                "en",
                convert=celtic_capitals,
                unwanted=_CELTIC_PREFIX,
                without=_IMMIGRANT,
            ),
        ),
    ),
    Recipe(
        "Irish",
        (_faker("en_IE", convert=celtic_capitals, without=("English",), unwanted=_SPACED),),
        letters="áéíóú",
        particles=_words("de"),
    ),
)
