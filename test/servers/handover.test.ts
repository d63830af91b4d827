import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { handedOver, handOver } from "./handover.ts";
import type { S3Server } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "unbucket-handover-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const server: S3Server = {
  name: "minio",
  endpoint: "http://127.0.0.1:9000",
  accessKeyId: "id",
  secretAccessKey: "secret",
  region: "us-east-1",
};

it("handedOver waits for the servers of handOver", async () => {
  const path = join(folder, "started.json");
  let start: (servers: S3Server[]) => void = () => undefined;
  const handing = handOver(path, new Promise((resolve) => (start = resolve)));
  const waiting = handedOver(path);
  expect(existsSync(path)).toBe(false);
  start([server]);
  await handing;
  expect(await waiting).toEqual([server]);
  expect(await handedOver(path)).toEqual([server]);
});

it("handedOver rejects with what kept the servers from running", async () => {
  const path = join(folder, "failed.json");
  await handOver(path, Promise.reject(new Error("no way to get a server")));
  await expect(handedOver(path)).rejects.toThrow("no way to get a server");
});
