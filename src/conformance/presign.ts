/** Presigned requests, sent by a plain `fetch` as someone without credentials would. */
import type { Presigned } from "../backend.ts";
import type { PresignOptions } from "../interface.ts";
import { ok, rejects, same, sameBytes } from "./assert.ts";
import { noise } from "./bytes.ts";
import type { Case, Context } from "./case.ts";

async function signed({ driver }: Context, key: string, options?: PresignOptions): Promise<Presigned> {
  const given = await driver.presign(key, options);
  ok(given !== null, "presign must give a request");
  return given;
}

function send({ method, url, headers }: Presigned, body?: Uint8Array<ArrayBuffer> | string): Promise<Response> {
  return fetch(url, { method, headers, redirect: "manual", ...(body === undefined ? {} : { body }) });
}

/** Sends a request and returns the status; reads the body, which frees the connection. */
async function status(given: Presigned, body?: string): Promise<number> {
  const response = await send(given, body);
  await response.arrayBuffer();
  return response.status;
}

const BAD: Readonly<Record<string, unknown>> = {
  "expiresIn of 0": { expiresIn: 0 },
  "a negative expiresIn": { expiresIn: -1 },
  "expiresIn over seven days": { expiresIn: 604_801 },
  "expiresIn that is no whole number": { expiresIn: 1.5 },
  "expiresIn that is text": { expiresIn: "60" },
  "another method": { method: "DELETE" },
  "contentLength on GET": { contentLength: 5 },
  "a negative contentLength": { method: "PUT", contentLength: -1 },
  "a part number of 0": { method: "PUT", part: { uploadId: "x", partNumber: 0 } },
  "a type with a line break": { method: "PUT", contentType: "a\r\nb" },
};

const KEYS = ["a b+c%20d", "é/世界?x=1#y", "'()*!~;:@&=$,"];

/** Presigned requests, and null without the capability. */
export const presignCases: readonly Case[] = [
  ...Object.entries(BAD).map(([name, options]): Case => ({
    name: `presign: ${name} is an invalid option`,
    async run({ driver, prefix }) {
      await rejects("invalid-option", () => driver.presign(`${prefix}x`, options as PresignOptions), "presign");
    },
  })),
  {
    name: "presign: gives null where the driver cannot",
    lacks: ["presign"],
    async run({ driver, prefix }) {
      await driver.upload(`${prefix}x`, "x");
      same(
        [await driver.presign(`${prefix}x`), await driver.presign(`${prefix}y`, { method: "PUT" })],
        [null, null],
        "GET and PUT",
      );
    },
  },
  ...KEYS.map((name): Case => ({
    name: `presign: GET and PUT of the key ${JSON.stringify(name)}`,
    needs: ["presign"],
    async run(context) {
      const key = context.prefix + name;
      const bytes = noise(1000, 8);
      const put = await signed(context, key, { method: "PUT" });
      const stored = await send(put, bytes);
      same([put.method, stored.status], ["PUT", 200], `method and status of PUT: ${await stored.text()}`);
      sameBytes(await (await context.driver.download(key)).bytes(), bytes, "what the driver reads");
      const get = await signed(context, key);
      const read = await send(get);
      same([get.method, read.status], ["GET", 200], "method and status of GET");
      sameBytes(new Uint8Array(await read.arrayBuffer()), bytes, "what GET reads");
    },
  })),
  {
    name: "presign: expires when it says",
    needs: ["presign"],
    async run(context) {
      for (const expiresIn of [1, 60, 604_800, undefined]) {
        const { expiresAt } = await signed(context, `${context.prefix}x`, expiresIn === undefined ? {} : { expiresIn });
        const seconds = (expiresAt.getTime() - Date.now()) / 1000;
        ok(Math.abs(seconds - (expiresIn ?? 3600)) < 30, `expiresIn ${expiresIn} expires in ${seconds} seconds`);
      }
    },
  },
  {
    name: "presign: an absent key is signed, and reading it is 404",
    needs: ["presign"],
    async run(context) {
      same(await status(await signed(context, `${context.prefix}absent`)), 404, "status");
    },
  },
  {
    name: "presign: a URL serves no other key and no other method",
    needs: ["presign"],
    async run(context) {
      for (const name of ["mine", "else"]) await context.driver.upload(context.prefix + name, name);
      const get = await signed(context, `${context.prefix}mine`);
      const { pathname } = new URL(get.url);
      const other = { ...get, url: get.url.replace(pathname, pathname.replace(/mine$/, "else")) };
      ok(other.url !== get.url, "the key must be in the path");
      same(await status(other), 403, "status of GET with another key");
      same(await status({ ...get, method: "PUT" }, "overwritten"), 403, "status of PUT with a URL for GET");
      same(await (await context.driver.download(`${context.prefix}mine`)).text(), "mine", "what is there");
    },
  },
  {
    name: "presign: a PUT stores type, disposition, cache control and metadata that it names",
    needs: ["presign"],
    async run(context) {
      const key = `${context.prefix}named`;
      const options = {
        contentType: "text/x-signed",
        contentDisposition: 'attachment; filename="a.txt"',
        cacheControl: "max-age=7",
        metadata: { owner: "zoë" },
      };
      const put = await signed(context, key, { method: "PUT", ...options });
      const stored = await send(put, "x");
      same(stored.status, 200, `status: ${await stored.text()}`);
      const head = await context.driver.head(key);
      const { contentType, contentDisposition, cacheControl, metadata } = head ?? {};
      same({ contentType, contentDisposition, cacheControl, metadata }, options, "what head gives");
    },
  },
  {
    name: "presign: a PUT with another type or length than signed is refused",
    needs: ["presign"],
    async run(context) {
      const key = `${context.prefix}bound`;
      const put = await signed(context, key, { method: "PUT", contentType: "image/png", contentLength: 5 });
      const typed = Object.fromEntries(
        Object.entries(put.headers).map(([name, value]) => [name, /^content-type$/i.test(name) ? "text/html" : value]),
      );
      const withoutLength = (headers: Readonly<Record<string, string>>) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => !/^content-length$/i.test(name)));
      same(await status({ ...put, headers: withoutLength(typed) }, "12345"), 403, "status with another type");
      same(await status({ ...put, headers: withoutLength(put.headers) }, "123456"), 403, "status with another length");
      same(await context.driver.exists(key), false, "exists");
      same(await status({ ...put, headers: withoutLength(put.headers) }, "12345"), 200, "status as signed");
    },
  },
  {
    name: "presign: a PUT with ifNoneMatch * creates once",
    needs: ["presign"],
    async run(context) {
      const put = await signed(context, `${context.prefix}once`, { method: "PUT", ifNoneMatch: "*" });
      same([await status(put, "first"), await status(put, "second")], [200, 412], "status of both");
      same(await (await context.driver.download(`${context.prefix}once`)).text(), "first", "what is there");
    },
  },
  {
    name: "presign: a GET can set the answer's type and disposition",
    needs: ["presign"],
    async run(context) {
      const key = `${context.prefix}download`;
      await context.driver.upload(key, "x", { contentType: "text/plain" });
      const disposition = "attachment; filename=\"a b.txt\"; filename*=UTF-8''%C3%A9.txt";
      const read = await send(
        await signed(context, key, { contentType: "application/x-other", contentDisposition: disposition }),
      );
      same(
        [await read.text(), read.headers.get("content-type"), read.headers.get("content-disposition")],
        ["x", "application/x-other", disposition],
        "answer",
      );
    },
  },
];
