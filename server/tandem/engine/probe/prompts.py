"""The texts of a probe: random words from a seed, and the most that reading them can cost.

No tokenizer is assumed. How many tokens a word is comes from ``usage`` of the requests so far, and
before the first one a token is a byte, which no vocabulary goes below.
Invariant: texts are a function of seed and label, and texts of different labels differ within the
first words, so that nothing hits what another trial, or another probe, has sent.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from tandem.core.model import ChatRequest, FimRequest, Message, Request, Thinking, Usage
from tandem.engine.probe.steps import Ask, Block, Kind, Seen, Topic

_COMMON: Final = """
able acid also area army away baby back ball band bank base bath bear beat bell belt bird blue boat
body bone book both bowl burn bush busy cake call calm card care case cash cell chat city clay club
coal coat code cold cook cool copy corn cost crew crop dark data date dawn deal deep deer desk dish
door down draw drop dust duty each earn east easy edge face fact farm fast fear feed feel film find
fine fire fish five flag flat flow fold food foot form four free fuel full gain game gate gift girl
give glad goal gold good gray grow hair half hall hand hard head heat help here high hill hold home
hope host hour huge idea iron item join
"""
_WORDS: Final = tuple(_COMMON.split())
_PER_LINE: Final = 8
_FORGED: Final = 24
_MORE: Final = 16
_COUNT: Final = "Write the numbers from one to five hundred as words, with spaces between them.\n"
_SLACK: Final = 1.5
_TEMPLATE: Final = 64  # tokens that an API may put around a prompt


def text(seed: str, block: Block) -> str:
    """Return the words of a block in lines of eight; ends with a line break."""
    draw = hashlib.shake_128(f"{seed}/{block.label}".encode()).digest(block.words)
    words = [block.first] if block.first else []
    words += [_WORDS[byte % len(_WORDS)] for byte in draw]
    lines = [" ".join(words[at : at + _PER_LINE]) for at in range(0, len(words), _PER_LINE)]
    return "".join(f"{line}\n" for line in lines)


def request(ask: Ask, model: str, seed: str, said: str) -> Request:
    """Build what is sent; `said` is the answer to the trial's first turn."""
    prompt = "".join(text(seed, block) for block in ask.blocks)
    if ask.kind is Kind.FIM:
        return FimRequest(model, prompt, "\n", ask.max_tokens)
    if ask.topic is Topic.OUTPUT_END:
        prompt += _COUNT
    messages = [Message("user", prompt)]
    if ask.follow:
        forged = text(seed, Block(f"{ask.trial}/forged", _FORGED))
        more = text(seed, Block(f"{ask.trial}/more", _MORE))
        answer = said if ask.follow == "said" else forged
        messages += [Message("assistant", answer), Message("user", more)]
    return ChatRequest(model, tuple(messages), ask.max_tokens, Thinking.OFF)


def size(request: Request) -> int:
    """Return the bytes of a request's prompt."""
    if isinstance(request, FimRequest):
        return len(request.prompt) + len(request.suffix)
    return sum(len(message.content.encode("utf-8", "replace")) for message in request.messages)


def most(request: Request, seen: Sequence[Seen]) -> Usage:
    """Return what a request may be billed as at the very most: all of it missed."""
    dearest = max((one.usage.prompt / one.size for one in seen), default=1.0)
    tokens = round(size(request) * dearest * _SLACK) + _TEMPLATE
    return Usage(miss=tokens, output=request.max_tokens)


def words_for(tokens: float, kind: Kind, seen: Sequence[Seen]) -> int:
    """Return how many words make a prompt of about so many tokens, as far as is known by now."""
    plain = [one for one in seen if one.ask.topic in (Topic.CALIBRATE, Topic.REPEAT)]
    alike = [one for one in plain if one.ask.kind is kind] or plain
    if not alike:
        return max(1, round(tokens))
    least = min(alike, key=lambda one: one.ask.words)
    largest = max(alike, key=lambda one: one.ask.words)
    if least.ask.words == largest.ask.words:
        return max(1, round(tokens * least.ask.words / least.usage.prompt))
    more = largest.ask.words - least.ask.words
    per_word = (largest.usage.prompt - least.usage.prompt) / more
    template = least.usage.prompt - per_word * least.ask.words
    return max(1, round((tokens - template) / max(per_word, 0.1)))
