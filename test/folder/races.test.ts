/** Several processes on one folder: what is to happen once happens once, and no write is lost. */
import { describe, expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder, failure, folder } from "../drivers/fs/folder.ts";

/** Runs the same program in several processes at once; gives what each printed. */
async function together(count: number, code: string, base: string): Promise<string[]> {
  const program = await bundle(code);
  const ends = await Promise.all(
    Array.from({ length: count }, (_, index) => run(process.execPath, [program, base, `${index}`]).ended),
  );
  expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: count }, () => 0));
  return ends.map(({ out }) => out.trim());
}

/** Begins when the others have, too. */
const START = `
  import { readdirSync, writeFileSync } from "node:fs";
  const meet = async (count) => {
    writeFileSync(base + ".ready-" + args[0], "");
    const [folder, name] = [base.slice(0, base.lastIndexOf("/")), base.slice(base.lastIndexOf("/") + 1)];
    while (readdirSync(folder).filter((file) => file.startsWith(name + ".ready-")).length < count) await new Promise(setImmediate);
  };
`;

const place = async (): Promise<string> => `${await emptyFolder()}/base`;

describe("processes that write one key", () => {
  it.each([2, 4])("L7: %i of them that increment a counter 200 times each by ifMatch lose none", async (count) => {
    const base = await place();
    const refused = await together(
      count,
      `${START}
      const store = fsBackend({ base, durable: false });
      const read = async () => {
        const object = await store.get("counter", {});
        return object && { etag: object.info.etag, n: Number(await new Response(object.body).text()), by: object.info.metadata.n };
      };
      let refused = 0;
      await meet(${count});
      for (let done = 0; done < 200; ) {
        const old = await read();
        if (old && String(old.n) !== old.by) throw new Error("bytes of " + old.n + " with headers of " + old.by);
        const n = (old?.n ?? 0) + 1;
        const options = { metadata: { n: String(n) }, ...(old ? { ifMatch: old.etag } : { ifNoneMatch: "*" }) };
        try {
          await store.put("counter", { bytes: new TextEncoder().encode(String(n)) }, options);
          done++;
        } catch (error) {
          if (error.code !== "precondition-failed") throw error;
          refused++;
        }
      }
      console.log(refused);`,
      base,
    );
    const { text, store, files } = await folder({ base });
    expect(await text("counter")).toBe(`${count * 200}`);
    expect((await store.head("counter" as never, {}))?.metadata).toEqual({ n: `${count * 200}` });
    // They did meet, else nothing was shown.
    expect(refused.reduce((sum, each) => sum + Number(each), 0)).toBeGreaterThan(10);
    expect((await files()).filter((file) => !file.includes("/meta/"))).toEqual([".unbucket/version", "counter"]);
    expect(await files()).toHaveLength(3);
  });

  it("L7: update is exact among them, with plain writes and deletes of other keys in between", async () => {
    const base = await place();
    await together(
      3,
      `${START}
      const store = fs({ base, durable: false });
      await meet(3);
      for (let n = 0; n < 60; n++) {
        await store.update("counter.json", async (current) => String((current ? Number(await current.text()) : 0) + 1), { attempts: 100 });
        await store.upload("d/" + args[0] + "/" + n, "x");
        await store.delete("d/" + args[0] + "/" + n);
      }`,
      base,
    );
    const { text, keys } = await folder({ base });
    expect([await text("counter.json"), await keys()]).toEqual(["180", ["counter.json"]]);
  });

  it("L7: a plain write is never undone by an ifMatch that did not see it", async () => {
    const base = await place();
    // Two go on changing what they saw, until they see what the third writes once, or what was made from it.
    const lost = await together(
      3,
      `${START}
      const store = fsBackend({ base, durable: false });
      const put = (key, metadata, options = {}) => store.put(key, { bytes: new Uint8Array(3) }, { metadata, ...options });
      let lost = 0;
      await meet(3);
      for (let n = 0; n < 60; n++) {
        if (args[0] === "0") {
          while (!(await store.head("k" + n, {}))) await new Promise(setImmediate);
          await put("k" + n, { plain: "1" });
          await put("done/" + n, {});
        } else for (;;) {
          const done = await store.head("done/" + n, {});
          const seen = await store.head("k" + n, {});
          if (seen?.metadata.plain === "1") break;
          if (done) { lost++; break; }
          await put("k" + n, { plain: "0" }, seen ? { ifMatch: seen.etag } : { ifNoneMatch: "*" }).catch((error) => {
            if (error.code !== "precondition-failed") throw error;
          });
        }
      }
      console.log(lost);`,
      base,
    );
    expect(lost).toEqual(["0", "0", "0"]);
  });

  it("L6: two of them create each of 50 keys once", async () => {
    const base = await place();
    const won = await together(
      2,
      `${START}
      const store = fsBackend({ base });
      let won = 0;
      await meet(2);
      for (let n = 0; n < 50; n++)
        await store.put("once/" + n, { bytes: new TextEncoder().encode(args[0]) }, { ifNoneMatch: "*", metadata: { by: args[0] } }).then(
          () => won++,
          (error) => { if (error.code !== "precondition-failed") throw error; },
        );
      console.log(won);`,
      base,
    );
    expect(won.reduce((sum, each) => sum + Number(each), 0)).toBe(50);
    const { text, store } = await folder({ base });
    for (let n = 0; n < 50; n++) {
      const by = (await store.head(`once/${n}` as never, {}))?.metadata?.["by"];
      expect(await text(`once/${n}`)).toBe(by);
    }
  });

  it("L7: one that is killed while it holds the key keeps nobody waiting", async () => {
    const base = await place();
    const { put, text } = await folder({ base });
    const { etag } = await put("k", "1");
    const program = await bundle(`
      import { claim } from ${JSON.stringify(new URL("../../drivers/fs/claim.ts", import.meta.url).pathname)};
      await claim(args[0]);
      process.kill(process.pid, "SIGKILL");
    `);
    const { claimPath } = await import("../../drivers/fs/lock.ts");
    await run(process.execPath, [program, base, `${base}/.unbucket/tmp/${claimPath("k")}`]).ended;
    const begin = performance.now();
    await put("k", "2", { ifMatch: etag });
    expect(await text("k")).toBe("2");
    // Only Linux tells who runs; elsewhere half a minute without a sign of life has to pass.
    if (process.platform === "linux") expect(performance.now() - begin).toBeLessThan(20_000);
    expect((await failure(put("k", "3", { ifMatch: etag }))).code).toBe("precondition-failed");
  });
});
