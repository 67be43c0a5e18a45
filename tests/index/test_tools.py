"""The tools a model may call: strict schemas, bounded answers, no exceptions."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.api.strict import check_strict_tools
from tandem.core.model import ToolCall
from tandem.index.tools import TOOLS, answer
from tests.index.test_codebase import APP, World

CODE = World(APP).code


def call(tool: str, /, **arguments: object) -> str:
    return answer(CODE, ToolCall("1", tool, json.dumps(arguments)))


def test_a_file_is_read_with_its_line_numbers():
    text = call("read_file", path="app/core.py", first_line=1, last_line=2)

    assert text == "app/core.py, lines 1-2 of 6\n1\tdef run(x):\n2\t    return step(x)"


def test_only_files_of_the_codebase_exist():
    for path in ("/etc/passwd", "../secret", "app/../app/core.py", "nothing.py"):
        text = call("read_file", path=path, first_line=1, last_line=9)
        assert text.startswith("There is no file")
    assert "app/core.py" in call("read_file", path="core.py", first_line=1, last_line=1)


def test_a_symbol_is_found_with_its_signature():
    assert call("find_symbol", name="step") == (
        "app/core.py:4\tfunction def step(x):\nother/core.py:1\tfunction def step(z):"
    )
    assert "Nothing named" in call("find_symbol", name="nowhere")


def test_references_tell_where_they_stand():
    assert "app/web.py:5\tserve\tstep(x)" in call("references", name="step")


def test_text_is_searched_as_written():
    assert call("search", text="return step(") == "app/core.py:2\treturn step(x)"
    assert "does not occur" in call("search", text="[")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("remove_file", "{}"),
        ("search", "{"),
        ("search", "[]"),
        ("search", '{"text": 5}'),
        ("search", '{"text": "a", "more": 1}'),
        ("read_file", '{"path": "app/core.py"}'),
        ("read_file", '{"path": "a", "first_line": true, "last_line": 1}'),
        ("search", "[" * 100_000),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(name, arguments):
    text = answer(CODE, ToolCall("1", name, arguments))

    assert text.endswith((".", "}", "]"))
    assert len(text) < 500


@given(st.sampled_from([tool.name for tool in TOOLS]), st.text(max_size=60))
def test_no_call_raises(name, arguments):
    assert isinstance(answer(CODE, ToolCall("1", name, arguments)), str)


def test_an_answer_is_bounded():
    world = World({"big.py": "x = 1\n" * 5_000})

    assert answer(world.code, ToolCall("1", "search", '{"text": "x"}')).count("\n") == 50
    read = '{"path": "big.py", "first_line": 1, "last_line": 99999}'
    assert answer(world.code, ToolCall("1", "read_file", read)).count("\n") == 400


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_the_schemas_are_strict_as_the_api_wants_them(tool):
    assert tool.strict
    check_strict_tools([{"name": tool.name, "strict": True, "parameters": dict(tool.schema)}])
