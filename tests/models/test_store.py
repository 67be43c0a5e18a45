"""The list of models: what is written is read, what is damaged is nothing."""

import pytest

from tandem.core.errors import InstallError
from tandem.models import store
from tandem.models.store import Installed, Models


def model(name: str, folder) -> Installed:
    path = folder / f"{name}.gguf"
    path.write_bytes(b"GGUF")
    return Installed(name, path, 4, store.sha256_of(path), "somewhere", "MIT", fetched=False)


def test_what_is_kept_is_read_again(tmp_path):
    one, two = model("one", tmp_path), model("two", tmp_path)
    store.add(tmp_path, one)
    store.add(tmp_path, two)
    store.use(tmp_path, "two")

    assert store.read(tmp_path) == Models({"one": one, "two": two}, "two")
    assert store.chosen(tmp_path, "") == two
    assert store.chosen(tmp_path, "one") == one
    assert store.chosen(tmp_path, "none") is None
    assert store.chosen(tmp_path, "three") is None
    assert two.model == "local/two"


def test_what_is_used_ends_with_none_and_with_its_removal(tmp_path):
    one = model("one", tmp_path)
    store.add(tmp_path, one)
    store.use(tmp_path, "one")
    store.use(tmp_path, "none")
    assert store.chosen(tmp_path, "") is None

    store.use(tmp_path, "one")
    assert store.forget(tmp_path, "one") == one
    assert store.read(tmp_path) == Models({}, "")


@pytest.mark.parametrize("act", [store.use, store.forget])
def test_a_name_that_is_not_installed_is_refused(tmp_path, act):
    with pytest.raises(InstallError, match="'other'"):
        act(tmp_path, "other")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"models": [], "used": ""}', '{"models": {"a": {}}, "used": ""}']
)
def test_a_damaged_list_is_the_same_as_none(tmp_path, text):
    (tmp_path / "models.json").write_text(text)

    assert store.read(tmp_path) == Models({}, "")


def test_a_file_is_read_through_to_say_what_is_wrong_with_it(tmp_path):
    one = model("one", tmp_path)
    assert store.wrong_with(one) == ""
    one.path.write_bytes(b"GGuF")
    assert store.wrong_with(one) == "the file has changed"
    one.path.write_bytes(b"GGUF and more")
    assert store.wrong_with(one) == "the file has changed: its size is another"
    one.path.unlink()
    assert store.wrong_with(one) == "the file is gone"
