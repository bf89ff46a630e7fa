"""Dates as people write them, and which part of a text says the year, the month and the day.

Pinned: Python 3.11. `write(date, random)` draws one of FORMATS. Texts come in parts, each with the field that it says, so
that an alignment can be judged. Years are 1900 to 2099; those of two digits, as in 23.3.84, mean 1930 to 2029. One date in
ten is held out: no text that says it is trained on.
"""

import datetime
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass

FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
CENTURY = range(1930, 2030)
MONTHS = "January February March April May June July August September October November December".split()
SHORT_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
).split()

# What is written, and the field that it says; "" for none.
Part = tuple[str, str]


@dataclass(frozen=True)
class Example:
    """A written date and its ISO form."""

    format: str
    parts: tuple[Part, ...]
    date: datetime.date

    @property
    def source(self) -> str:
        return "".join(text for text, _ in self.parts)

    @property
    def target(self) -> str:
        return self.date.isoformat()

    def fields(self) -> list[str]:
        """The field of each character of the source."""
        return [field for text, field in self.parts for _ in text]


def cardinal(number: int) -> str:
    """A number from 0 to 99 in words."""
    if number < 20:
        return UNITS[number]
    tens, units = divmod(number, 10)
    return TENS[tens - 2] + (f"-{UNITS[units]}" if units else "")


def ordinal(number: int) -> str:
    """A number from 1 to 31 as in `twenty-third`."""
    if number <= 20:
        return ORDINALS[number - 1]
    tens, units = divmod(number, 10)
    return f"{TENS[tens - 2]}-{ORDINALS[units - 1]}" if units else "thirtieth"


def suffixed(number: int) -> str:
    """A number as in `23rd`."""
    ending = "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def year_in_words(year: int, draw: random.Random) -> str:
    """A year as in `nineteen eighty-four`, `nineteen oh five` or `two thousand and five`."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (draw.choice([" ", " and "]) + UNITS[rest] if rest else "")
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def short_year(year: int) -> str:
    """The last two digits."""
    assert year in CENTURY
    return f"{year % 100:02d}"


def in_words(date: datetime.date, draw: random.Random) -> list[Part]:
    """`the twenty-third of March, nineteen eighty-four` or `March the twenty-third, nineteen eighty-four`."""
    day, month = (ordinal(date.day), "day"), (MONTHS[date.month - 1], "month")
    year = (year_in_words(date.year, draw), "year")
    comma = draw.choice([", ", " "])
    if draw.random() < 0.5:
        return [(draw.choice(["the ", "The "]), ""), day, (" of ", ""), month, (comma, ""), year]
    return [month, (draw.choice([" the ", " "]), ""), day, (comma, ""), year]


def american(date: datetime.date, draw: random.Random) -> list[Part]:
    """`March 23, 1984`, `March 23rd, 1984` or `Mar 23, 1984`."""
    month = draw.choice([MONTHS, MONTHS, SHORT_MONTHS])[date.month - 1]
    day = draw.choice([suffixed(date.day), str(date.day)])
    return [(month, "month"), (" ", ""), (day, "day"), (draw.choice([", ", " "]), ""), (str(date.year), "year")]


def british(date: datetime.date, draw: random.Random) -> list[Part]:
    """`23 March 1984`, `23rd of March 1984` or `the 23rd of March, 1984`."""
    month = (MONTHS[date.month - 1], "month")
    year = (draw.choice([" ", ", "]), ""), (str(date.year), "year")
    if draw.random() < 0.5:
        short = (draw.choice([MONTHS, SHORT_MONTHS])[date.month - 1], "month")
        return [(draw.choice([str, suffixed])(date.day), "day"), (" ", ""), short, *year]
    return [(draw.choice(["the ", "The ", ""]), ""), (suffixed(date.day), "day"), (" of ", ""), month, *year]


def with_weekday(date: datetime.date, draw: random.Random) -> list[Part]:
    """`Friday, 23 March 1984` or `Fri, the twenty-third of March, nineteen eighty-four`."""
    weekday = WEEKDAYS[date.weekday()]
    rest = draw.choice([american, british, in_words])(date, draw)
    return [(draw.choice([weekday, weekday, weekday[:3]]), ""), (draw.choice([", ", " "]), ""), *rest]


def dotted(date: datetime.date, draw: random.Random) -> list[Part]:
    """`23.3.1984`, `23.03.84` or `23. 3. 1984`: the day comes first."""
    day, month = draw.choice([(f"{date.day}", f"{date.month}"), (f"{date.day:02d}", f"{date.month:02d}")])
    short = date.year in CENTURY and draw.random() < 0.5
    dot = (draw.choice([".", ".", ". "]), "")
    return [(day, "day"), dot, (month, "month"), dot, (short_year(date.year) if short else str(date.year), "year")]


def dashed(date: datetime.date, draw: random.Random) -> list[Part]:
    """`23-Mar-1984` or `23-Mar-84`."""
    short = date.year in CENTURY and draw.random() < 0.5
    year = short_year(date.year) if short else str(date.year)
    return [(str(date.day), "day"), ("-", ""), (SHORT_MONTHS[date.month - 1], "month"), ("-", ""), (year, "year")]


def year_first(date: datetime.date, draw: random.Random) -> list[Part]:
    """`1984/3/23`, `1984 March 23` or `1984, March 23rd`."""
    year = (str(date.year), "year")
    if draw.random() < 0.5:
        return [year, ("/", ""), (str(date.month), "month"), ("/", ""), (str(date.day), "day")]
    day = draw.choice([str, suffixed])(date.day)
    return [year, (draw.choice([" ", ", "]), ""), (MONTHS[date.month - 1], "month"), (" ", ""), (day, "day")]


FORMATS: dict[str, Callable[[datetime.date, random.Random], list[Part]]] = {
    "in words": in_words,
    "American": american,
    "British": british,
    "with weekday": with_weekday,
    "dotted": dotted,
    "dashed": dashed,
    "year first": year_first,
}
# Words are what there is to be learned.
WEIGHTS = {"in words": 4, "American": 1.5, "British": 1.5, "with weekday": 2, "dotted": 1, "dashed": 1, "year first": 1}


def held_out(date: datetime.date) -> bool:
    """Whether a date belongs to the tenth that is not trained on."""
    return zlib.crc32(date.isoformat().encode()) % 10 == 0


def draw_date(draw: random.Random, of_held_out: bool) -> datetime.date:
    """A date of the one part or the other."""
    while True:
        date = FIRST + datetime.timedelta(days=draw.randrange((LAST - FIRST).days + 1))
        if held_out(date) == of_held_out:
            return date


def write(date: datetime.date, draw: random.Random, name: str | None = None) -> Example:
    """One way to write a date, of the format given or of a drawn one."""
    if name is None:
        name = draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    return Example(name, tuple(FORMATS[name](date, draw)), date)
