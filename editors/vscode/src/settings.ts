/** The `tandem` section: the one setting that the extension needs itself, and those that go to the server. */

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { type ExtensionContext, workspace } from "vscode";

export const SECTION = "tandem";
export const PATH_SETTING = `${SECTION}.path`;

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> } };
}

type Section = Record<string, Record<string, unknown>>;

/**
 * What the user has set, and nothing else: a default sent along would hide what the user's or the
 * repository's own Tandem files say. But in a workspace that VS Code does not trust, no folder is trusted.
 */
export function serverSettings(context: ExtensionContext): Section {
  const manifest: Manifest = context.extension.packageJSON;
  const configuration = workspace.getConfiguration();
  const section: Section = {};
  for (const key of Object.keys(manifest.contributes.configuration.properties)) {
    const found = configuration.inspect<unknown>(key);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (key === PATH_SETTING || value === undefined) {
      continue;
    }
    const [, group = "", name] = key.split(".");
    if (name === undefined) {
      Object.assign(section, { [group]: value });
    } else {
      section[group] = { ...section[group], [name]: value };
    }
  }
  if (!workspace.isTrusted) {
    // A checker reads the repository's configuration, which may be code; the user's own list may trust `*`.
    section.fix = { ...section.fix, trusted: [] };
  }
  return section;
}

/** The setting as the user wrote it, and the file it means; no file if there is none that can be run. */
export function findExecutable(): { written: string; file: string | undefined } {
  const written = workspace.getConfiguration().get<string>(PATH_SETTING, "").trim() || "tandem";
  const expanded = written.startsWith("~/") ? join(homedir(), written.slice(2)) : written;
  return { written, file: candidates(expanded).find(isExecutable) };
}

/** Never relative to the workspace: opening a folder must not choose the program that runs. */
function candidates(name: string): string[] {
  const windows = process.platform === "win32";
  const names = windows ? [name, `${name}.exe`] : [name];
  if (isAbsolute(name)) {
    return names;
  }
  if (name.includes("/") || (windows && name.includes("\\"))) {
    return [];
  }
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return folders.flatMap((folder) => names.map((each) => join(folder, each)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
