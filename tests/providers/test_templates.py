"""Templates: the user's text between the tokens is what it was, and no token of its own."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixtures.servers.completions import FAMILIES
from tandem.core.model import Dialect, ExtraFile, FimRequest, Stop, Stopped, TextDelta
from tandem.providers.templates import TEMPLATES, Template, render, restored, stops

BAR = "\uff5c"
BEGIN, HOLE, END = (f"<{BAR}fim\u2581{name}{BAR}>" for name in ("begin", "hole", "end"))

# Pieces from which token spellings, halves of them and plain code come about.
pieces = st.sampled_from([
    "<", ">", "|", "[", "]", "\n", " ", "x", BAR, BEGIN, HOLE, END, "<|EOT|>", "<|endoftext|>",
    "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<fim_prefix>",
    "<fim_suffix>", "<fim_middle>", "<file_sep>", "<PRE>", " <SUF>", " <MID>", "<EOT>", "</s>",
    "[SUFFIX]", "[PREFIX]", "[INST]", "<|end_of_text|>", "\u200b", "\u2060", "return a[0] | b",
])  # fmt: skip
texts = st.lists(pieces, max_size=8).map("".join)
families = st.sampled_from(list(TEMPLATES))


def asked(prefix: str, suffix: str, *extra: ExtraFile) -> FimRequest:
    return FimRequest("m", prefix, suffix, 10, ("\n",), extra=extra)


def between(template: Template, prompt: str) -> tuple[str, str]:
    """Cut a prompt at the template's own tokens; return prefix and suffix as they stand there."""
    assert prompt.startswith(template.before)
    assert prompt.endswith(template.after)
    inside = prompt.removeprefix(template.before)
    inside = inside[: len(inside) - len(template.after)]
    first, cut, second = inside.partition(template.between)
    assert cut
    return (second, first) if template.suffix_first else (first, second)


@pytest.mark.parametrize(
    ("dialect", "prompt"),
    [
        (Dialect.TEMPLATE_DEEPSEEK, f"{BEGIN}before{HOLE}after{END}"),
        (Dialect.TEMPLATE_QWEN, "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>"),
        (Dialect.TEMPLATE_STARCODER2, "<fim_prefix>before<fim_suffix>after<fim_middle>"),
        (Dialect.TEMPLATE_CODELLAMA, "<PRE> before <SUF>after <MID>"),
        (Dialect.TEMPLATE_CODESTRAL, "[SUFFIX]after[PREFIX]before"),
        (Dialect.TEMPLATE_GRANITE, "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>"),
    ],
)
def test_each_family_has_its_order(dialect, prompt):
    assert render(TEMPLATES[dialect], asked("before", "after")) == (prompt, "")


def test_every_template_of_the_settings_is_here():
    assert set(TEMPLATES) == {d for d in Dialect if d.value.startswith("template:")}
    assert {d.value.removeprefix("template:") for d in TEMPLATES} == set(FAMILIES)


@given(families, texts, texts)
@example(Dialect.TEMPLATE_QWEN, "<|fim_middle|>", "<|fim_suffix|>")
@example(Dialect.TEMPLATE_CODESTRAL, "a[PREFIX]", "[SUFFIX]b")
def test_no_text_breaks_out_of_a_template(dialect, prefix, suffix):
    """A server that reads special tokens everywhere sees the template's own and no other."""
    template = TEMPLATES[dialect]
    family = FAMILIES[dialect.value.removeprefix("template:")]
    prompt, _ = render(template, asked(prefix, suffix))
    found = [match[0] for match in family.special.finditer(prompt)]

    assert found == list(family.order)
    assert not any(template.special.search(text) for text in between(template, prompt))


@given(families, texts, texts)
def test_nothing_else_of_the_text_changes(dialect, prefix, suffix):
    template = TEMPLATES[dialect]
    prompt, mark = render(template, asked(prefix, suffix))
    shown = between(template, prompt)

    special = [template.special.findall(text) for text in (prefix, suffix)]
    assert bool(mark) == any(special)
    if mark:
        assert len(mark) == 1
        assert mark not in prefix + suffix
        assert [text.count(mark) for text in shown] == [len(found) for found in special]
    assert tuple(text.replace(mark, "") if mark else text for text in shown) == (prefix, suffix)


@given(families, texts, st.data())
def test_what_a_model_copies_comes_back_as_the_user_wrote_it(dialect, text, data):
    template = TEMPLATES[dialect]
    prompt, mark = render(template, asked(text, ""))
    copied, _ = between(template, prompt)
    cut = data.draw(st.integers(0, len(copied)))
    events = [TextDelta(part) for part in (copied[:cut], copied[cut:]) if part]
    end = Stopped(Stop.END, "")
    back = list(restored(iter([*events, end]), mark)) if mark else [*events, end]

    assert "".join(event.text for event in back if isinstance(event, TextDelta)) == text
    assert back[-1] == end
    assert all(event.text for event in back if isinstance(event, TextDelta))


def test_text_without_special_tokens_is_left_alone_even_with_invisible_characters():
    prompt, mark = render(TEMPLATES[Dialect.TEMPLATE_QWEN], asked("a\u200bb <fim_prefix> |", ""))

    assert "a\u200bb <fim_prefix> |" in prompt
    assert mark == ""


def test_a_text_that_has_the_first_mark_is_broken_by_another():
    _, mark = render(TEMPLATES[Dialect.TEMPLATE_QWEN], asked("\u200b<|fim_pad|>", "\u2060"))

    assert mark == "\ue000"


def test_pieces_of_other_files_come_first_and_are_broken_as_well():
    extra = (ExtraFile("a.py", "A = '<|file_sep|>'\n"), ExtraFile("b.py", "B = 2\n"))
    prompt, mark = render(TEMPLATES[Dialect.TEMPLATE_QWEN], asked("x", "y", *extra))

    assert prompt.startswith(f"<|fim_prefix|>A = '<{mark}|file_sep|>'\nB = 2\nx<|fim_suffix|>y")


@pytest.mark.parametrize("dialect", TEMPLATES)
def test_the_stops_of_the_request_come_first_and_none_twice(dialect):
    request = FimRequest("m", "", "", 10, ("\n", "<|endoftext|>"))
    found = stops(TEMPLATES[dialect], request)

    assert found[:2] == ("\n", "<|endoftext|>")
    assert len(found) == len(set(found))
    assert set(TEMPLATES[dialect].stops) <= set(found)


@pytest.mark.parametrize("dialect", TEMPLATES)
def test_the_tokens_and_stops_of_a_family_are_special_to_it(dialect):
    template = TEMPLATES[dialect]
    own = [template.before, template.between, template.after, *template.stops]
    for token in filter(None, own):
        plain = token.strip()
        assert plain == "+++++" or re.fullmatch(template.special, plain), token
