"""The client as booleans: any part of its capabilities may be missing."""

import pytest
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from tandem.core.text import Encoding
from tandem.lsp.client import Client


def client(capabilities: object) -> Client:
    return Client.of(get_converter().structure(capabilities, lsp.ClientCapabilities))


def actions(**capabilities: object) -> dict[str, object]:
    return {"textDocument": {"codeAction": capabilities}}


@pytest.mark.parametrize(
    "capabilities",
    [{}, {"textDocument": {}}, {"textDocument": {"completion": {}}, "window": {}, "workspace": {}},
     {"general": {}}, {"general": {"positionEncodings": []}}],
)  # fmt: skip
def test_a_client_that_says_nothing_can_nothing(capabilities):
    nothing = dict.fromkeys(
        (
            *("inline_completion", "work_done_progress", "label_details"),
            *("pulls_configuration", "watches_files", "code_action_literals", "resolves_edits"),
            *("disabled_actions", "preferred_actions", "model_tag", "change_annotations"),
            *("shows_documents", "asks", "makes_files", "has_input"),
            *("pulls_diagnostics", "related_information", "code_description", "diagnostic_data"),
        ),
        False,
    )

    assert client(capabilities) == Client(encoding=Encoding.UTF16, waits_for_edits=True, **nothing)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-8"], Encoding.UTF8),
        (["utf-32", "utf-8", "utf-16"], Encoding.UTF32),
        (["utf-16", "utf-8"], Encoding.UTF16),
        (["utf-7", "utf-8"], Encoding.UTF8),
        (["utf-7"], Encoding.UTF16),
    ],
)
def test_the_first_known_encoding_is_chosen(offered, chosen):
    assert client({"general": {"positionEncodings": offered}}).encoding is chosen


@pytest.mark.parametrize(
    ("capabilities", "name"),
    [
        ({"textDocument": {"inlineCompletion": {}}}, "inline_completion"),
        ({"textDocument": {"inlineCompletion": {"dynamicRegistration": False}}},
         "inline_completion"),
        ({"window": {"workDoneProgress": True}}, "work_done_progress"),
        ({"window": {"showMessage": {"messageActionItem": {}}}}, "asks"),
        ({"textDocument": {"diagnostic": {}},
          "workspace": {"diagnostics": {"refreshSupport": True}}}, "pulls_diagnostics"),
        ({"textDocument": {"publishDiagnostics": {"relatedInformation": True}}},
         "related_information"),
        ({"textDocument": {"publishDiagnostics": {"codeDescriptionSupport": True}}},
         "code_description"),
        ({"textDocument": {"publishDiagnostics": {"dataSupport": True}}}, "diagnostic_data"),
        ({"workspace": {"workspaceEdit": {"resourceOperations": ["rename", "create", "delete"]}}},
         "makes_files"),
        ({"experimental": {"tandem": {"input": True}}}, "has_input"),
        ({"textDocument": {"completion": {"completionItem": {"labelDetailsSupport": True}}}},
         "label_details"),
        ({"workspace": {"configuration": True}}, "pulls_configuration"),
        (actions(codeActionLiteralSupport={"codeActionKind": {"valueSet": []}}),
         "code_action_literals"),
        (actions(dataSupport=True, resolveSupport={"properties": ["edit"]}), "resolves_edits"),
        (actions(disabledSupport=True), "disabled_actions"),
        (actions(isPreferredSupport=True), "preferred_actions"),
        (actions(tagSupport={"valueSet": [1]}), "model_tag"),
        ({"workspace": {"workspaceEdit": {"changeAnnotationSupport": {}}}}, "change_annotations"),
        ({"window": {"showDocument": {"support": True}}}, "shows_documents"),
    ],
)  # fmt: skip
def test_each_capability_is_seen(capabilities, name):
    seen = client(capabilities)

    assert getattr(seen, name) is True
    others = {"inline_completion", "work_done_progress", "label_details", "pulls_configuration"}
    assert not any(getattr(seen, other) for other in others - {name})


def test_an_editor_that_can_be_asked_to_watch_files_is_known():
    watches = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}

    assert client(watches).watches_files
