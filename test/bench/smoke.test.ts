/** That the benchmark measures what it says: every verb of the floors and of this package, a few times, no figure looked at. */
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import fs from "../../drivers/fs.ts";
import s3 from "../../drivers/s3.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";
import fetchFloor from "./clients/floor.fetch.ts";
import filesFloor from "./clients/floor.files.ts";
import undiciFloor from "./clients/floor.undici.ts";
import { BUCKET, KEYS, REGION } from "./identity.ts";
import { cursorsOf, JOBS } from "./listing.ts";
import { measure } from "./measure.ts";
import { clientOf } from "./store.ts";
import { drain } from "./streams.ts";

const MIB = 1024 * 1024;
const sizes = new Map<string, number>();
const server = createServer((request, response) => void answer(request, response));
let endpoint = "";

/** As null-server.c: a key that ends with `-<n>` is an object of n bytes. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? "";
  const sent = await drain(request);
  if (sent > 0) sizes.set(target, sent);
  response.setHeader("etag", '"e"').setHeader("last-modified", new Date(0).toUTCString());
  if (request.method === "GET") response.end(Buffer.alloc(Number(target.split("-").at(-1))));
  else if (request.method === "PUT") response.end();
  else if (target.endsWith("?uploads="))
    response.end("<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>");
  else response.end("<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>");
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each([
  ["floor.undici", () => undiciFloor(endpoint)],
  ["floor.fetch", () => fetchFloor(endpoint)],
  ["unbucket", () => clientOf(s3({ bucket: BUCKET, region: REGION, endpoint, ...KEYS }))],
] as const)("%s", (_, connect) => {
  test.each(["put", "get", "down"] as const)("%s moves the bytes that the task says", async (verb) => {
    const task = { verb, size: 1024, flight: 4, milliseconds: 0 };
    expect(await measure(await connect(), task)).toMatchObject({ count: 4 });
    if (verb === "put") expect(sizes.get(`/${BUCKET}/objects/0-1024`)).toBe(1024);
  });

  test("up moves the bytes that the task says, in parts", async () => {
    sizes.clear();
    await measure(await connect(), { verb: "up", size: 20 * MIB, flight: 1, milliseconds: 0 });
    const parts = [...sizes].filter(([target]) => target.includes("partNumber")).map(([, size]) => size / MIB);
    expect(parts.sort((a, b) => b - a)).toEqual([8, 8, 4]);
  });
});

describe.each([
  ["floor.files", filesFloor],
  ["unbucket.fs", (base: string) => clientOf(fs({ base }))],
] as const)("%s", (_, connect) => {
  test("every verb moves the bytes that the task says", async () => {
    const base = await emptyFolder();
    const client = await connect(base);
    const stored = async (key: string): Promise<number> => (await stat(`${base}/${key}`)).size;
    for (const verb of ["put", "get", "up", "down"] as const) {
      const size = verb === "put" || verb === "get" ? 1024 : 3 * MIB + 1;
      expect(await measure(client, { verb, size, flight: 4, milliseconds: 0 })).toMatchObject({ count: 4 });
      expect(await stored(`objects/3-${size}`)).toBe(size);
    }
  });
});

test("every job in a folder finds, or deletes, the objects that its floor does", async () => {
  const planted = async (): Promise<string> => {
    const base = await emptyFolder();
    for (const folder of ["d0", "d1", "d2"]) {
      await mkdir(`${base}/${folder}`);
      await Promise.all(Array.from({ length: 700 }, (_, file) => writeFile(`${base}/${folder}/f${file}`, "")));
    }
    return base;
  };
  const base = await planted();
  const [cursor = ""] = await cursorsOf(base);
  const after = `d1/${(await readdir(`${base}/d1`)).sort()[299]}`;
  const expected = { list: 2100, "page by page": 2100, page: 1000, "bare list": 2100, "readdir recursive": 2103 };
  for (const [job, count] of Object.entries(expected)) expect([job, await JOBS[job]?.(base, "")]).toEqual([job, count]);
  expect([await JOBS["page"]?.(base, cursor), await JOBS["bare page"]?.(base, after)]).toEqual([1000, 1000]);
  for (const [job, count] of [
    ["delete many", 1000],
    ["deletePrefix", 2100],
  ] as const) {
    for (const name of [job, `bare ${job}`]) {
      const base = await planted();
      expect([name, await JOBS[name]?.(base, "")]).toEqual([name, count]);
      expect(await JOBS["bare list"]?.(base, "")).toBe(2100 - count);
    }
  }
});
