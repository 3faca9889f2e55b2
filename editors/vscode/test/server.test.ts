/** The real server, started as the extension starts it. */

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { MIGRATE, problem, serverCommand } from "../src/server";
import { Client } from "./client";

const PYTHON = process.env["BN_MIGRATE_PYTHON"] ?? "python";
const COMMAND = serverCommand({ path: "", interpreter: PYTHON, folder: undefined });
const BEFORE = "import torch.nn as nn\n\nlayer = nn.BatchNorm2d(3, momentum=0.2)\n";
const AFTER = "import mindspore as ms\n\nlayer = ms.nn.BatchNorm2d(3, momentum=0.8)\n";
const MAKE = "from torch import nn\n\ndef norm(c):\n    return nn.BatchNorm2d(c, momentum=0.3)\n";
const USE = "from make import norm\n\ndef mean(c):\n    return norm(c).running_mean\n";
const TARGET = "mindspore.mint.nn";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "bn-migrate-"));
});
after(() => rmSync(folder, { recursive: true }));

function plant(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("the server", { timeout: 120_000 }, () => {
  let client: Client;
  async function started(settings: object): Promise<void> {
    client = new Client(COMMAND, folder, settings);
    const capabilities = await client.start();
    assert.ok(capabilities.executeCommandProvider?.commands.includes(MIGRATE));
  }
  afterEach(async () => assert.equal(await client.stop(), 0));

  test("shows findings, and its code actions carry them out", async () => {
    const path = plant("net.py", BEFORE);
    await started({ target: null });
    const uri = await client.open(path);
    const found = await client.diagnostics(uri, "BN101");
    const call = found.find(({ code }) => code === "BN101");
    assert.deepEqual(call?.range, { start: { line: 2, character: 8 }, end: { line: 2, character: 39 } });
    const titles = (await client.actions(uri, call.range, "quickfix")).map(({ title }) => title);
    assert.ok(titles.includes("Write ms.nn.BatchNorm2d(3, momentum=0.8)"), titles.join());
    const [all] = await client.actions(uri, call.range, "source.fixAll.bnMigrate");
    assert.ok(all?.edit !== undefined && client.apply(all.edit));
    assert.equal(client.text(uri), AFTER);
  });

  test("migrates the workspace: files that are open, and those that are not", async () => {
    plant("make.py", MAKE);
    await started({});
    const use = await client.open(plant("use.py", USE));
    const done = await client.execute(MIGRATE);
    assert.deepEqual(done, { rewrites: 3, files: 3, error: null });
    assert.equal(client.text(use), USE.replace("running_mean", "moving_mean"));
    assert.match(client.text(pathToFileURL(join(folder, "make.py")).href), /ms\.nn\.BatchNorm2d\(c, momentum=0\.7\)/);
    assert.match(client.messages.at(-1) ?? "", /^bn-migrate: 3 rewrites in 3 files, to be looked at and saved/);
  });

  test("takes the settings of the editor, those without a value as well", async () => {
    await started({ target: TARGET, exclude: null, mode: null });
    const uri = await client.open(plant("net.py", BEFORE));
    const found = await client.diagnostics(uri, "BN101");
    assert.match(found.map(({ message }) => message).join(), new RegExp(TARGET));
    assert.deepEqual(client.messages, []);
  });
});

describe("what is missing", () => {
  test("is nothing where the server can be started", async () => {
    assert.equal(await problem(COMMAND), undefined);
  });

  test("is told with what to do", async () => {
    const said = await problem(serverCommand({ path: "", interpreter: "no/such/python", folder }));
    assert.ok(said?.startsWith(`${join(folder, "no/such/python")} -m migrate.lsp cannot be started: there is no such`));
    assert.match(said ?? "", /pip install '\.\[lsp\]'.* bnMigrate\.interpreter\.$/);
  });

  test("is named by a Python without the packages", async () => {
    const bare = plant("python", `#!/bin/sh\nexec ${PYTHON} -I -S "$@"\n`);
    chmodSync(bare, 0o755);
    const said = await problem(serverCommand({ path: "", interpreter: "${workspaceFolder}/python", folder }));
    assert.match(said ?? "", /cannot be started: .*No module named '?migrate'?/);
  });
});

test("the program is the chosen one, that of an interpreter, or the one on the path", () => {
  const nothing = { path: "", interpreter: "", folder };
  assert.deepEqual(serverCommand(nothing), { command: "bn-migrate-lsp", args: [] });
  assert.deepEqual(serverCommand({ ...nothing, interpreter: "python3" }).args, ["-m", "migrate.lsp"]);
  assert.equal(serverCommand({ ...nothing, path: "bin/lsp", interpreter: "x" }).command, join(folder, "bin/lsp"));
  assert.equal(serverCommand({ ...nothing, path: "/bin/lsp" }).command, "/bin/lsp");
});
