/** Processes of Windows, several of them on one folder: there claims are files, and of a holder is told at most that it is gone. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { bundle } from "../drivers/fs/child.ts";
import type { Errand } from "../history/child.ts";
import { type Act, unexplained } from "../history/register.ts";
import { chosen } from "../history/team.ts";
import { type Windows, windows } from "./wine.ts";

const timeout = 600_000;
const { seeds, calls } = chosen(15);

let system: Windows;
beforeAll(async () => {
  system = await windows();
});
afterAll(() => (system as Windows | undefined)?.remove());

/** An empty folder of Linux. */
function place(): string {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-windows-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs code in so many processes at a time, which see their number in `args`; gives what each has printed, as JSON. */
async function all(count: number, base: string, code: string): Promise<readonly unknown[]> {
  const program = await bundle(code);
  const numbers = Array.from({ length: count }, (_, number) => `${number}`);
  const ends = await Promise.all(numbers.map((number) => system.node([onDisk(program), base, number])));
  expect(ends.map((end) => [end.code, end.code === 0 || end.out])).toEqual(ends.map(() => [0, true]));
  return ends.map(({ out }) => JSON.parse(out) as unknown);
}

/** The Windows path of one of Linux. */
const onDisk = (path: string): string => `Z:${path.replaceAll("/", "\\")}`;

it("L6: each key is created once, of 3 processes that try", { timeout }, async () => {
  const won = await all(
    3,
    "C:\\once",
    `const store = fsBackend({ base, durable: false });
    let won = 0;
    for (let n = 0; n < 25; n++) await store.put("once" + n, { bytes: new Uint8Array(3) }, { ifNoneMatch: "*" }).then(() => won++, (error) => { if (error.code !== "precondition-failed") throw error; });
    console.log(won);`,
  );
  expect((won as number[]).reduce((sum, one) => sum + one, 0)).toBe(25);
});

it(
  "L7: updates of 2 processes lose none, and each version has a later time, with its own record",
  { timeout },
  async () => {
    const told = (await all(
      3,
      "C:\\count",
      `const store = fs({ base, durable: false });
    if (args[0] === "0") {
      await store.upload("ready", "");
      let [pairs, n] = [0, 0];
      // A writer that fails must not be waited for.
      while (n < 200 && performance.now() < 300_000) {
        const object = await store.download("n").catch((error) => { if (error.code !== "not-found") throw error; });
        if (!object) { await new Promise((resolve) => setTimeout(resolve, 5)); continue; }
        n = Number(await object.text());
        if (object.metadata.n !== String(n)) throw new Error(n + " has the metadata of " + object.metadata.n);
        pairs++;
      }
      console.log(JSON.stringify(n === 200 && pairs > 10));
    } else {
      while (!(await store.exists("ready"))) await new Promise((resolve) => setTimeout(resolve, 20));
      const times = [];
      for (let count = 0; count < 100; count++) {
        for (;;) {
          const now = await store.head("n");
          const next = String(Number(now?.metadata.n ?? 0) + 1);
          const condition = now ? { ifMatch: now.etag } : { ifNoneMatch: "*" };
          const done = await store.upload("n", next, { ...condition, metadata: { n: next } }).catch((error) => { if (error.code !== "precondition-failed") throw error; });
          if (done) { times.push(done.etag.split("-")[0]); break; }
        }
      }
      console.log(JSON.stringify(times));
    }`,
    )) as [boolean, string[], string[]];
    const times = [...told[1], ...told[2]];
    expect([told[0], times.length, new Set(times).size]).toEqual([true, 200, 200]);
  },
);

it.each(seeds)("histories of 3 processes, seed %s, have an order that explains them", { timeout }, async (seed) => {
  const child = new URL("../history/child.ts", import.meta.url).pathname;
  const here = place();
  const errand: Omit<Errand, "number" | "report"> = {
    ...{
      base: `C:\\history ${seed}`,
      durable: false,
      clock: onDisk(join(here, "clock")),
      ticks: true,
      keys: ["c.txt", "a", "a/b", "d*e"],
    },
    ...{ processes: 3, players: 2, seed, calls, bare: false },
  };
  await all(
    3,
    JSON.stringify({ ...errand, report: onDisk(here) }),
    `import { play } from ${JSON.stringify(child)};
    const errand = JSON.parse(base);
    const number = Number(args[0]);
    console.log("null");
    await play({ ...errand, number, report: errand.report + "\\\\" + number + ".json" });`,
  );
  const acts = [0, 1, 2].flatMap((number) => JSON.parse(readFileSync(join(here, `${number}.json`), "utf8")) as Act[]);
  expect([acts.length > 60, unexplained(acts)]).toEqual([true, null]);
});

it("L7: what a process that is gone has claimed is free at once", { timeout }, async () => {
  const drivers = new URL("../../drivers/fs/", import.meta.url).pathname;
  await all(
    1,
    "C:\\left",
    `import { claim } from ${JSON.stringify(`${drivers}claim.ts`)};
    import { claimPath } from ${JSON.stringify(`${drivers}lock.ts`)};
    await fs({ base }).upload("k", "1");
    await claim(base + "\\\\.unbucket\\\\tmp\\\\" + claimPath("k"));
    console.log("null");
    process.exit(0);`,
  );
  const [milliseconds] = await all(
    1,
    "C:\\left",
    `const store = fs({ base });
    const begin = performance.now();
    await store.upload("k", "2");
    console.log(JSON.stringify(performance.now() - begin));`,
  );
  expect(milliseconds).toBeLessThan(25_000);
});

it("L18: a folder that comes from Linux has its headers there, and again when it goes back", { timeout }, async () => {
  const here = place();
  const { default: fs } = await import("../../drivers/fs.ts");
  const store = fs({ base: here });
  await store.upload("a/plain.txt", "1");
  await store.upload("a/é.bin", "2", { metadata: { n: "2" } });
  await store.upload("a:b", "3", { metadata: { n: "3" } });
  const [seen] = await all(
    1,
    onDisk(here),
    `const store = fs({ base });
    const seen = [];
    for await (const { key } of store.list()) seen.push([key, (await store.head(key)).metadata, await (await store.download(key)).text()]);
    await store.upload("back.bin", "4", { metadata: { n: "4" } });
    console.log(JSON.stringify(seen));`,
  );
  expect(seen).toEqual([
    ["a/plain.txt", {}, "1"],
    ["a/é.bin", { n: "2" }, "2"],
    ["a:b", { n: "3" }, "3"],
  ]);
  const copy = join(place(), "copy");
  execFileSync("cp", ["-a", here, copy]);
  expect((await fs({ base: copy }).head("back.bin"))?.metadata).toEqual({ n: "4" });
});

it("L25: what somebody reads is deleted and written anew, and read to its end all the same", { timeout }, async () => {
  const [seen] = await all(
    1,
    "C:\\held",
    `const store = fs({ base });
    await store.upload("k", new Uint8Array(1024 * 1024).fill(49));
    const { body } = await store.download("k");
    const reader = body.getReader();
    let size = (await reader.read()).value.byteLength;
    await store.delete("k");
    const gone = await store.head("k");
    await store.upload("k", "new");
    for (let read = await reader.read(); !read.done; read = await reader.read()) size += read.value.byteLength;
    console.log(JSON.stringify([gone, size, await (await store.download("k")).text()]));`,
  );
  expect(seen).toEqual([null, 1024 * 1024, "new"]);
});

it("watch tells of writes and removals in folders that are new", { timeout }, async () => {
  const [told] = await all(
    1,
    "C:\\watched",
    `const store = fs({ base });
    const told = [];
    const stop = await store.watch((event, key) => told.push(event + " " + key));
    const heard = async (count) => { for (let n = 0; n < 200 && told.length < count; n++) await new Promise((resolve) => setTimeout(resolve, 50)); };
    await store.upload("new/folder/a*b.txt", "1");
    await heard(1);
    await store.upload("new/folder/c.txt", "1");
    await heard(2);
    await store.delete("new/folder/c.txt");
    await heard(3);
    await stop();
    console.log(JSON.stringify(told));`,
  );
  expect(told).toEqual(["update new:folder:a*b.txt", "update new:folder:c.txt", "remove new:folder:c.txt"]);
});

it("init writes its files below a project, in the project's own paths", { timeout }, async () => {
  const project = place();
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ type: "module", devDependencies: { typescript: "*" } }),
  );
  const { code, out } = await system.node(
    [onDisk(fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url))), "init"],
    { cwd: project },
  );
  expect([code, out]).toEqual([0, expect.stringContaining("created  storage.ts")]);
  expect(readdirSync(project).sort()).toEqual([".env.example", "docker-compose.yml", "package.json", "storage.ts"]);
  expect(readFileSync(join(project, "storage.ts"), "utf8")).toContain("export function upload(");
});
