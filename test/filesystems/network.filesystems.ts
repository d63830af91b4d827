import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, makeApp } from "../runtimes/app.ts";
import { compile } from "./compile.ts";
import { linux } from "./linux.ts";

let app: App;
beforeAll(async () => {
  app = await makeApp();
  await compile(app.folder);
});
afterAll(() => app.remove());

const ROUNDS = 20;

describe.each(["3", "4.2"])("two machines on one folder by NFS %s", (version) => {
  it("see what the other has written, and are exact where they meet", { timeout: 600_000 }, async () => {
    const program = [join(app.folder, "two-machines.mjs"), "/run/one", "/run/two", String(ROUNDS)];
    const lines = await linux(["nfs.sh", version], program, 300);
    expect(lines.slice(0, -1)).toEqual([]);
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
      "the first object, in a base that was absent": 1,
      "creations with one winner": ROUNDS,
      "counted up": ROUNDS,
      "heads of what was written a moment ago": ROUNDS,
      "bytes of it": ROUNDS,
      "its bytes with their own metadata": ROUNDS,
      "created, and found": ROUNDS,
      "deleted, and not found": ROUNDS,
      listed: ROUNDS,
      left: [],
    });
  });
});
