"""Which kinds of files a question points at: "in the PDF", "which e-mail says", "auf den Folien". Pure."""

import re

_OFFICE = ("DOCX", "ODT", "RTF")
_SHEETS = ("XLSX", "CSV")
_NOUNS = (
    (r"pdfs?", ("PDF",)),
    (r"docx", ("DOCX",)),
    (r"(?-i:Word)|(?:microsoft|ms)[ -]?word|word(?=[ -](?:file|document|doc|dokument|datei))", _OFFICE),
    (r"pptx|power ?points?|slides?|slide ?decks?|presentations?|folien?|foliensatz|präsentation(?:en)?", ("PPTX",)),
    (r"xlsx", ("XLSX",)),
    (
        r"(?-i:Excel|EXCEL)|spreadsheets?|work(?:books?|sheets?)|excel(?=[ -](?:file|sheet|table|tabelle|datei|liste))"
        r"|arbeitsmappen?|tabellenkalkulation(?:en)?",
        _SHEETS,
    ),
    (r"csv", ("CSV",)),
    (r"(?:e-?)?mails?", ("EML",)),
    (r"(?:web[ -]?|html[ -]?)(?:pages?|sites?)|web(?:seiten?|sites?)|html", ("HTML",)),
    (r"epubs?|e-?books?|e-?büchern?|e-?buch", ("EPUB",)),
    (r"markdown", ("Markdown",)),
    (r"text(?=[ -]?(?:file|datei))", ("Plain text",)),
    (r"json", ("JSON",)),
    (r"xml", ("XML",)),
    (r"rtf", ("RTF",)),
    (r"odt", ("ODT",)),
)
"""What a kind of file is called, and the formats that it may have, as they stand in an Entry."""

_NOUN = "|".join(f"(?P<n{number}>{words})" for number, (words, _) in enumerate(_NOUNS))
_FILE = r"(?:[ -]?(?:files?|documents?|docs?|sheets?|decks?|datei(?:en)?|dokument(?:e[ns]?|s)?|tabellen?|listen?))?"
_NOT_A_FILE = (
    r"(?![ -]?(?:address|adresse|server|client|account|konto|provider|reader|viewer|parser|format|layer|export|import))"
)
_BETWEEN = r"(?:[ ](?!(?:the|an?|and|or|as|for|of|to|is|der|die|das|und|oder|als|für)\b)[\w-]+){0,2}?[ ]"
_DEFINITE = (
    r"(?:the|this|that|these|those|which|our|my|your|their|de[mnrs]|die|das"
    r"|(?:dies|welch|unser|mein|eur|ihr)e?(?:[mnrs])?)"
)
_INSIDE = (
    rf"\b(?:sagt|sagen|nennt|nennen|zeigt|zeigen|enthält|enthalten|erwähnt|beschreibt)[ ]{_DEFINITE}{_BETWEEN}"
    rf"|\b(?:in|on|from|of|within|inside|per|see|according to|auf|aus|von|laut|gemäß|nach|bei)[ ]{_DEFINITE}{_BETWEEN}"
    r"|\b(?:im|vom|beim|laut|gemäß)[ ]"
    r"|\b(?:attached|uploaded|angehängten?|hochgeladenen?)[ ]"
)
_SAYS = (
    r"[ ](?:says?|said|tells?|mentions?|mentioned|lists?|shows?|states?|contains?|names?|explains?|describes?|reports?"
    r"|gives?|about|sagt|sagen|steht|nennt|nennen|zeigt|zeigen|enthält|enthalten|erwähnt|beschreibt)\b"
)
_POINTED = (
    re.compile(rf"(?:{_INSIDE})(?P<what>\.?(?:{_NOUN}){_FILE})\b{_NOT_A_FILE}", re.IGNORECASE),
    re.compile(rf"\b{_DEFINITE}{_BETWEEN}(?P<what>(?:{_NOUN}){_FILE})\b(?={_SAYS})", re.IGNORECASE),
)


def formats_named(question: str) -> frozenset[str]:
    """The formats of the files that it points at; "How is a PDF read?" points at none."""
    found = [match for pattern in _POINTED for match in pattern.finditer(question)]
    return frozenset(
        kind for match in found for number, (_, kinds) in enumerate(_NOUNS) if match[f"n{number}"] for kind in kinds
    )


def without_formats(question: str) -> str:
    """The question without the names of those files."""
    for pattern in _POINTED:
        for found in reversed(list(pattern.finditer(question))):
            question = f"{question[: found.start('what')]} {question[found.end('what') :]}"
    return question
