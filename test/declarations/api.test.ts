import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../architecture/tree.ts";
import { installed } from "../runtimes/install.ts";

it("scripts/api.mjs makes the API reference without a warning", { timeout: 600_000 }, async () => {
  await installed(fileURLToPath(new URL(".", import.meta.url)));
  const out = mkdtempSync(join(tmpdir(), "unbucket-api-"));
  onTestFinished(() => rmSync(out, { recursive: true, force: true }));
  await promisify(execFile)(process.execPath, [join(root, "scripts/api.mjs"), out], { cwd: root, maxBuffer: 2 ** 24 });
  expect(existsSync(join(out, "interfaces/src.ObjectStore.html"))).toBe(true);
});
