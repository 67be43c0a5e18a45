"""What the user may configure: one table of frozen dataclasses, documented where it is defined.

``server/docs/settings.md`` and the editors' schemas are generated from the fields' metadata. A
value's journey (defaults, files, environment, editor) is told by ``workspace.configuration``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from tandem.core.model import Dialect
from tandem.ledger.prices import FLASH, PRO

MODES: Final = ("auto", "manual", "off")
LENGTHS: Final = ("auto", "line", "block")
RUNGS: Final = ("flash", "flash-thinking", "pro", "pro-max")
LEVELS: Final = ("debug", "info", "warning", "error")
TABLES: Final = ("prices", "actions")
_KINDS: Final[Mapping[Any, str]] = {bool: "bool", int: "int", float: "float", str: "str"}


def option(default: Any, doc: str, *, private: bool = False, **bounds: Any) -> Any:
    """Declare a setting.

    `private` keeps it out of a repository's own file: a repository is data, it may not redirect
    the user's key, lift their budget or choose where files are written. `bounds`: ``least``,
    ``most``, ``choices``.
    """
    metadata = {"doc": doc, "private": private, **bounds}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Api:
    """Where the models are."""

    base_url: str = option(
        "https://api.deepseek.com",
        "Root of the API, such as `http://127.0.0.1:8000`. A trailing `/beta` or `/v1` is ignored; "
        "each endpoint adds its own.",
        private=True,
    )
    key_env: str = option(
        "DEEPSEEK_API_KEY",
        "Name of the environment variable that holds the API key. The key itself is never "
        "a setting. Empty: the server needs no key. A server on this machine (loopback) is asked "
        "without one anyway, unless `api.fim` means `deepseek`.",
        private=True,
    )
    fim: str = option(
        "auto",
        "How the server is asked to fill in the middle. `auto`: `deepseek`, or what `tandem "
        "doctor --probe-fim` found out about this `api.base_url`. Recipes: "
        "`server/docs/self-hosting.md`.",
        choices=("auto", *(dialect.value for dialect in Dialect)),
        private=True,
    )
    concurrency: int = option(
        16, "Calls under way at once; halves by itself when the API limits.", least=1, most=500
    )

    @property
    def dialect(self) -> Dialect:
        """What `fim` says; `auto` is DeepSeek's where nothing else was found out."""
        return Dialect.DEEPSEEK if self.fim == "auto" else Dialect(self.fim)


@dataclass(frozen=True, slots=True)
class Models:
    """Which model does what."""

    flash: str = option(FLASH, "The small fast model: completions, fixes, steps of a plan.")
    pro: str = option(PRO, "The large model: plans, reviews, final acceptance.")


@dataclass(frozen=True, slots=True)
class Completion:
    """Ghost text while typing."""

    mode: str = option(
        "auto",
        "`auto`: while typing; `manual`: only when asked for; `off`: never.",
        choices=MODES,
    )
    modes: tuple[str, ...] = option(
        (),
        "Other modes for languages and files, as `PATTERN=mode`: `markdown=off`, `*.min.js=off`, "
        "`docs/*=manual`. The last that fits holds.",
    )
    length: str = option(
        "auto",
        "`auto`: to the end of the line, and whole blocks where one begins; `line`: never more "
        "than a line; `block`: whole blocks on every empty line.",
        choices=LENGTHS,
    )
    delay_ms: int = option(
        -1,
        "Pause in typing before a model is asked. -1: by how fast you type and how fast the model "
        "is, none at the start of a line. What is already known is shown without it.",
        least=-1,
        most=5000,
    )
    in_comments: bool = option(True, "Whether comments are completed while typing.")
    in_strings: bool = option(True, "Whether strings are completed while typing.")
    prefetch: bool = option(
        False,
        "Whether the line below is asked for while a completion is shown, after two in a row were "
        "taken. It is there at once then, but four of five such answers are bought in vain.",
    )
    timeout_ms: int = option(
        3000, "Wall-clock limit of one completion, retries included.", least=50, most=60000
    )
    max_tokens: int = option(64, "Longest line, in tokens.", least=1, most=4096)
    block_tokens: int = option(224, "Longest block, in tokens.", least=1, most=4096)
    prefix_chars: int = option(
        8000,
        "Text before the cursor that a model is sent of a file that is not indexed.",
        least=200,
        most=400000,
    )
    suffix_chars: int = option(
        1000,
        "Text after the cursor that a model is sent of a file that is not indexed. It moves with "
        "each keystroke and so never hits the prefix cache: the dear half of a prompt.",
        least=0,
        most=100000,
    )


