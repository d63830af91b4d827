import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../scripts/summary.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "unbucket-summary-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The last line that the script prints for these files of a report, and its exit code. */
function summary(
  testResults: unknown,
  code: number,
): { readonly line: string | undefined; readonly status: number | null } {
  const report = join(folder, "report.json");
  writeFileSync(report, JSON.stringify({ testResults }));
  const { status, stdout } = spawnSync(process.execPath, [script, report, String(code)], { encoding: "utf8" });
  return { line: stdout.trimEnd().split("\n").at(-1), status };
}

const file = (status: string, ...tests: readonly string[]): unknown => ({
  ...{ name: "a.test.ts", status, message: "" },
  assertionResults: tests.map((each) => ({ status: each, fullName: "a test" })),
});

it("counts passed tests", () => {
  expect(summary([file("passed", "passed", "passed"), file("passed", "passed")], 0)).toEqual({
    line: "3 passed, 0 failed",
    status: 0,
  });
});

it("counts a failed or skipped test, and a file that could not run, as failed", () => {
  const files = [file("failed", "passed", "failed"), file("passed", "pending"), file("failed")];
  expect(summary(files, 1)).toEqual({ line: "1 passed, 3 failed", status: 1 });
});

it("fails a run that failed for another reason, or ran nothing", () => {
  expect(summary([file("passed", "passed")], 137)).toEqual({ line: "1 passed, 1 failed", status: 1 });
  expect(summary([], 0)).toEqual({ line: "0 passed, 1 failed", status: 1 });
});

it("fails without a report", () => {
  const { status, stdout } = spawnSync(process.execPath, [script, join(folder, "absent.json"), "0"], {
    encoding: "utf8",
  });
  expect([status, stdout.trimEnd().split("\n").at(-1)]).toEqual([1, "0 passed, 1 failed"]);
});
