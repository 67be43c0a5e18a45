/**
 * Tandem in VS Code: starts `tandem serve` and shows what it offers by the standard protocol.
 *
 * When to ask, what to show and what it may cost are the server's business, so that every editor behaves alike.
 */

import { commands, type ExtensionContext, window, workspace } from "vscode";
import { Server } from "./client";
import { registerPlans } from "./plans";
import { registerReviews } from "./reviews";
import { PATH_SETTING, SECTION } from "./settings";
import { Status } from "./status";

interface WhyNothing {
  stage: string;
  reason: string;
}

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  // A log channel: the language client calls its `error`, which a plain output channel lacks.
  const output = window.createOutputChannel("Tandem", { log: true });
  const status = new Status();
  const started = new Server(context, output, status);
  server = started;
  context.subscriptions.push(
    output,
    status,
    commands.registerCommand("tandem.restart", () => started.restart()),
    commands.registerCommand("tandem.showOutput", () => output.show()),
    commands.registerCommand("tandem.whyNoCompletion", () => sayWhyNothing(started)),
    ...registerPlans(started),
    ...registerReviews(started),
    window.onDidChangeActiveTextEditor(() => void started.showIndex()),
    workspace.onDidGrantWorkspaceTrust(() => void started.sendSettings()),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(PATH_SETTING)) {
        void started.restart();
      } else if (change.affectsConfiguration(SECTION)) {
        void started.sendSettings();
      }
    }),
  );
  await started.restart();
}

/** Say what became of the last completion that was asked for in the active editor. */
async function sayWhyNothing(asked: Server): Promise<void> {
  const uri = window.activeTextEditor?.document.uri.toString();
  if (uri === undefined) {
    void window.showInformationMessage("Tandem: no file is open.");
    return;
  }
  try {
    const why = await asked.ask<WhyNothing>("tandem/whyNoCompletion", { textDocument: { uri } });
    const answer = why ? `${why.reason} (${why.stage})` : "the server is not running";
    void window.showInformationMessage(`Tandem: ${answer}`);
  } catch (problem) {
    const said = problem instanceof Error ? problem.message : String(problem);
    void window.showInformationMessage(`Tandem: ${said}`);
  }
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
