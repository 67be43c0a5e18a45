"""What a source names: exact bytes or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import InstallError
from tandem.models.known import KNOWN, checked_name, checked_sha256, name_of, remote_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = f"https://hub.example/some/model/resolve/{COMMIT}/Some-Model.Q4_K_M.gguf"
SHA256 = "ab" * 32


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_known_model_is_pinned_twice(name):
    remote = remote_of(name.upper())

    assert remote is KNOWN[name]
    assert remote_of(remote.url) is not None  # a revision is in it
    assert checked_sha256(remote.sha256) == remote.sha256 != ""
    assert remote.license == "Apache-2.0"
    assert remote.size > 400_000_000


def test_a_checksum_of_another_file_is_refused_for_a_known_model():
    with pytest.raises(InstallError, match="leave it out"):
        remote_of("qwen2.5-coder-0.5b", sha256=SHA256)


def test_an_address_is_pinned_by_its_revision_or_by_a_checksum():
    pinned = remote_of(f"{URL}?download=true")
    assert pinned is not None
    assert (pinned.name, pinned.sha256) == ("some-model.q4_k_m", "")

    main = URL.replace(COMMIT, "main")
    checked = remote_of(main, "mine", SHA256.upper())
    assert checked is not None
    assert (checked.name, checked.sha256) == ("mine", SHA256)
    with pytest.raises(InstallError, match="no revision"):
        remote_of(main)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("ftp://hub.example/f.gguf", "must begin with"),
        ("file:///etc/f.gguf", "must begin with"),
        ("https:///f.gguf", "must begin with"),
        ("http://[::1/f.gguf", "not one"),
        (URL.replace(".gguf", ".bin"), r"\.gguf"),
        (URL.replace(COMMIT, COMMIT[:39]), "no revision"),
        (f"https://hub.example/f.gguf?x=/resolve/{COMMIT}/", "no revision"),
    ],
)
def test_what_names_no_exact_bytes_is_refused_with_a_sentence(source, sentence):
    with pytest.raises(InstallError, match=sentence):
        remote_of(source)


@pytest.mark.parametrize("name", ["", "none", "A", "-x", "a/b", "..", "a\n", "x" * 65])
def test_a_name_is_a_plain_word(name):
    with pytest.raises(InstallError):
        checked_name(name)


@given(st.text(max_size=100))
def test_a_name_made_of_a_file_is_plain_or_refused(file):
    name = name_of(file)
    assert "/" not in name
    assert "\\" not in name
    if name and name != "none":
        assert checked_name(name) == name


def test_a_path_is_no_address():
    assert remote_of("models/some.gguf") is None
    assert remote_of("C:\\models\\some.gguf") is None
