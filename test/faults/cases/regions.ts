/** B11, B13: a bucket that is in another region, or for a moment elsewhere on the same host. */
import { same } from "../../../src/conformance/assert.ts";
import type { Fault } from "../proxy/fault.ts";
import type { FaultCase, Rig } from "../rig.ts";

const REGION = "eu-central-9";
const header = { "x-amz-bucket-region": REGION };
const body = (code: string): string => `<Error><Code>${code}</Code><Region>${REGION}</Region></Error>`;

/** How servers say it. The stub itself takes nothing that is signed for another region. */
const SHAPES: Readonly<Record<string, Fault>> = {
  "400 with the region in header and body": {
    do: "reply",
    status: 400,
    headers: header,
    body: body("AuthorizationHeaderMalformed"),
  },
  "400 with the region in the body": { do: "reply", status: 400, body: body("AuthorizationHeaderMalformed") },
  "301 with the region in the header": { do: "reply", status: 301, headers: header },
  "301 with the region in the body": { do: "reply", status: 301, body: body("PermanentRedirect") },
  "307 with the region in the header": { do: "reply", status: 307, headers: header },
};

const read = async (rig: Rig): Promise<string> => (await rig.store().download("k")).text();

export const regionCases: readonly FaultCase[] = [
  ...Object.entries(SHAPES).map(([what, fault]): FaultCase => ({
    row: "B11",
    name: `a wrong region that is answered ${what} is learnt`,
    async run(rig) {
      await rig.set({ objects: { k: "text" }, switches: { region: REGION }, rules: [{ nth: 1, faults: [fault] }] });
      same(await read(rig), "text", "text");
    },
  })),
  {
    row: "B11",
    name: "a wrong region is learnt by a HEAD, whose answer has no body",
    async run(rig) {
      await rig.set({ objects: { k: "text" }, switches: { region: REGION } });
      same(await rig.store().exists("k"), true, "exists");
    },
  },
  {
    row: "B11",
    name: "a region that was learnt serves the next calls, and presigned URLs",
    async run(rig) {
      await rig.set({ objects: { k: "text" }, switches: { region: REGION } });
      const store = rig.store();
      await store.head("k");
      await rig.set({ rules: [] });
      await store.upload("l", "x");
      same(
        (await rig.seen()).log.map(({ status }) => status),
        [200],
        "what the next call met",
      );
      const answer = await fetch((await store.presign("k"))?.url ?? "");
      same(await answer.text(), "text", "presigned");
    },
  },
  {
    row: "B11",
    name: "regions that name each other end, and soon",
    async run(rig) {
      const rules = ["eu-one-1", "eu-two-2"].map((region, index) => ({
        faults: [{ do: "reply", status: 400, headers: { "x-amz-bucket-region": region } } as Fault],
        ...(index === 0 ? { nth: 1 } : {}),
      }));
      await rig.set({ rules });
      await rig.rejects(["invalid-option", "unknown"], () => read(rig), "download");
      same((await rig.operations()).length <= 5, true, "requests are few");
    },
  },
  ...[307, 308].map((status): FaultCase => ({
    row: "B13",
    name: `a ${status} to another query is not signed: it could ask for anything`,
    async run(rig) {
      const headers = { location: `${rig.lab.url}/${rig.bucket}/k?versionId=old` };
      await rig.set({ objects: { k: "text" }, rules: [{ faults: [{ do: "reply", status, headers }] }] });
      const verbs: Record<string, () => Promise<unknown>> = {
        delete: () => rig.store().delete("k"),
        upload: () => rig.store().upload("k", "x"),
        download: () => rig.store().download("k"),
      };
      for (const [name, call] of Object.entries(verbs))
        await rig.rejects(["invalid-option", "unavailable"], call, name);
      const queries = (await rig.seen()).log.map(({ target }) => target.includes("versionId"));
      same(queries.includes(true), false, "requests for a version");
    },
  })),
  ...[307, 308].map((status): FaultCase => ({
    row: "B13",
    name: `a ${status} to the same address is signed anew, and the bytes are sent again`,
    async run(rig) {
      const headers = { location: `${rig.lab.url}/${rig.bucket}/k` };
      await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults: [{ do: "reply", status, headers }] }] });
      await rig.store().upload("k", "text");
      same(await rig.stored("k"), "text", "stored");
    },
  })),
];
