"""The word index of one shelf: BM25 with English stems. The only module that knows tantivy."""

import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.files import remove

if TYPE_CHECKING:
    import tantivy

log = logging.getLogger(__name__)

_STOP_WORDS = """
a about all also am an and any are as at be because been being between both but by can could did do
does doing done during each either else for from further get gets give given had has have having he
her here him his how i if in into is it its just like make may me might more most much must my no
nor not of off on once one only onto or other our out over own per please same shall she should so
some such tell than that the their them then there these they this those through to too under until
up upon us very was we were what when where whether which while who whom whose why will with within
would you your
"""
STOP_WORDS = tuple(_STOP_WORDS.split())
"""Words that say nothing about what a question is about, question words among them."""

_PASSAGE = "passage"
"""Marks each of them, so that they can be counted; it is no key of documents."""
_SOON_MADE = 20_000
"""Passages that are indexed within a second or two."""
_MOST_LEFT = 1.2
_WRITER_BYTES = 15_000_000


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage as the word index takes it."""

    row: int
    document: str
    text: str
    """With its title and section; tables in words alone, since their numbers would make them long for BM25."""
    figures: str
    """The numbers in its tables."""


@cache
def _analyzer() -> "tantivy.TextAnalyzer":
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    filters = (
        Filter.remove_long(80),
        Filter.lowercase(),
        Filter.ascii_fold(),
        Filter.custom_stopword(list(STOP_WORDS)),
        Filter.stemmer("english"),
    )
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for step in filters:
        builder = builder.filter(step)
    return builder.build()


def terms(text: str) -> list[str]:
    """The content words of a text as the index knows them, in order."""
    return _analyzer().analyze(text)


class LexicalIndex:
    """One commit of the index: a search sees it unchanged while a later one is written."""

    def __init__(self, index: "tantivy.Index") -> None:
        self._schema = index.schema
        index.reload()
        self._searcher = index.searcher()
        # Passages that were taken out count until the index is made anew, as they do for tantivy.
        self._total = max(self._searcher.doc_freq("key", _PASSAGE), self._searcher.num_docs)

    def search(
        self,
        words: Mapping[str, float],
        limit: int,
        documents: Collection[str] | None = None,
    ) -> list[tuple[int, float]]:
        """The rows that match best with their BM25 score; `documents` restricts before ranking unless None.

        `words` come with their rarity over everything that is searched together: this index alone does not know it,
        and scores of a small one would not compare with those of a large one.
        """
        from tantivy import Occur, Query

        clauses = [
            (Occur.Should, Query.boost_query(Query.term_query(self._schema, field, word, "freq"), rarity / own))
            for word, rarity in words.items()
            for field in _fields(word)
            if (own := self._rarity(field, word)) is not None
        ]
        if not clauses:
            return []
        query = Query.boolean_query(clauses)
        if documents is not None:
            these = Query.term_set_query(self._schema, "document", list(documents))
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(these, 0.0))])
        hits = self._searcher.search(query, limit, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return [(int(row), float(score)) for row, (score, _) in zip(rows, hits, strict=True) if row is not None]

    def _rarity(self, field: str, word: str) -> float | None:
        """What tantivy counts a word as in this index alone; None where it does not occur."""
        frequency = self._searcher.doc_freq(field, word)
        if not frequency:
            return None
        # Those count in the frequency too.
        return math.log(1 + (self._total - frequency + 0.5) / (frequency + 0.5))

    def frequency(self, word: str) -> int:
        """In about how many passages a word of `terms` occurs."""
        return sum(self._searcher.doc_freq(field, word) for field in _fields(word))


def _fields(word: str) -> tuple[str, ...]:
    return ("text", "figures") if any(character.isdigit() for character in word) else ("text",)


class LexicalFolder:
    """The index on disk: a cache that carries the key of the documents it was built for.

    Every method is called with the shelf's lock for indexing held, or on a folder of None, which keeps it in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        """Raises ValueError or OSError where the folder cannot hold an index."""
        import tantivy

        schema = (
            tantivy.SchemaBuilder()
            .add_text_field("text", tokenizer_name="words", index_option="freq")
            .add_text_field("figures", tokenizer_name="words", index_option="freq")
            .add_text_field("document", tokenizer_name="raw", index_option="basic")
            .add_text_field("key", tokenizer_name="raw", index_option="basic")
            .add_unsigned_field("row", fast=True)
            .build()
        )
        if folder is None:
            self._index = tantivy.Index(schema)
        else:
            folder.mkdir(exist_ok=True)
            self._index = tantivy.Index(schema, str(folder))
        self._schema = schema
        self._index.register_tokenizer("words", _analyzer())

    def open(self) -> LexicalIndex:
        return LexicalIndex(self._index)

    def built_for(self, key: str) -> bool:
        from tantivy import Query

        self._index.reload()
        marker = Query.term_query(self._schema, "key", key, "basic")
        return bool(self._index.searcher().search(marker, 1, count=False).hits)

    @property
    def is_soon_made(self) -> bool:
        """Whether it is better made anew than changed by taking out: until then removed words stay in its files."""
        self._index.reload()
        searcher = self._index.searcher()
        total, live = searcher.doc_freq("key", _PASSAGE), searcher.num_docs
        return live <= _SOON_MADE or total > _MOST_LEFT * live

    def rebuild(self, key: str, passages: Iterable[IndexedPassage]) -> None:
        self._write(key, None, passages)

    def change(self, key: str, removed: Iterable[str], passages: Iterable[IndexedPassage]) -> None:
        """Take out the documents `removed` and put in `passages`, in one commit."""
        self._write(key, removed, passages)

    def _write(self, key: str, removed: Iterable[str] | None, passages: Iterable[IndexedPassage]) -> None:
        from tantivy import Document, Occur, Query

        writer = self._index.writer(_WRITER_BYTES, 1)
        try:
            if removed is None:
                writer.delete_all_documents()
            else:
                for document in removed:
                    writer.delete_documents_by_term("document", document)
                markers = Query.boolean_query(
                    [(Occur.Must, Query.all_query()), (Occur.MustNot, Query.exists_query("row"))]
                )
                writer.delete_documents_by_query(markers)
            for passage in passages:
                fields = {
                    "text": passage.text,
                    "figures": passage.figures,
                    "document": passage.document,
                    "key": _PASSAGE,
                    "row": passage.row,
                }
                writer.add_document(Document.from_dict(fields, self._schema))
            writer.add_document(Document.from_dict({"key": key}, self._schema))
            writer.commit()
        finally:
            writer.wait_merging_threads()


def open_lexical(
    folder: Path,
    key: str,
    everything: Callable[[], Iterable[IndexedPassage]],
    change: "Change | None",
) -> LexicalIndex:
    """The index for `key`: as it lies there, after `change`, or built again.

    Falls back to memory, with a line in the log, where the disk cannot take it: words still find.
    """
    try:
        stored = _opened(folder)
        if not stored.built_for(key):
            if change is not None and stored.built_for(change.since) and not (change.removed and stored.is_soon_made):
                stored.change(key, change.removed, change.added)
            else:
                stored.rebuild(key, everything())
        return stored.open()
    except (OSError, ValueError) as error:
        log.warning("the word index in %s cannot be used and is kept in memory: %s", folder.name, error)
    memory = LexicalFolder(None)
    memory.rebuild(key, everything())
    return memory.open()


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the documents of key `since`."""

    since: str
    removed: Sequence[str]
    added: Sequence[IndexedPassage]


def _opened(folder: Path) -> LexicalFolder:
    try:
        return LexicalFolder(folder)
    except ValueError:
        remove(folder)  # of another layout or damaged: it is a cache
        return LexicalFolder(folder)
