/**
 * One gibibyte of random bytes through the playground and back, on a folder and on MinIO, beside the floor: `curl -T` straight
 * to MinIO, in the same run. Then twenty uploads of 256 MiB at once. Prints figures; asserts bytes, and memory in its bounds.
 *
 * `npm run bench` (needs curl, 4 GiB of disk and a few minutes)
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../servers/port.ts";
import { freshBucket, servers } from "../support/s3.ts";

const run = promisify(execFile);
const MIB = 1024 * 1024;
const server = servers[0];
if (!server) throw new Error("no S3 server");

let folder = "";
let wanted = "";
const rows: Record<string, string | number>[] = [];

async function random(path: string, bytes: number): Promise<void> {
  const file = await open(path, "w");
  for (let at = 0; at < bytes; at += MIB) await file.write(randomBytes(MIB));
  await file.close();
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: MIB })) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}

/** curl's own measure of a transfer, in MB/s. */
async function curl(...args: string[]): Promise<number> {
  const { stdout } = await run("curl", ["-sS", "--fail", "-w", "%{speed_upload} %{speed_download}", ...args]);
  return Math.round(Math.max(...stdout.trim().split(" ").map(Number)) / 1e6);
}

/** The process's peak of resident memory in MiB. */
function peak(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

async function playground(env: Record<string, string>): Promise<{ url: string; child: ChildProcess }> {
  const [port] = await freePorts(1);
  const child = spawn(process.execPath, ["playground/dist/server.js"], {
    env: { ...process.env, ...env, PORT: String(port), PLAYGROUND_DATABASE: ":memory:" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.stdout?.resume();
  return { url: `http://127.0.0.1:${port}`, child };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unbucket-bench-"));
  await random(join(folder, "1g"), 1024 * MIB);
  await random(join(folder, "256m"), 256 * MIB);
  wanted = await sha256(join(folder, "1g"));
}, 300_000);

afterAll(async () => {
  console.table(rows);
  await rm(folder, { recursive: true, force: true });
});

describe("1 GiB up and down", () => {
  test("curl straight to MinIO, the floor", async () => {
    const bucket = await freshBucket(server);
    const signed = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", `${server.accessKeyId}:${server.secretAccessKey}`];
    // Without it curl would hash the whole file first, and its speed would not be the transfer's.
    const unsigned = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
    const url = `${server.endpoint}/${bucket}/1g`;
    const up = await curl(...signed, ...unsigned, "-T", join(folder, "1g"), url);
    const down = await curl(...signed, ...unsigned, "-o", join(folder, "back"), url);
    rows.push({ through: "curl to MinIO", "up MB/s": up, "down MB/s": down });
  }, 300_000);

  test.each(["local", "s3"])(
    "the playground on %s",
    async (backend) => {
      const bucket = await freshBucket(server);
      const { url, child } = await playground({
        STORAGE_BACKEND: backend,
        STORAGE_LOCAL_PATH: join(folder, "uploads"),
        STORAGE_S3_BUCKET: bucket,
        STORAGE_S3_ENDPOINT_URL: server.endpoint,
        STORAGE_S3_ACCESS_KEY: server.accessKeyId,
        STORAGE_S3_SECRET_KEY: server.secretAccessKey,
      });
      try {
        const up = await curl("-T", join(folder, "1g"), "-o", join(folder, "answer"), `${url}/files/1g`);
        const down = await curl("-o", join(folder, "back"), `${url}/files/1g`);
        expect(await sha256(join(folder, "back"))).toBe(wanted);
        const alone = peak(child);
        const many = Array.from({ length: 20 }, (_, index) =>
          curl("-T", join(folder, "256m"), "-o", join(folder, `answer${index}`), `${url}/files/many-${index}`),
        );
        await Promise.all(many);
        rows.push({
          through: `playground on ${backend}`,
          "up MB/s": up,
          "down MB/s": down,
          "peak MiB": alone,
          "peak MiB, 20 at once": peak(child),
        });
        expect(alone).toBeLessThanOrEqual(220);
        expect(peak(child)).toBeLessThanOrEqual(280);
      } finally {
        child.kill();
      }
    },
    600_000,
  );
});
