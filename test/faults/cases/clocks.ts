/** B10: a clock that is wrong. */
import { ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { MultipartUpload, PresignedUpload } from "../../../src/interface.ts";
import type { Rule } from "../proxy/rules.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

async function presigned(upload: MultipartUpload, expiresIn: number): Promise<PresignedUpload> {
  const given = await upload.presign({ expiresIn });
  ok(given !== null, "presign must give requests");
  return given;
}

/** Sends all parts as someone without keys does; gives each status with the document of its refusal. */
function sendParts({ parts }: PresignedUpload, bytes: Uint8Array<ArrayBuffer>): Promise<(readonly [number, string])[]> {
  const sent = parts.map(async ({ method, url, headers, start, end }) => {
    const answer = await fetch(url, { method, headers, body: bytes.slice(start, end + 1) });
    return [answer.status, (await answer.text()) || `${answer.headers.get("etag")}`] as const;
  });
  return Promise.all(sent);
}

/** An upload that another process has begun, in a store that has asked nothing yet. */
async function another(rig: Rig, size: number): Promise<MultipartUpload> {
  const begun = await rig.store().createMultipartUpload("k", { size });
  return rig.store().resumeMultipartUpload("k", begun.state());
}

export const clockCases: readonly FaultCase[] = [
  ...[HOUR, -HOUR].map((skew): FaultCase => ({
    row: "B10",
    name: `a clock that is an hour ${skew > 0 ? "slow" : "fast"} is learnt once, by ten calls at a time`,
    async run(rig) {
      await rig.set({ switches: { skew } });
      const store = rig.store();
      await Promise.all(Array.from({ length: 10 }, (_, index) => store.upload(`${index}`, "x")));
      await rig.set({ rules: [] });
      await store.upload("later", "x");
      same(
        (await rig.seen()).log.map(({ status }) => status),
        [200],
        "what the next call met",
      );
      same(Object.keys((await rig.seen()).objects).length, 11, "objects");
    },
  })),
  {
    row: "B10",
    name: "a date that is no time leaves the clock alone",
    async run(rig) {
      await rig.set({ objects: { k: "x" } });
      const store = rig.store({ retry: { attempts: 1 } });
      for (const date of ["Sat, 13 Sep 275760 00:00:00 GMT", "Sat, 01 Jan 12000 00:00:00 GMT"]) {
        const body = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
        await rig.set({ rules: [{ nth: 1, faults: [{ do: "reply", status: 403, headers: { date }, body }] }] });
        await rig.rejects("unauthenticated", () => store.download("k"), date);
        same(await (await store.download("k")).text(), "x", "the next call");
      }
    },
  },
  {
    row: "B10",
    name: "a wrong date of a cache is not kept: a URL that is presigned afterwards holds",
    async run(rig) {
      const date = new Date(Date.now() - 2 * HOUR).toUTCString();
      const refused: Rule = { operation: "HeadObject", faults: [{ do: "reply", status: 403, headers: { date } }] };
      await rig.set({ objects: { k: "text" }, rules: [refused] });
      const store = rig.store();
      await rig.rejects("denied", () => store.head("k"), "head");
      const given = await store.presign("k", { expiresIn: 60 });
      const answer = await fetch(given?.url ?? "");
      same([answer.status, await answer.text()], [200, "text"], "answer");
    },
  },
  {
    row: "B10",
    name: "a machine whose clock is eight days fast sweeps no upload of today",
    async run(rig) {
      await rig.set({ switches: { skew: -8 * 24 * HOUR } });
      await rig.store().createMultipartUpload("k");
      same(await rig.store().sweepUploads(), 0, "uploads that were aborted");
      same((await rig.seen()).uploads.length, 1, "uploads");
    },
  },
  {
    row: "B10",
    name: "a presigned URL has the time that was learnt",
    async run(rig) {
      await rig.set({ switches: { skew: HOUR } });
      const store = rig.store();
      await store.upload("k", "text");
      const given = await store.presign("k", { expiresIn: 60 });
      const answer = await fetch(given?.url ?? "");
      same([answer.status, await answer.text()], [200, "text"], "answer");
    },
  },
  ...[HOUR, -HOUR].map((skew): FaultCase => ({
    row: "B10",
    name: `all presigned requests of an upload hold by the store's clock, as long as they say and no longer, by one that is an hour ${skew > 0 ? "slow" : "fast"}`,
    async run(rig) {
      await rig.set({ switches: { skew } });
      const bytes = noise(PART + 7, 4);
      // The beginning of the upload has taught the time.
      const upload = await rig.store().createMultipartUpload("k", { size: bytes.length });
      const [short, given] = [await presigned(upload, 60), await presigned(upload, 600)];
      const ends = Math.round((given.complete.expiresAt.getTime() - Date.now() - skew) / MINUTE);
      same(ends, 10, "minutes until they end, by the store's clock");
      await rig.set({ switches: { skew: skew + 2 * MINUTE } });
      const late = await sendParts(short, bytes);
      same(
        late.map(([status, text]) => [status, /Request has expired/.test(text)]),
        [403, 403].map((status) => [status, true]),
        "two minutes later, of those for one minute",
      );
      const sent = await sendParts(given, bytes);
      same(
        sent.map(([status]) => status),
        [200, 200],
        "of those for ten",
      );
      const parts = sent.map(([, etag], at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
      const { method, url, headers } = given.complete;
      const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      ok((await (await fetch(url, { method, headers, body })).text()).includes("<CompleteMult"), "completion");
      sameBytes(await (await rig.store().download("k")).bytes(), bytes, "bytes");
    },
  })),
  ...[
    { skew: HOUR, says: "Request has expired", expiresIn: 3000 },
    { skew: -HOUR, says: "Request is not valid yet", expiresIn: 6000 },
  ].map(({ skew, says, expiresIn }): FaultCase => ({
    row: "B10",
    name: `requests that a clock an hour ${skew > 0 ? "slow" : "fast"} presigned before any answer are refused (${says}), store nothing, and hold once the store was asked`,
    async run(rig) {
      await rig.set({ switches: { skew } });
      const bytes = noise(PART + 7, 4);
      const upload = await another(rig, bytes.length);
      const asked = (await rig.operations()).length;
      const blind = await presigned(upload, expiresIn);
      same((await rig.operations()).length, asked, "requests: presigning asks nobody");
      const refused = await sendParts(blind, bytes);
      same(
        refused.map(([status, text]) => [status, text.includes(says)]),
        [403, 403].map((status) => [status, true]),
        "what is answered",
      );
      same((await rig.seen()).uploads[0]?.parts, [], "parts");
      same(await upload.parts(), [], "parts as the store lists them");
      const sent = await sendParts(await presigned(upload, expiresIn), bytes);
      same(
        sent.map(([status]) => status),
        [200, 200],
        "afterwards",
      );
    },
  })),
  {
    row: "B10",
    name: "a server's time that is no date, and a refusal that stays, are an error soon",
    async run(rig) {
      for (const date of ["yesterday", ""]) {
        await rig.set({ switches: { skew: HOUR, date }, rules: [] });
        await rig.rejects("unauthenticated", () => rig.store().upload("k", "x"), `Date: ${date}`);
        ok((await rig.operations()).length <= 4, "requests");
      }
    },
  },
];
