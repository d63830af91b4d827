import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { root } from "../docs/blocks.ts";
import { freshBucket, mainServers, signed } from "../support/s3.ts";

const main = join(root, "dist/cli/main.js");

/** Runs the built command, and gives how it ended and what it printed. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly [number, string, string]> {
  const given = { PATH: process.env["PATH"] ?? "", ...env };
  return promisify(execFile)(process.execPath, [main, ...args], { env: given }).then(
    ({ stdout, stderr }) => [0, stdout, stderr],
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => [code, stdout, stderr],
  );
}

describe.each(mainServers)("unbucket probe on $name", (server) => {
  it("prints the table of the bucket that the variables name, and leaves nothing in it", async () => {
    const bucket = await freshBucket(server);
    const [code, stdout, stderr] = await run(["probe"], {
      STORAGE_BACKEND: "s3",
      STORAGE_S3_BUCKET: bucket,
      STORAGE_S3_ENDPOINT_URL: server.endpoint,
      STORAGE_S3_ACCESS_KEY: server.accessKeyId,
      STORAGE_S3_SECRET_KEY: server.secretAccessKey,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`Bucket ${bucket}`);
    expect(stdout).toMatch(/^\| put-if-none-match \| .* \| yes \| absent 200, present 412 PreconditionFailed \|$/m);
    expect(await (await signed(server, "GET", `${bucket}?list-type=2`)).text()).not.toContain("<Key>");
  });
});

describe("unbucket probe", () => {
  it("says what is wrong in one line, and fails", async () => {
    expect(await run(["probe"], { STORAGE_BACKEND: "memory" })).toEqual([
      1,
      "",
      expect.stringMatching(/^env probe: .*S3 driver.*\n$/),
    ]);
    expect(await run(["probe"], { STORAGE_BACKEND: "s3" })).toEqual([
      1,
      "",
      expect.stringContaining("STORAGE_S3_BUCKET"),
    ]);
    expect(await run(["probe", "my-bucket"], {})).toEqual([1, "", expect.stringMatching(/^my-bucket is unknown/)]);
  });
});
