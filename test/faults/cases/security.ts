/** B13, S14 to S19: what a hostile server or network could get. */
import { failure, ok, same } from "../../../src/conformance/assert.ts";
import type { Fault } from "../proxy/fault.ts";
import { CUSTOMER_KEY, type FaultCase, type Rig, TOKENS } from "../rig.ts";

const HOSTILE_XML: Readonly<Record<string, string>> = {
  "a document type": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><ListBucketResult/>',
  "entities of entities": `<!DOCTYPE l [<!ENTITY a "${"x".repeat(100)}"><!ENTITY b "&a;&a;&a;">]><ListBucketResult><Prefix>&b;</Prefix></ListBucketResult>`,
  "an unknown entity": "<ListBucketResult><Prefix>&xxe;</Prefix></ListBucketResult>",
  "a code point that is none": "<ListBucketResult><Prefix>&#9999999;</Prefix></ListBucketResult>",
  "half a surrogate": "<ListBucketResult><Prefix>&#xD800;</Prefix></ListBucketResult>",
  "a section without end": "<ListBucketResult><![CDATA[",
  "a comment without end": "<ListBucketResult><!-- ",
  "a hundred thousand levels": "<a>".repeat(100_000),
  "elements that cross": "<ListBucketResult><a></ListBucketResult></a>",
  "no root": "plain text",
};
const SLOW_XML: Readonly<Record<string, string>> = {
  "unclosed entries": `<ListBucketResult>${"<Contents>".repeat(200_000)}`,
  references: `<ListBucketResult><Prefix>${"&#65;".repeat(400_000)}</Prefix>`,
  "bare signs": `<ListBucketResult>${"&".repeat(1_000_000)}`,
  "opened tags": `<ListBucketResult>${"<".repeat(1_000_000)}`,
};
const REGIONS = ["x@evil:443/#", "us-east-1.evil.test/", "a b", "A", "../x", "x\r\ny", "x".repeat(64), "é"];
const BUCKETS = ["b/../x", "b?x", "b@h", "b#x", "b\\x", "a..b", ".ab", "-ab", "ab", "b%2Fx", "b\r\nx", "é123"];

async function listing(rig: Rig, body: string): Promise<unknown> {
  await rig.set({ rules: [{ faults: [{ do: "reply", status: 200, body }] }] });
  return rig
    .store({ retry: { attempts: 1 } })
    .list()
    .pages()
    .next();
}

const moved = (rig: Rig, status: number): Fault => ({
  do: "reply",
  status,
  headers: { location: `${rig.lab.canary}/${rig.bucket}/k` },
});

