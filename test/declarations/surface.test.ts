import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "../architecture/tree.ts";
import { installed } from "../runtimes/install.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
let surface: { readonly text: string; readonly undocumented: readonly string[]; readonly exact: readonly string[] };

/** What the package gives, and what passes between it and a driver: there an absent member is left out, not undefined. */
const GIVEN: readonly string[] = [
  ...[
    "CopiedObject",
    "DownloadedObject",
    "KvMeta",
    "Limits",
    "Page",
    "StorageError",
    "StoreResponse",
    "UploadProgress",
  ],
  ...[
    "Backend",
    "BackendPresignOptions",
    "GetOptions",
    "ListPage",
    "ListPageOptions",
    "MultipartBackend",
    "PutOptions",
  ],
  ...["Source", "StoredInfo", "StoredObject", "StoredPart", "UploadedPart", "Case", "R2Page"],
];

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

  it("has no option that may be left out but not be undefined, which `exactOptionalPropertyTypes` would refuse to callers", () => {
    const types = new Set(surface.exact.map((member) => member.replace(/^.*: (\w+).*$/, "$1")));
    const options = [...types].filter((name) => !GIVEN.includes(name));
    expect(surface.exact.filter((member) => options.some((name) => member.includes(`: ${name}`)))).toEqual([]);
    expect(GIVEN.filter((name) => !types.has(name))).toEqual([]);
  });
});
