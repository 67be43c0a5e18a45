"""Raw templates for filling in the middle: special tokens pasted around the user's text. Pure.

For servers that take one prompt and no ``suffix`` (vLLM, SGLang). They read special tokens wherever
they stand, so a user who edits a file that spells one would end the template there. Such a spelling
is broken by one invisible character after its first, which the rest of the text does not contain
and which is taken out of the answer again: nothing else of the text changes, and what the model
copies of it comes back as the user wrote it.

Invariant: what is between a template's own tokens spells no special token of its family.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from tandem.core.model import Dialect, Event, FimRequest, TextDelta
from tandem.providers.codec import with_extra

# Zero width space and word joiner, then the private use area: a text never has all of them.
_MARKS: Final = ("\u200b", "\u2060", *map(chr, range(0xE000, 0xF900)))


@dataclass(frozen=True, slots=True)
class Template:
    """The tokens of a family of models: before, between and after the two texts.

    `stops` end an answer that runs on; `special` matches every spelling that the family's
    tokenizer does not take as text.
    """

    before: str
    between: str
    after: str
    stops: tuple[str, ...]
    special: re.Pattern[str]
    suffix_first: bool = False


_PIPED: Final = re.compile(r"<\|[A-Za-z0-9_]+\|>")

# Not the ASCII bar and underscore: tokens spelled with those are plain text to the model.
_BAR: Final = "\uff5c"
_BEGIN, _HOLE, _END, _STOP = (
    f"<{_BAR}{name}{_BAR}>"
    for name in ("fim\u2581begin", "fim\u2581hole", "fim\u2581end", "end\u2581of\u2581sentence")
)

TEMPLATES: Final[Mapping[Dialect, Template]] = {
    Dialect.TEMPLATE_DEEPSEEK: Template(
        _BEGIN,
        _HOLE,
        _END,
        (_BEGIN, _HOLE, _END, _STOP, "<|EOT|>"),
        re.compile(rf"<{_BAR}[^{_BAR}<>\n]{{1,40}}{_BAR}>|<\|EOT\|>"),
    ),
    Dialect.TEMPLATE_QWEN: Template(
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        (
            "<|endoftext|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
            "<|im_start|>", "<|im_end|>",
        ),
        _PIPED,
    ),
    Dialect.TEMPLATE_STARCODER2: Template(
        "<fim_prefix>",
        "<fim_suffix>",
        "<fim_middle>",
        ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<file_sep>", "<|endoftext|>"),
        re.compile(
            r"<(?:\|endoftext\||fim_(?:prefix|middle|suffix|pad)|file_sep|repo_name|filename"
            r"|gh_stars|reponame|issue_(?:start|comment|closed)|jupyter_[a-z]+|empty_output"
            r"|commit_(?:before|msg|after)|code_to_intermediate|intermediate_to_code|pr(?:_[a-z_]+)?)>"
        ),
    ),
    Dialect.TEMPLATE_CODELLAMA: Template(
        "<PRE> ",
        " <SUF>",
        " <MID>",
        ("<PRE>", "<SUF>", "<MID>", "<EOT>"),
        re.compile(r"<(?:PRE|SUF|MID|EOT|/?s|unk)>"),
    ),
    Dialect.TEMPLATE_CODESTRAL: Template(
        "[SUFFIX]",
        "[PREFIX]",
        "",
        ("[PREFIX]", "[SUFFIX]", "\n+++++ "),
        re.compile(
            r"\[(?:PREFIX|SUFFIX|MIDDLE|/?INST|/?AVAILABLE_TOOLS|/?TOOL_RESULTS|TOOL_CALLS"
            r"|/?SYSTEM_PROMPT|/?IMG|IMG_BREAK|IMG_END)\]|<(?:/?s|unk|pad)>"
        ),
        suffix_first=True,
    ),
    Dialect.TEMPLATE_GRANITE: Template(
        "<|fim_prefix|>",
        "<|fim_suffix|>",
        "<|fim_middle|>",
        ("<|end_of_text|>", "<|fim_pad|>"),
        _PIPED,
    ),
}  # fmt: skip


def render(template: Template, request: FimRequest) -> tuple[str, str]:
    """Return the one prompt, and the mark that breaks special tokens in it ("" where none was)."""
    prefix, suffix = with_extra(request), request.suffix
    mark = ""
    if template.special.search(prefix) or template.special.search(suffix):
        mark = next((m for m in _MARKS if m not in prefix and m not in suffix), _MARKS[0])
        prefix, suffix = (_broken(template, text, mark) for text in (prefix, suffix))
    first, second = (suffix, prefix) if template.suffix_first else (prefix, suffix)
    return f"{template.before}{first}{template.between}{second}{template.after}", mark


def _broken(template: Template, text: str, mark: str) -> str:
    return template.special.sub(lambda match: match[0][0] + mark + match[0][1:], text)


def restored(events: Iterator[Event], mark: str) -> Iterator[Event]:
    """Take the mark out of an answer; it is one character, so no piece can hold half of it."""
    for event in events:
        if isinstance(event, TextDelta) and mark in event.text:
            text = event.text.replace(mark, "")
            if text:
                yield replace(event, text=text)
        else:
            yield event


def stops(template: Template, request: FimRequest) -> tuple[str, ...]:
    """Return the request's own stop strings, then the template's."""
    return tuple(dict.fromkeys(chain(request.stop, template.stops)))
