"""A result as one edit: renames, files removed, notes where the client has them."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from tandem.core.errors import RefusedError
from tandem.core.text import Encoding, Text
from tandem.lsp import workspace_edit
from tandem.lsp.client import Client
from tandem.lsp.plan_ports import Change
from tandem.workspace.documents import Document
from tandem.workspace.session import Snapshot
from tandem.workspace.settings import Settings
from tests.lsp.test_plans import ABLE


def edit_of(change: Change, capabilities: dict[str, Any] = ABLE, **texts: str) -> dict[str, Any]:

    documents = {
        f"file:///workspace/{name}.py": Document(
            f"file:///workspace/{name}.py", "python", 4, Text.of(text)
        )
        for name, text in texts.items()
    }
    snapshot = Snapshot(0, documents, Settings(), Path("/workspace"), Encoding.UTF16)
    converter = get_converter()
    client = Client.of(converter.structure(capabilities, lsp.ClientCapabilities))
    found = workspace_edit.of(change, snapshot, client, preview=False)
    plain: dict[str, Any] = converter.unstructure(found)
    return plain


MOVED = Change(
    "Move",
    {"old.py": "one\ntwo\nthree\n", "new.py": None},
    {"old.py": None, "new.py": "one\ntwo\n"},
    {},
)


def test_a_file_that_moves_is_renamed():
    rename, edit = edit_of(MOVED)["documentChanges"]
    assert (rename["oldUri"], rename["newUri"]) == (
        "file:///workspace/old.py",
        "file:///workspace/new.py",
    )
    assert edit["textDocument"] == {"uri": "file:///workspace/new.py", "version": None}
    assert edit["edits"][0]["newText"] == ""


def test_a_file_that_goes_is_deleted():
    change = Change("Go", {"old.py": "one\n"}, {"old.py": None}, {})
    (delete,) = edit_of(change)["documentChanges"]
    assert (delete["kind"], delete["uri"]) == ("delete", "file:///workspace/old.py")


def test_an_editor_that_cannot_make_files_is_told_of_the_command():
    with pytest.raises(RefusedError, match="cannot make or remove files"):
        edit_of(MOVED, {})


def test_an_editor_without_notes_gets_none():
    change = Change("x", {"a.py": "one\n"}, {"a.py": "two\n"}, {"a.py": "s1: x"})
    edit = edit_of(change, {}, a="one\n")
    assert "changeAnnotations" not in edit
    assert edit["documentChanges"][0]["textDocument"]["version"] == 4
