"""What definitions look like at the start of a line: one pattern a family of languages.

A pattern begins with the line end before it, for that is what makes the search fast: 250-330 MB/s
where ``^`` takes 60. A definition's name is in the one group that matched, and the group's name is
its kind. Quantifiers that could meet a whole minified line are bounded or possessive.

Invariant: patterns are of bytes, and linear in the length of the source.
"""

import re
from functools import cache
from typing import Final

_ID: Final = r"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"


def _pattern(*alternatives: str) -> bytes:
    joined = "|".join(alternatives).replace("ID", _ID).replace("_ ", r"[ \t]+")
    return rf"\n(?:{joined})".encode("latin-1")


def _modifiers(words: str) -> str:
    """Allow annotations and any of the words, in any order, from the start of the line."""
    either = "|".join(words.split())
    annotation = r"@[\w.]++(?:\([^)\n]{0,200}\))?"
    return rf"[ \t]*+(?:(?:{annotation}|(?:{either})(?:\(\w+\))?)_ )*"


_PYTHON: Final = _pattern(
    # Most lines are indented: spaces alone are quickest to pass, and one look at the first letter
    # behind them rules nearly all out. A fifth less time than white space and the words at once.
    r" *+(?=[dcat\t\f])[ \t\f]*+(?:def_ (?P<function>ID)|class_ (?P<class>ID)"
    r"|async_ def_ (?P<function2>ID)|type_ (?P<type>ID)[ \t]*[\[=])",
    r"(?=[A-Za-z_\x80-\xff])(?:(?P<variable>ID)[ \t]*+(?::[^=\n]+)?=(?!=)"
    r"|(?P<variable2>ID)[ \t]*+:[ \t]*+[\w.]+(?:\[[^\n=]*\])?[ \t]*+(?=[\r\n])"
    r"|ID(?:,[ \t]*\(?ID\)?)*,[ \t]*\(?(?P<variable3>ID)\)?[ \t]*=(?!=))",
)
_JAVASCRIPT: Final = _pattern(
    _modifiers("export default declare abstract async const public private protected static")
    + r"(?:function[ \t]*+\*?[ \t]*+(?P<function>ID)|class_ (?P<class>(?!extends\b)ID)"
    r"|interface_ (?P<interface>ID)|type_ (?P<type>ID)[ \t]*[<=]|enum_ (?P<enum>ID)"
    r"|(?:namespace|module)_ [\"']?(?P<module>[\w./-]+))",
    r"(?:export_ )?(?:declare_ )?(?:const|let|var)_ (?P<variable>[\w$\x80-\xff]++)"
    r"(?![ \t]*=[ \t]*require\()",
    r"(?:module\.)?exports\.(?P<function2>ID)[ \t]*=",
    r"[A-Z]\w*\.(?:prototype\.)?(?P<method>ID)[ \t]*=[ \t]*(?:async_ )?(?:function|\()",
    r"[ \t]++(?:(?:public|private|protected|static|async|override|get|set|readonly)_ )*"
    r"(?!(?:if|for|while|switch|catch|function|return|with|async|new|await|super)\b)"
    r"(?P<method2>#?[\w$]++)[ \t]*\([^\n]{0,200}\)[^\n;]{0,100}\{[ \t]*+(?=[\r\n])",
)
_GO: Final = _pattern(
    r"func_ (?P<function>ID)",
    r"func_ ?\([^)\n]{0,200}\)[ \t]*(?P<method>ID)",
    r"type_ (?P<type>ID)",
    r"const_ (?P<constant>ID)",
    r"var_ (?P<variable>(?!_[ \t])ID)",
)
_RUST: Final = _pattern(
    r"[ \t]*+(?:pub(?:\([^)\n]{0,60}\))?_ )?"
    r"(?:(?:async|unsafe|const|default|extern(?:[ \t]*\"[^\"\n]{0,20}\")?)_ )*"
    r"(?:fn_ (?P<function>ID)|struct_ (?P<struct>ID)|union_ (?P<struct2>ID)|enum_ (?P<enum>ID)"
    r"|trait_ (?P<interface>ID)|type_ (?P<type>ID)|mod_ (?P<module>ID)"
    r"|const_ (?P<constant>ID)[ \t]*:|static_ (?:mut_ )?(?P<variable>ID)[ \t]*:"
    r"|macro_rules![ \t]*(?P<macro>ID))",
)
_JAVA_WORDS: Final = """public private protected static final abstract sealed non-sealed strictfp
    default synchronized native"""
