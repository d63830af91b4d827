/** What errors must tell, and must not tell. */
import { type ErrorCode, StorageError } from "../error.ts";
import { ok, rejects, same } from "./assert.ts";
import { OTHER } from "./bytes.ts";
import type { Case, Context } from "./case.ts";

/** A failing call: its verb, its code, and what to call with a key that is absent (`no`) or present (`yes`). */
const FAILURES: Readonly<
  Record<string, readonly [ErrorCode, (context: Context, no: string, yes: string) => Promise<unknown>, "no" | "yes"]>
> = {
  download: ["not-found", ({ driver }, no) => driver.download(no), "no"],
  copy: ["not-found", ({ driver, prefix }, no) => driver.copy(no, `${prefix}x`), "no"],
  move: ["not-found", ({ driver, prefix }, no) => driver.move(no, `${prefix}x`), "no"],
  upload: ["precondition-failed", ({ driver }, _, yes) => driver.upload(yes, "x", { ifMatch: OTHER }), "yes"],
  update: ["not-found", ({ driver }, no) => driver.update(no, () => undefined), "no"],
  resumeMultipartUpload: ["invalid-option", ({ driver }, _, yes) => driver.resumeMultipartUpload(yes, ""), "yes"],
};

/** The only properties of `response`: a whole answer could hold a secret. */
const RESPONSE_FIELDS = new Set(["status", "code", "requestId"]);

function check(error: StorageError, operation: string, key: string, driver: string): void {
  ok(error instanceof Error, "it must be an Error");
  same(
    [error.name, error.operation, error.key, error.driver],
    ["StorageError", operation, key, driver],
    "name, operation, key, driver",
  );
  same(error.retryable, false, "retryable");
  ok(
    error.message.includes(operation) && error.message.includes(JSON.stringify(key)),
    `the message must name verb and key: ${error.message}`,
  );
  ok(
    !("status" in error) && !("statusCode" in error),
    "there must be no status of its own, which a web framework would send",
  );
  const { response } = error;
  if (response === undefined) return;
  ok(typeof response.status === "number", "response.status must be a number");
  for (const field of Object.keys(response)) ok(RESPONSE_FIELDS.has(field), `response must not have ${field}`);
}

/** The properties of errors. */
export const errorCases: readonly Case[] = [
  ...Object.entries(FAILURES).map(([verb, [code, call, which]]): Case => ({
    name: `error: of ${verb} says where and what`,
    async run(context) {
      const [no, yes] = [`${context.prefix}absent`, `${context.prefix}present`];
      await context.driver.upload(yes, "x");
      const error = await rejects(code, () => call(context, no, yes), verb);
      check(error, verb, which === "no" ? no : yes, context.driver.name);
    },
  })),
  {
    name: "error: of a refused key says which",
    async run({ driver, prefix }) {
      const key = `${prefix}a/../b`;
      check(await rejects("invalid-key", () => driver.head(key), "head"), "head", key, driver.name);
    },
  },
  {
    name: "error: a very long key does not make a very long message",
    async run({ driver, prefix }) {
      const error = await rejects("invalid-key", () => driver.head(prefix + "x".repeat(100_000)), "head");
      ok(error.message.length < 1000, `the message has ${error.message.length} characters`);
    },
  },
  {
    name: "error: StorageError.is tells them from others",
    async run({ driver, prefix }) {
      const error = await rejects("not-found", () => driver.download(`${prefix}absent`), "download");
      same(
        [StorageError.is(error), StorageError.is(new Error("x")), StorageError.is(null)],
        [true, false, false],
        "StorageError.is",
      );
    },
  },
  {
    name: "driver: its methods work without their object",
    async run({ driver, prefix }) {
      const { upload, download, head, exists, list, delete: remove, setItem, getItem, hasItem, getKeys } = driver;
      await upload(`${prefix}detached`, "x");
      same(
        [await (await download(`${prefix}detached`)).text(), (await head(`${prefix}detached`))?.size],
        ["x", 1],
        "download and head",
      );
      const kvKey = `${prefix.replaceAll("/", ":")}kv`;
      await setItem(kvKey, "y");
      same(
        [await getItem(kvKey), await hasItem(kvKey), (await getKeys(prefix.replaceAll("/", ":"))).length],
        ["y", true, 2],
        "key-value verbs",
      );
      const keys = [];
      for await (const entry of list({ prefix })) keys.push(entry.key);
      same(keys.length, 2, "number of listed keys");
      await remove(`${prefix}detached`);
      same(await exists(`${prefix}detached`), false, "exists after delete");
    },
  },
  {
    name: "driver: nothing that could be a secret hangs on it",
    async run({ driver }) {
      const fields = Object.entries(driver).filter(([, value]) => typeof value !== "function");
      const names = fields.map(([name]) => name).filter((name) => name !== "flags");
      same(names, ["name"], "fields that are not methods");
    },
  },
];
