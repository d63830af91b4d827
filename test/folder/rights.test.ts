/** A process that may read and write its folder, and nothing else. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";
import { type Program, program } from "../runtimes/install.ts";

const CODE = `
  const store = fs({ base, ...JSON.parse(args[0]) });
  try {
    const { etag } = await store.upload("d/k", "1", { metadata: { n: "1" } });
    await store.upload("d/k", "2", { metadata: { n: "2" }, ifMatch: etag });
    await store.upload("d//k", "3", { ifNoneMatch: "*" });
    await store.copy("d/k", "e/k");
    await store.update("e/k", async (current) => (await current.text()) + "2");
    const found = [await (await store.download("e/k")).text(), (await store.head("e/k")).metadata.n];
    const keys = [];
    for await (const { key } of store.list()) keys.push(key);
    await store.deletePrefix("d");
    console.log(JSON.stringify([...found, keys, await store.exists("d/k")]));
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }));
  }
`;

/** What the program sees with options, on a Node whose permission model is on; `reads` is what it may read, else its folder and itself. */
async function seen(node: Program, options: object, reads?: string): Promise<unknown> {
  const base = join(await emptyFolder(), "base");
  await mkdir(base);
  const code = await bundle(CODE);
  // https://nodejs.org/api/permissions.html: the flag has lost its first half in Node 23.5.
  const flag = node === "node20" ? "--experimental-permission" : "--permission";
  const rights = [
    flag,
    `--allow-fs-read=${reads ?? `${dirname(code)}/*`}`,
    ...["read", "write"].map((right) => `--allow-fs-${right}=${base}/*`),
  ];
  const args = ["--no-warnings", ...rights, code, base, JSON.stringify(options)];
  return JSON.parse((await run(await program(node), args).ended).out);
}

describe("fs with no right but those on its folder: neither links nor a look at processes and descriptors", () => {
  const all = ["22", "2", ["d//k", "d/k", "e/k"], false];

  // From Node 26 on in all its forms, in some forms before.
  const denied = { code: "denied", message: expect.stringContaining("durable: false") as unknown };

  it.each(["node20", "node22", "node24", "node26"] as const)(
    "does all under %s that needs no flush, which the model may forbid",
    { timeout: 600_000 },
    async (node) => {
      expect(await seen(node, { mode: 0o640, durable: false })).toEqual(all);
      expect([all, denied]).toContainEqual(await seen(node, {}));
    },
  );

  it.each(["node20", "node22", "node24", "node26"] as const)(
    "does as much under %s where everything may be read, descriptors too, and only the folder written",
    { timeout: 600_000 },
    async (node) => {
      expect(await seen(node, { mode: 0o640, durable: false }, "*")).toEqual(all);
    },
  );
});
