import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { Miniflare } from "miniflare";
import { serve } from "srvx";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import fs from "../../drivers/fs.ts";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import { type Block, blocksOf } from "../docs/blocks.ts";
import { moduleOf, workerOf } from "../docs/snippet.ts";
import { openBelow } from "../support/descriptors.ts";
import { freshBucket, mainServers } from "../support/s3.ts";

const block = (): Block => {
  const found = blocksOf("drivers/hosts.md").find(({ code }) => code.startsWith("// archive.ts\n"));
  if (!found) throw new Error("drivers/hosts.md has no block archive.ts");
  return found;
};

interface Guide {
  readonly archive: (prefix: string, filename: string) => Response;
}

/** As Python's zipfile reads it, which knows Zip64 and checks each CRC: names with the SHA-256 of what they hold. */
function unpack(path: string): Record<string, string> {
  const program = `import hashlib, json, sys, zipfile
def digest(file):
    sum = hashlib.sha256()
    while piece := file.read(1 << 20): sum.update(piece)
    return sum.hexdigest()
archive = zipfile.ZipFile(sys.argv[1])
print(json.dumps({name: digest(archive.open(name)) for name in archive.namelist()}))`;
  return JSON.parse(execFileSync("python3", ["-c", program, path], { encoding: "utf8" })) as Record<string, string>;
}

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const places = [{ name: "a folder" }, ...mainServers.slice(0, 1)];

describe.each(places)("an archive of many objects, from $name", (place) => {
  let folder: string;
  let store: Driver;
  let guide: Guide;
  let values: Record<string, string>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "unbucket-archive-"));
    const base = join(folder, "uploads");
    if (!("endpoint" in place)) {
      store = fs({ base });
      values = { '"uploads" }': `${JSON.stringify(base)} }` };
    } else {
      const { endpoint, accessKeyId, secretAccessKey, region } = place;
      const options = { bucket: await freshBucket(place), endpoint, accessKeyId, secretAccessKey, region };
      store = s3(options);
      values = {
        'import fs from "unbucket/drivers/fs"': 'import s3 from "unbucket/drivers/s3"',
        'fs({ base: "uploads" })': `s3(${JSON.stringify(options)})`,
      };
    }
    guide = await moduleOf<Guide>(block(), values);
  });
  afterEach(async () => {
    await store.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  async function saved(response: Response): Promise<Record<string, string>> {
    const path = join(folder, "archive.zip");
    await finished(Readable.fromWeb(response.body as never).pipe(createWriteStream(path)));
    return unpack(path);
  }

  it("holds the bytes of each, under names that lead nowhere else", async () => {
    const large = randomBytes(3_000_000);
    await store.upload("mine/large.bin", large);
    await store.upload("mine/Bär/ä.txt", "ä");
    await store.upload("mine/empty", "");
    // MinIO refuses dots as a part of a path.
    const up = "endpoint" in place ? "mine/file\\up.txt" : "mine/..\\up.txt";
    await store.upload(up, "up");
    await store.upload("mine/C:\\CON.txt", "con");
    await store.upload("other/secret", "secret");
    const response = guide.archive("mine/", "meine Bären.zip");
    expect(response.headers.get("content-type")).toBe("application/zip");
    expect(response.headers.get("content-disposition")).toContain("meine%20B%C3%A4ren.zip");
    expect(await saved(response)).toEqual({
      "large.bin": sha256(large),
      "Bär/ä.txt": sha256("ä"),
      empty: sha256(""),
      "file/up.txt": sha256("up"),
      "C_/_CON.txt": sha256("con"),
    });
  });

  it("gives no two of them one name", async () => {
    for (const key of ["m/a.txt", "m/b\\a.txt", "m/b/a.txt"]) await store.upload(key, key);
    expect(await saved(guide.archive("m/", "a.zip"))).toEqual({
      "a.txt": sha256("m/a.txt"),
      "b/a.txt": sha256("m/b/a.txt"),
      "b/a (2).txt": sha256("m/b\\a.txt"),
    });
  });

  it("gives no two of them a name that a system takes for one, nor a file that of a folder", async () => {
    const keys = ["m/A.txt", "m/a.txt", "m/e\u0301", "m/\u00e9", "m/f\\x", "m/F"];
    // A folder and MinIO keep no file beside a folder of its name, but a backslash makes one of what is none.
    for (const key of [...keys, "m/d", "m/d\\x", "m/d\\y"]) await store.upload(key, key);
    const names = Object.keys(await saved(guide.archive("m/", "a.zip")));
    expect(names).toHaveLength(9);
    expect(names).toEqual(expect.arrayContaining(["d", "d (2)/x", "d (2)/y", "A.txt", "a (2).txt"]));
    const folders = names.flatMap((name) => (name.includes("/") ? [name.split("/")[0]] : []));
    const all = [...names, ...new Set(folders)].map((name) => name?.normalize("NFC").toLowerCase());
    expect(new Set(all).size).toBe(all.length);
  });

  it("lacks what is deleted meanwhile", async () => {
    for (const key of ["m/1", "m/2", "m/3"]) await store.upload(key, randomBytes(2_000_000));
    const response = guide.archive("m/", "a.zip");
    const [kept, read] = (response.body as ReadableStream<Uint8Array>).tee();
    const reader = read.getReader();
    await reader.read();
    await store.delete("m/2");
    void reader.cancel();
    expect(Object.keys(await saved(new Response(kept)))).toEqual(["1", "3"]);
  });

  it("lets go of what it reads when its client goes away", async () => {
    for (const key of ["m/1", "m/2", "m/3"]) await store.upload(key, new Uint8Array(40_000_000));
    const app = serve({ port: 0, hostname: "127.0.0.1", silent: true, fetch: () => guide.archive("m/", "a.zip") });
    await app.ready();
    onTestFinished(() => app.close(true));
    const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
    const before = sockets();
    for (let count = 0; count < 5; count++) {
      const stop = new AbortController();
      const answer = await fetch(app.url ?? "", { signal: stop.signal });
      await answer.body?.getReader().read();
      stop.abort();
    }
    await expect.poll(() => openBelow(folder)).toEqual([]);
    await expect.poll(sockets).toBeLessThanOrEqual(before);
  });
});

