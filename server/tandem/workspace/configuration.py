"""Where each setting comes from: later layers win, and every value knows its origin.

defaults < the user's ``config.toml`` < the repository's ``.tandem.toml`` < the environment
(``TANDEM_COMPLETION__MODE``) < the editor. Nothing here raises for what a user wrote: a bad value
is left at what the layer below says and becomes a sentence that names file, key and fix.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tandem.core.money import Usd
from tandem.workspace.settings import TABLES, Option, Settings, options

USER_FILE: Final = "config.toml"
REPOSITORY_FILE: Final = ".tandem.toml"
_LARGEST_NUMBER: Final = 10**18  # Python refuses to print numbers of over 4,300 digits
_SHOWN: Final = 80
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_ENV_PREFIX: Final = "TANDEM_"
# Variables with the prefix that are not settings: `paths` and the launcher read them.
_NOT_SETTINGS: Final = frozenset(["TANDEM_HOME", "TANDEM_VENV"])


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values: where it is (for people), what it says, whether it is trusted."""

    origin: str
    values: Mapping[str, Any]
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """Valid settings, the origin of each value by dotted key, and what could not be used."""

    settings: Settings
    origins: Mapping[str, str]
    problems: tuple[str, ...]


def read_layers(
    user_folder: Path, root: Path | None, environment: Mapping[str, str]
) -> tuple[list[Layer], list[str]]:
    """Read the files and the environment. Returns the layers in order, and problems."""
    layers, problems = [], []
    files = [(user_folder / USER_FILE, True)]
    if root is not None:
        files.append((root / REPOSITORY_FILE, False))
    for path, trusted in files:
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path}: cannot be read ({type(error).__name__}); it is ignored")
            continue
        except (ValueError, RecursionError) as error:  # tomllib raises more than its own error
            reason = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "too deep"
            problems.append(f"{path}: is not valid TOML ({reason}); it is ignored until fixed")
            continue
        layers.append(Layer(str(path), values, trusted))
    from_environment = _environment(environment)
    if from_environment:
        layers.append(Layer("environment", from_environment))
    return layers, problems


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environment.items():
        if name.startswith(_ENV_PREFIX) and "__" in name and name not in _NOT_SETTINGS:
            section, _, key = name.removeprefix(_ENV_PREFIX).lower().partition("__")
            values.setdefault(section, {})[key] = value
    return values


def resolve(layers: Sequence[Layer], problems: Sequence[str] = ()) -> Configuration:
    """Lay the layers over the defaults and check every value."""
    known = {option.key: option for option in options()}
    origins = dict.fromkeys(known, "default")
    found = dict[str, Any]()
    sentences = list(problems)
    for layer in layers:
        for key, value in _flatten(layer.values):
            option = known.get(key)
            sentence = _refuse(layer, key, option, known)
            if option is None or sentence:
                sentences.append(sentence)
                continue
            read, complaint = _read(option, value)
            if complaint:
                sentences.append(f"{layer.origin}: {key} {complaint}")
            else:
                found[key] = read
                origins[key] = layer.origin
    return Configuration(_assemble(found), origins, tuple(sentences))


