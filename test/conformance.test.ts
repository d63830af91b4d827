import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "srvx";
import { describe, expect, test } from "vitest";
import fs from "../drivers/fs.ts";
import memory from "../drivers/memory.ts";
import s3 from "../drivers/s3.ts";
import { cases } from "../src/conformance.ts";
import { toDriver } from "../src/driver.ts";
import { gateway } from "../src/gateway.ts";
import { MIN_PART } from "../src/plan.ts";
import { conformance, type Subject, type Traits } from "./support/conformance.ts";

/** The smallest that the cases allow, so that several parts are little work. */
const partSize = 64 * 1024;

async function folder(): Promise<Subject> {
  const base = await mkdtemp(join(tmpdir(), "unbucket-conformance-"));
  return { driver: fs({ base }), close: () => rm(base, { recursive: true }) };
}

/** Memory without all that a driver may leave to the core. */
async function least(): Promise<Subject> {
  const { head, get, put, delete: remove, list, location, url } = await memory().getInstance();
  return { driver: toDriver({ name: "least", open: () => ({ head, get, put, delete: remove, list, location, url }) }) };
}

const keys = { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway-secret" };
const options = { bucket: "bucket", ...keys, partSize: MIN_PART };

/** The S3 driver before a gateway over memory: all of both, without a network. */
async function inProcess(): Promise<Subject> {
  const { fetch } = gateway(memory(), { bucket: "bucket", credentials: keys });
  return { driver: s3({ ...options, endpoint: "http://gateway", fetch }) };
}

/** A folder behind a server that is its gateway: the driver whose presigned URLs lead there, and the address. */
async function served(): Promise<Subject & { readonly endpoint: string }> {
  const base = await mkdtemp(join(tmpdir(), "unbucket-conformance-"));
  const server = serve({ fetch: (request) => handler(request), port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  const endpoint = server.url as string;
  const driver = fs({ base, gateway: { url: `${endpoint}bucket`, ...keys } });
  const { fetch: handler } = gateway(driver, { bucket: "bucket", credentials: keys });
  return {
    driver,
    endpoint,
    close: async () => {
      await server.close(true);
      await rm(base, { recursive: true });
    },
  };
}

/** The S3 driver before that server. */
async function remote(): Promise<Subject> {
  const { endpoint, close } = await served();
  return { driver: s3({ ...options, endpoint }), ...(close && { close }) };
}

/** One line per driver that needs no server. */
const drivers: Readonly<Record<string, readonly [() => Promise<Subject>, Traits]>> = {
  memory: [async () => ({ driver: memory() }), { capabilities: ["multipart", "uploads"], partSize }],
  fs: [folder, { capabilities: ["multipart", "uploads", "watch"], partSize }],
  "what a driver must have, and no more": [least, { capabilities: [], partSize }],
  "s3 before a gateway over memory": [
    inProcess,
    {
      capabilities: ["multipart", "uploads"],
      partSize: MIN_PART,
      deviations: { "presign: gives null where the driver cannot": "presigns for a gateway that has no address here" },
    },
  ],
  "fs with a gateway": [served, { capabilities: ["presign", "multipart", "uploads", "watch"], partSize: MIN_PART }],
  "s3 before a gateway over fs": [remote, { capabilities: ["presign", "multipart", "uploads"], partSize: MIN_PART }],
};

for (const [name, [open, traits]] of Object.entries(drivers)) conformance(name, open, traits);

describe("conformance cases", () => {
  test("cases have unique names of the form topic: rule", () => {
    const names = cases.map((one) => one.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-zA-Z]+: \S/.test(name))).toEqual([]);
  });

  test("cases are at least 120", () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
  });
});
