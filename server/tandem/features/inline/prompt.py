"""The fill-in-the-middle prompt, version 2: what an index laid out, or the open file alone. Pure.

Without an index there is an anchored prefix and a short suffix. The prefix begins at a boundary
that moves rarely (every half window), so that the next keystroke sends the same bytes again and
hits the prefix cache: replayed, 53-56% of its tokens against 33-36% for a window that slides, at
the same size. What changes comes last. The suffix moves with every keystroke and never hits, so it
is short.
"""

from tandem.core.model import FimRequest
from tandem.core.text import Text
from tandem.workspace.documents import Document
from tandem.workspace.settings import Completion

VERSION = 2


def render(
    document: Document,
    offset: int,
    model: str,
    settings: Completion,
    laid_out: tuple[str, str] | None = None,
    *,
    stop: tuple[str, ...] = ("\n",),
    block: bool = False,
) -> FimRequest:
    """Return the request for a place; `laid_out` is (prompt, suffix) by an index."""
    prompt, suffix = laid_out or _own(document.text, offset, settings)
    return FimRequest(
        model=model,
        prompt=prompt,
        suffix=suffix,
        max_tokens=settings.block_tokens if block else settings.max_tokens,
        stop=stop,
        language=document.language,
    )


def _own(text: Text, offset: int, settings: Completion) -> tuple[str, str]:
    start = _anchor(text, offset, settings.prefix_chars)
    prefix, suffix = text.slice(start, offset), _suffix(text, offset, settings.suffix_chars)
    return prefix.replace("\r\n", "\n"), suffix.replace("\r\n", "\n")


def _anchor(text: Text, offset: int, window: int) -> int:
    """Return where the prefix begins: a line start, at most `window` before the cursor."""
    if offset <= window:
        return 0
    step = max(window // 2, 1)
    earliest = offset - window
    boundary = -(-earliest // step) * step
    line, column = text.point_at(boundary)
    start = text.line_start(line + bool(column))
    return start if start <= offset else boundary  # a line longer than the window


def _suffix(text: Text, offset: int, window: int) -> str:
    """Return the text behind the cursor, cut at a line end where one is in reach."""
    tail = text.slice(offset, offset + window)
    if offset + window >= len(text):
        return tail
    cut = tail.rfind("\n")
    return tail[: cut + 1] if cut > 0 else tail
