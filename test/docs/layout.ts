/** Holds the drawing of a folder against the folder that the driver makes. */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import fs from "../../drivers/fs.ts";
import { pathsOf } from "./tree.ts";

/** Stores what a drawing names, and compares: keys and their files, the version, a record, a draft under way. */
export async function checkLayout(drawing: string): Promise<void> {
  const base = await mkdtemp(join(tmpdir(), "unbucket-docs-"));
  try {
    const store = fs({ base });
    const names = pathsOf(drawing).map((path) => path.replace(/^uploads\//, ""));
    const notes = drawing.split("\n").map((line) => /\S\s{2,}key (\S+):/.exec(line)?.[1]);
    expect(notes.filter(Boolean).length).toBeGreaterThan(1);
    for (const [index, key] of notes.entries()) {
      if (key === undefined) continue;
      await store.upload(key, key);
      expect(await readFile(join(base, names[index] ?? ""), "utf8")).toBe(key);
    }
    await store.upload("described", "x", { metadata: { a: "b" } });
    const [draft] = await draftsDuring((body) => store.upload("large", body), join(base, ".unbucket/tmp"));
    const upload = await store.createMultipartUpload("parted");
    await upload.uploadPart(1, "x");
    const records = await filesBelow(join(base, ".unbucket/meta"));
    for (const [index, name] of names.entries()) {
      if (notes[index] !== undefined || name === "") continue;
      if (name.startsWith(".unbucket/meta/")) {
        expect(name).toMatch(/^\.unbucket\/meta\/([0-9a-f]{2})\/\1[0-9a-f…]+-[\d…]+-\d+\.json$/);
        expect(records[0]).toMatch(/^([0-9a-f]{2})\/\1[0-9a-f]{30}-\d+-\d+\.json$/);
      } else if (name.startsWith(".unbucket/uploads/")) {
        const [id = "", file = ""] = name.split("/").slice(2);
        expect(id).toMatch(/^[0-9a-f]+…[0-9a-f]+$/);
        expect(upload.uploadId).toMatch(/^[0-9a-f]{32}$/);
        expect((await stat(join(base, ".unbucket/uploads", upload.uploadId, file))).isFile()).toBe(true);
      } else if (name.startsWith(".unbucket/tmp/")) {
        for (const one of [name.replace(".unbucket/tmp/", ""), draft]) expect(one).toMatch(/^[0-9a-f]{16}$/);
      } else {
        expect((await stat(join(base, name))).isDirectory()).toBe(name.endsWith("/"));
      }
    }
    expect((await readFile(join(base, ".unbucket/version"), "utf8")).trim()).toBe("1");
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function draftsDuring(
  upload: (body: ReadableStream<Uint8Array>) => Promise<unknown>,
  folder: string,
): Promise<string[]> {
  let drafts: string[] = [];
  // Asked for its second piece, the writer has opened its draft.
  const pieces = [new Uint8Array(1024), null];
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces.shift();
        if (piece) return controller.enqueue(piece);
        drafts = await readdir(folder);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  await upload(body);
  return drafts;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => name.endsWith(".json")).map((name) => name.replaceAll("\\", "/"));
}
