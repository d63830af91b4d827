/** One folder under several runtimes: what one has stored or begun, the others read and go on with. */
import { describe, expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder, folder, K } from "../drivers/fs/folder.ts";
import { program } from "../runtimes/install.ts";

const RUNTIMES = ["node26", "bun", "deno"] as const;
type Runtime = (typeof RUNTIMES)[number];

/** Stores an object and sends two parts of four, or reads the one and goes on with the other; prints what it has seen. */
const CODE = `
  const store = fs({ base, durable: false });
  const part = 5 * 2 ** 20;
  const data = new Uint8Array(3 * part + 7).map((_, index) => (index * 31 + (index >> 8)) & 255);
  const headers = { metadata: { a: "ü" }, cacheControl: "no-cache" };
  if (args[0] === "begin") {
    // Enough that a time which is told otherwise than it is on the disk shows.
    for (let n = 0; n < 20; n++) await store.upload("object/" + n, "x", headers);
    const upload = await store.createMultipartUpload("parted", { size: data.length, partSize: part, ...headers });
    const pieces = [data.subarray(0, 2 * part + 1)];
    const broken = new ReadableStream({
      async pull(controller) {
        const piece = pieces.pop();
        if (piece) return controller.enqueue(piece);
        while (upload.state().parts.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
        throw new Error("cut off");
      },
    });
    const error = await upload.send(() => broken).catch((error) => error);
    if (!error.message.includes("cut off")) throw error;
    console.log(JSON.stringify(upload.state()));
  } else {
    const state = JSON.parse(args[1]);
    const upload = await store.resumeMultipartUpload(state.key, state);
    const parts = (await upload.parts()).map(({ partNumber }) => partNumber);
    await upload.send((start) => data.subarray(start));
    const bytes = await (await store.download("parted")).bytes();
    const lost = [];
    for await (const { key } of store.list()) {
      const { metadata, cacheControl } = await store.head(key);
      if (metadata.a !== "ü" || cacheControl !== "no-cache") lost.push(key);
    }
    const same = bytes.length === data.length && bytes.every((byte, index) => byte === data[index]);
    console.log(JSON.stringify({ parts, same, lost }));
  }
  process.exit(0);
`;

/** How long a program may take, in milliseconds. */
const LONGEST_MS = 60_000;

/** What a program prints. Once in some hundred runs Node 26 stands still in its exit, when all is said: then how it ends counts for nothing. */
async function runIn(runtime: Runtime, args: readonly string[]): Promise<string> {
  const rights = runtime === "deno" ? ["run", "--allow-all", "--quiet", "--no-check"] : [];
  const { child, ended } = run(await program(runtime), [...rights, ...args]);
  const limit = setTimeout(() => child.kill("SIGKILL"), LONGEST_MS);
  const { code, out } = await ended.finally(() => clearTimeout(limit));
  const stoodStill = runtime === "node26" && child.killed && out.endsWith("\n");
  expect(code).toBe(stoodStill ? null : 0);
  return out;
}

const pairs = RUNTIMES.flatMap((first) => RUNTIMES.map((second) => [first, second] as const));

describe("a folder that several runtimes use", () => {
  it.each(pairs)(
    "L18: has headers of %s under %s, and uploads that go on",
    { timeout: 600_000 },
    async (first, second) => {
      const base = await emptyFolder();
      const code = await bundle(CODE);
      const state = await runIn(first, [code, base, "begin"]);
      const seen = JSON.parse(await runIn(second, [code, base, "go on", state])) as unknown;
      expect(seen).toEqual({ parts: [1, 2], same: true, lost: [] });
    },
  );
});

/** What a clock says that stands still, today: to one that is far ahead, drafts under way are what a crash has left. */
const STANDING = Math.floor(Date.now() / 1000) * 1000 + 998;

it(
  "L20: processes that give one object the same microsecond leave versions of two times, so that no record is that of both",
  { timeout: 600_000 },
  async () => {
    const base = await emptyFolder();
    const code = await bundle(`
    Date.now = () => ${STANDING};
    Math.random = () => 0.5;
    console.log((await fs({ base, durable: false }).upload("k", "x", { metadata: { by: args[0] } })).etag);
    process.exit(0);
  `);
    const times: string[] = [];
    for (const runtime of ["node26", "bun", "node26"] as const) {
      times.push((await runIn(runtime, [code, base, `${times.length}`])).split("-")[0] ?? "");
      const metadata = await folder({ base }).then(async ({ store }) => (await store.head(K("k"), {}))?.metadata);
      expect(metadata).toEqual({ by: `${times.length - 1}` });
    }
    const micros = times.map((time) => (BigInt(`0x${time.slice(1)}`) + 500n) / 1000n);
    expect([micros[0] === micros[1], micros[1] === micros[2]]).toEqual([false, false]);
  },
);

it("L20: processes of Deno, whose times are whole milliseconds, never give two versions of an object the same one", async () => {
  const base = await emptyFolder();
  // Three that write within the same millisecond.
  const code = await bundle(`
    Date.now = () => ${STANDING};
    const { etag, lastModified } = await fs({ base, durable: false }).upload("k", "x", { metadata: { by: args[0] } });
    console.log(JSON.stringify([etag, lastModified.getTime()]));
    process.exit(0);
  `);
  const seen: (readonly [string, number])[] = [];
  for (const by of ["1", "2", "3"]) {
    seen.push(JSON.parse(await runIn("deno", [code, base, by])) as [string, number]);
    expect((await folder({ base }).then(({ store }) => store.head(K("k"), {})))?.metadata).toEqual({ by });
  }
  expect(new Set(seen.map(([etag]) => etag)).size).toBe(3);
  // Odd, as those of all versions with a record.
  expect(seen.map(([, time]) => time - STANDING)).toEqual([1, 3, 5]);
});