describe("an archive of many objects", () => {
  it("breaks off where an object does, so that nobody takes a part for the whole", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unbucket-archive-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    for (const name of ["1", "2"]) writeFileSync(join(folder, name), new Uint8Array(40_000_000));
    const { archive } = await moduleOf<Guide>(block(), { '"uploads" }': `${JSON.stringify(folder)} }` });
    const app = serve({ port: 0, hostname: "127.0.0.1", silent: true, fetch: () => archive("", "a.zip") });
    await app.ready();
    onTestFinished(() => app.close(true));
    const answer = await fetch(app.url ?? "");
    truncateSync(join(folder, "1"), 30_000_000);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    await expect.poll(() => openBelow(folder)).toEqual([]);
  });

  it("is made in a Worker, of a bucket of R2", async () => {
    const own = block()
      .code.replace('import fs from "unbucket/drivers/fs"', 'import r2 from "unbucket/drivers/r2"')
      .replace('fs({ base: "uploads" })', 'r2({ binding: "BUCKET" })');
    const serving = `export default { async fetch(request, env) {
      globalThis.__env__ = env;
      for (const key of ["m/1.txt", "m/2.txt"]) await store.upload(key, key.repeat(100_000));
      return archive("m/", "a.zip");
    } };`;
    const script = await workerOf({ ...block(), code: `${own}\n${serving}` });
    const worker = new Miniflare({ modules: true, script, r2Buckets: ["BUCKET"], compatibilityDate: "2026-04-01" });
    const folder = mkdtempSync(join(tmpdir(), "unbucket-archive-"));
    try {
      const answer = await worker.dispatchFetch("http://localhost/");
      writeFileSync(join(folder, "a.zip"), Buffer.from(await answer.arrayBuffer()));
      expect(unpack(join(folder, "a.zip"))).toEqual({
        "1.txt": sha256("m/1.txt".repeat(100_000)),
        "2.txt": sha256("m/2.txt".repeat(100_000)),
      });
    } finally {
      rmSync(folder, { recursive: true });
      await worker.dispose();
    }
  });

  // A minute and files of 4 GiB are too much for each run.
  it.each(process.env["UNBUCKET_LONG"] ? ["a folder"] : [])("holds more than 4 GiB from %s", async () => {
    const folder = mkdtempSync(join(tmpdir(), "unbucket-archive-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(join(folder, "uploads/m"), { recursive: true });
    writeFileSync(join(folder, "uploads/m/1.bin"), "");
    truncateSync(join(folder, "uploads/m/1.bin"), 4.25 * 2 ** 30);
    writeFileSync(join(folder, "uploads/m/2.txt"), "behind 4 GiB");
    const base = JSON.stringify(join(folder, "uploads"));
    const { archive } = await moduleOf<Guide>(block(), { '"uploads" }': `${base} }` });
    const path = join(folder, "a.zip");
    await finished(Readable.fromWeb(archive("m/", "a.zip").body as never).pipe(createWriteStream(path)));
    expect(unpack(path)).toMatchObject({ "1.bin": expect.any(String), "2.txt": sha256("behind 4 GiB") });
  });
});
