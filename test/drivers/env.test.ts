import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createStorage } from "unstorage";
import { createStorage as createStorage2 } from "unstorage2";
import { afterAll, afterEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import env, { type EnvOptions, getStorage } from "../../drivers/env.ts";
import type { StorageEvent } from "../../src/event.ts";
import { gateway } from "../../src/gateway.ts";
import { objects } from "../../src/mounts.ts";

const scratch = mkdtempSync(join(tmpdir(), "unbucket-env-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const text = async (driver: ReturnType<typeof env>, key: string): Promise<string> =>
  (await driver.download(key)).text();

describe("env", () => {
  it("reads nothing in the factory and everything at the first call", async () => {
    vi.stubEnv("STORAGE_BACKEND", "nonsense");
    const driver = env();
    vi.stubEnv("STORAGE_BACKEND", "local");
    vi.stubEnv("STORAGE_LOCAL_PATH", join(scratch, "late"));
    await driver.upload("a/b.txt", "hello");
    expect(readFileSync(join(scratch, "late/a/b.txt"), "utf8")).toBe("hello");
  });

  it("stays with what it read once a call succeeded", async () => {
    vi.stubEnv("STORAGE_LOCAL_PATH", join(scratch, "first"));
    const driver = env();
    await driver.upload("a", "1");
    vi.stubEnv("STORAGE_LOCAL_PATH", join(scratch, "second"));
    expect(await text(driver, "a")).toBe("1");
  });

  it("types its backend, and still checks it when it runs", async () => {
    expectTypeOf<EnvOptions["backend"]>().toEqualTypeOf<"local" | "s3" | "memory" | undefined>();
    await expect(env({ backend: "disk" as "local" }).exists("a")).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("rejects the first call for a wrong variable, and reads again at the next", async () => {
    vi.stubEnv("STORAGE_BACKEND", "s3");
    const driver = env();
    await expect(driver.exists("a")).rejects.toMatchObject({
      code: "invalid-option",
      operation: "open",
      driver: "env",
      message: expect.stringMatching(/STORAGE_S3_BUCKET is not set/),
    });
    await expect(driver.getItem("a")).rejects.toMatchObject({ code: "invalid-option" });
    vi.stubEnv("STORAGE_BACKEND", "memory");
    expect(await driver.exists("a")).toBe(false);
  });

  it("presigns for the gateway that the variables name, which takes what was signed", async () => {
    vi.stubEnv("STORAGE_LOCAL_PATH", join(scratch, "signed"));
    vi.stubEnv("STORAGE_LOCAL_GATEWAY_URL", "http://localhost:3000/s3/uploads");
    vi.stubEnv("STORAGE_LOCAL_ACCESS_KEY", "AKID");
    vi.stubEnv("STORAGE_LOCAL_SECRET_KEY", "canary-secret");
    const driver = env();
    const credentials = { accessKeyId: "AKID", secretAccessKey: "canary-secret" };
    const { fetch } = gateway(driver, { bucket: "uploads", endpoint: "http://localhost:3000/s3", credentials });
    const put = await driver.presign("a.txt", { method: "PUT" });
    expect((await fetch(put?.url ?? "", { method: "PUT", headers: put?.headers ?? {}, body: "x" })).status).toBe(200);
    expect(await text(driver, "a.txt")).toBe("x");
    expect(inspect(driver, { depth: 9 }) + JSON.stringify(driver)).not.toContain("canary");
    vi.unstubAllEnvs();
    expect(await env({ localPath: scratch }).presign("a")).toBeNull();
  });

  it("prefers its options, and takes no offence at those of a host", async () => {
    vi.stubEnv("STORAGE_BACKEND", "s3");
    const options = {
      driver: "unbucket/drivers/env",
      backend: "local" as const,
      localPath: join(scratch, "options"),
    };
    const driver = env(options);
    expect((await driver.upload("a", "x")).location).toBe(join(scratch, "options/a"));
  });

  it.each([{ s3bucket: "photos" }, { bucket: "photos" }, { s3Bucket: null }])(
    "refuses %j at the first call: no option without effect",
    async (options) => {
      await expect(env({ backend: "memory", ...(options as object) }).exists("a")).rejects.toMatchObject({
        code: "invalid-option",
        operation: "open",
        message: expect.stringContaining(Object.keys(options)[0] ?? ""),
      });
    },
  );

  it("tells onEvent of calls and bodies, by its own name, and of the requests of S3", async () => {
    const events: StorageEvent[] = [];
    const first = new AbortController();
    const onEvent = (event: StorageEvent): void => {
      events.push(event);
      if (event.type === "attempt") first.abort();
    };
    const driver = env({ backend: "local", localPath: join(scratch, "told"), onEvent });
    await driver.upload("a", "x");
    await text(driver, "a");
    expect(events.map(({ type, driver: name, operation }) => `${type} ${name} ${operation}`)).toEqual([
      "call env upload",
      "call env download",
      "body env download",
    ]);
    events.length = 0;
    const s3 = { backend: "s3", s3Bucket: "photos", s3AccessKey: "a", s3SecretKey: "b" } as const;
    const closed = env({ ...s3, s3EndpointUrl: "http://127.0.0.1:1", onEvent });
    await closed.head("a", { signal: first.signal }).catch(() => {});
    expect(events[0]).toMatchObject({ type: "attempt", driver: "s3", operation: "HeadObject" });
    expect(events.at(-1)).toMatchObject({ type: "call", driver: "env", operation: "head" });
  });

  it("refuses an onEvent that is no function", async () => {
    await expect(env({ backend: "memory", onEvent: "log" as never }).exists("a")).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("onEvent must be of type function"),
    });
  });

  it("can be watched where the variables name a folder, and says so where they do not", async () => {
    for (const driver of [
      env({ localPath: join(scratch, "watched") }),
      getStorage({ STORAGE_LOCAL_PATH: join(scratch, "seen") }),
    ]) {
      const seen = new Promise<string>((resolve) => {
        void driver.watch((event, key) => resolve(`${event} ${key}`)).then(() => driver.upload("a/b", "x"));
      });
      expect(await seen).toBe("update a:b");
      await driver.dispose?.();
    }
    await expect(env({ backend: "memory" }).watch(() => {})).rejects.toMatchObject({
      code: "unsupported",
      operation: "watch",
      message: expect.stringContaining("cannot be watched"),
    });
  });

  it("has one memory for one configuration", async () => {
    const [one, two] = [env({ backend: "memory" }), env({ backend: "memory" })];
    await one.upload("shared", "x");
    expect(await text(two, "shared")).toBe("x");
    expect(await text(getStorage({ STORAGE_BACKEND: "memory" }), "shared")).toBe("x");
    expect(await env({ backend: "memory", publicUrl: "/other" }).exists("shared")).toBe(false);
    await one.dispose();
    expect(await text(two, "shared")).toBe("x");
  });

  it("mounts in unstorage 1.x, seen by objects()", async () => {
    const storage = createStorage();
    storage.mount("uploads", env({ localPath: join(scratch, "mounted-1") }));
    await checkMounted(storage);
  });

  it("mounts in unstorage 2.x, seen by objects()", async () => {
    const storage = createStorage2();
    storage.mount("uploads", env({ localPath: join(scratch, "mounted-2") }));
    await checkMounted(storage);
  });

  async function checkMounted(
    storage: Pick<ReturnType<typeof createStorage>, "hasItem" | "getItem" | "getKeys" | "dispose">,
  ) {
    await objects(storage).upload("uploads:a/b.txt", "hello");
    expect(await storage.getItem("uploads:a:b.txt")).toBe("hello");
    expect(await storage.getKeys("uploads")).toEqual(["uploads:a:b.txt"]);
    await storage.dispose();
  }
});

describe("getStorage", () => {
  const s3 = {
    STORAGE_BACKEND: "s3",
    STORAGE_S3_BUCKET: "photos",
    STORAGE_S3_ACCESS_KEY: "canary-access",
    STORAGE_S3_SECRET_KEY: "canary-secret",
  };

  it("gives the same driver for the same values, wherever they come from", () => {
    const driver = getStorage(s3);
    expect(getStorage({ ...s3, STORAGE_S3_REGION: "", OTHER: "x" })).toBe(driver);
    for (const [name, value] of Object.entries(s3)) vi.stubEnv(name, value);
    expect(getStorage()).toBe(driver);
    expect(getStorage(process.env)).toBe(driver);
  });

  it("gives another driver for other values", () => {
    const driver = getStorage(s3);
    expect(getStorage({ ...s3, STORAGE_S3_BUCKET: "films" })).not.toBe(driver);
    expect(getStorage({ ...s3, STORAGE_S3_SECRET_KEY: "other" })).not.toBe(driver);
    expect(getStorage({})).not.toBe(driver);
  });

  it("gives on the new driver when the old one is disposed of once more", async () => {
    const old = getStorage(s3);
    await old.dispose();
    const driver = getStorage(s3);
    await old.dispose();
    expect(getStorage(s3)).toBe(driver);
    await driver.dispose();
  });

  it("gives a new driver once the old one is disposed of", async () => {
    const driver = getStorage(s3);
    await driver.presign("a");
    await driver.dispose();
    const next = getStorage(s3);
    expect(next).not.toBe(driver);
    expect((await next.presign("a"))?.method).toBe("GET");
  });

  it("remembers the hundred that were asked for last", () => {
    const driver = getStorage(s3);
    const renewed = (count: number) => getStorage({ ...s3, STORAGE_S3_SESSION_TOKEN: `token-${count}` });
    const first = renewed(0);
    for (let count = 1; count < 150; count++) {
      renewed(count);
      expect(getStorage(s3)).toBe(driver);
    }
    expect(renewed(149)).toBe(renewed(149));
    expect(renewed(0)).not.toBe(first);
  });

  it("never throws: the first call rejects, naming the variable", async () => {
    const driver = getStorage({ STORAGE_BACKEND: "gcs" });
    await expect(driver.upload("a", "x")).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining('STORAGE_BACKEND is "gcs"'),
    });
  });

  it("takes the folder that the variables name", async () => {
    const folder = join(scratch, "named");
    const driver = getStorage({ STORAGE_LOCAL_PATH: folder, STORAGE_PUBLIC_URL: "/files" });
    expect(await driver.upload("a b", "x")).toMatchObject({ location: join(folder, "a b"), url: "/files/a%20b" });
    expect(await driver.presign("a b")).toBeNull();
  });

  it("presigns with the keys and the public endpoint of the variables", async () => {
    const driver = getStorage({
      ...s3,
      STORAGE_S3_ENDPOINT_URL: "http://minio:9000",
      STORAGE_S3_PUBLIC_ENDPOINT_URL: "http://localhost:9000",
    });
    const url = new URL((await driver.presign("a"))?.url ?? "");
    expect(url.origin + url.pathname).toBe("http://localhost:9000/photos/a");
    expect(url.searchParams.get("X-Amz-Credential")).toMatch(/^canary-access\/\d+\/us-east-1\/s3\/aws4_request$/);
  });

  it("shows no secret, neither before nor after it is opened", async () => {
    const driver = getStorage(s3);
    const before = show(driver);
    await driver.presign("a");
    for (const shown of [before, show(driver), show(await driver.getInstance())]) expect(shown).not.toContain("canary");
    expect(driver).not.toHaveProperty("options");
  });

  function show(value: object): string {
    return (
      inspect(value, { depth: Infinity, showHidden: true }) +
      JSON.stringify(value) +
      JSON.stringify(Object.values(value))
    );
  }
});