@dataclass(frozen=True, slots=True)
class Local:
    """What completes on this machine: the repository's own statistics, and a model if one is."""

    enabled: bool = option(True, "Whether the repository engine completes lines.")
    threshold: float = option(
        0.4,
        "Confidence (0 to 1) from which a local completion is shown without a key.",
        least=0.0,
        most=1.0,
    )
    sure: float = option(
        0.5,
        "Confidence from which a local completion is shown instead of asking Flash.",
        least=0.0,
        most=1.0,
    )
    exclude: tuple[str, ...] = option(
        (), "Files that the engine does not learn from, as patterns of a `.gitignore`."
    )
    model: str = option(
        "",
        "Installed model (`tandem model list`) that completes where no API can be asked. Empty: "
        "the one that `tandem model use` recorded; `none`: no model.",
        private=True,
    )


@dataclass(frozen=True, slots=True)
class Index:
    """What Tandem knows of the whole workspace."""

    enabled: bool = option(
        True,
        "Whether the workspace is indexed. Without it a completion is told of the open file only.",
    )
    exclude: tuple[str, ...] = option(
        (),
        "Files that are never indexed and never sent, as patterns of a `.gitignore`. What git "
        "ignores, a `.tandemignore` and files that may hold secrets are left out anyway.",
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What plans and reviews are told."""

    pack: bool = option(
        True,
        "Whether plans and reviews are sent the whole codebase in front, laid out so that the "
        "prefix cache keeps it. `false`: the part in focus and the task alone, to compare.",
        private=True,
    )


@dataclass(frozen=True, slots=True)
class Fix:
    """Quick fixes and rewrites."""

    enabled: bool = option(True, "Whether quick fixes and rewrites are offered.")
    climb_to: str = option(
        "pro",
        "The strongest model an action may climb to when the checks refuse what cheaper ones say: "
        "`flash`, `flash-thinking`, `pro` (thinking) or `pro-max` (thinking hardest).",
        choices=RUNGS,
        private=True,
    )
    most_usd: str = option(
        "0.10", "Most that one action may cost, in US dollars. 0 means no cap.", private=True
    )
    check: tuple[str, ...] = option(
        (),
        "Commands that tell whether a problem is gone, as `LANGUAGE=COMMAND`; `{file}` is the "
        "file's path, its new text comes on stdin: `python=ruff check --output-format concise "
        "--stdin-filename {file} -`. Run only in trusted folders, never through a shell.",
        private=True,
    )
    trusted: tuple[str, ...] = option(
        (), "Folders in which, and below which, commands may be run; `*`: everywhere.", private=True
    )


@dataclass(frozen=True, slots=True)
class Refactor:
    """Plans, and what carries them out."""

    climb_to: str = option(
        "pro",
        "The strongest model that a step of a plan may climb to, as `fix.climb_to`.",
        choices=RUNGS,
        private=True,
    )
    most_usd: str = option(
        "1.00",
        "Most that carrying out one plan may cost, in US dollars. 0 means no cap.",
        private=True,
    )
    confirm_usd: str = option(
        "0.05",
        "Price in US dollars from which Tandem asks before it has a plan made or carries it out. "
        "What is not priced is always asked about.",
        private=True,
    )
    check: str = option(
        "",
        "Command that tells whether the workspace is sound, such as `python -m pytest -q`. It runs "
        "in a copy of the workspace with the result of a plan, without a shell, in trusted folders "
        "(`fix.trusted`) only.",
        private=True,
    )
    check_s: int = option(300, "Seconds that the check may take.", least=1, most=3600, private=True)
    link: tuple[str, ...] = option(
        ("node_modules", ".venv", "venv"),
        "Ignored folders that the copy has as links, so that the check finds what is installed. "
        "What is written into them is not undone.",
        private=True,
    )
    parallel: int = option(
        4, "Steps of a plan that are carried out side by side.", least=1, most=16
    )
    accept: bool = option(
        True, "Whether Pro judges the result after the checks, before it is offered.", private=True
    )


@dataclass(frozen=True, slots=True)
class Review:
    """Reviews of a change before it is committed or pushed."""

    most_usd: str = option(
        "0.50",
        "Most that one review may cost, in US dollars; what it would not pay for is named. 0 means "
        "no cap.",
        private=True,
    )
    confirm_usd: str = option(
        "0.05",
        "Price in US dollars from which Tandem asks before a review. What is not priced is always "
        "asked about.",
        private=True,
    )
    refute: bool = option(
        True,
        "Whether Flash is asked to refute what Pro calls an error, before it is shown.",
        private=True,
    )
    style: bool = option(False, "Whether findings about style alone are shown.")
    mute: tuple[str, ...] = option(
        (),
        "Kinds of findings that are not shown, such as `leftover` or `api-break`; "
        "`server/docs/review.md` lists them.",
    )


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps over completions and actions together; midnight is UTC's. 0 means no cap."""

    daily_usd: str = option("1.00", "Most that may be spent in a day, in US dollars.", private=True)
    monthly_usd: str = option(
        "0", "Most that may be spent in a month, in US dollars.", private=True
    )


@dataclass(frozen=True, slots=True)
class Log:
    """Tandem's own log: one JSON object per line, never document text or a key."""

    level: str = option("info", "Least severe level written.", choices=LEVELS)
    file: str = option(
        "", "Path of the log file. Empty: `tandem.log` in the state directory.", private=True
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one workspace, complete and valid."""

    api: Api = field(default_factory=Api)
    models: Models = field(default_factory=Models)
    completion: Completion = field(default_factory=Completion)
    local: Local = field(default_factory=Local)
    index: Index = field(default_factory=Index)
    context: Context = field(default_factory=Context)
    fix: Fix = field(default_factory=Fix)
    refactor: Refactor = field(default_factory=Refactor)
    review: Review = field(default_factory=Review)
    budget: Budget = field(default_factory=Budget)
    prices: Mapping[str, Mapping[str, str]] = option(
        {},
        "Own prices in US dollars per million tokens, by model: "
        '`{"my-model": {"hit": "0", "miss": "0.10", "output": "0.40"}}`. They replace the dated '
        "table.",
        private=True,
    )
    actions: Mapping[str, Mapping[str, str]] = option(
        {},
        'Own prompts as code actions, by name: `{"sql": {"title": "Use bound parameters", '
        '"prompt": "Rewrite the query with bound parameters.", "languages": '
        '"python,go"}}`. Offered on a selection or the symbol around the cursor.',
    )
    log: Log = field(default_factory=Log)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as documentation and checks see it; `section` is empty for a top-level one."""

    section: str
    name: str
    kind: str
    default: Any
    metadata: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The dotted name users write."""
        return f"{self.section}.{self.name}" if self.section else self.name


def sections() -> dict[str, type[Any]]:
    """Return the sections by name, in the order they are documented."""
    return {
        "api": Api,
        "models": Models,
        "completion": Completion,
        "local": Local,
        "index": Index,
        "context": Context,
        "fix": Fix,
        "refactor": Refactor,
        "review": Review,
        "budget": Budget,
        "log": Log,
    }


def options() -> Iterator[Option]:
    """Yield every setting."""
    for section, cls in sections().items():
        for item in fields(cls):
            kind = _KINDS.get(item.type, "strings")
            yield Option(section, item.name, kind, item.default, item.metadata)
    for item in fields(Settings):
        if item.name in TABLES:
            yield Option("", item.name, "table", {}, item.metadata)