export const securityCases: readonly FaultCase[] = [
  ...[301, 302, 303, 307, 308].map((status): FaultCase => ({
    row: "B13",
    name: `a ${status} to another host is not followed: no request, token or key goes there`,
    async run(rig) {
      await rig.set({ rules: [{ faults: [moved(rig, status)] }] });
      const headers = { "x-amz-server-side-encryption-customer-key": CUSTOMER_KEY };
      const store = rig.store({ sessionToken: TOKENS[0], headers, retry: { attempts: 2, baseDelay: 1 } });
      const verbs: Record<string, () => Promise<unknown>> = {
        upload: () => store.upload("k", "text"),
        download: () => store.download("k"),
        exists: () => store.exists("k"),
        delete: () => store.delete("k"),
        list: () => store.list().pages().next(),
      };
      for (const [name, call] of Object.entries(verbs))
        await rig.rejects(["invalid-option", "unavailable"], call, name);
      same((await rig.seen()).canary, [], "what the other host heard");
    },
  })),
  {
    row: "S14",
    name: "a document that no S3 server sends is refused",
    async run(rig) {
      for (const [what, body] of Object.entries(HOSTILE_XML))
        await rig.rejects("corrupt", () => listing(rig, body), what);
    },
  },
  {
    row: "S15",
    name: "a document of a megabyte that never ends is refused in linear time",
    async run(rig) {
      for (const [what, body] of Object.entries(SLOW_XML)) {
        const begin = performance.now();
        await rig.rejects("corrupt", () => listing(rig, body), what);
        const took = performance.now() - begin;
        // A second alone, several on a machine with other work; by a scan that is quadratic, minutes.
        ok(took < 20_000, `${what} took ${Math.round(took)} ms`);
      }
    },
  },
  {
    row: "S16",
    name: "a region that is no host label is refused before a URL exists",
    async run(rig) {
      for (const region of REGIONS)
        await rig.rejects(
          "invalid-option",
          () => rig.store({ region, endpoint: undefined }).exists("k"),
          JSON.stringify(region),
        );
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "S16",
    name: "a region that a server names does not become a host",
    async run(rig) {
      const region = rig.lab.canary.replace("http://", "x@") + "/#";
      const body = `<Error><Code>AuthorizationHeaderMalformed</Code><Region>${region}</Region></Error>`;
      for (const status of [400, 301, 307]) {
        const headers = { "x-amz-bucket-region": region };
        await rig.set({ rules: [{ faults: [{ do: "reply", status, headers, body }] }] });
        const error = await rig.rejects(
          ["invalid-option", "unavailable", "unknown"],
          () => rig.store().download("k"),
          `${status}`,
        );
        ok(!error.message.includes(region), "the message must not offer it");
      }
      const { log, canary } = await rig.seen();
      same(canary, [], "what the other host heard");
      ok(
        log.every(({ headers }) => !headers["authorization"]?.includes("x@")),
        "nothing may be signed for it",
      );
    },
  },
  {
    row: "S17",
    name: "a bucket's name that is part of a path or a host is refused",
    async run(rig) {
      for (const bucket of BUCKETS)
        await rig.rejects("invalid-option", () => rig.store({ bucket }).exists("k"), JSON.stringify(bucket));
    },
  },
  {
    row: "S18",
    name: "nothing that a store shows of itself holds its keys",
    async run(rig) {
      const store = rig.store({
        sessionToken: TOKENS[0],
        headers: { "x-amz-server-side-encryption-customer-key": CUSTOMER_KEY },
      });
      await store.upload("k", "x");
      rig.check(store);
      rig.check(store.scoped("a/"));
      rig.check(await store.head("k"));
      rig.check(await store.createMultipartUpload("k"));
    },
  },
  {
    row: "S18",
    name: "an error of the network holds no key, header or signed query",
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "drop", by: "rst" }] }] });
      const store = rig.store({ sessionToken: TOKENS[0], retry: { attempts: 1 } });
      await rig.rejects("unavailable", () => store.download("k"), "download");
      await rig.rejects("unavailable", () => store.upload("k", "x"), "upload");
      await rig.rejects(
        ["unavailable", "timeout"],
        () => rig.store({ endpoint: "http://127.0.0.1:1", retry: { attempts: 1 } }).exists("k"),
        "exists",
      );
    },
  },
  {
    row: "S19",
    name: "a server that repeats what was signed, and with which token, is not quoted",
    async run(rig) {
      const wrong = rig.store({ secretAccessKey: `${TOKENS[1]}`, sessionToken: TOKENS[0] });
      const refused = await rig.rejects("unauthenticated", () => wrong.upload("k", "x"), "a wrong secret");
      same(refused.response?.code, "SignatureDoesNotMatch", "code");
      const ended = rig.store({ sessionToken: TOKENS[0] });
      await rig.set({ switches: { tokens: [TOKENS[0]], tokenEnds: 1 } });
      const expired = await rig.rejects("unauthenticated", () => ended.upload("k", "x"), "a token that has ended");
      same(expired.response?.code, "ExpiredToken", "code");
      const echo = `<Error><Code>AccessDenied</Code><Message>${TOKENS[0]} ${rig.lab.secretAccessKey}</Message></Error>`;
      await rig.set({ rules: [{ faults: [{ do: "reply", status: 403, body: echo }] }] });
      rig.check(await failure(() => rig.store({ sessionToken: TOKENS[0] }).download("k"), "an echo"));
      const message = [TOKENS[0], rig.lab.secretAccessKey, CUSTOMER_KEY].map(encodeURIComponent).join(" ");
      const encoded = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
      const headers = { "x-amz-request-id": TOKENS[0] };
      await rig.set({ rules: [{ faults: [{ do: "reply", status: 403, headers, body: encoded }] }] });
      const error = await failure(() => rig.store({ sessionToken: TOKENS[0] }).download("k"), "an encoded echo");
      rig.check(error);
      rig.check(decodeURIComponent(String(error)));
    },
  },
];
