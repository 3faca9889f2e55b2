/** A client as VS Code has one, over the same protocol library: it keeps the texts and carries out edits. */

import { ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

import * as lsp from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";

import { Command } from "../src/server";

export class Client {
  readonly messages: string[] = [];
  private readonly texts = new Map<string, TextDocument>();
  private readonly published = new Map<string, lsp.Diagnostic[]>();
  private readonly child: ChildProcess;
  private readonly connection: lsp.ProtocolConnection;
  private heard: () => void = () => undefined;

  constructor(
    { command, args }: Command,
    private readonly folder: string,
    settings: object,
  ) {
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.connection = lsp.createProtocolConnection(this.child.stdout!, this.child.stdin!);
    this.connection.onNotification(lsp.PublishDiagnosticsNotification.type, ({ uri, diagnostics }) => {
      this.published.set(uri, diagnostics);
      this.heard();
    });
    this.connection.onNotification(lsp.ShowMessageNotification.type, ({ message }) => {
      this.messages.push(message);
    });
    this.connection.onRequest(lsp.ConfigurationRequest.type, ({ items }) =>
      items.map(({ section }) => (section === "bn-migrate" ? settings : null)),
    );
    this.connection.onRequest(lsp.RegistrationRequest.type, () => undefined);
    this.connection.onRequest(lsp.ApplyWorkspaceEditRequest.type, ({ edit }) => ({ applied: this.apply(edit) }));
    this.connection.listen();
  }

  async start(): Promise<lsp.ServerCapabilities> {
    const { capabilities } = await this.connection.sendRequest(lsp.InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: [{ uri: pathToFileURL(this.folder).href, name: "test" }],
      capabilities: {
        workspace: { configuration: true, applyEdit: true, workspaceEdit: { documentChanges: true } },
        textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix"] } } } },
      },
    });
    await this.connection.sendNotification(lsp.InitializedNotification.type, {});
    return capabilities;
  }

  /** Ends the server as an editor does; gives its exit code. */
  async stop(): Promise<number | null> {
    const ended = once(this.child, "exit");
    await this.connection.sendRequest(lsp.ShutdownRequest.type);
    await this.connection.sendNotification(lsp.ExitNotification.type);
    const [code] = (await ended) as [number | null];
    this.connection.dispose();
    return code;
  }

  async open(path: string): Promise<string> {
    const uri = pathToFileURL(path).href;
    const textDocument = { uri, languageId: "python", version: 1, text: this.text(uri) };
    this.texts.set(uri, TextDocument.create(uri, "python", 1, textDocument.text));
    await this.connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, { textDocument });
    return uri;
  }

  /** The diagnostics of a file, once there are some with this code. */
  async diagnostics(uri: string, code: string): Promise<lsp.Diagnostic[]> {
    for (;;) {
      const found = this.published.get(uri) ?? [];
      if (found.some((diagnostic) => diagnostic.code === code)) {
        return found;
      }
      await new Promise<void>((resolve) => (this.heard = resolve));
    }
  }

  async actions(uri: string, range: lsp.Range, ...only: string[]): Promise<lsp.CodeAction[]> {
    const params = { textDocument: { uri }, range, context: { diagnostics: [], only } };
    return ((await this.connection.sendRequest(lsp.CodeActionRequest.type, params)) ?? []) as lsp.CodeAction[];
  }

  execute(command: string, ...args: unknown[]): Promise<unknown> {
    return this.connection.sendRequest(lsp.ExecuteCommandRequest.type, { command, arguments: args });
  }

  /** The text of a file: as it was edited here, or that of the disk. */
  text(uri: string): string {
    return this.texts.get(uri)?.getText() ?? readFileSync(fileURLToPath(uri), "utf8");
  }

  /** Carries out an edit, unless it is for other versions than those that are open. */
  apply(edit: lsp.WorkspaceEdit): boolean {
    const changes = (edit.documentChanges ?? []).filter(lsp.TextDocumentEdit.is);
    if (changes.some(({ textDocument: { uri, version } }) => version !== (this.texts.get(uri)?.version ?? null))) {
      return false;
    }
    for (const { textDocument, edits } of changes) {
      const before = TextDocument.create(textDocument.uri, "python", 1, this.text(textDocument.uri));
      const after = TextDocument.applyEdits(before, edits as lsp.TextEdit[]);
      this.texts.set(textDocument.uri, TextDocument.create(textDocument.uri, "python", 2, after));
    }
    return true;
  }
}
