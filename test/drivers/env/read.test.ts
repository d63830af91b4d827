import { afterEach, describe, expect, it, vi } from "vitest";
import { readEnvironment, readHost, readHostNow } from "../../../drivers/env/read.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("readHost", () => {
  it("asks options first, then process.env, then the host's bindings, each variable for itself", async () => {
    vi.stubEnv("STORAGE_S3_BUCKET", "from-process");
    vi.stubEnv("STORAGE_S3_REGION", "from-process");
    vi.stubGlobal("__env__", { STORAGE_S3_BUCKET: "from-host", STORAGE_S3_REGION: "from-host", STORAGE_BACKEND: "s3" });
    expect(await readHost({ s3Bucket: "from-options" })).toEqual({
      STORAGE_BACKEND: "s3",
      STORAGE_S3_BUCKET: "from-options",
      STORAGE_S3_REGION: "from-process",
    });
  });

  it("waits for bindings that the host publishes as a promise", async () => {
    vi.stubGlobal("__env__", Promise.resolve({ STORAGE_S3_BUCKET: "later" }));
    expect(await readHost({})).toEqual({ STORAGE_S3_BUCKET: "later" });
    expect(readHostNow()).toEqual({});
  });

  it("lets an empty value fall through to the next source", async () => {
    vi.stubEnv("STORAGE_S3_BUCKET", "");
    vi.stubGlobal("__env__", { STORAGE_S3_BUCKET: "from-host" });
    expect(await readHost({ s3Bucket: "  " })).toEqual({ STORAGE_S3_BUCKET: "from-host" });
  });

  it("says what Deno does not allow", async () => {
    const variables = new Proxy(
      {},
      {
        get: () => {
          throw new Error("Requires env access");
        },
      },
    );
    vi.stubGlobal("process", { env: variables });
    await expect(readHost({})).rejects.toMatchObject({
      code: "denied",
      message: "Requires env access; all STORAGE_ variables are read",
    });
  });

  it("works where there is no process", async () => {
    vi.stubGlobal("process", undefined);
    expect(await readHost({ s3ForcePathStyle: true })).toEqual({ STORAGE_S3_FORCE_PATH_STYLE: "true" });
  });
});

describe("readEnvironment", () => {
  it("trims, takes JSON booleans and passes over bindings that are not text", () => {
    const worker = {
      STORAGE_S3_BUCKET: " photos\n",
      STORAGE_S3_FORCE_PATH_STYLE: false,
      STORAGE_LOCAL_PATH: { get() {} },
      OTHER: "x",
    };
    expect(readEnvironment(worker)).toEqual({ STORAGE_S3_BUCKET: "photos", STORAGE_S3_FORCE_PATH_STYLE: "false" });
  });

  it("asks nobody else", () => {
    vi.stubEnv("STORAGE_S3_BUCKET", "from-process");
    expect(readEnvironment({})).toEqual({});
  });
});
