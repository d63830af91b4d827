import { describe, expect, it } from "vitest";
import { linux, type Mounts } from "./linux.ts";
import { programs } from "./programs.ts";

const program = programs();

const ROUNDS = 20;

const mounts: readonly (readonly [name: string, mounts: Mounts])[] = [
  // It takes two changes of a folder within a tick of the server's clock for one, and then a new name for absent if it keeps in mind what is absent.
  ["NFS 3", ["nfs.sh", "3,lookupcache=positive"]],
  ["NFS 4.2", ["nfs.sh", "4.2"]],
  ["9P", ["9p.sh", "none"]],
];

describe.each(mounts)("two machines on one folder by %s", (_, mounts) => {
  // By 9P, on a busy machine, two runs of forty failed, of which one stood still, most likely at the power off, before that counted for nothing. What
  // each says is printed.
  it("see what the other has written, and are exact where they meet", { timeout: 1_000_000, retry: 2 }, async () => {
    const run = [program("two-machines"), "/run/one", "/run/two", String(ROUNDS)];
    const lines = await linux(mounts, run, 300).catch((error: Error) => {
      console.log(error.message);
      throw error;
    });
    console.log(lines.join("\n"));
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
