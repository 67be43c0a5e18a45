"""Layers, origins and sentences: nothing a user writes is an exception."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.workspace.configuration import Configuration, Layer, read_layers, resolve
from tandem.workspace.settings import TABLES, Completion, Settings, options, sections

DEFAULTS = Settings()
OPTIONS = {option.key: option for option in options()}


def nested(key: str, value: Any) -> dict[str, Any]:
    section, _, name = key.rpartition(".")
    return {section: {name: value}} if section else {name: value}


def value_of(settings: Settings, key: str) -> Any:
    section, _, name = key.rpartition(".")
    return getattr(getattr(settings, section), name) if section else getattr(settings, name)


def one(key: str, value: Any) -> Configuration:
    return resolve([Layer("the editor", nested(key, value))])


# A value other than the default, as people write it, and as it is read.
GOOD: dict[str, tuple[Any, Any]] = {
    "api.base_url": ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    "api.key_env": ("MY_KEY", "MY_KEY"),
    "api.fim": ("llama.cpp", "llama.cpp"),
    "api.concurrency": (3, 3),
    "models.flash": ("f", "f"),
    "models.pro": ("p", "p"),
    "completion.mode": ("manual", "manual"),
    "completion.modes": (["markdown=off"], ("markdown=off",)),
    "completion.length": ("line", "line"),
    "completion.delay_ms": (0, 0),
    "completion.in_comments": (False, False),
    "completion.in_strings": (False, False),
    "completion.prefetch": (True, True),
    "completion.block_tokens": (100, 100),
    "completion.timeout_ms": (500.0, 500),
    "completion.max_tokens": (4096, 4096),
    "completion.prefix_chars": (200, 200),
    "completion.suffix_chars": (7, 7),
    "local.enabled": (False, False),
    "local.threshold": (1, 1.0),
    "local.sure": (0.0, 0.0),
    "local.exclude": (["gen/*", "*.pb.go"], ("gen/*", "*.pb.go")),
    "local.model": ("smollm2", "smollm2"),
    "index.enabled": (False, False),
    "index.exclude": (["vendor/"], ("vendor/",)),
    "context.pack": (False, False),
    "fix.enabled": (False, False),
    "fix.climb_to": ("pro-max", "pro-max"),
    "fix.most_usd": (0.5, "0.5"),
    "fix.check": (["go=go vet"], ("go=go vet",)),
    "fix.trusted": ("~/work,/src", ("~/work", "/src")),
    "refactor.climb_to": ("flash", "flash"),
    "refactor.most_usd": (2, "2"),
    "refactor.confirm_usd": ("0", "0"),
    "refactor.check": ("make test", "make test"),
    "refactor.check_s": (60, 60),
    "refactor.link": (["node_modules"], ("node_modules",)),
    "refactor.parallel": (1, 1),
    "refactor.accept": (False, False),
    "review.most_usd": (2, "2"),
    "review.confirm_usd": ("0", "0"),
    "review.refute": (False, False),
    "review.style": (True, True),
    "review.mute": (["leftover"], ("leftover",)),
    "budget.daily_usd": (2, "2"),
    "budget.monthly_usd": ("12.50", "12.50"),
    "log.level": ("debug", "debug"),
    "log.file": ("/tmp/x.log", "/tmp/x.log"),  # noqa: S108 - nothing is written
    "prices": (
        {"m": {"hit": 0, "miss": "0.10", "output": 0.4}},
        {"m": {"hit": "0", "miss": "0.10", "output": "0.4"}},
    ),
    "actions": (
        {"sql": {"title": "Bind", "prompt": "Bind them.", "languages": "go"}},
        {"sql": {"title": "Bind", "prompt": "Bind them.", "languages": "go"}},
    ),
}


# -- layers ----------------------------------------------------------------------------------


def test_nothing_said_is_the_defaults():
    assert resolve([]) == Configuration(DEFAULTS, dict.fromkeys(OPTIONS, "default"), ())


def test_every_option_is_known_here():
    assert GOOD.keys() == OPTIONS.keys()
    assert set(sections()) == {key.partition(".")[0] for key in OPTIONS} - set(TABLES)


@pytest.mark.parametrize("key", GOOD)
def test_every_option_can_be_set(key):
    written, read = GOOD[key]
    configuration = one(key, written)

    assert configuration.problems == ()
    assert value_of(configuration.settings, key) == read != value_of(DEFAULTS, key)
    assert type(value_of(configuration.settings, key)) is type(value_of(DEFAULTS, key))
    assert {k for k, origin in configuration.origins.items() if origin != "default"} == {key}
    assert configuration.origins[key] == "the editor"


@pytest.mark.parametrize("key", GOOD)
def test_a_later_layer_wins_and_an_empty_one_changes_nothing(key):
    low = Layer("low", nested(key, GOOD[key][0]))
    high = Layer("high", nested(key, OPTIONS[key].default))

    above = resolve([low, high, Layer("empty", {})])
    assert value_of(above.settings, key) == OPTIONS[key].default
    assert above.origins[key] == "high"
    below = resolve([high, low])
    assert value_of(below.settings, key) == GOOD[key][1]
    assert below.origins[key] == "low"


def test_a_layer_says_only_what_it_says():
    configuration = resolve([
        Layer("user", {"completion": {"delay_ms": 1, "max_tokens": 2}}),
        Layer("editor", {"completion": {"delay_ms": 3}, "models": {"pro": "x"}}),
    ])  # fmt: skip

    assert configuration.settings.completion == replace(Completion(), delay_ms=3, max_tokens=2)
    assert configuration.origins["completion.delay_ms"] == "editor"
    assert configuration.origins["completion.max_tokens"] == "user"
    assert configuration.origins["models.flash"] == "default"


def test_dotted_keys_are_understood_as_editors_send_them():
    assert resolve([Layer("x", {"completion.mode": "off"})]).settings.completion.mode == "off"


# -- values ----------------------------------------------------------------------------------

BAD = [
    ("completion.mode", "sometimes", "must be one of auto, manual, off"),
    ("completion.mode", True, "must be a string"),
    ("completion.mode", {"deep": 1}, "must be a string"),
    ("completion.delay_ms", -2, "must be between -1 and 5000"),
    ("completion.delay_ms", 5001, "must be between -1 and 5000"),
    ("completion.delay_ms", "soon", "must be a whole number"),
    ("completion.delay_ms", 1.5, "must be a whole number"),
    ("completion.delay_ms", True, "must be a whole number"),
    ("completion.delay_ms", None, "must be a whole number"),
    ("completion.delay_ms", math.inf, "must be a whole number"),
    ("completion.delay_ms", "²", "must be a whole number"),
    ("completion.max_tokens", 0, "must be between 1 and 4096"),
    ("api.concurrency", 501, "must be between 1 and 500"),
    ("local.enabled", "yes", "must be true or false"),
    ("local.enabled", 1, "must be true or false"),
    ("local.threshold", 1.01, "must be between 0.0 and 1.0"),
    ("local.threshold", math.nan, "must be between 0.0 and 1.0"),
    ("local.threshold", "high", "must be a number"),
    ("local.threshold", False, "must be a number"),
    ("local.exclude", [1, 2], "must be a list of strings"),
    ("local.exclude", 5, "must be a list of strings"),
    ("budget.daily_usd", "a lot", "must be an amount of dollars"),
    ("budget.daily_usd", "-1", "must be an amount of dollars"),
    ("budget.daily_usd", "nan", "must be an amount of dollars"),
    ("budget.monthly_usd", math.inf, "must be an amount of dollars"),
    ("budget.monthly_usd", "0.0000001", "must be an amount of dollars"),
    ("budget.monthly_usd", True, "must be a string"),
    ("log.level", "loud", "must be one of debug, info, warning, error"),
    ("models.flash", ["a"], "must be a string"),
    ("prices", 3, "must be a table of prices"),
    ("prices", {"m": {"hit": 1, "miss": 1}}, "must be a table of prices"),
    ("prices", {"m": {"hit": 1, "miss": 1, "output": 1, "more": 1}}, "must be a table of prices"),
    ("prices", {"m": {"hit": 1, "miss": "x", "output": 1}}, "must be a table of prices"),
    ("prices", {"m": {"hit": 1, "miss": -1, "output": 1}}, "must be a table of prices"),
    ("prices", {"m": {"hit": 1, "miss": "0.0000001", "output": 1}}, "must be a table of prices"),
    ("prices", {"m": 1}, "must be a table of prices"),
    ("fix.climb_to", "opus", "must be one of flash, flash-thinking, pro, pro-max"),
    ("fix.most_usd", "much", "must be an amount of dollars"),
    ("actions", ["sql"], "must be a table of actions by name"),
    ("actions", {"sql": {"title": "Bind"}}, "must be a table of actions by name"),
    ("actions", {"sql": {"title": "Bind", "prompt": " "}}, "must be a table of actions"),
    ("actions", {"sql": {"title": "a", "prompt": "b", "more": "c"}}, "must be a table of actions"),
]


@pytest.mark.parametrize(("key", "value", "fix"), BAD)
def test_a_bad_value_is_a_sentence_and_the_layer_below_stays(key, value, fix):
    below = GOOD[key][0]
    configuration = resolve([
        Layer("user", nested(key, below)), Layer(".tandem.toml", nested(key, value))
    ])  # fmt: skip

    (sentence,) = configuration.problems
    assert sentence.startswith(f".tandem.toml: {key} {fix}")
    assert repr(value) in sentence
    assert value_of(configuration.settings, key) == GOOD[key][1]
    assert configuration.origins[key] == "user"


@pytest.mark.parametrize(
    ("key", "written", "read"),
    [
        ("local.enabled", "False", False),
        ("local.enabled", "0", False),
        ("local.enabled", "TRUE", True),
        ("local.enabled", "1", True),
        ("completion.delay_ms", "250", 250),
        ("local.sure", "0.25", 0.25),
        ("local.exclude", "a/*,b/*,", ("a/*", "b/*")),
        ("local.exclude", "", ()),
        ("local.exclude", [], ()),
        ("budget.daily_usd", "0", "0"),
        ("budget.daily_usd", 0.5, "0.5"),
        ("completion.delay_ms", 5000, 5000),
        ("local.threshold", 0, 0.0),
    ],
)
def test_strings_of_the_environment_and_numbers_of_json_are_read(key, written, read):
    configuration = one(key, written)

    assert configuration.problems == ()
    assert value_of(configuration.settings, key) == read


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("budget.daily_usd", "1e30"),
        ("budget.daily_usd", 1e23),
        ("prices", {"m": {"hit": 0, "miss": 1e30, "output": 0}}),
        ("completion.delay_ms", "--5"),
        ("completion.delay_ms", "9" * 5000),
        ("local.threshold", 10**400),
        ("models.flash", 10**5000),
        ("completion.delay_ms", 10**5000),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, str | float) else "-",
)
def test_an_absurd_number_is_a_sentence_too(key, value):
    assert len(one(key, value).problems) == 1


# -- keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "key", "hint"),
    [
        ({"completion": {"delay": 1}}, "completion.delay",
         "did you mean completion.delay_ms?"),
        ({"completions": {"mode": "off"}}, "completions.mode", "did you mean completion.mode?"),
        ({"budget": {"daily": 1}}, "budget.daily", "did you mean budget.daily_usd?"),
        ({"price": {"m": {}}}, "price.m", "did you mean prices?"),
        ({"zzz": 1}, "zzz", "remove it"),
        ({"api": 5}, "api", "did you mean api.fim?"),
    ],
)  # fmt: skip
def test_an_unknown_key_gets_the_near_one(values, key, hint):
    configuration = resolve([Layer("/c.toml", values)])

    assert configuration.problems == (f"/c.toml: there is no setting {key!r}; {hint}",)
    assert configuration.settings == DEFAULTS


PRIVATE = {
    "api.base_url": "http://mine",
    "api.key_env": "MINE",
    "api.fim": "ollama",
    "local.model": "mine",
    "context.pack": False,
    "budget.daily_usd": "2",
    "budget.monthly_usd": "3",
    "log.file": "mine",
    "fix.climb_to": "flash",
    "fix.most_usd": "0.01",
    "fix.check": ("go=go vet",),
    "fix.trusted": ("/src",),
    "refactor.climb_to": "flash",
    "refactor.most_usd": "0.01",
    "refactor.confirm_usd": "0",
    "refactor.check": "make test",
    "refactor.check_s": 9,
    "refactor.link": ("deps",),
    "refactor.accept": False,
    "review.most_usd": "0.01",
    "review.confirm_usd": "10",
    "review.refute": False,
    "prices": {"m": {"hit": "0", "miss": "1", "output": "2"}},
}


def test_what_touches_the_key_the_money_or_files_is_private():
    assert sorted(PRIVATE) == sorted(k for k, o in OPTIONS.items() if o.metadata["private"])


@pytest.mark.parametrize("key", PRIVATE)
def test_a_repository_may_not_set_what_is_private(key):
    mine = PRIVATE[key]
    own = {key: mine} if key == "prices" else nested(key, mine)
    theirs = {key: {}} if key == "prices" else nested(key, "http://theirs")
    configuration = resolve([Layer("user", own), Layer(".tandem.toml", theirs, False)])

    (sentence,) = configuration.problems
    assert sentence.startswith(f".tandem.toml: {key} may not be set by a repository; move it")
    assert value_of(configuration.settings, key) == mine
    assert configuration.origins[key] == "user"


def test_good_values_of_a_layer_count_beside_bad_ones():
    configuration = resolve([
        Layer("x", {"completion": {"mode": "never", "delay_ms": 9, "speed": 1}, "nope": 2})
    ], ["an earlier problem"])  # fmt: skip

    assert configuration.settings.completion.delay_ms == 9
    assert len(configuration.problems) == 4
    assert configuration.problems[0] == "an earlier problem"


# -- files and environment -------------------------------------------------------------------


@pytest.fixture
def user(tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def test_no_files_and_no_variables_are_no_layers(user, root):
    assert read_layers(user, root, {}) == ([], [])
    assert read_layers(user / "nothing", None, {}) == ([], [])


def test_user_then_repository_then_environment(user, root):
    (user / "config.toml").write_text("[completion]\ndelay_ms = 1\nmax_tokens = 11\n")
    (root / ".tandem.toml").write_text("[completion]\ndelay_ms = 2\nprefix_chars = 222\n")
    layers, problems = read_layers(user, root, {"TANDEM_COMPLETION__DELAY_MS": "3", "PATH": "/bin"})

    assert problems == []
    assert [(layer.origin, layer.trusted) for layer in layers] == [
        (str(user / "config.toml"), True),
        (str(root / ".tandem.toml"), False),
        ("environment", True),
    ]
    configuration = resolve([*layers, Layer("editor", {"completion": {"suffix_chars": 4}})])
    completion = configuration.settings.completion
    assert (completion.delay_ms, completion.max_tokens) == (3, 11)
    assert (completion.prefix_chars, completion.suffix_chars) == (222, 4)
    assert configuration.origins["completion.delay_ms"] == "environment"
    assert configuration.problems == ()


def test_variables_are_settings_by_their_double_underscore(user):
    environment = {
        "TANDEM_BUDGET__DAILY_USD": "0.50",
        "TANDEM_LOCAL__EXCLUDE": "a/*,b.py",
        "TANDEM_API__KEY_ENV": "OTHER",
        "TANDEM_HOME": "/t",
        "TANDEM_VENV": "/v",
        "TANDEM_DEBUG": "1",
        "NOT_TANDEM_API__KEY_ENV": "x",
    }
    configuration = resolve(*read_layers(user, None, environment))

    assert configuration.problems == ()
    assert configuration.settings.budget.daily_usd == "0.50"
    assert configuration.settings.local.exclude == ("a/*", "b.py")
    assert configuration.settings.api.key_env == "OTHER"


def test_a_mistyped_variable_is_told(user):
    configuration = resolve(*read_layers(user, None, {"TANDEM_COMPLETION__MOOD": "auto"}))

    assert configuration.problems == (
        "environment: there is no setting 'completion.mood'; did you mean completion.mode?",
    )


@pytest.mark.parametrize("bad", ["[completion\n", "x = ", "a = 1\na = 2\n", "\x00"])
def test_invalid_toml_is_ignored_until_fixed(user, root, bad):
    (user / "config.toml").write_text("[completion]\ndelay_ms = 1\n")
    (root / ".tandem.toml").write_text(bad)
    layers, problems = read_layers(user, root, {})

    assert [layer.origin for layer in layers] == [str(user / "config.toml")]
    (sentence,) = problems
    assert sentence.startswith(f"{root / '.tandem.toml'}: is not valid TOML (")
    assert sentence.endswith("it is ignored until fixed")
    assert resolve(layers, problems).problems == (sentence,)


@pytest.mark.parametrize("kind", ["folder", "bytes"])
def test_a_file_that_cannot_be_read_is_ignored_and_told(user, kind):
    path = user / "config.toml"
    if kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b'x = "\xff"')

    layers, (sentence,) = read_layers(user, None, {})
    assert layers == []
    assert sentence.startswith(f"{path}: cannot be read (")


@pytest.mark.parametrize("text", [f"x = {'9' * 5000}", f"x = {'[' * 5000}"])
def test_toml_that_makes_the_parser_give_up_is_ignored_and_told(user, text):
    (user / "config.toml").write_text(text)
    layers, problems = read_layers(user, None, {})

    assert layers == []
    assert len(problems) == 1


# -- anything at all -------------------------------------------------------------------------

# Not larger than what a parser of JSON or TOML gives without asking; see the absurd numbers above.
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.text(max_size=6),
    st.floats(-1e15, 1e15), st.sampled_from([math.inf, -math.inf, math.nan]),
    st.decimals(-100, 100, places=3).map(str), st.sampled_from(["auto", "debug", "true", "0"]),
    st.dates(), st.times(), st.datetimes(),
)  # fmt: skip
names = st.one_of(
    st.text(max_size=5),
    st.sampled_from([part for key in OPTIONS for part in (key, *key.split("."))]),
    st.sampled_from(["hit", "miss", "output"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=8,
)
tables = st.one_of(
    st.dictionaries(names, values, max_size=4),
    st.dictionaries(
        st.sampled_from(sorted(sections())), st.dictionaries(names, values), max_size=4
    ),
    st.sampled_from(sorted(OPTIONS)).flatmap(
        lambda key: values.map(lambda value: nested(key, value))
    ),
)


def valid(settings: Settings) -> bool:
    """Tell whether every value is one that its own option accepts, from a trusted place."""
    layer = Layer("again", {key: value_of(settings, key) for key in OPTIONS})
    again = resolve([layer])
    return again.problems == () and again.settings == settings


@given(st.lists(st.tuples(tables, st.booleans()), max_size=3))
def test_whatever_is_written_gives_valid_settings(written):
    layers = [Layer(f"file {n}", table, trusted) for n, (table, trusted) in enumerate(written)]
    configuration = resolve(layers)

    assert valid(configuration.settings)
    assert configuration.origins.keys() == OPTIONS.keys()
    assert all(problem.startswith("file ") for problem in configuration.problems)
    for key, origin in configuration.origins.items():
        if origin == "default":
            assert value_of(configuration.settings, key) == value_of(DEFAULTS, key)


@given(st.dictionaries(
    st.sampled_from(["TANDEM___", *(f"TANDEM_{k.upper().replace('.', '__')}" for k in OPTIONS)]),
    st.text(max_size=8),
))  # fmt: skip
def test_whatever_is_in_the_environment_gives_valid_settings(environment):
    layers, problems = read_layers(Path("/nonexistent"), None, environment)

    assert problems == []
    assert valid(resolve(layers).settings)
