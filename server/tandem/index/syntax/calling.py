"""How the languages write parameters and calls: one table of node types, and who reads by it.

Only languages stand here whose calls can be counted against a definition by syntax: Python,
JavaScript, TypeScript, Java, C, Go, Rust. Of others nothing is claimed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Calling:
    """Node types of one language.

    `functions` have a name and parameters; `types` hold methods, so that a function inside is one.
    `calls` map a call to its fields (what is called, the arguments); `last` are the fields by which
    the name is reached in what is called. Parameters and arguments of no kind listed are plain.
    """

    functions: frozenset[str]
    types: frozenset[str]
    calls: Mapping[str, tuple[str, str]]
    last: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    rest: frozenset[str] = frozenset()
    receiver: frozenset[str] = frozenset()
    keyword: frozenset[str] = frozenset()
    spread: frozenset[str] = frozenset()
    constructor: str = ""


_ECMA: Final = Calling(
    functions=frozenset(
        ["function_declaration", "generator_function_declaration", "method_definition",
         "arrow_function", "function_expression"]
    ),
    types=frozenset(["class_declaration", "class"]),
    calls={
        "call_expression": ("function", "arguments"),
        "new_expression": ("constructor", "arguments"),
    },
    last=("property",),
    optional=frozenset(["assignment_pattern", "optional_parameter"]),
    rest=frozenset(["rest_pattern"]),
    receiver=frozenset(["this"]),
    spread=frozenset(["spread_element"]),
    constructor="constructor",
)  # fmt: skip

_PYTHON: Final = Calling(
    functions=frozenset(["function_definition"]),
    types=frozenset(["class_definition"]),
    calls={"call": ("function", "arguments")},
    last=("attribute",),
    optional=frozenset(["default_parameter", "typed_default_parameter"]),
    rest=frozenset(["list_splat_pattern", "dictionary_splat_pattern"]),
    keyword=frozenset(["keyword_argument"]),
    spread=frozenset(["list_splat", "dictionary_splat"]),
    constructor="__init__",
)

TABLE: Final[Mapping[str, Calling]] = {
    "python": _PYTHON,
    "javascript": _ECMA,
    "typescript": _ECMA,
    "typescriptreact": _ECMA,
    "java": Calling(
        functions=frozenset(["method_declaration", "constructor_declaration"]),
        types=frozenset(["class_declaration", "interface_declaration", "record_declaration"]),
        calls={
            "method_invocation": ("name", "arguments"),
            "object_creation_expression": ("type", "arguments"),
        },
        last=(),
        rest=frozenset(["spread_parameter"]),
        receiver=frozenset(["receiver_parameter"]),
    ),
    "c": Calling(
        functions=frozenset(["function_definition"]),
        types=frozenset(),
        calls={"call_expression": ("function", "arguments")},
        last=("field",),
        rest=frozenset(["variadic_parameter"]),
    ),
    "go": Calling(
        functions=frozenset(["function_declaration", "method_declaration"]),
        types=frozenset(),
        calls={"call_expression": ("function", "arguments")},
        last=("field",),
        rest=frozenset(["variadic_parameter_declaration"]),
        spread=frozenset(["variadic_argument"]),
    ),
    "rust": Calling(
        functions=frozenset(["function_item", "function_signature_item"]),
        types=frozenset(["impl_item", "trait_item"]),
        calls={"call_expression": ("function", "arguments")},
        last=("name", "field", "function"),
        receiver=frozenset(["self_parameter"]),
    ),
}  # fmt: skip

COMMON: Final = frozenset(
    [
        "add", "all", "any", "append", "apply", "at", "bind", "call", "catch", "clear", "clone",
        "close", "compare", "concat", "contains", "copy", "count", "create", "delete", "discard",
        "each", "empty", "encode", "endswith", "entries", "equals", "error", "every", "execute",
        "exit", "extend", "fill", "filter", "find", "first", "flat", "flush", "forEach", "format",
        "from", "get", "getOrDefault", "has", "hash", "head", "index", "indexOf", "init",
        "insert", "isEmpty", "items", "iter", "join", "keys", "last", "len", "length", "list",
        "load", "lock", "log", "lower", "map", "match", "max", "merge", "min", "name", "next",
        "of", "open", "or", "parse", "path", "peek", "pop", "print", "push", "put", "read",
        "reduce", "remove", "replace", "reset", "resolve", "reverse", "run", "save", "search",
        "send", "set", "size", "skip", "slice", "some", "sort", "split", "start", "startswith",
        "stop", "stream", "strip", "sum", "take", "tail", "test", "text", "then", "toString",
        "trim", "type", "unlock", "unwrap", "update", "upper", "value", "values", "wait", "with",
        "write", "zip",
    ]
)  # fmt: skip
"""Methods that the standard libraries have as well: behind a dot they may be anybody's."""