_JAVA: Final = _pattern(
    _modifiers(_JAVA_WORDS) + r"(?:class_ (?P<class>ID)|record_ (?P<class2>ID)[ \t]*[(<]|"
    r"(?:@[ \t]*)?interface_ (?P<interface>ID)"
    r"|enum_ (?P<enum>ID))",
    r"[ \t]++(?:(?:public|private|protected|static|final|abstract|synchronized|default)_ )+"
    r"(?:<[^>\n]{0,100}>[ \t]*)?(?:[\w.]+(?:<[^\n(]{0,100}>)?(?:\[\])*_ )?(?P<method>ID)[ \t]*\(",
)
_CSHARP_WORDS: Final = """public private protected internal static sealed abstract partial readonly
    unsafe ref file new virtual override async extern"""
_CSHARP: Final = _pattern(
    _modifiers(_CSHARP_WORDS)
    + r"(?:class_ (?P<class>ID)|record_ (?:class_ |struct_ )?(?P<class2>ID)|struct_ (?P<struct>ID)"
    r"|interface_ (?P<interface>ID)|enum_ (?P<enum>ID)|namespace_ (?P<module>[\w.]+)"
    r"|delegate_ [^\n(]{1,100}[ \t](?P<type>ID)(?:<[^\n(]{0,60}>)?[ \t]*\()",
    r"[ \t]++(?:(?:public|private|protected|internal|static|virtual|override|abstract|async)_ )+"
    r"(?:[\w.]+(?:<[^\n(]{0,100}>)?[\[\]?]*_ )?(?P<method>ID)(?:<[^\n(]{0,60}>)?[ \t]*\(",
)
_KOTLIN_WORDS: Final = """public private protected internal open final abstract sealed data inner
    inline value annotation companion override suspend operator infix tailrec external const
    lateinit expect actual"""
