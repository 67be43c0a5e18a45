/** Reviews of a change: asks what is to be reviewed. Findings and what can be done about them the server shows itself. */

import {
  commands,
  type Disposable,
  extensions,
  type QuickPickItem,
  type Uri,
  window,
  workspace,
} from "vscode";
import type { Server } from "./client";

/** What can be reviewed; where a revision belongs to it, how it is asked for and what stands there already. */
interface Scope extends QuickPickItem {
  scope: "uncommitted" | "staged" | "branch" | "commit";
  revision?: { prompt: string; value: () => Promise<string> };
}

const SCOPES: Scope[] = [
  { scope: "uncommitted", label: "What is not committed" },
  { scope: "staged", label: "What is staged" },
  {
    scope: "branch",
    label: "This branch against…",
    revision: { prompt: "Against which branch?", value: mainBranch },
  },
  {
    scope: "commit",
    label: "A commit…",
    revision: { prompt: "Which commit?", value: async () => "HEAD" },
  },
];
const MAIN_BRANCHES = ["main", "master"];

export function registerReviews(server: Server): Disposable[] {
  // Not the names of the server's own commands, which the language client registers.
  return [
    commands.registerCommand("tandem.reviewChanges", () => review(server)),
    commands.registerCommand("tandem.endReview", () => server.tell("tandem/stopReview")),
    commands.registerCommand("tandem.clearFindings", () => server.tell("tandem/clearReview")),
    commands.registerCommand("tandem.showDismissed", () => server.tell("tandem/restoreFindings")),
  ];
}

async function review(server: Server): Promise<void> {
  const title = "Tandem: Review Changes";
  const placeHolder = "What is to be reviewed?";
  const chosen = await window.showQuickPick(SCOPES, { title, placeHolder });
  if (chosen === undefined) {
    return;
  }
  const { scope, revision } = chosen;
  if (revision === undefined) {
    await server.tell("tandem/reviewDiff", { scope });
    return;
  }
  const { prompt } = revision;
  const said = await window.showInputBox({ title, prompt, value: await revision.value() });
  if (said?.trim()) {
    await server.tell("tandem/reviewDiff", { scope, revision: said.trim() });
  }
}

/** Of the API of VS Code's own Git extension. */
interface Repository {
  getBranch(name: string): Promise<unknown>;
}
interface Git {
  getAPI(version: 1): { repositories: Repository[]; getRepository(uri: Uri): Repository | null };
}

/** The branch that others most likely leave: the first of the usual names that the repository has. */
async function mainBranch(): Promise<string> {
  const [first = ""] = MAIN_BRANCHES;
  const repository = gitRepository();
  for (const name of repository ? MAIN_BRANCHES : []) {
    const found = await repository?.getBranch(name).catch(() => undefined);
    if (found !== undefined) {
      return name;
    }
  }
  return first;
}

function gitRepository(): Repository | undefined {
  const git = extensions.getExtension<Git>("vscode.git");
  if (!git?.isActive) {
    return undefined;
  }
  try {
    const api = git.exports.getAPI(1);
    const uri = window.activeTextEditor?.document.uri ?? workspace.workspaceFolders?.[0]?.uri;
    return (uri && api.getRepository(uri)) ?? api.repositories[0];
  } catch {
    return undefined; // Git is turned off.
  }
}
