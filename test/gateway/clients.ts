/** What the tests of other people's clients share: a gateway on a port, the clients, and what they print. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { serve } from "srvx";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import { gateway } from "../../src/gateway.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { installed } from "../runtimes/install.ts";
import { binaryFolder, install, run, runs } from "../servers/cache.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const keys = { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway-secret" };

/** Of one day, so that each finds the others' botocore. */
const PYTHON_CLIENTS = ["boto3==1.44.8", "awscli==1.46.3", "s3cmd==2.4.0"];

/** A gateway with the bucket `bucket` behind a server. */
export interface Served {
  readonly store: ObjectStore;
  readonly endpoint: string;
  /** A scratch folder. */
  readonly folder: string;
  /** What clients of Amazon's read. */
  readonly env: NodeJS.ProcessEnv;
  readonly errors: readonly unknown[];
  readonly close: () => Promise<void>;
}

/** Starts a gateway over a folder, over memory, or over another store. */
export async function served(kind: "fs" | "memory" | ObjectStore): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), "unbucket-clients-"));
  const store = kind === "fs" ? fs({ base: join(folder, "store") }) : kind === "memory" ? memory() : kind;
  const errors: unknown[] = [];
  const server = serve({ fetch: (request) => handler(request), port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  const endpoint = `http://localhost:${new URL(server.url as string).port}`;
  const { fetch: handler } = gateway(store, {
    ...{ bucket: "bucket", credentials: keys, endpoint },
    onError: (error) => errors.push(error),
  });
  const env = clientEnv(endpoint, keys, folder);
  const close = async (): Promise<void> => {
    await server.close(true);
    await rm(folder, { recursive: true });
  };
  return { store, endpoint, folder, env, errors, close };
}

/** What clients of Amazon's read: this endpoint and these keys, and nothing of the machine's own. */
export function clientEnv(
  endpoint: string,
  { accessKeyId, secretAccessKey }: typeof keys,
  folder: string,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: join(folder, "none"),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "none"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

/** The programs of a folder of Python's clients; installs them when they are first needed. */
export async function pythonClients(): Promise<string> {
  const name = `python-clients-${PYTHON_CLIENTS.map((one) => one.replace(/.*==/, "")).join("-")}`;
  const cached = join(binaryFolder(), name);
  if (existsSync(cached)) return join(cached, "bin");
  if (!(await runs("python3", ["-c", "import venv, ensurepip"])))
    throw new Error("boto3, the AWS CLI and s3cmd are needed, and for them python3 with venv");
  await install(name, async (scratch) => {
    const venv = join(scratch, "venv");
    await run("python3", ["-m", "venv", venv]);
    const args = ["install", "--quiet", "--disable-pip-version-check", ...PYTHON_CLIENTS];
    await run(join(venv, "bin", "pip"), args).catch((cause: unknown) => {
      throw new Error(`pip cannot install ${PYTHON_CLIENTS.join(", ")}: ${String(cause).slice(-500)}`, { cause });
    });
    return venv;
  });
  return join(cached, "bin");
}

/** The folder of the lock that has the AWS SDK for JavaScript. */
export async function sdkFolder(): Promise<string> {
  const folder = fileURLToPath(new URL("../bench/", import.meta.url));
  await installed(folder);
  return folder;
}

/** Runs a client to its end; gives its output, and rejects with it where it fails. */
export async function client(
  command: string,
  args: readonly string[],
  { env, folder }: Pick<Served, "env" | "folder">,
): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder, env, maxBuffer: 2 ** 26 });
  return stdout;
}

/** The lines of a script of this folder that checks one thing after the other: `ok <what>`, or `failed <what>: <why>`. */
export async function checks(
  command: string,
  script: string,
  args: readonly string[],
  place: Pick<Served, "env" | "folder">,
): Promise<readonly string[]> {
  return (await client(command, [join(here, script), ...args], place)).trim().split("\n");
}
