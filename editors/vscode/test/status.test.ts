/** What the status bar shows. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { shown } from "../src/status";

const NOTHING = { rewrites: 0, fixes: 0, errors: 0 };

test("a running server shows what the open files have", () => {
  const { text, tooltip, isError } = shown("running", { rewrites: 2, fixes: 1, errors: 0 });
  assert.equal(text, "$(check) bn-migrate: 2 rewrites, 1 manual fix");
  assert.equal(tooltip, "In the open files: 2 rewrites, 1 manual fix");
  assert.equal(isError, false);
  assert.equal(shown("running", NOTHING).text, "$(check) bn-migrate");
});

test("a failed server shows why, and no findings of before", () => {
  const item = shown("failed", { rewrites: 2, fixes: 1, errors: 0 }, "there is no such program");
  assert.deepEqual(item, { text: "$(error) bn-migrate", tooltip: "there is no such program", isError: true });
});