def _flatten(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for section, value in values.items():
        if section not in TABLES and isinstance(value, Mapping):
            pairs += [(f"{section}.{key}", inner) for key, inner in value.items()]
        else:
            pairs.append((section, value))
    return pairs


def _refuse(layer: Layer, key: str, option: Option | None, known: Mapping[str, Option]) -> str:
    if option is None:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "remove it"
        return f"{layer.origin}: there is no setting {key!r}; {hint}"
    if option.metadata["private"] and not layer.trusted:
        return (
            f"{layer.origin}: {key} may not be set by a repository; "
            f"move it to your own {USER_FILE} or the editor's settings"
        )
    return ""


def _read(option: Option, value: Any) -> tuple[Any, str]:
    """Return the checked value, or a reason: "must be ..., not ...; fix"."""
    readers = {
        "bool": _read_bool,
        "int": _read_int,
        "float": _read_float,
        "str": _read_str,
        "table": _read_prices if option.key == "prices" else _read_actions,
    }
    reader = readers.get(option.kind, _read_strings)
    read = reader(value)
    if read is None:
        kind = {"bool": "true or false", "int": "a whole number", "float": "a number"}
        kind |= {"str": "a string", "table": _TABLES.get(option.key, "")}
        return None, f"must be {kind.get(option.kind, 'a list of strings')}, not {_shown(value)}"
    return read, _out_of_bounds(option, read)


def _out_of_bounds(option: Option, value: Any) -> str:
    bounds = option.metadata
    if "choices" in bounds and value not in bounds["choices"]:
        return f"must be one of {', '.join(bounds['choices'])}, not {_shown(value)}"
    if "least" in bounds and not bounds["least"] <= value <= bounds["most"]:
        return f"must be between {bounds['least']} and {bounds['most']}, not {_shown(value)}"
    if option.key == "api.base_url" and not _is_url(value):
        return f'must be an address such as "https://api.deepseek.com", not {_shown(value)}'
    if (option.section == "budget" or option.key == "fix.most_usd") and _dollars(value) is None:
        return f'must be an amount of dollars such as "1.50", not {_shown(value)}'
    return ""


def _shown(value: Any) -> str:
    """Quote what the user wrote, within reason."""
    if isinstance(value, int) and abs(value) >= _LARGEST_NUMBER:
        return "a number this large"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # "http://[::1", a port over 65535
        return False


def _read_bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    return value if isinstance(value, bool) else None


def _read_int(value: Any) -> int | None:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():  # editors' JSON has no integers
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _read_str(value: Any) -> str | None:
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _LARGEST_NUMBER):
        return None if isinstance(value, bool) else str(value)  # `daily_usd = 1` is plain enough
    return value if isinstance(value, str) else None


def _read_strings(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        return tuple(part for part in value.split(",") if part)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return tuple(value)
    return None


def _read_prices(value: Any) -> dict[str, dict[str, str]] | None:
    if not isinstance(value, Mapping):
        return None
    prices: dict[str, dict[str, str]] = {}
    for model, rate in value.items():
        if not isinstance(rate, Mapping) or set(rate) != {"hit", "miss", "output"}:
            return None
        amounts = {kind: str(amount) for kind, amount in rate.items()}
        if any(_dollars(amount) is None for amount in amounts.values()):
            return None
        prices[str(model)] = amounts
    return prices


def _read_actions(value: Any) -> dict[str, dict[str, str]] | None:
    if not isinstance(value, Mapping):
        return None
    actions: dict[str, dict[str, str]] = {}
    for name, row in value.items():
        if not isinstance(row, Mapping) or not set(row) <= {"title", "prompt", "languages"}:
            return None
        texts = {key: text for key, text in row.items() if isinstance(text, str) and text.strip()}
        if len(texts) != len(row) or not {"title", "prompt"} <= set(texts):
            return None
        actions[str(name)] = texts
    return actions


def _dollars(value: str) -> Decimal | None:
    """Read an amount that fits whole pico-dollars even divided by a million tokens."""
    try:
        amount = Decimal(value)
        Usd.of(amount / 10**6)
    except (ArithmeticError, ValueError):
        return None
    return amount if amount >= 0 else None


_TABLES: Final = {
    "prices": "a table of prices by model",
    "actions": "a table of actions by name, each with a title and a prompt",
}


def _assemble(found: Mapping[str, Any]) -> Settings:
    settings = Settings()
    for key, value in found.items():
        section, _, name = key.rpartition(".")
        if section:
            part = replace(getattr(settings, section), **{name: value})
            settings = replace(settings, **{section: part})
        else:
            settings = replace(settings, **{name: value})
    return settings
