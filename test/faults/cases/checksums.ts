/** C3, C5, C9: values that guard bytes on their way up, across their parts, and on their way down in parallel ranges. */
import { same, sameBytes } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { type ChecksumAlgorithm, crc64nvme, sha256 } from "unbucket/checksum";
import type { Fault } from "../proxy/fault.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const SIZE = PART + 1000;

/** What a store says of bytes, or of parts, that do not have the value that was sent with them. */
const mismatch = (code: string): Fault => ({ do: "reply", status: 400, body: `<Error><Code>${code}</Code></Error>` });

/** An object that comes with the value of all its bytes, as far as an answer is about them all. */
async function guarded(rig: Rig): Promise<Uint8Array> {
  const bytes = noise(SIZE, 5);
  await rig.store().upload("k", bytes);
  const value = await crc64nvme.of(bytes);
  const objectHeaders = { [crc64nvme.header]: value, "x-amz-checksum-type": "FULL_OBJECT" };
  await rig.set({ switches: { objectHeaders }, rules: [] });
  return bytes;
}

const read = async (rig: Rig, parallel: number): Promise<Uint8Array> =>
  (await rig.store({ checksum: crc64nvme }).download("k", { parallel })).bytes();

/** What happens to one of two ranges that are read at a time, or to the whole. */
const SPOILT: Readonly<Record<string, readonly [codes: readonly string[], faults: readonly Fault[]]>> = {
  "with another byte": [["corrupt"], [{ do: "corrupt", at: 500 }]],
  "that a proxy packs": [["corrupt", "conflict"], [{ do: "gzip" }]],
};

export const checksumCases: readonly FaultCase[] = [
  ...(
    [
      [sha256, "UploadPart", "BadDigest"],
      [sha256, "CompleteMultipartUpload", "BadDigest"],
      [crc64nvme, "UploadPart", "XAmzContentChecksumMismatch"],
      [crc64nvme, "CompleteMultipartUpload", "BadDigest"],
    ] as const satisfies readonly (readonly [ChecksumAlgorithm, string, string])[]
  ).map(([checksum, operation, code]): FaultCase => ({
    row: "C3",
    name: `an upload of parts with ${checksum.name} whose ${operation} is refused for its value is corrupt, and leaves nothing`,
    async run(rig) {
      await rig.set({ rules: [{ operation, faults: [mismatch(code)] }] });
      await rig.rejects("corrupt", () => rig.store({ checksum }).upload("k", noise(SIZE)), "upload");
      const { objects, uploads, log } = await rig.seen();
      same([objects, uploads], [{}, []], "objects and uploads");
      // The document that ends an upload has the values of its parts; beside it goes one of the whole, where there is one.
      const without = log.filter((one) => one.operation === operation && !one.headers[checksum.header]);
      same(without.length, operation !== "UploadPart" && checksum.type === "composite" ? 1 : 0, "without a value");
    },
  })),
  ...Object.entries(SPOILT).flatMap(([what, [codes, faults]]) =>
    [1, 2].map((nth): FaultCase => ({
      row: "C9",
      name: `range ${nth} ${what}, of two at a time, is not joined to the other where the whole has a checksum`,
      async run(rig) {
        await guarded(rig);
        await rig.set({ rules: [{ operation: "GetObject", nth, faults }] });
        await rig.rejects(codes, () => read(rig, 2), "download");
      },
    })),
  ),
  {
    row: "C3",
    name: "an object that comes as it was is read by any number of ranges, and its checksum is asked for once",
    async run(rig) {
      const bytes = await guarded(rig);
      for (const parallel of [1, 2, 3]) {
        await rig.set({ rules: [] });
        sameBytes(await read(rig, parallel), bytes, `${parallel} at a time`);
        const asked = (await rig.seen()).log.filter(({ headers }) => headers["x-amz-checksum-mode"] === "ENABLED");
        same(asked.length, 1, `requests for it, ${parallel} at a time`);
      }
    },
  },
];
