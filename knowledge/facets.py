"""What a document says it is, and what a question asks for: companies, periods and
kinds of files. Pure: text in, facets out."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.formats import formats_named, without_formats

OPENING = 3_000
"""So many letters of a document's beginning say what it is."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_YEAR = r"(?:fy|fiscal(?:\s+year)?)?\s*(?P<year>(?:19|20)\d\d)"
_QUARTER = rf"(?:q(?P<number>[1-4])|(?P<ordinal>{'|'.join(_ORDINALS)})[\s-]+(?:fiscal\s+)?quarter)"
_QUARTERS = (
    re.compile(rf"(?<![a-z\d]){_QUARTER}(?:\s+of|\s+in|,|/|-|_)?\s*(?:the\s+)?{_YEAR}(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\d){_YEAR}\s*[-_/,]?\s*{_QUARTER}(?![a-z\d])", re.IGNORECASE),
)
_DATES = (
    re.compile(rf"\b{_MONTH}\s+(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s+)?(?P<year>(?:19|20)\d\d)\b", re.IGNORECASE),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_.](?P<digits>0[1-9]|1[0-2])(?:[-_.]\d\d)?(?!\d)"),
)
_YEARS = re.compile(r"(?<![\d.,$€£-])(?P<year>(?:19|20)\d\d)(?![\d%]|[.,-]\d)")
_LEGAL = (
    r"(?:,?\s+(?i:inc|incorporated|corp|corporation|company|ltd|limited|llc|llp|plc|gmbh|ag|se|s\.a|n\.v|kgaa)\b\.?)"
)
_COMPANY = re.compile(
    rf"(?<![\w.])(?P<name>[A-Z][\w&’'.-]*(?:[ ](?:(?:&|of|and)[ ])?[A-Z][\w&’'.-]*){{0,4}}?){_LEGAL}+"
)
_DOMAIN = re.compile(r"\.(?:com|org|net|io|ai|co)$", re.IGNORECASE)
_ARTICLE = re.compile(r"^the ", re.IGNORECASE)
_NEWEST = re.compile(
    r"\b(?:latest|newest|most recent|(?:last|current) (?:quarter|year|month|report|filing))\b", re.IGNORECASE
)
_SERIES = re.compile(
    r"\b(?:over time|over the \w+ ?(?:quarters|periods?|years|months)|so far|historically|previous(?:ly)?|trends?"
    r"|fluctuat\w+|(?:each|every|per) (?:\w+ )?(?:quarter|period|year|month|report|document)"
    r"|(?:these|those|all|the|across|reported|past|last|several|between|different)(?: \w+){0,2}? "
    r"(?:quarters|periods|years|months|reports|documents|filings|versions|\w+-\w{1,2}s)"
    r"|across (?:quarters|periods|years))\b",
    re.IGNORECASE,
)
"""It surely is about several periods."""
_COMPARED = re.compile(r"\b(?:across|compar(?:e[ds]?|ing|ison)|chang(?:e[ds]?|ing))\b", re.IGNORECASE)
"""It is where no period is named."""
_OF_DOCUMENTS = re.compile(
    r"\b(?:report(?:s|ed|ing)?|documents?|filings?|quarters?|quarterly|periods?|10-[qk]s?|chang(?:es?|ed)|significant)\b",
    re.IGNORECASE,
)
_AMOUNTS = re.compile(
    r"\b(?:how (?:much|many|large|big|high|low)|percentages?|amounts?|totals?|numbers?|levels?|revenues?|sales|turnover"
    r"|expenses?|expenditures?|costs?|prices?|margins?|incomes?|earnings|profits?|cash|debts?|tax(?:es)?|inventor(?:y|ies)"
    r"|rates?|budgets?|salar(?:y|ies))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, order=True)
class Period:
    """A year, a quarter or a month; numbers that are not said are 0."""

    year: int
    month: int
    """Of a quarter its last one."""
    quarter: int = 0


@dataclass(frozen=True)
class Facets:
    """What a document is about, as far as its name and its beginning say."""

    companies: frozenset[str]
    """Names without their legal form, lower case."""
    named: frozenset[Period]
    """Periods in the title and the file's name: it is about these and about no others."""
    newest: Period | None
    """The latest period of its name, or else of its beginning."""


@dataclass(frozen=True)
class Wish:
    """What a question asks for."""

    companies: frozenset[str]
    periods: frozenset[Period]
    formats: frozenset[str]
    """Of the files that it points at."""
    newest: bool
    """It asks for the latest only."""
    several: bool
    """It is about more than one period or document."""
    amounts: bool
    """It asks for numbers."""

    @property
    def restricts(self) -> bool:
        return bool(self.companies or self.periods or self.formats or self.newest)


def facets_of(title: str, source: str, opening: str) -> Facets:
    """`opening` is the beginning of the document's text."""
    name = f"{title}\n{Path(source).stem.replace('_', ' ')}"
    named = frozenset(periods(name))
    told = named or {period for period in periods(opening) if period.month}
    return Facets(frozenset(_companies(f"{title}\n{opening}")), named, max(told, default=None))


def wish_of(question: str, companies: Collection[str], formats: Collection[str] = ()) -> Wish:
    """`companies` are those that the documents are about, `formats` those that their files have."""
    asked = frozenset(periods(question))
    newest = _NEWEST.search(question) is not None
    series = _SERIES.search(question) is not None
    compared = _COMPARED.search(question) is not None and not asked and not newest
    several = len(asked) > 1 or (not asked and (series or compared))
    lowered = question.lower()
    return Wish(
        companies=frozenset(name for name in companies if name in lowered and _names(question, name)),
        periods=asked,
        formats=formats_named(question) & frozenset(formats),
        newest=newest and not series and not asked,
        several=several,
        amounts=several or _AMOUNTS.search(question) is not None,
    )


def subject(question: str, wish: Wish) -> str:
    """The question without the words that choose the documents: they tell nothing about a passage of those."""
    rest = without_formats(question) if wish.formats else question
    for company in sorted(wish.companies, key=len, reverse=True):
        rest = re.sub(rf"(?<!\w){re.escape(company)}(?:[’']s)?(?!\w)", " ", rest, flags=re.IGNORECASE)
    for pattern in (*_QUARTERS, *_DATES, _YEARS):
        rest = pattern.sub(" ", rest)
    if wish.several or wish.newest or wish.periods:
        for pattern in (_SERIES, _NEWEST, _COMPARED, _OF_DOCUMENTS):
            rest = pattern.sub(" ", rest)
    return rest


def fits(facets: Facets, wish: Wish) -> bool:
    """False where the document says that it is about another company or period; one that says nothing fits."""
    if wish.companies and facets.companies and not wish.companies & facets.companies:
        return False
    if not (wish.periods and facets.named):
        return True
    return any(_meets(asked, named) for asked in wish.periods for named in facets.named)


def periods(text: str) -> Iterator[Period]:
    """Quarters, months with their year, and years that stand alone."""
    rest = text
    for pattern in _QUARTERS:
        for found in pattern.finditer(rest):
            number = int(found["number"]) if found["number"] else _ORDINALS[found["ordinal"].lower()]
            yield Period(int(found["year"]), 3 * number, number)
        rest = pattern.sub(" ", rest)
    for pattern in _DATES:
        for found in pattern.finditer(rest):
            digits = found.groupdict().get("digits")
            month = int(digits) if digits else 1 + _MONTHS.index(found["month"][:3].lower())
            yield Period(int(found["year"]), month)
        rest = pattern.sub(" ", rest)
    for found in _YEARS.finditer(rest):
        yield Period(int(found["year"]), 0)


def _meets(asked: Period, named: Period) -> bool:
    """As exactly as both of them say it."""
    if asked.year != named.year:
        return False
    if asked.quarter and named.quarter:
        return asked.quarter == named.quarter
    return not (asked.month and named.month) or asked.month == named.month or bool(asked.quarter or named.quarter)


def _companies(text: str) -> Iterator[str]:
    for found in _COMPANY.finditer(text):
        yield _DOMAIN.sub("", _ARTICLE.sub("", found["name"])).lower().strip(" .,")


def _names(question: str, company: str) -> bool:
    """Whether the company is named as such; a name of one word only where it is written as a name."""
    for found in re.finditer(rf"(?<!\w){re.escape(company)}(?!\w)", question, re.IGNORECASE):
        if " " in company or found.group()[:1].isupper():
            return True
    return False
