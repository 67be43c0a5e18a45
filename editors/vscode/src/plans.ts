/** Plans of changes: asks for the words, sends the requests, says what goes wrong. The rest the server shows itself. */

import { commands, type Disposable, Uri, window, workspace } from "vscode";
import type { Range, StaticFeature, TextDocumentIdentifier } from "vscode-languageclient/node";
import type { Server } from "./client";

/** Of `tandem/planRefactor`, where a change is wanted; the words are asked for. */
interface Wish {
  textDocument?: TextDocumentIdentifier;
  range?: Range;
}

/** Tells the server that it may offer plans: `tandem.askPlan` asks for the words. */
export const INPUT: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...capabilities.experimental, tandem: { input: true } };
  },
  initialize: () => {},
  getState: () => ({ kind: "static" }),
  clear: () => {},
};

export function registerPlans(server: Server): Disposable[] {
  return [
    // From the server's code action with a wish, from the palette without.
    commands.registerCommand("tandem.askPlan", (wish?: Wish) => plan(server, wish ?? here())),
    commands.registerCommand("tandem.runLastPlan", () => server.tell("tandem/runPlan", {})),
    commands.registerCommand("tandem.discardLastPlan", () => server.tell("tandem/discardPlan", {})),
    commands.registerCommand("tandem.stopPlans", () => server.tell("tandem/stopPlan", {})),
  ];
}

async function plan(server: Server, wish: Wish): Promise<void> {
  const instruction = await window.showInputBox({
    title: `Tandem: Plan Refactor${place(wish)}`,
    prompt: "What should change?",
    ignoreFocusOut: true,
  });
  if (instruction?.trim()) {
    await server.tell("tandem/planRefactor", { ...wish, instruction });
  }
}

/** What is selected; nothing in an editor that shows no file of the workspace, as in a plan's own text. */
function here(): Wish {
  const editor = window.activeTextEditor;
  if (editor === undefined || !workspace.getWorkspaceFolder(editor.document.uri)) {
    return {};
  }
  const { start, end } = editor.selection;
  return { textDocument: { uri: editor.document.uri.toString() }, range: { start, end } };
}

function place({ textDocument, range }: Wish): string {
  if (textDocument === undefined || range === undefined) {
    return "";
  }
  const path = workspace.asRelativePath(Uri.parse(textDocument.uri));
  return ` of ${path}:${range.start.line + 1}`;
}