_KOTLIN: Final = _pattern(
    _modifiers(_KOTLIN_WORDS)
    + r"(?:enum_ class_ (?P<enum>ID)|class_ (?P<class>ID)|object_ (?P<class2>ID)"
    r"|(?:fun_ )?interface_ (?P<interface>ID)|typealias_ (?P<type>ID)"
    r"|fun_ ?(?:<[^\n(]{0,100}>[ \t]*)?(?:[\w<>?, ]{1,60}\.)?(?:(?P<function>ID)"
    r"|`(?P<function2>[^`\n]{1,200})`)[ \t]*\()",
    r"(?:(?:public|private|internal|const|lateinit|inline)_ )*va[lr]_ (?:\w+\.)?(?P<variable>ID)",
)
_C_TYPE: Final = (
    r"(?!(?:return|else|case|goto|typedef|using|namespace|delete|throw|import|export)\b)"
    r"[A-Za-z_][\w \t*&:<>,]{0,120}?[ \t*&]"
)
_TEMPLATE: Final = r"(?:template[ \t]*<[^\n]{0,100}>[ \t]*)?"
_C: Final = _pattern(
    # Indented lines are most lines: one look at the first letter rules nearly all of them out.
    r"[ \t]*+(?=[#tsuecni])(?:#[ \t]*define_ (?P<macro>ID)"
    rf"|{_TEMPLATE}(?:typedef_ )?(?:struct|union)_ (?P<struct>ID)[^;(=\n]{{0,100}}(?=[{{\r\n])"
    r"|(?:typedef_ )?enum_ (?:class_ |struct_ )?(?P<enum>ID)[^;(=\n]{0,60}(?=[{\r\n])"
    rf"|{_TEMPLATE}class_ (?P<class>ID)[^;(=\n]{{0,100}}(?=[{{:\r\n])"
    r"|(?:inline_ )?namespace_ (?P<module>[\w:]+)[ \t]*(?=[{\r\n])"
    r"|using_ (?P<type>ID)[ \t]*=)",
    r"(?=[A-Za-z_~\[}])(?:"
    r"typedef[^;{(\n]{1,120}?[ \t*&](?P<type2>ID)[ \t]*(?:\[[^\]\n]{0,20}\])?[ \t]*;"
    r"|typedef[^;{\n]{1,120}?\([ \t]*\*[ \t]*(?P<type3>ID)[ \t]*\)"
    r"|(?:\}|typedef_ [^\n]{0,200}\})[ \t]*(?P<type4>ID)[ \t]*;"
    rf"|{_TEMPLATE}(?:concept_ (?P<type5>ID)|"
    rf"(?:\[\[[^\]\n]{{0,60}}\]\]_ )?(?:__attribute__\(\([^)\n]{{0,60}}\)\)_ )?{_C_TYPE}"
    r"\(?\*?(?:[\w<>, ]{1,60}::)*(?:(?P<function>~?ID)"
    r"|(?P<function2>operator[ \t]*[^\s\w(]{1,3}))[ \t]*\()"
    r"|(?:(?:[\w<>, ]{1,60}::)+)?(?P<function3>~?ID)[ \t]*"
    r"\((?=[^\n]{0,200}(?:[,{})\w][ \t\r]*\n))"
    rf"|{_TEMPLATE}(?!(?:struct|union|enum|class)_ ID[ \t]*;){_C_TYPE}(?P<variable>ID)[ \t]*"
    r"(?:\[[^\]\n]{0,40}\][ \t]*)*(?:=|;|,)"
    rf"|{_C_TYPE}ID[ \t]*,[ \t]*\*?(?P<variable2>ID)[ \t]*(?:=|;|,))",
)
_RUBY: Final = _pattern(
    r"[ \t]*+(?:(?:private|protected|public|module_function|private_class_method)_ )?"
    r"def_ (?:self\.|\w+\.)?(?P<function>ID[?!=]?|\[\]=?|[+*/%<=>!~^&|-]{1,3})",
    r"[ \t]*+class_ (?:\w+::)*(?P<class>ID)",
    r"[ \t]*+module_ (?:\w+::)*(?P<module>ID)",
    r"[ \t]*+(?P<constant>[A-Z]\w*+)[ \t]*+=(?![=~>])",
)
_PHP: Final = _pattern(
    _modifiers("public private protected static final abstract readonly")
    + r"(?:function_ &?(?P<function>ID)|class_ (?P<class>ID)|trait_ (?P<class2>ID)"
    r"|interface_ (?P<interface>ID)|enum_ (?P<enum>ID)|namespace_ (?P<module>[\w\\]+)"
    r"|const_ (?:[\w|?]+_ )?(?P<constant>ID)[ \t]*=)",
    r"define\([ \t]*['\"](?P<constant2>\w+)['\"]",
    r"\$(?P<variable>ID)[ \t]*=",
    r"const_ [^=\n]{1,100}=[^,\n]{1,100},[ \t]*(?P<constant3>ID)[ \t]*=",
)
_SWIFT_WORDS: Final = """public private fileprivate internal open final static class mutating
    nonmutating override required convenience lazy weak unowned indirect async nonisolated"""
_SWIFT: Final = _pattern(
    _modifiers(_SWIFT_WORDS)
    + r"(?:class_ (?!func\b|var\b)(?P<class>ID)|actor_ (?P<class2>ID)|struct_ (?P<struct>ID)"
    r"|enum_ (?P<enum>ID)|protocol_ (?P<interface>ID)|typealias_ (?P<type>ID)"
    r"|extension_ (?:\w+\.)*(?P<module>ID)|func_ (?:(?P<function>ID)|`(?P<function2>\w+)`))",
    r"(?:public_ |private_ |internal_ |fileprivate_ )?(?:let|var)_ \(?(?P<variable>ID)",
    r"(?:public_ |private_ |internal_ |fileprivate_ )?(?:let"
    r"|var)_ [^,\n]{1,100},[ \t]*(?P<variable2>ID)",
)
_SCALA_WORDS: Final = """private protected override final sealed abstract case implicit lazy inline
    opaque open transparent infix package"""
