/** What a folder keeps and tells where answers of its server are lost; prints what failed, and what was counted. */
import { existsSync } from "node:fs";
import fs from "unbucket/drivers/fs";

/** What the server exports, by its own eyes. */
const exported = "/run/export/base";
const [, , mount = "", other = "", rounds = ""] = process.argv;
const [store, elsewhere] = [fs({ base: `${mount}/base` }), fs({ base: `${other}/base` })];
const seen: Record<string, number> = { rounds: 0, counter: 0, longest: 0 };

/** Does one thing, and tells of its failure. */
async function doing<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
  const started = performance.now();
  try {
    return await work();
  } catch (error) {
    console.log(`result: ${what}: ${String(error)}`);
    return undefined;
  } finally {
    seen["longest"] = Math.max(seen["longest"] ?? 0, performance.now() - started);
  }
}

function must(what: string, holds: boolean): void {
  if (!holds) console.log(`result: not so: ${what}`);
}

/** What a key is, for another machine. */
async function found(key: string): Promise<string | null> {
  const object = await elsewhere.download(key).catch((error: { code?: unknown }) => {
    if (error.code === "not-found") return null;
    throw error;
  });
  return object && `${await object.text()} ${object.metadata["of"]}`;
}

for (let round = 0; round < Number(rounds); round++) {
  const options = { metadata: { of: `${round}` } };
  const key = `new/${round}/key`;
  await doing("upload", () => store.upload("key", `text ${round}`, options));
  must("uploaded", (await found("key")) === `text ${round} ${round}`);
  await doing("create", () => store.upload(key, "x", { ...options, ifNoneMatch: "*" }));
  must("created", (await found(key)) === `x ${round}`);
  await doing("update", () => store.update("counter", async (now) => String(Number((await now?.text()) ?? 0) + 1)));
  await doing("copy", () => store.copy(key, `copied/${round}/key`));
  must("copied", (await found(`copied/${round}/key`)) === `x ${round}`);
  await doing("move", () => store.move(`copied/${round}/key`, `moved/${round}`));
  must("moved", (await found(`moved/${round}`)) === `x ${round}` && (await found(`copied/${round}/key`)) === null);
  await doing("parts", async () => {
    const upload = await store.createMultipartUpload(`parts/${round}`, options);
    const parts = [await upload.uploadPart(1, "one "), await upload.uploadPart(2, "two")];
    await upload.complete(parts);
  });
  must("joined", (await found(`parts/${round}`)) === `one two ${round}`);
  await doing("abort", async () => {
    const upload = await store.createMultipartUpload("aborted");
    await upload.uploadPart(1, "one");
    await upload.abort();
  });
  await doing("delete", () => store.delete(key));
  must("deleted", (await found(key)) === null);
  must("its folders are gone", !existsSync(`${exported}/new`));
  (seen["rounds"] as number)++;
}
must("the layout is marked", existsSync(`${exported}/.unbucket/version`));
seen["counter"] = Number(await (await elsewhere.download("counter")).text());
const uploads = [];
for await (const upload of elsewhere.listUploads()) uploads.push(upload.key);
console.log(`result: ${JSON.stringify({ ...seen, longest: Math.round(seen["longest"] ?? 0), uploads })}`);
