import { describe, expect, it } from "vitest";
import { StorageError } from "../../../src/error.ts";
import { type Asking, asking, refusalOf } from "./asked.ts";

const documentOf = (keys: readonly string[], more = ""): string =>
  `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${more}${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join("")}</Delete>`;

const deleting = ({ ask }: Asking, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> =>
  ask("POST", "bucket?delete", { body, headers });

async function filled(): Promise<Asking> {
  const asked = asking();
  for (const key of ["a", "b", "c d"]) await asked.store.upload(key, key);
  return asked;
}

async function keysOf({ store }: Asking): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list()) keys.push(key as string);
  return keys;
}

const told = (text: string): string[] =>
  Array.from(
    text.matchAll(/<Deleted><Key>(.*?)<\/Key>|<Error><Key>(.*?)<\/Key><Code>(.*?)<\/Code><Message>.+?<\/Message>/g),
    ([, deleted, failed, code]) => deleted ?? `${failed} ${code}`,
  );

describe("deleteObjects", () => {
  it("deletes what is there, and calls what is not deleted too", async () => {
    const asked = await filled();
    const response = await deleting(asked, documentOf(["a", "c d", "none", "a"]));
    expect(told(await response.text())).toEqual(["a", "c d", "none"]);
    expect(await keysOf(asked)).toEqual(["b"]);
  });

  it("says nothing of what it deleted where that is asked for", async () => {
    const asked = await filled();
    const response = await deleting(asked, documentOf(["a", "x/../y"], "<Quiet>true</Quiet>"));
    expect(told(await response.text())).toEqual(["x/../y InvalidURI"]);
    expect(await keysOf(asked)).toEqual(["b", "c d"]);
    const aloud = await deleting(asked, documentOf(["b"], "<Quiet>false</Quiet>"));
    expect(told(await aloud.text())).toEqual(["b"]);
  });

  it("deletes the others where one key is none that an object can have", async () => {
    const asked = await filled();
    const long = "k".repeat(1025);
    const text = await (await deleting(asked, documentOf(["a", long, "", "..", "b"]))).text();
    expect(told(text).map((one) => one.replace(/k+/, "long"))).toEqual([
      "a",
      "b",
      "long KeyTooLongError",
      " InvalidURI",
      ".. InvalidURI",
    ]);
    expect(await keysOf(asked)).toEqual(["c d"]);
  });

  it("deletes a thousand", async () => {
    const asked = asking();
    const keys = Array.from({ length: 1000 }, (_, at) => `${at}`);
    await Promise.all(keys.map((key) => asked.store.upload(key, "")));
    expect(told(await (await deleting(asked, documentOf(keys))).text())).toEqual(keys);
    expect(await keysOf(asked)).toEqual([]);
  });

  it.each<[string, string]>([
    ["a thousand and one", documentOf(Array.from({ length: 1001 }, (_, at) => `${at}`))],
    ["none", documentOf([])],
    ["an object without a key", "<Delete><Object><Key>a</Key></Object><Object/></Delete>"],
    ["another document", "<CompleteMultipartUpload><Object><Key>a</Key></Object></CompleteMultipartUpload>"],
    ["a cut document", documentOf(["a"]).slice(0, -1)],
    ["a document type", `<!DOCTYPE Delete [<!ENTITY a "a">]>${documentOf(["&a;"])}`],
    ["an unknown entity", documentOf(["&a;"])],
    ["a flag that is neither", documentOf(["a"], "<Quiet>yes</Quiet>")],
    ["no document", ""],
  ])("refuses %s, and deletes nothing", async (_, body) => {
    const asked = await filled();
    expect(await refusalOf(await deleting(asked, body))).toBe("400 MalformedXML");
    expect(await keysOf(asked)).toEqual(["a", "b", "c d"]);
  });

  it.each<[string, string]>([
    ["a version", "<VersionId>7</VersionId>"],
    ["a size", "<Size>1</Size>"],
    ["a time", "<LastModifiedTime>x</LastModifiedTime>"],
  ])("leaves an object that is named with %s", async (_, condition) => {
    const asked = await filled();
    const body = `<Delete><Object><Key>a</Key>${condition}</Object><Object><Key>b</Key><VersionId>null</VersionId></Object><Object><Key>c d</Key><VersionId/></Object></Delete>`;
    expect(told(await (await deleting(asked, body)).text())).toEqual(["b", "c d", "a NotImplemented"]);
    expect(await keysOf(asked)).toEqual(["a"]);
  });

  it("deletes the version that an ETag names, and tells of what is another one or not there", async () => {
    const asked = await filled();
    const { etag } = await asked.store.upload("a", "new");
    const named = (key: string, text: string): string => `<Object><Key>${key}</Key><ETag>${text}</ETag></Object>`;
    const body = (quiet: string): string =>
      `<Delete>${quiet}${named("a", etag.replaceAll('"', ""))}${named("b", "x")}${named("none", "*")}<Object><Key>c d</Key></Object></Delete>`;
    const failed = ["b PreconditionFailed", "none NoSuchKey"];
    const first = told(await (await deleting(asked, body(""))).text());
    expect(first.toSorted()).toEqual(["a", ...failed, "c d"].toSorted());
    expect(await keysOf(asked)).toEqual(["b"]);
    await asked.store.upload("a", "newer");
    const second = told(await (await deleting(asked, body("<Quiet>true</Quiet>"))).text());
    expect(second.toSorted()).toEqual(["a PreconditionFailed", ...failed].toSorted());
    expect(await keysOf(asked)).toEqual(["a", "b"]);
  });

  it("tells both of a key that is named twice, and left as one of the two", async () => {
    const asked = await filled();
    const body = "<Delete><Object><Key>a</Key><VersionId>7</VersionId></Object><Object><Key>a</Key></Object></Delete>";
    expect(told(await (await deleting(asked, body)).text())).toEqual(["a", "a NotImplemented"]);
    expect(await keysOf(asked)).toEqual(["b", "c d"]);
  });

  it.each<[Record<string, string>, string]>([
    [{ "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" }, "400 BadDigest"],
    [{ "x-amz-checksum-crc32": "AAAAAA==" }, "400 BadDigest"],
    [{ "if-match": "*" }, "501 NotImplemented"],
    [{ "x-amz-bypass-governance-retention": "true" }, "501 NotImplemented"],
    [{ "x-amz-mfa": "1 2" }, "501 NotImplemented"],
  ])("refuses a document with %j, and deletes nothing", async (headers, refusal) => {
    const asked = await filled();
    expect(await refusalOf(await deleting(asked, documentOf(["a"]), headers))).toBe(refusal);
    expect(await keysOf(asked)).toEqual(["a", "b", "c d"]);
  });

  it("says of each key why it is left, and nothing of what the store said", async () => {
    const asked = await filled();
    asked.store.delete = (keys) => {
      const errors = [{ key: "b", error: new StorageError("denied", "bucket policy of /srv/data") }];
      throw new StorageError("partial", "1 of 2", { deleted: [keys[0] as string], errors, retryable: false });
    };
    const text = await (await deleting(asked, documentOf(["a", "b"]))).text();
    expect(told(text)).toEqual(["a", "b AccessDenied"]);
    expect(text).not.toContain("/srv");
  });

  it.each([
    [new StorageError("unavailable", "not now"), "503 ServiceUnavailable"],
    [new Error("no answer"), "500 InternalError"],
  ])("calls nothing deleted where the store fails as a whole: %s", async (failure, refusal) => {
    const asked = await filled();
    const calls: unknown[] = [];
    asked.store.delete = (keys) => {
      calls.push(keys);
      return Promise.reject(failure);
    };
    expect(await refusalOf(await deleting(asked, documentOf(["a", "b"])))).toBe(refusal);
    expect(calls).toEqual([["a", "b"]]);
  });
});
