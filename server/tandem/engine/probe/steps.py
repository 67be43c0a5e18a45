"""What a probe sends, what came back, what to do next: values only.

A *trial* is a handful of requests about one text that nobody has sent before; its first *turn*
can hit nothing, what a later turn hits is the answer to the trial's question.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from tandem.core.model import Request, Usage


class Kind(Enum):
    """The two endpoints, whose prompts are laid out, and perhaps cached, differently."""

    CHAT = "chat"
    FIM = "fim"


class Topic(Enum):
    """What a trial asks."""

    CALIBRATE = "calibrate"  # how many tokens a word is
    REPEAT = "repeat"  # the same prompt again: from what size on, how soon, how long
    BEGINNING = "beginning"  # another prompt that begins alike
    INPUT_END = "input end"  # a chat that goes on after the input, with an answer never given
    OUTPUT_END = "output end"  # a chat that goes on after the answer that was given
    SHARED = "shared"  # the text of a chat as a FIM prompt


@dataclass(frozen=True, slots=True)
class Block:
    """A number of random words, after the word `first`; equal blocks are equal text."""

    label: str
    words: int
    first: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a trial, to be sent `after_s` seconds after the trial's previous answer.

    `follow` makes it a chat that goes on: after the answer "said" in turn 1, or a "forged" one.
    """

    topic: Topic
    kind: Kind
    trial: str
    turn: int
    blocks: tuple[Block, ...]
    after_s: float = 0.0
    follow: Literal["", "said", "forged"] = ""
    max_tokens: int = 1

    @property
    def words(self) -> int:
        """How many words its blocks have."""
        return sum(block.words for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Seen:
    """An answered request; times in seconds of a monotonic clock, `size` in bytes of prompt."""

    ask: Ask
    size: int
    usage: Usage
    text: str = field(repr=False)
    sent_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class Answered:
    """Event: what was sent last was answered."""

    usage: Usage
    text: str = field(repr=False)
    sent_at: float
    ended_at: float


@dataclass(frozen=True, slots=True)
class Waited:
    """Event: the pause is over."""

    at: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Event: the API does not take this kind of request; `why` is a sentence for the user."""

    why: str


@dataclass(frozen=True, slots=True)
class Halted:
    """Event: nothing more can be sent; `why` is a sentence for the user."""

    why: str


Event = Answered | Waited | Refused | Halted


@dataclass(frozen=True, slots=True)
class Send:
    """Step: send this; `most` is what it may be billed as at the very most."""

    request: Request
    size: int
    most: Usage


@dataclass(frozen=True, slots=True)
class Pause:
    """Step: wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Over:
    """Step: there is nothing more to do; `why` is empty if everything was measured."""

    why: str = ""


Step = Send | Pause | Over
