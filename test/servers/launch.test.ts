import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { launchServers } from "./launch.ts";
import { fromEnvironment } from "./minio.ts";
import { startProcess } from "./process.ts";

const empty = mkdtempSync(join(tmpdir(), "unbucket-nothing-"));

afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rmSync(empty, { recursive: true, force: true }));

it("launchServers names every way to get a server where there is none", async () => {
  vi.stubEnv("PATH", empty);
  vi.stubEnv("UNBUCKET_CACHE", empty);
  vi.stubEnv("S3_ENDPOINT", "");
  vi.stubEnv("UNBUCKET_SERVERS", "");
  const log: string[] = [];
  await expect(launchServers((line) => log.push(line))).rejects.toThrow(/S3_ENDPOINT[^]*Docker[^]*go on[^]*python3/);
  expect(log).toEqual(["minio: no way to get it here", "seaweedfs: no way to get it here"]);
});

it("launchServers refuses to do without a server that UNBUCKET_SERVERS names", async () => {
  vi.stubEnv("PATH", empty);
  vi.stubEnv("UNBUCKET_CACHE", empty);
  vi.stubEnv("S3_ENDPOINT", "http://127.0.0.1:9");
  vi.stubEnv("UNBUCKET_SERVERS", "minio,seaweedfs,versitygw,ceph");
  await expect(launchServers(() => undefined)).rejects.toThrow(
    /asks for seaweedfs and versitygw and ceph, which could not be had/,
  );
});

it("launchServers starts those that UNBUCKET_SERVERS names and no others, and knows their names", async () => {
  vi.stubEnv("PATH", empty);
  vi.stubEnv("UNBUCKET_CACHE", empty);
  vi.stubEnv("S3_ENDPOINT", "http://127.0.0.1:9");
  vi.stubEnv("UNBUCKET_SERVERS", "minio");
  const log: string[] = [];
  const started = await launchServers((line) => log.push(line));
  expect(started.map(({ server }) => server.name)).toEqual(["minio"]);
  expect(log).toEqual([expect.stringMatching(/^minio: http:\/\/127\.0\.0\.1:9 from S3_ENDPOINT/)]);
  vi.stubEnv("UNBUCKET_SERVERS", "minio, garage");
  await expect(launchServers(() => undefined)).rejects.toThrow(
    "UNBUCKET_SERVERS names garage; it may name minio, seaweedfs, versitygw, ceph",
  );
});

it("fromEnvironment takes endpoint and keys from S3_* and has MinIO's own as defaults", () => {
  expect(fromEnvironment({ S3_ENDPOINT: "http://store:9000/", S3_ACCESS_KEY: "a", S3_SECRET_KEY: "s" })).toEqual({
    name: "minio",
    endpoint: "http://store:9000",
    accessKeyId: "a",
    secretAccessKey: "s",
    region: "us-east-1",
  });
  expect(fromEnvironment({ S3_ENDPOINT: "http://store:9000" })).toMatchObject({ accessKeyId: "minioadmin" });
  expect(fromEnvironment({})).toBeNull();
});

it("startProcess rejects with the server's own output when it ends early", async () => {
  const command = { name: "broken", command: process.execPath, ready: () => Promise.reject(new Error("not up")) };
  const args = (): string[] => ["-e", "console.log('drive is full'); process.exit(3)"];
  await expect(startProcess({ ...command, args })).rejects.toThrow(/broken .*ended with 3[^]*drive is full/);
});

it("startProcess ends what did not get ready, and keeps a folder that it was given", async () => {
  const folder = join(empty, "given");
  const command = { name: "refusing", command: process.execPath, args: () => [], ready: () => Promise.resolve(true) };
  const prepare = (): Promise<void> => Promise.reject(new Error("no room"));
  await expect(startProcess({ ...command, folder, prepare })).rejects.toThrow("no room");
  expect(existsSync(folder)).toBe(true);
  const waiting = await startProcess({ ...command, folder, args: () => ["-e", "setInterval(() => {}, 1000)"] });
  waiting.stop();
  expect(await waiting.ended).toBe("it ended with SIGKILL");
  expect(existsSync(join(folder, "server.log"))).toBe(true);
});

it("startProcess rejects when the command is not there", async () => {
  const command = { name: "absent", command: join(empty, "absent"), args: () => [] };
  await expect(startProcess({ ...command, ready: () => Promise.resolve(false) })).rejects.toThrow(/ENOENT/);
});

it("startProcess gives up on one that takes connections and never answers", async () => {
  const command = { name: "mute", command: process.execPath, args: () => ["-e", "setInterval(() => {}, 1000)"] };
  const ready = (): Promise<boolean> => new Promise(() => {});
  await expect(startProcess({ ...command, ready, limit: 50 })).rejects.toThrow(/mute .*no answer within 0.05 s/);
});
