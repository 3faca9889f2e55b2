/** The extension: starts the server, shows how it is, and passes its commands on. */

import * as vscode from "vscode";
import { ExecuteCommandRequest, LanguageClient, State } from "vscode-languageclient/node";

import { MIGRATE, VERIFY, problem, serverCommand } from "./server";
import { Condition, Counts, shown } from "./status";

const SOURCE = "bn-migrate";
const CONDITIONS: Record<State, Condition> = {
  [State.Starting]: "starting",
  [State.Running]: "running",
  [State.Stopped]: "stopped",
  [State.StartFailed]: "failed",
};

class Extension implements vscode.Disposable {
  private readonly log = vscode.window.createOutputChannel("bn-migrate", { log: true });
  private readonly item = vscode.window.createStatusBarItem("bn-migrate", vscode.StatusBarAlignment.Right);
  private client: LanguageClient | undefined;
  private started: Promise<void> = Promise.resolve();
  private condition: Condition = "starting";
  private why = "";

  constructor() {
    this.item.name = "bn-migrate";
    this.item.command = "bnMigrate.showLog";
    this.item.show();
  }

  /** Starts the server anew, with the settings as they are; says what is missing where that fails. */
  start(): Promise<void> {
    this.started = this.started.then(() => this.begin());
    return this.started;
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  private async begin(): Promise<void> {
    await this.stop();
    this.show("starting");
    const settings = vscode.workspace.getConfiguration("bnMigrate");
    const command = serverCommand({
      path: settings.get("path", ""),
      interpreter: settings.get("interpreter", ""),
      folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    });
    const why = await problem(command);
    if (why !== undefined) {
      this.fail(why);
      return;
    }
    // Settings of the server begin with bn-migrate, those of the client with its own name: bnMigrate.trace.server.
    this.client = new LanguageClient("bnMigrate", "bn-migrate", command, {
      documentSelector: [{ scheme: "file", language: "python" }],
      outputChannel: this.log,
    });
    this.client.onDidChangeState(({ newState }) => this.show(CONDITIONS[newState]));
    try {
      await this.client.start();
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  migrate(): Promise<void> {
    return this.execute(MIGRATE, [], "migrating the workspace");
  }

  async verify(): Promise<void> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    if (uri === undefined) {
      void vscode.window.showInformationMessage("bn-migrate: open the file that is to be proved.");
      return;
    }
    await this.execute(VERIFY, [uri.toString()], "proving the file");
  }

  showLog(): void {
    this.log.show();
  }

  /** Shows what the open files have, once the editor knows of other findings. */
  refresh(): void {
    const { text, tooltip, isError } = shown(this.condition, counts(), this.why);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = isError ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
  }

  dispose(): void {
    this.item.dispose();
    this.log.dispose();
  }

  /** Has the server carry out a command, which can be cancelled; the server tells what came of it. */
  private async execute(command: string, args: unknown[], title: string): Promise<void> {
    await this.started;
    const client = this.client;
    if (client === undefined || !client.isRunning()) {
      void vscode.window.showErrorMessage(`bn-migrate: ${this.why || "the server is not running."}`);
      return;
    }
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: `bn-migrate: ${title}`,
      cancellable: true,
    };
    await vscode.window.withProgress(options, async (_, token) => {
      try {
        await client.sendRequest(ExecuteCommandRequest.type, { command, arguments: args }, token);
      } catch (error) {
        if (!token.isCancellationRequested) {
          throw error;
        }
      }
    });
  }

  private show(condition: Condition, why = ""): void {
    this.condition = condition;
    this.why = why;
    this.refresh();
  }

  private fail(why: string): void {
    this.show("failed", why);
    this.log.error(why);
    const settings = "Open the settings";
    void vscode.window.showErrorMessage(`bn-migrate: ${why}`, settings).then((chosen) => {
      if (chosen === settings) {
        void vscode.commands.executeCommand("workbench.action.openSettings", "bnMigrate");
      }
    });
  }
}

/** The findings of bn-migrate in the open files, by what they ask for. */
function counts(): Counts {
  const found = vscode.languages.getDiagnostics().flatMap(([, diagnostics]) => diagnostics);
  const count = (severity: vscode.DiagnosticSeverity): number =>
    found.filter((diagnostic) => diagnostic.source === SOURCE && diagnostic.severity === severity).length;
  return {
    rewrites: count(vscode.DiagnosticSeverity.Information),
    fixes: count(vscode.DiagnosticSeverity.Warning),
    errors: count(vscode.DiagnosticSeverity.Error),
  };
}

let extension: Extension | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const own = new Extension();
  extension = own;
  context.subscriptions.push(
    own,
    vscode.commands.registerCommand("bnMigrate.migrateWorkspace", () => own.migrate()),
    vscode.commands.registerCommand("bnMigrate.verifyFile", () => own.verify()),
    vscode.commands.registerCommand("bnMigrate.restart", () => own.start()),
    vscode.commands.registerCommand("bnMigrate.showLog", () => own.showLog()),
    vscode.languages.onDidChangeDiagnostics(() => own.refresh()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("bnMigrate.path") || event.affectsConfiguration("bnMigrate.interpreter")) {
        void own.start();
      }
    }),
  );
  void own.start();
}

export async function deactivate(): Promise<void> {
  await extension?.stop();
}
