import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { AwsClient } from "aws4fetch";
import { Miniflare } from "miniflare";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { getStorage } from "../drivers/env.ts";
import s3 from "../drivers/s3.ts";
import type { Driver } from "../src/driver.ts";
import { type AwsDocument, md5, parseAws, toXml } from "./docs/aws.ts";
import { type Block, blocksOfKind } from "./docs/blocks.ts";
import { curlsOf, send } from "./docs/curl.ts";
import { roundTrip, throughGateway } from "./docs/exercise.ts";
import { runBlock, type Substitutions, workerOf } from "./docs/snippet.ts";
import { mainPlaces, start } from "./playground/start.ts";
import { freshBucket, type S3Server, mainServers, signed } from "./support/s3.ts";

/** What stands in the documents for a server, a bucket and its keys. */
function valuesOf({ endpoint, accessKeyId, secretAccessKey }: S3Server, bucket: string): Substitutions {
  return {
    "http://localhost:9000": endpoint,
    "http://minio:9000": endpoint,
    "my-bucket": bucket,
    'accessKeyId: "minioadmin"': `accessKeyId: ${JSON.stringify(accessKeyId)}`,
    'secretAccessKey: "minioadmin"': `secretAccessKey: ${JSON.stringify(secretAccessKey)}`,
    "ACCESS_KEY=minioadmin": `ACCESS_KEY=${accessKeyId}`,
    "SECRET_KEY=minioadmin": `SECRET_KEY=${secretAccessKey}`,
  };
}

function substitute(text: string, values: Substitutions): string {
  return Object.entries(values).reduce((result, [from, to]) => result.replaceAll(from, to), text);
}

/** The JSON block of a kind, of which there is one. */
function awsDocument<K extends AwsDocument["kind"]>(kind: K): Extract<AwsDocument, { kind: K }> {
  const found = blocksOfKind("json")
    .map(parseAws)
    .filter((document) => document.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as Extract<AwsDocument, { kind: K }>;
}

/** Variables for a server that runs here: AWS's own block is checked for its shape alone. */
const localVariables: readonly Block[] = blocksOfKind("env").filter(({ code }) => code.includes("ENDPOINT_URL=http"));

it.each(blocksOfKind("worker"))("a block that is a Worker runs in workerd: $place", async (block) => {
  const script = await workerOf(block);
  const worker = new Miniflare({
    ...{ modules: true, script, compatibilityDate: "2026-04-01", r2Buckets: ["BUCKET"] },
    bindings: { S3_SECRET_KEY: "dev-secret" },
  });
  try {
    const send = worker.dispatchFetch.bind(worker) as unknown as typeof fetch;
    // By HTTP: what is dispatched has a Host that is not that of its URL.
    if (block.code.includes('"unbucket/gateway"')) await throughGateway((await worker.ready).origin, fetch);
    else await roundTrip((path, init) => send(`http://localhost/${path}`, init));
  } finally {
    await worker.dispose();
  }
});

describe.each(mainServers)("blocks on $name", (server) => {
  it.each(blocksOfKind("live"))("of TypeScript run: $place", async (block) => {
    await runBlock(block, valuesOf(server, await freshBucket(server)));
  });

  it.each(localVariables)("of variables lead to the store: $place", async ({ code }) => {
    const bucket = await freshBucket(server);
    const storage = getStorage(parseEnv(substitute(code, valuesOf(server, bucket))));
    await storage.upload("a.txt", "Hello");
    expect(await (await signed(server, "GET", `${bucket}/a.txt`)).text()).toBe("Hello");
    const presigned = await storage.presign("a.txt");
    expect(await (await fetch(presigned?.url ?? "")).text()).toBe("Hello");
  });

  it("of a CORS rule are taken, or refused as the text says, and a browser's preflight passes", async () => {
    const bucket = await freshBucket(server);
    const xml = toXml(awsDocument("cors"));
    const put = await signed(server, "PUT", `${bucket}?cors`, { body: xml, headers: { "content-md5": md5(xml) } });
    expect(put.status, await put.text()).toBe(server.name === "minio" ? 501 : 200);
    const preflight = await fetch(`${server.endpoint}/${bucket}/a.txt`, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example.com",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.ok).toBe(true);
    expect(preflight.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/app\.example\.com)$/);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PUT");
  });

  it("of a lifecycle rule are taken, or refused as the text says", async () => {
    const bucket = await freshBucket(server);
    const xml = toXml(awsDocument("lifecycle"));
    const put = await signed(server, "PUT", `${bucket}?lifecycle`, { body: xml, headers: { "content-md5": md5(xml) } });
    expect(put.status, await put.text()).toBe(server.name === "minio" ? 400 : 200);
  });
});

/** On the folder that `npm start` uses: what servers refuse of the commands' odd key is in deviations.ts. */
describe.each(mainPlaces.slice(0, 1))("blocks of curl commands on $name", (place) => {
  it.each(blocksOfKind("curl"))("get the answers that they tell: $place", async ({ code }) => {
    const scratch = await mkdtemp(join(tmpdir(), "unbucket-docs-"));
    const app = await start(place);
    try {
      const picture = sharp({ create: { width: 300, height: 300, channels: 3, background: "#2c6e5f" } });
      const files = await filesIn(scratch, {
        "photo.jpg": await picture.clone().jpeg().toBuffer(),
        "me.png": await picture.clone().png().toBuffer(),
        "report.pdf": Buffer.from("%PDF-1.7\n%%EOF\n"),
        x: Buffer.from("x"),
      });
      const values: Record<string, string> = { B: app.url };
      const curls = curlsOf(code);
      expect(curls.length).toBeGreaterThan(10);
      for (const { command, status } of curls) {
        const answer = await send(command, values, files);
        const text = await answer.clone().text();
        if (status === undefined) expect(answer.ok, `${command}\n${text}`).toBe(true);
        else expect(answer.status, `${command}\n${text}`).toBe(status);
        if (/-F .*\/documents$/.test(command)) values["ID"] = ((await answer.json()) as { readonly id: string }).id;
      }
    } finally {
      await app.close();
      await rm(scratch, { recursive: true });
    }
  });
});

async function filesIn(folder: string, contents: Readonly<Record<string, Buffer>>): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const [name, content] of Object.entries(contents)) {
    paths[name] = join(folder, name);
    await writeFile(join(folder, name), content);
  }
  return paths;
}