_SCALA: Final = _pattern(
    _modifiers(_SCALA_WORDS)
    + r"(?:class_ (?P<class>ID)|object_ (?P<class2>ID)|trait_ (?P<interface>ID)|enum_ (?P<enum>ID)"
    r"|def_ (?:(?P<function>ID)|`(?P<function2>[^`\n]{1,200})`)|type_ (?P<type>ID)"
    r"|given_ (?P<variable3>ID)[ \t]*[:\[])",
    r"(?:private_ |lazy_ |implicit_ |inline_ )*va[lr]_ \(?(?P<variable>ID)",
)
_SHELL: Final = _pattern(
    r"[ \t]*+(?:function_ (?P<function>[\w.:-]++)|(?P<function2>[\w.:-]++)[ \t]*+\([ \t]*\))",
    r"(?P<variable>ID)\+?=",
    r"[ \t]*+(?:export|readonly|declare|typeset)_ (?:-\w+_ )*(?P<variable2>ID)=",
    r"(?:export|readonly|declare)_ ID=\S*_ (?P<variable3>ID)=",
    r"[ \t]++(?P<variable4>[A-Z]\w*+)=",
    r"[ \t]++\w+\)[ \t]*(?P<function3>[\w.:-]++)[ \t]*+\([ \t]*\)",
)
_LUA: Final = _pattern(
    r"[ \t]*+(?:local_ )?function_ (?:\w+[.:])*(?P<function>ID)",
    r"[ \t]*+(?:local_ )?(?:\w+\.)*(?P<function2>ID)[ \t]*=[ \t]*function\b",
    r"(?:local_ )?(?P<variable>ID)[ \t]*(?:,[^=\n]{0,100})?(?:<\w+>[ \t]*)?=(?!=|[ \t]*require\b)",
    r"local_ (?P<variable3>ID)[ \t]*(?=[\r\n])",
    r"(?:\w+\.)+(?P<field>ID)[ \t]*(?:,[^=\n]{0,100})?=(?!=)",
    r"(?:local_ )?[\w.]+[ \t]*,[ \t]*(?:\w+\.)*(?P<variable2>ID)[ \t]*=(?!=)",
)
_ELIXIR: Final = _pattern(
    r"[ \t]*+(?:defmodule_ (?P<module>[\w.]+)|defprotocol_ (?P<interface>[\w.]+)"
    r"|defimpl_ (?P<module2>[\w.]+)|def(?:p|delegate)?_ (?P<function>ID[?!]?)"
    r"|def(?:macrop?|guardp?)_ (?P<macro>ID[?!]?))",
)
_SQL: Final = _pattern(
    r"[ \t]*+(?i:create)_ (?i:(?:or_ replace|unique|temp|temporary|unlogged|materialized|global|"
    r"local|recursive|external)_ )*(?i:table|view|function|procedure|trigger|index|type|schema|"
    r"sequence|database)_ (?i:(?:if_ not_ exists|concurrently)_ )?(?:[\w\"`\[\]]+\.)?[\"`\[]?"
    r"(?P<struct>ID)",
)
_CSS: Final = _pattern(
    r"[ \t]*+@keyframes_ (?P<key>[\w-]+)",
    r"[ \t]*+(?P<key2>[^\s@{}/;\"'][^{};,\n]{0,150}?)[ \t]*\{",
    r"[ \t]*+[^\s@{}/;\"'][^{};,\n]{0,150},[ \t]*(?P<key3>[^{};,\n]{1,150}?)[ \t]*\{",
    r"[ \t]*+(?P<key4>[^\s@{}/;\"'][^{};,\n]{0,150}),",
    r"[ \t]*+(?P<variable>--[\w-]+)[ \t]*:",
)
_JSON: Final = _pattern(r"(?:  |    |\t|\t\t)?\"(?P<key>[^\"\\\n]{1,200})\"[ \t]*:")
_YAML: Final = _pattern(
    r"(?:  |    )?\"(?P<key>[^\"\n]{1,200})\"[ \t]*:(?=[ \t\r\n])",
    r"(?:  |    )?(?P<key2>[^\s#:\"'\[\]{},&*!|>%@`-][^:#\n]{0,100}):(?=[ \t\r\n])",
)
_TOML: Final = _pattern(
    r"[ \t]*+\[\[?[ \t]*\"?(?P<key>[^\]\n\"]{1,200}|[^\]\n]{1,200})\"?[ \t]*\]",
    r"[ \t]*+\"(?P<key2>[^\"\n]{1,200})\"[ \t]*=",
    r"[ \t]*+(?P<key3>[\w.-]{1,200})[ \t]*=",
)
_HTML: Final = (
    rb"<[\w-]++[^<>]{0,300}?\bid=[\"']?(?P<key>[\w:.-]{1,200})"
    rb"|<(?P<key2>main|nav|header|footer|section|article|aside|form|dialog|template)\b"
    rb"|<h[1-6][^<>]{0,300}>\s*(?P<key3>[^<>\s][^<>\n]{0,200}?)\s*<"
)
_ANY: Final = _pattern(
    r"[ \t]*+(?:(?:pub|public|private|protected|static|final|abstract|export|async|inline)_ )*"
    r"(?:(?:def|func|function|fn|fun|sub|proc|let_ rec|method|macro)_ (?P<function>ID[?!]?)"
    r"|(?:class|record|object)_ (?P<class>ID)|(?:struct|message)_ (?P<struct>ID)"
    r"|(?:interface|trait|protocol|service)_ (?P<interface>ID)|enum_ (?P<enum>ID)"
    r"|(?:type|typedef|typealias|newtype)_ (?P<type>ID)|(?:module|namespace"
    r"|package)_ (?P<module>[\w.:]+))",
)

