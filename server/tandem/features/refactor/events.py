"""What can happen to a plan that is carried out: the lines of its journal, as values.

An event is on disk before it is acted on; all of them in order give the run (`state.advance`).
Texts are those of files by path, None for a file that is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tandem.core.money import Usd
from tandem.engine.harness import Failed
from tandem.engine.ladder import Rung
from tandem.features.refactor.plan import Plan

Texts = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody wants a plan: for what, where (FILE:LINE, "" for no place), when (ISO 8601, UTC)."""

    instruction: str
    place: str
    at: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """Pro made a plan; `problems` are what the index has against it."""

    plan: Plan
    problems: tuple[str, ...] = ()
    cost: Usd = field(default_factory=Usd)


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody changed the plan before it was carried out."""

    plan: Plan
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """The user said go. `most` is what all steps together may cost; zero: no cap."""

    most: Usd = field(default_factory=Usd)


@dataclass(frozen=True, slots=True)
class Started:
    """A step begins. `texts` are the files that no step has looked at before, as they are."""

    step: str
    texts: Texts = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Asking:
    """A model is about to be asked."""

    step: str
    rung: Rung
    estimate: Usd | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The answers of one rung did not pass."""

    step: str
    rung: Rung
    candidates: int
    cost: Usd
    answers: tuple[Failed, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """A step passed its gates. `texts` are the files that it changed, as they are now.

    `rung` is None where no model was needed.
    """

    step: str
    texts: Texts = field(repr=False)
    rung: Rung | None = None
    cost: Usd = field(default_factory=Usd)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A step cannot be done; those that come after it neither."""

    step: str
    reason: str
    cost: Usd = field(default_factory=Usd)


@dataclass(frozen=True, slots=True)
class Checked:
    """Gates and checks looked at the whole.

    `problems` are sentences by the step that has to mend them ("" where none can), `wider` files
    that those steps may change for it, `note` what was run.
    """

    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wider: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """Pro looked at the whole. `redo` tells by step what is wrong with it."""

    accepted: bool
    said: str = ""
    redo: Mapping[str, str] = field(default_factory=dict)
    cost: Usd = field(default_factory=Usd)


@dataclass(frozen=True, slots=True)
class Halted:
    """It stopped for a reason outside of it: cancelled, no network, no budget. It can go on.

    `cost` is of answers that broke off.
    """

    reason: str
    cost: Usd = field(default_factory=Usd)


@dataclass(frozen=True, slots=True)
class GaveUp:
    """It cannot go on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Applying:
    """The result is about to be written: what the files were (`before`) and will be (`texts`)."""

    how: str
    before: Texts = field(default_factory=dict, repr=False)
    texts: Texts = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Applied:
    """The result is where it belongs."""


@dataclass(frozen=True, slots=True)
class NotApplied:
    """The result was not taken; everything is as it was."""

    reason: str


@dataclass(frozen=True, slots=True)
class Discarded:
    """The user does not want it."""


Event = (
    Wanted
    | Proposed
    | Edited
    | Begun
    | Started
    | Asking
    | Refused
    | Done
    | SetAside
    | Checked
    | Judged
    | Halted
    | GaveUp
    | Applying
    | Applied
    | NotApplied
    | Discarded
)
