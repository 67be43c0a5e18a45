/** The server's life: started once, restarted on demand, never in a loop. */

import {
  commands,
  type ExtensionContext,
  type LogOutputChannel,
  type ProviderResult,
  window,
} from "vscode";
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  type ErrorHandler,
  LanguageClient,
  ResponseError,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";
import { INPUT } from "./plans";
import { findExecutable, PATH_SETTING, SECTION, serverSettings } from "./settings";
import type { Status } from "./status";

/** Of `tandem/status`, what the status shows. */
interface IndexStatus {
  learning: boolean;
  indexing: boolean;
  indexedFiles: number;
}

/** How long between two looks at a server that is still reading the workspace. */
const LOOK_MS = 1000;

/** How often a server that ends by itself is started again, within so long a time. */
const MAX_RESTARTS = 2;
const RESTARTS_MS = 3 * 60 * 1000;

export class Server {
  private client: LanguageClient | undefined;
  private ready = false;
  private following = false;
  private work: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: ExtensionContext,
    private readonly output: LogOutputChannel,
    private readonly status: Status,
  ) {}

  /** Start, or stop and start again; one after the other, however often it is asked for. */
  restart(): Promise<void> {
    return this.enqueue(async () => {
      await this.halt();
      await this.launch();
    });
  }

  stop(): Promise<void> {
    return this.enqueue(() => this.halt());
  }

  async sendSettings(): Promise<void> {
    if (this.client?.isRunning()) {
      await this.client.sendNotification(DidChangeConfigurationNotification.type, {
        settings: { [SECTION]: serverSettings(this.context) },
      });
    }
  }

  /** Ask the server; undefined while it is not running. Rejects with what the server says is wrong. */
  async ask<T>(method: string, params?: object): Promise<T | undefined> {
    return this.client?.isRunning() ? this.client.sendRequest<T>(method, params) : undefined;
  }

  /** Ask the server for what it shows itself; what goes wrong is a warning. */
  async tell(method: string, params: object = {}): Promise<void> {
    try {
      if ((await this.ask(method, params)) === undefined) {
        void window.showWarningMessage("Tandem: the server is not running");
      }
    } catch (problem) {
      const said = problem instanceof Error ? problem.message : String(problem);
      void window.showWarningMessage(`Tandem: ${said}`);
    }
  }

  /** Show how much of the workspace is known, and go on while the server is still reading it. */
  async showIndex(): Promise<void> {
    if (this.following) {
      return;
    }
    this.following = true;
    try {
      for (;;) {
        const status = await this.ask<IndexStatus>("tandem/status");
        this.status.showIndex(status?.indexedFiles ?? 0, status?.indexing ?? false);
        if (!status?.indexing && !status?.learning) {
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } catch (problem) {
      this.output.debug(String(problem)); // It was stopped meanwhile, which is shown.
    } finally {
      this.following = false;
    }
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.work = this.work.then(step).catch((problem) => this.output.error(String(problem)));
    return this.work;
  }

  private async halt(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
    this.status.show("stopped");
  }

  private async launch(): Promise<void> {
    const { written, file } = findExecutable();
    if (!file) {
      this.status.show("missing", written);
      void this.sayMissing(written);
      return;
    }
    this.output.info(`starting ${file} serve`);
    this.client = this.create(file);
    this.client.onDidChangeState(({ newState }) => this.showState(newState, file));
    await this.client.start(); // Its failure is shown by the handlers below, with a way to the output.
  }

  private create(file: string): LanguageClient {
    const client = new LanguageClient(
      SECTION,
      "Tandem",
      { command: file, args: ["serve"] },
      {
        // Files only: a copy that VS Code makes for a preview is not the user's document.
        documentSelector: [{ scheme: "file" }],
        initializationOptions: serverSettings(this.context),
        middleware: {
          resolveCodeAction: (action, token, next) => resolveOrSay(() => next(action, token)),
          workspace: {
            configuration: ({ items }) =>
              items.map(({ section }) =>
                section === SECTION ? serverSettings(this.context) : null,
              ),
          },
        },
        errorHandler: oneMessage(() => this.ready),
        initializationFailedHandler: (problem) => {
          this.output.error(String(problem));
          return false;
        },
        outputChannel: this.output,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
      },
    );
    client.registerFeature(INPUT);
    return client;
  }

  private showState(state: State, file: string): void {
    if (state === State.Starting) {
      this.ready = false;
      this.status.show("starting", file);
    } else if (state === State.Running) {
      this.ready = true;
      this.status.show("running", file);
      void this.showIndex();
    } else {
      this.status.show("stopped", file);
    }
  }

  private async sayMissing(written: string): Promise<void> {
    const message =
      `Tandem: "${written}" was not found. Install the server with "pip install tandem-ls", ` +
      `or set "${PATH_SETTING}" to the full path of the executable.`;
    this.output.error(message);
    const choice = await window.showErrorMessage(message, "Open Settings", "Try Again");
    if (choice === "Open Settings") {
      await commands.executeCommand("workbench.action.openSettings", PATH_SETTING);
    } else if (choice === "Try Again") {
      await this.restart();
    }
  }
}

/** Carry out a chosen action; a refusal is said, since VS Code logs it only. */
async function resolveOrSay<T>(resolve: () => ProviderResult<T>): Promise<T | null | undefined> {
  try {
    return await resolve();
  } catch (problem) {
    if (problem instanceof ResponseError) {
      void window.showErrorMessage(`Tandem: ${problem.message}`);
    }
    throw problem;
  }
}

/** One message for a server that cannot start or keeps ending; what went before is in the output. */
function oneMessage(wasReady: () => boolean): ErrorHandler {
  const advice = 'The output says why; "Tandem: Restart Server" starts it again.';
  let restarts: number[] = [];
  return {
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    closed: () => {
      const now = Date.now();
      restarts = [...restarts.filter((at) => now - at < RESTARTS_MS), now];
      if (!wasReady()) {
        const message = `The Tandem server ended before it was ready. ${advice}`;
        return { action: CloseAction.DoNotRestart, message };
      }
      if (restarts.length > MAX_RESTARTS) {
        const message = `The Tandem server ended ${restarts.length} times and stays off. ${advice}`;
        return { action: CloseAction.DoNotRestart, message };
      }
      return { action: CloseAction.Restart, handled: true };
    },
  };
}