_DEFINITIONS: Final = {
    "python": _PYTHON,
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte"),
        _JAVASCRIPT,
    ),
    "go": _GO,
    "rust": _RUST,
    "java": _JAVA,
    "groovy": _JAVA,
    "csharp": _CSHARP,
    "kotlin": _KOTLIN,
    **dict.fromkeys(("c", "cpp", "objective-c", "objective-cpp"), _C),
    "ruby": _RUBY,
    "php": _PHP,
    "swift": _SWIFT,
    "scala": _SCALA,
    "shellscript": _SHELL,
    "fish": _SHELL,
    "lua": _LUA,
    "elixir": _ELIXIR,
    "sql": _SQL,
    "css": _CSS,
    "scss": _CSS,
    "less": _CSS,
    "json": _JSON,
    "jsonc": _JSON,
    "yaml": _YAML,
    "toml": _TOML,
    "html": _HTML,
}


def definitions(language: str, *, otherwise: bool) -> re.Pattern[bytes] | None:
    """Return a language's pattern; `otherwise` one for any language where it has none."""
    written = _DEFINITIONS.get(language, _ANY if otherwise else None)
    return _compiled(written) if written is not None else None


@cache  # all of them together take 30 ms, which every worker would pay at its start
def _compiled(written: bytes) -> re.Pattern[bytes]:
    return re.compile(written)


# Names that stand alone on the lines of a parenthesized list: Go's `const (` and `var (`.
GROUPS: Final[dict[str, re.Pattern[bytes]]] = {
    "go": re.compile(rb"\n(?P<kind>const|var|type|import)[ \t]*\("),
}
GROUPED: Final = re.compile(
    rb"\n[ \t]*+(?P<names>[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
    rb"(?:,[ \t]*[A-Za-z_\x80-\xff][\w\x80-\xff]*+)*)"
)
