/** The item in the language status (`{}` in the status bar): whether the server runs, how much it knows, its output. */

import { type Disposable, LanguageStatusSeverity, languages } from "vscode";

export type ServerState = "starting" | "running" | "stopped" | "missing";

const TEXT: Record<ServerState, string> = {
  starting: "Tandem: starting",
  running: "Tandem",
  stopped: "Tandem: stopped",
  missing: "Tandem: server not found",
};

export class Status implements Disposable {
  private readonly item = languages.createLanguageStatusItem("tandem", { scheme: "file" });

  constructor() {
    this.item.name = "Tandem";
    this.item.command = { title: "Show Output", command: "tandem.showOutput" };
  }

  show(state: ServerState, detail = ""): void {
    this.item.text = TEXT[state];
    this.item.detail = detail;
    this.item.busy = state === "starting";
    this.item.severity =
      state === "stopped" || state === "missing"
        ? LanguageStatusSeverity.Error
        : LanguageStatusSeverity.Information;
  }

  showIndex(files: number, busy: boolean): void {
    if (files > 0) {
      this.item.detail = busy ? `${files} files indexed so far` : `${files} files indexed`;
    }
  }

  dispose(): void {
    this.item.dispose();
  }
}
