import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "../architecture/tree.ts";
import { installed } from "../runtimes/install.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
let surface: { readonly text: string; readonly undocumented: readonly string[] };

beforeAll(async () => {
  const compiler = join(await installed(here), "typescript");
  const args = [join(here, "surface.mjs"), compiler, root];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  surface = JSON.parse(stdout) as typeof surface;
}, 600_000);

describe("the public surface", () => {
  it("is what test/declarations/surface.txt shows; `npx vitest run test/declarations/surface.test.ts -u` takes a change over", async () => {
    await expect(surface.text).toMatchFileSnapshot("surface.txt");
  });

  it("has a comment on every export, option and member; the shape of a Worker's binding is Cloudflare's to describe", () => {
    const theirs = /^drivers\/r2\.ts: (R2(Bucket|Object|MultipartUpload|Answer|Page|Part)\b|Bytes$)/;
    expect(surface.undocumented.filter((name) => !theirs.test(name))).toEqual([]);
    expect(surface.text).toContain("export interface S3Options");
  });
});
