"""Codebases made of a few sources, as the index would have them, and places marked in a text."""

from collections.abc import Mapping
from functools import lru_cache

from tandem.core.text import Span
from tandem.index.codebase import Codebase
from tandem.index.facts import FileFacts
from tandem.index.languages import language_of
from tandem.index.names import names
from tandem.index.parse import parse
from tandem.index.records import Record, record_of
from tandem.index.store import Stored

BEGIN, END = "«", "»"


@lru_cache(maxsize=512)  # many cases are of the same files
def facts_of(path: str, source: str) -> FileFacts:
    """Return the facts of a file of a known language; exact where it has a grammar."""
    language = language_of(path)
    assert language is not None, path
    return parse(source.encode(), language) or names(source.encode(), language.id)


def codebase(files: Mapping[str, str]) -> Codebase:
    """Return the codebase of some files; those of no known language can only be read."""
    records: dict[bytes, Record] = {}
    rows = []
    for path, source in files.items():
        if language_of(path) is not None:
            record = record_of(path.encode(), facts_of(path, source))
            records[record.key] = record
            rows.append(Stored(path, 0, len(source), record._replace(body="")))
    code = Codebase(records.get, files.get)
    code.update(rows)
    return code


def marked(source: str) -> tuple[str, Span]:
    """Return a text without its marks, and the span between them."""
    start = source.index(BEGIN)
    end = source.index(END) - len(BEGIN)
    return source.replace(BEGIN, "").replace(END, ""), Span(start, end)
