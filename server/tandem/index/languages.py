"""The languages Tandem knows: which files are theirs, and where their grammar comes from.

One table, and look-ups by file name or protocol language id. Deliberately no tree-sitter here: a
language is known by its name long before, and often without, a grammar being loaded.

Invariant: an id occurs once, and a suffix or a file name belongs to one language.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where a grammar is found: `name` in the collections, `module` of its official wheel."""

    name: str
    module: str = ""
    function: str = "language"


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its protocol id. `suffixes` are lower case, with their dot.

    `comment` begins a comment of one line. A `listing` has keys, rules and headings instead of
    code: its outline is worth having, its names are not worth ranking.
    """

    id: str
    suffixes: tuple[str, ...]
    grammar: Grammar | None = None
    comment: str = "//"
    files: tuple[str, ...] = ()
    listing: bool = False


def _official(name: str, function: str = "language") -> Grammar:
    return Grammar(name, f"tree_sitter_{name}", function)


_JAVASCRIPT: Final = _official("javascript")
_PYTHON_SUFFIXES: Final = (".py", ".pyi", ".pyw")
_CPP_SUFFIXES: Final = (".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".ipp", ".inl")
_SHELL_FILES: Final = (".bashrc", ".bash_profile", ".profile", ".zshrc", ".envrc", "PKGBUILD")
_RUBY_FILES: Final = ("Gemfile", "Rakefile", "Guardfile", "Vagrantfile", "Podfile", "Brewfile")
_JSON_FILES: Final = (".babelrc", ".eslintrc", ".prettierrc", "composer.lock", "Pipfile.lock")

LANGUAGES: Final[tuple[Language, ...]] = (
    Language("python", _PYTHON_SUFFIXES, _official("python"), "#", ("SConstruct", "wscript")),
    Language("javascript", (".js", ".mjs", ".cjs"), _JAVASCRIPT),
    Language("javascriptreact", (".jsx",), _JAVASCRIPT),
    Language("typescript", (".ts", ".mts", ".cts"), _official("typescript", "language_typescript")),
    Language(
        "typescriptreact", (".tsx",), Grammar("tsx", "tree_sitter_typescript", "language_tsx")
    ),
    Language("go", (".go",), _official("go")),
    Language("rust", (".rs",), _official("rust")),
    Language("java", (".java",), _official("java")),
    Language("kotlin", (".kt", ".kts"), _official("kotlin")),
    Language("c", (".c", ".h"), _official("c")),
    Language("cpp", _CPP_SUFFIXES, _official("cpp")),
    Language("csharp", (".cs",), _official("c_sharp")),
    Language("ruby", (".rb", ".rake", ".gemspec", ".ru"), _official("ruby"), "#", _RUBY_FILES),
    Language("php", (".php", ".phtml"), _official("php", "language_php")),
    Language("swift", (".swift",), _official("swift")),
    Language("scala", (".scala", ".sc", ".sbt"), _official("scala")),
    Language("shellscript", (".sh", ".bash", ".zsh"), _official("bash"), "#", _SHELL_FILES),
    Language("lua", (".lua",), _official("lua"), "--"),
    Language("elixir", (".ex", ".exs"), _official("elixir"), "#"),
    Language("sql", (".sql",), _official("sql"), "--"),
    Language("css", (".css",), _official("css"), "", listing=True),
    Language("html", (".html", ".htm"), _official("html"), "", listing=True),
    Language("json", (".json",), _official("json"), "", _JSON_FILES, listing=True),
    Language("jsonc", (".jsonc", ".json5"), _official("json"), listing=True),
    Language("yaml", (".yaml", ".yml"), _official("yaml"), "#", (".clang-format",), listing=True),
    Language(
        "toml", (".toml",), _official("toml"), "#", ("Cargo.lock", "poetry.lock"), listing=True
    ),
    # No official wheel: exact with one of the extras, else by their names alone.
    Language("dart", (".dart",), Grammar("dart")),
    Language("zig", (".zig",), Grammar("zig")),
    Language("haskell", (".hs",), Grammar("haskell"), "--"),
    Language("ocaml", (".ml",), Grammar("ocaml"), ""),
    Language("perl", (".pl", ".pm"), Grammar("perl"), "#"),
    Language("r", (".r",), Grammar("r"), "#", (".Rprofile",)),
    Language("julia", (".jl",), Grammar("julia"), "#"),
    Language("erlang", (".erl", ".hrl"), Grammar("erlang"), "%"),
    Language("clojure", (".clj", ".cljs", ".cljc", ".edn"), Grammar("clojure"), ";"),
    Language("groovy", (".groovy", ".gradle"), Grammar("groovy"), "//", ("Jenkinsfile",)),
    Language("objective-c", (".m",), Grammar("objc")),
    Language("objective-cpp", (".mm",)),
    Language("fsharp", (".fs", ".fsx"), Grammar("fsharp")),
    Language("solidity", (".sol",), Grammar("solidity")),
    Language("nix", (".nix",), Grammar("nix"), "#"),
    Language("proto", (".proto",), Grammar("proto")),
    Language("terraform", (".tf", ".tfvars"), Grammar("hcl"), "#"),
    Language("powershell", (".ps1", ".psm1"), Grammar("powershell"), "#"),
    Language("fish", (".fish",), Grammar("fish"), "#"),
    Language("vue", (".vue",), Grammar("vue"), ""),
    Language("svelte", (".svelte",), Grammar("svelte"), ""),
    Language("scss", (".scss",), Grammar("scss"), listing=True),
    Language("less", (".less",), listing=True),
    Language("xml", (".xml", ".xsd", ".svg"), Grammar("xml"), "", listing=True),
    Language("markdown", (".md", ".markdown"), Grammar("markdown"), "", listing=True),
    Language("makefile", (".mk",), Grammar("make"), "#", ("Makefile", "makefile", "GNUmakefile")),
    Language("cmake", (".cmake",), Grammar("cmake"), "#", ("CMakeLists.txt",)),
    Language(
        "dockerfile", (".dockerfile",), Grammar("dockerfile"), "#", ("Dockerfile", "Containerfile")
    ),
)

_PROSE: Final = frozenset(["markdown", "xml", "html"])
_BY_ID: Final = {language.id: language for language in LANGUAGES}
_BY_SUFFIX: Final = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
_BY_FILE: Final = {file: language for language in LANGUAGES for file in language.files}


def by_id(name: str) -> Language | None:
    """Return the language of a protocol id (``textDocument.languageId``)."""
    return _BY_ID.get(name)


def language_of(name: str) -> Language | None:
    """Return the language of a file by its name or path; its content is never looked at."""
    base = name[max(name.rfind("/"), name.rfind("\\")) + 1 :]
    exact = _BY_FILE.get(base)
    if exact is not None:
        return exact
    dot = base.rfind(".")
    return _BY_SUFFIX.get(base[dot:].lower()) if dot >= 0 else None


def id_of(name: str) -> str:
    """Return the protocol id of a file's language by its name or path, "" of one not known."""
    language = language_of(name)
    return language.id if language is not None else ""


def is_prose(path: str) -> bool:
    """Tell whether a file is one of documents or configuration, by its name."""
    language = language_of(path)
    return language is not None and (language.listing or language.id in _PROSE)
