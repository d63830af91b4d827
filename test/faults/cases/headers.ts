/** F1 to F11: metadata, ETags, hosts and what proxies do to headers. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { FaultCase } from "../rig.ts";

const METADATA = { plain: "x", umlaut: "zoë", far: "世界 😀", equals: "=?UTF-8?B?eA==?=", spaces: "a  b", empty: "" };

export const headerCases: readonly FaultCase[] = [
  {
    row: "F1",
    name: "metadata of any letters goes round, as ASCII on the wire",
    async run(rig) {
      await rig.store().upload("k", "x", { metadata: METADATA });
      same((await rig.store().head("k"))?.metadata, METADATA, "metadata");
      const sent: Readonly<Record<string, string>> = (await rig.seen()).log[0]?.headers ?? {};
      ok(
        Object.values(sent).every((value) => /^[\x20-\x7E]*$/.test(value)),
        "headers must be ASCII",
      );
    },
  },
  {
    row: "F1",
    name: "metadata that another client stored raw is read, not refused",
    async run(rig) {
      await rig.set({
        objects: { k: "x" },
        switches: { objectHeaders: { "x-amz-meta-a": "zo\u00EB", "x-amz-meta-b": "=?bad" } },
      });
      same(Object.keys((await rig.store().head("k"))?.metadata ?? {}).sort(), ["a", "b"], "names");
    },
  },
  {
    row: "F2",
    name: "metadata that no header can carry is refused before anything is sent",
    async run(rig) {
      for (const value of ["a\r\nb", "a\nb", "a\u0000b"])
        await rig.rejects(
          "invalid-option",
          () => rig.store().upload("k", "x", { metadata: { a: value } }),
          "a line break",
        );
      await rig.rejects("invalid-option", () => rig.store().upload("k", "x", { metadata: { "a b": "x" } }), "a name");
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "F4",
    name: "signatures hold although a proxy rewrites what is packed on the way",
    async run(rig) {
      const set = { "accept-encoding": "gzip, br", "user-agent": "proxy", via: "1.1 proxy", "x-forwarded-for": "::1" };
      await rig.set({ objects: { k: "0123456789" }, rules: [{ faults: [{ do: "request-headers", set }] }] });
      same(await (await rig.store().download("k", { range: { start: 2, end: 4 } })).text(), "234", "range");
      await rig.store().upload("l", "new");
      same(await rig.store().exists("l"), true, "exists");
    },
  },
  ...(["quoted", "bare", "weak", "encoded"] as const).map((etagForm): FaultCase => ({
    row: "F5",
    name: `an ETag that is ${etagForm} comes out quoted, and serves as a condition`,
    async run(rig) {
      await rig.set({ switches: { etagForm } });
      const store = rig.store();
      const { etag } = await store.upload("k", "one");
      ok(/^"[0-9a-f]{32}"$/.test(etag), `etag: ${etag}`);
      same([(await store.head("k"))?.etag, (await store.download("k", { ifMatch: etag })).etag], [etag, etag], "etags");
      const { value } = await store.list().pages().next();
      same(value?.objects[0]?.etag, etag, "etag in a listing");
      await store.upload("k", "two", { ifMatch: etag });
      await rig.rejects(
        "not-modified",
        async () => store.download("k", { ifNoneMatch: `${(await store.head("k"))?.etag}` }),
        "download",
      );
    },
  })),
  ...[false, true].map((matchAbsent412): FaultCase => ({
    row: "F6",
    name: `ifMatch on an absent key does not hold, whether the store says ${matchAbsent412 ? 412 : 404}`,
    async run(rig) {
      await rig.set({ switches: { matchAbsent412 } });
      await rig.rejects("precondition-failed", () => rig.store().upload("k", "x", { ifMatch: '"e"' }), "upload");
      same(await rig.stored("k"), undefined, "stored");
    },
  })),
  {
    row: "F7",
    name: "an endpoint by IPv6 address, with its port in the signature and in presigned URLs",
    async run(rig) {
      const store = rig.store({ endpoint: rig.lab.ipv6 });
      await store.upload("k", "text");
      const { url } = (await store.presign("k")) ?? { url: "" };
      ok(url.startsWith(`${rig.lab.ipv6}/`), `presigned for ${new URL(url).origin}`);
      same(await (await fetch(url)).text(), "text", "text");
    },
  },
  {
    row: "F8",
    name: "an endpoint's path is kept and signed, with and without a slash at its end",
    async run(rig) {
      for (const path of ["/prefix", "/prefix/"]) {
        const store = rig.store({ endpoint: rig.lab.url + path });
        await store.upload("a b", path);
        same(await (await store.download("a b")).text(), path, "text");
        const { url } = (await store.presign("a b")) ?? { url: "" };
        same(await (await fetch(url)).text(), path, "presigned");
      }
      const targets = (await rig.seen()).log.map(({ target }) => target);
      ok(
        targets.every((target) => target.startsWith(`/prefix/${rig.bucket}/`)),
        "paths",
      );
      for (const wrong of ["http://u:p@h", "http://h?a=b", "http://h#a", "ftp://h", "h:9000"])
        await rig.rejects("invalid-option", () => rig.store({ endpoint: wrong }).exists("k"), wrong);
    },
  },
  {
    row: "F9",
    name: "an IP address has the bucket in its path, and cannot have it in its name",
    async run(rig) {
      await rig.store().upload("k", "x");
      same((await rig.seen()).log[0]?.target, `/${rig.bucket}/k`, "target");
      await rig.rejects("invalid-option", () => rig.store({ forcePathStyle: false }).exists("k"), "virtual host");
      const dotted = { endpoint: undefined, bucket: "dotted.bucket" };
      const { url } = (await rig.store(dotted).presign("k")) ?? { url: "" };
      ok(
        url.startsWith("https://s3.us-east-1.amazonaws.com/dotted.bucket/k?"),
        `a dotted bucket on AWS: ${url.split("?")[0]}`,
      );
    },
  },
  {
    row: "F10",
    name: "an early hint before the answer is passed over",
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "interim", status: 103 }] }] });
      const store = rig.store({ timeout: 10_000, retry: { attempts: 1 } });
      await store.upload("k", "text");
      same(await (await store.download("k")).text(), "text", "text");
    },
  },
  {
    row: "F11",
    name: "the content type on the wire is the same for every body and runtime",
    async run(rig) {
      const store = rig.store();
      const bodies = ["text", new Uint8Array(3), new Blob(["x"]), new Response("x").body];
      for (const body of bodies) await store.upload("k.bin", body);
      await store.upload("k.html", "<p>");
      await store.copy("k.bin", "copy");
      await store.delete("copy");
      const types = (await rig.seen()).log.map(({ operation, headers }) => [operation, headers["content-type"]]);
      const binary = ["PutObject", "application/octet-stream"];
      const sent = types.filter(([operation]) => operation === "PutObject");
      same(sent, [binary, binary, binary, binary, ["PutObject", "text/html"]], "types");
      same(types.find(([operation]) => operation === "CopyObject")?.[1], undefined, "type of a copy");
    },
  },
];
