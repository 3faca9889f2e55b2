/** How the language server is started, and what to do where that fails. Needs no editor. */

import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

export const VERIFY = "bn-migrate.verify";
export const MIGRATE = "bn-migrate.migrateWorkspace";
const PROGRAM = "bn-migrate-lsp";
const SECONDS = 30;

/** What the user has set; `folder` is the first folder of the workspace. */
export interface Chosen {
  path: string;
  interpreter: string;
  folder: string | undefined;
}

export interface Command {
  command: string;
  args: string[];
}

/** The command that starts the server: the program that was chosen, that of an interpreter, or the one on the path. */
export function serverCommand(chosen: Chosen): Command {
  if (chosen.path) {
    return { command: resolved(chosen.path, chosen.folder), args: [] };
  }
  if (chosen.interpreter) {
    return { command: resolved(chosen.interpreter, chosen.folder), args: ["-m", "migrate.lsp"] };
  }
  return { command: PROGRAM, args: [] };
}

/** A program as it was named, with a path that begins in the folder or in the user's home; a mere name stays one. */
function resolved(name: string, folder: string | undefined): string {
  const path = name.replace("${workspaceFolder}", folder ?? ".").replace(/^~(?=[\\/])/, homedir());
  return folder === undefined || isAbsolute(path) || !/[\\/]/.test(path) ? path : join(folder, path);
}

/** Why the server cannot be started, and what to do; nothing where it can. */
export async function problem({ command, args }: Command): Promise<string | undefined> {
  const why = await failure(command, args);
  if (why === undefined) {
    return undefined;
  }
  return (
    `${[command, ...args].join(" ")} cannot be started: ${why}. ` +
    "Install bn-migrate with its language server (pip install '.[lsp]' in its folder), " +
    "and name the Python that has it in the setting bnMigrate.interpreter."
  );
}

/** How the server ends where nobody talks to it: without an error, unless something is missing. */
function failure(command: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], signal: AbortSignal.timeout(SECONDS * 1000) });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.on("error", (error: NodeJS.ErrnoException) => {
      const late = error.name === "AbortError" ? `it has not ended within ${SECONDS} seconds` : error.message;
      resolve(error.code === "ENOENT" ? "there is no such program" : late);
    });
    child.on("close", (code) => resolve(code === 0 ? undefined : lastLine(said) || `it ended with ${code}`));
  });
}

function lastLine(text: string): string {
  return (text.trim().split(/\r?\n/).pop() ?? "").replace(/\.$/, "");
}
