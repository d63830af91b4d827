/** B7: an answer that comes while the body is still on its way, from a server that then resets the connection. */
import type { StorageError } from "unbucket";
import type { S3Options } from "unbucket/drivers/s3";
import { ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

/** More than the buffers of a connection take, so that the answer comes before the last byte is handed over. */
const SIZE = 3 * PART;

/**
 * Whether the answer gets through in one of four attempts. A write that fails may end the connection before the answer is read: on
 * workerd nearly always, on a busy machine now and then elsewhere.
 */
const SEEN = globalThis.navigator?.userAgent !== "Cloudflare-Workers";

const early = (status: number, code: string): Fault => ({
  do: "reply",
  status,
  body: `<Error><Code>${code}</Code></Error>`,
  early: "reset",
});

/** Uploads a source from a store that tells of each attempt. */
type Upload = (rig: Rig, options: S3Options) => Promise<unknown>;

/** By one request, under a condition, and in parts from a stream; with the operation that sends the bytes. */
const UPLOADS: Readonly<Record<string, readonly [operation: "PutObject" | "UploadPart", upload: Upload]>> = {
  "an upload": ["PutObject", (rig, options) => rig.store(options).upload("k", noise(SIZE, 6))],
  "an upload that may only create": [
    "PutObject",
    (rig, options) => rig.store(options).upload("k", noise(SIZE, 6), { ifNoneMatch: "*" }),
  ],
  "a stream in parts": [
    "UploadPart",
    async (rig, options) => {
      const { stream, over } = source(cut(noise(SIZE + 1000, 6), [1_000_000]));
      const upload = rig.store({ ...options, concurrency: 1 }).upload("k", stream);
      await upload.catch(() => {});
      ok(["read", "cancelled"].includes(await over), "the source must be let go");
      return upload;
    },
  ],
};

/** Runs an upload, and gives the status of each attempt to send bytes, where it was seen. */
async function attempts(
  rig: Rig,
  [operation, upload]: (typeof UPLOADS)[string],
): Promise<{
  readonly statuses: readonly (number | undefined)[];
  readonly error: StorageError | undefined;
}> {
  const statuses: (number | undefined)[] = [];
  const onEvent: S3Options["onEvent"] = (event) => {
    if (event.type === "attempt" && event.operation === operation) statuses.push(event.status);
  };
  try {
    await upload(rig, { partSize: SIZE, onEvent });
    return { statuses, error: undefined };
  } catch (thrown) {
    const error = await rig.rejects(["denied", "unavailable", "ambiguous"], () => Promise.reject(thrown), operation);
    return { statuses, error };
  }
}

/** Requires that there is no object and no upload, also a moment later, when what was still being sent has failed. */
async function nothingStored(rig: Rig): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { objects, uploads } = await rig.seen();
  same([objects, uploads], [{}, []], "objects and uploads");
}

export const earlyCases: readonly FaultCase[] = [
  ...Object.entries(UPLOADS).map(([what, how]): FaultCase => ({
    row: "B7",
    name: `a 403 and a reset while ${what} is under way: the error says what the server said, and nothing is stored`,
    async run(rig) {
      await rig.set({ rules: [{ operation: how[0], faults: [early(403, "AccessDenied")] }] });
      const { statuses, error } = await attempts(rig, how);
      const seen = statuses.indexOf(403);
      ok(seen >= 0 || !SEEN, `the answer was never seen: ${error?.message}`);
      same(statuses.length, seen < 0 ? 4 : seen + 1, "attempts: an answer that was seen is the last");
      same(error?.response?.status, statuses.at(-1), "status of the error");
      // Of a condition nobody knows what the attempts before have done.
      const doubt = what.endsWith("create") && statuses[0] === undefined;
      same(error?.code, doubt ? "ambiguous" : seen < 0 ? "unavailable" : "denied", "code");
      await nothingStored(rig);
    },
  })),
  ...Object.entries(UPLOADS).map(([what, how]): FaultCase => ({
    row: "B7",
    name: `a 503 and a reset while ${what} is under way: the bytes are sent again, and for good it is an error and nothing is stored`,
    async run(rig) {
      const faults = [early(503, "SlowDown")];
      await rig.set({ rules: [{ operation: how[0], faults }] });
      const { statuses, error } = await attempts(rig, how);
      same(statuses.length, 4, "attempts for good");
      ok(statuses.includes(503) || !SEEN, `the answer was never seen: ${error?.message}`);
      same(error?.response?.status, statuses.at(-1), "status of the error");
      await nothingStored(rig);
      await rig.set({ rules: [{ operation: how[0], nth: 1, faults }] });
      const passing = await attempts(rig, how);
      same(
        [passing.error, passing.statuses.slice(1)],
        [undefined, how[0] === "UploadPart" ? [200, 200] : [200]],
        "then",
      );
      const whole = noise(how[0] === "UploadPart" ? SIZE + 1000 : SIZE, 6);
      sameBytes(await (await rig.store().download("k")).bytes(), whole, "bytes");
    },
  })),
];
