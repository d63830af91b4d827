/**
 * Random calls of three processes on one folder, of which one is on another machine: some order of them must explain all that was seen,
 * but for heads, and all by NFS 4: see what drivers/fs.md says of both.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { bundle } from "../drivers/fs/child.ts";
import type { Errand } from "../history/child.ts";
import { type Act, unexplained } from "../history/register.ts";
import { chosen } from "../history/team.ts";
import { linux } from "./linux.ts";

const { seeds, calls, times } = chosen(15);
const KEYS = ["c.txt", "a", "a/b", "d*e"];
/** Where the folder is mounted: two processes are on the same machine. */
const BASES = ["/run/one/base", "/run/two/base", "/run/one/base"];

async function acts(seed: number): Promise<readonly Act[]> {
  const place = mkdtempSync(join(tmpdir(), "unbucket-history-"));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const child = JSON.stringify(new URL("../history/child.ts", import.meta.url).pathname);
  const code = await bundle(`import { play } from ${child};\nawait play(JSON.parse(base));`);
  const errands = BASES.map((base, number): Errand => {
    const report = join(place, `${number}.json`);
    const team = { clock: "/run/clock", processes: BASES.length, players: 2, seed, calls, keys: KEYS, bare: false };
    return { ...team, base, durable: seed % 2 === 0, number, report };
  });
  const program = `
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    const team = ${JSON.stringify(errands)}.map((errand) =>
      spawn(process.execPath, [${JSON.stringify(code)}, JSON.stringify(errand)], { stdio: "inherit" }));
    const ends = await Promise.all(team.map((child) => once(child, "exit")));
    process.exitCode = ends.every(([code]) => code === 0) ? 0 : 1;`;
  await linux(["nfs.sh", "4.2"], ["--input-type=module", "--eval", program], 400);
  return errands.flatMap(({ report }) => JSON.parse(readFileSync(report, "utf8")) as Act[]);
}

describe(`histories of two machines on one folder by NFS 4.2 ${times}`, { timeout: 500_000 }, () => {
  it.each(seeds)("seed %s", async (seed) => {
    const all = await acts(seed);
    expect(unexplained(all.filter(({ says }) => !says.includes(" head ")))).toBeNull();
  });
});
