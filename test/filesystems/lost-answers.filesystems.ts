import { expect, it } from "vitest";
import { linux } from "./linux.ts";
import { programs } from "./programs.ts";

const program = programs();

const ROUNDS = 4;
const LOST = /^lost (\w+)$/;

it(
  "a folder on NFS 3 does and tells what it would when answers are lost and what was asked for is done again",
  { timeout: 400_000 },
  async () => {
    const lossy = ["nfs.sh", "3", process.execPath, program("lossy")] as const;
    const lines = await linux(lossy, [program("lost-answers"), "/run/one", "/run/two", `${ROUNDS}`], 300);
    const told = lines.filter((line) => !LOST.test(line));
    console.log(`${lines.length - told.length} answers lost; ${told.join("\n")}`);
    expect(told.slice(0, -1)).toEqual([]);
    const { longest, ...counted } = JSON.parse(told.at(-1) ?? "") as { readonly longest: number };
    expect(counted).toEqual({ rounds: ROUNDS, counter: ROUNDS, uploads: [] });
    // Each answer is waited for by its client, as often as it is lost; no claim of one's own is.
    expect(longest).toBeLessThan(30_000);
    const lost = new Set(lines.flatMap((line) => LOST.exec(line)?.[1] ?? []));
    expect([...lost].sort()).toEqual(["link", "mkdir", "remove", "rename", "rmdir", "symlink"]);
  },
);
