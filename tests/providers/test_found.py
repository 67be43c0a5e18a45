"""What the doctor found out, kept in a file that anything may happen to."""

import pytest

from tandem.core.model import Dialect
from tandem.providers.found import look_up, remember


def test_what_is_remembered_is_found_by_the_root(tmp_path):
    remember(tmp_path / "state", "http://h:1/v1", Dialect.OLLAMA)
    remember(tmp_path / "state", "http://other", Dialect.LLAMA_CPP)
    remember(tmp_path / "state", "http://other/", Dialect.OPENAI)

    assert look_up(tmp_path / "state", "http://h:1/") is Dialect.OLLAMA
    assert look_up(tmp_path / "state", "http://other") is Dialect.OPENAI
    assert look_up(tmp_path / "state", "http://h:2") is None
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["fim.json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b'{"http://h": 3}', b'{"http://h": ["ollama"]}', b"\xff",
     b'{"http://h": "a later dialect"}', b"[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_says_nothing_and_is_written_again(tmp_path, content):
    (tmp_path / "fim.json").write_bytes(content)

    assert look_up(tmp_path, "http://h") is None
    remember(tmp_path, "http://h", Dialect.OPENAI)
    assert look_up(tmp_path, "http://h") is Dialect.OPENAI