/** MinIO applies a policy to temporary keys; SeaweedFS has no such thing without a configuration of its own. */
describe.each(mainServers.filter(({ name }) => name === "minio"))("the IAM policy on $name", (server) => {
  const { policy } = awsDocument("policy");

  it("allows every verb, multipart and abort included", async () => {
    const bucket = await freshBucket(server);
    const store = await underPolicy(server, bucket, policy);
    await store.upload("a.txt", "Hello");
    expect(await (await store.download("a.txt")).text()).toBe("Hello");
    expect(await store.exists("nothing.txt")).toBe(false);
    expect(await store.head("nothing.txt")).toBeNull();
    await store.copy("a.txt", "b.txt");
    await store.move("b.txt", "c.txt");
    const large = new Blob([randomBytes(6 * 1024 * 1024)]);
    expect((await store.upload("large", large.stream())).size).toBe(large.size);
    const given = await store.createMultipartUpload("given-up");
    await given.uploadPart(1, "part");
    await given.abort();
    const keys: (string | undefined)[] = [];
    for await (const { key } of store.list()) keys.push(key);
    expect(keys).toEqual(["a.txt", "c.txt", "large"]);
    await store.delete(["a.txt", "c.txt"]);
    expect(await store.deletePrefix("l")).toBe(1);
    const presigned = await store.presign("d.txt", { method: "PUT" });
    expect((await fetch(presigned?.url ?? "", { method: "PUT", body: "Hello" })).status).toBe(200);
  });

  it("without s3:ListBucket lists nothing, and tells absence all the same, which AWS does not", async () => {
    const bucket = await freshBucket(server);
    const Statement = policy.Statement.map((one) => ({
      ...one,
      Action: one.Action.filter((action) => action !== "s3:ListBucket"),
    }));
    const store = await underPolicy(server, bucket, { ...policy, Statement });
    await store.upload("a.txt", "Hello");
    expect(await store.exists("nothing.txt")).toBe(false);
    await expect(store.list().pages().next()).rejects.toMatchObject({ code: "denied" });
  });

  it("with s3:HeadObject is refused, since there is no such action", async () => {
    const bucket = await freshBucket(server);
    const [objects, ...others] = policy.Statement;
    const Statement = [{ ...objects, Action: [...(objects?.Action ?? []), "s3:HeadObject"] }, ...others];
    await expect(underPolicy(server, bucket, { ...policy, Statement })).rejects.toThrow(/HeadObject/);
  });
});

/** A driver with temporary keys that may do what the policy says and nothing else. */
async function underPolicy(server: S3Server, bucket: string, policy: object): Promise<Driver> {
  const { endpoint, region } = server;
  const text = JSON.stringify(policy).replaceAll("my-bucket", bucket);
  const client = new AwsClient({ ...server, service: "sts", retries: 0 });
  const body = new URLSearchParams({ Action: "AssumeRole", Version: "2011-06-15", Policy: text });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await client.fetch(`${endpoint}/`, { method: "POST", headers, body: body.toString() });
  const document = await answer.text();
  if (!answer.ok) throw new Error(document);
  const value = (name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(document)?.[1] ?? "";
  return s3({
    bucket,
    endpoint,
    region,
    accessKeyId: value("AccessKeyId"),
    secretAccessKey: value("SecretAccessKey"),
    sessionToken: value("SessionToken"),
    partSize: 5 * 1024 * 1024,
  });
}
