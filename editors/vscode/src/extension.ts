/**
 * Tandem in VS Code: starts `tandem serve` and shows what it offers by the standard protocol.
 *
 * When to ask, what to show and what it may cost are the server's business, so that every editor behaves alike.
 */

import { commands, type ExtensionContext, window, workspace } from "vscode";
import { Server } from "./client";
import { PATH_SETTING, SECTION } from "./settings";
import { Status } from "./status";

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

export async function deactivate(): Promise<void> {
  await server?.stop();
}
