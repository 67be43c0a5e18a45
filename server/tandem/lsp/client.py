"""The client as a handful of booleans, read once from its capabilities.

Never from its name: editors are embedded, forked and renamed. Capabilities that a client does not
say but honors are handled where they matter (Neovim does not advertise ``documentChanges``).
"""

from dataclasses import dataclass

from lsprotocol import types as lsp
from pygls.capabilities import ServerCapabilitiesBuilder

from tandem.core.text import Encoding


@dataclass(frozen=True, slots=True)
class Client:
    """What the editor can do, as far as Tandem makes use of it."""

    encoding: Encoding
    inline_completion: bool
    work_done_progress: bool
    label_details: bool
    pulls_configuration: bool
    watches_files: bool
    code_action_literals: bool
    resolves_edits: bool
    waits_for_edits: bool
    disabled_actions: bool
    preferred_actions: bool
    model_tag: bool
    change_annotations: bool
    shows_documents: bool
    asks: bool
    makes_files: bool
    has_input: bool
    pulls_diagnostics: bool
    related_information: bool
    code_description: bool
    diagnostic_data: bool

    @classmethod
    def of(cls, capabilities: lsp.ClientCapabilities) -> "Client":
        """Read the capabilities; every part of them may be missing."""
        text, window = capabilities.text_document, capabilities.window
        workspace = capabilities.workspace
        item = text.completion.completion_item if text and text.completion else None
        watched = workspace.did_change_watched_files if workspace else None
        action = text.code_action if text else None
        resolve = action.resolve_support if action else None
        tags = action.tag_support if action else None
        edit = workspace.workspace_edit if workspace else None
        published = text.publish_diagnostics if text else None
        shows = window.show_document if window else None
        chosen = ServerCapabilitiesBuilder.choose_position_encoding(capabilities)
        return cls(
            encoding=Encoding(str(getattr(chosen, "value", chosen))),
            inline_completion=bool(text and text.inline_completion),
            work_done_progress=bool(window and window.work_done_progress),
            label_details=bool(item and item.label_details_support),
            pulls_configuration=bool(workspace and workspace.configuration),
            watches_files=bool(watched and watched.dynamic_registration),
            code_action_literals=bool(action and action.code_action_literal_support),
            resolves_edits=bool(
                action and action.data_support and resolve and "edit" in resolve.properties
            ),
            # Nothing tells whether an editor can be used while it resolves. Those that show what an
            # edit is annotated with can (VS Code, Neovim 0.12); Helix and eglot stand still.
            waits_for_edits=not (action and action.honors_change_annotations),
            disabled_actions=bool(action and action.disabled_support),
            preferred_actions=bool(action and action.is_preferred_support),
            model_tag=bool(tags and lsp.CodeActionTag.LlmGenerated in tags.value_set),
            change_annotations=bool(edit and edit.change_annotation_support),
            shows_documents=bool(shows and shows.support),
            asks=bool(window and window.show_message and window.show_message.message_action_item),
            makes_files=_makes_files(edit),
            has_input=_has_input(capabilities.experimental),
            pulls_diagnostics=_pulls(text, workspace),
            related_information=bool(published and published.related_information),
            code_description=bool(published and published.code_description_support),
            diagnostic_data=bool(published and published.data_support),
        )


def _pulls(
    text: lsp.TextDocumentClientCapabilities | None,
    workspace: lsp.WorkspaceClientCapabilities | None,
) -> bool:
    """Tell whether a client asks for diagnostics, and again when it is told to."""
    refreshed = workspace.diagnostics if workspace else None
    return bool(text and text.diagnostic and refreshed and refreshed.refresh_support)


def _makes_files(edit: lsp.WorkspaceEditClientCapabilities | None) -> bool:
    operations = edit.resource_operations if edit is not None else None
    found = {str(getattr(one, "value", one)) for one in operations or ()}
    return {"create", "rename", "delete"} <= found


def _has_input(experimental: object) -> bool:
    """Tell whether the client can ask for a text: our plugins say so, no capability does."""
    own = experimental.get("tandem") if isinstance(experimental, dict) else None
    return bool(own.get("input")) if isinstance(own, dict) else False
