/** `unbucket serve`: serves a folder as an S3 endpoint. */
import { resolve } from "node:path";
import { type CommandDef, defineCommand } from "citty";
import fs from "../drivers/fs.ts";
import { gateway } from "../src/gateway.ts";
import { type GatewayOptions, parseOptions } from "../src/gateway/options.ts";
import { isThere, mustBeWhole } from "./folder.ts";
import { bucketOf } from "./serve/bucket.ts";
import { originsOf, withCors } from "./serve/cors.ts";
import { type Credentials, credentialsOf } from "./serve/credentials.ts";
import { listen } from "./serve/listen.ts";
import { FailureLog } from "./serve/log.ts";
import { report } from "./serve/report.ts";
import { refuseUnknown } from "./unknown.ts";

const args = {
  folder: { type: "positional", description: "The folder", required: true, valueHint: "./uploads" },
  port: { type: "string", description: "0 takes a free one", default: "9000", valueHint: "port" },
  host: { type: "string", description: "The address to listen on", default: "127.0.0.1", valueHint: "address" },
  bucket: { type: "string", description: "Name of the bucket (default: that of the folder)", valueHint: "name" },
  "access-key": { type: "string", description: "Default: UNBUCKET_ACCESS_KEY, else made", valueHint: "key" },
  "secret-key": { type: "string", description: "Default: UNBUCKET_SECRET_KEY, else made", valueHint: "key" },
  region: { type: "string", description: "What requests are signed for", default: "us-east-1", valueHint: "name" },
  "read-only": { type: "boolean", description: "Refuse all writes", default: false },
  public: { type: "string", description: "Prefixes that anybody may read, such as public/", valueHint: "prefixes" },
  cors: { type: "string", description: "Origins whose pages may send requests, or *", valueHint: "origins" },
} as const;

/** The command. It runs until SIGINT or SIGTERM, then finishes running requests. */
export const serve: CommandDef<typeof args> = defineCommand({
  meta: { name: "serve", description: "Serve a folder as an S3 endpoint, with keys" },
  args,
  async run({ args: given, rawArgs }) {
    try {
      // A mistyped --read-only must not allow writes.
      refuseUnknown("serve", args, given._, rawArgs);
      const credentials = credentialsOf(given["access-key"], given["secret-key"], process.env);
      const log = new FailureLog();
      const options = { ...optionsOf(given, credentials), onError: log.note };
      // Reports a wrong option now, not at the first request.
      parseOptions(options);
      const base = resolve(given.folder);
      // A missing folder is fine, since the first upload creates it; a file is not.
      const exists = await isThere(base);
      await mustBeWhole(base);
      const store = fs({ base, readOnly: given["read-only"] });
      const logged = log.printing(gateway(store, options).fetch, (line) => console.error(line));
      const fetch = withCors(logged, originsOf(given.cors));
      const { url } = await listen(fetch, given.host, portOf(given.port));
      const { bucket, region = "us-east-1" } = options;
      for (const line of report({ url, base, exists, bucket, region, credentials })) console.log(line);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  },
});

interface Given {
  readonly folder: string;
  readonly bucket?: string | undefined;
  readonly region: string;
  readonly public?: string | undefined;
}

function optionsOf(given: Given, { accessKeyId, secretAccessKey }: Credentials): GatewayOptions {
  return {
    bucket: given.bucket ?? bucketOf(given.folder),
    credentials: { accessKeyId, secretAccessKey },
    region: given.region,
    publicPrefixes: prefixesOf(given.public),
  };
}

/** The prefixes of --public. An unset variable of a script must not make everything public. */
function prefixesOf(text: string | undefined): string[] {
  const prefixes = text?.split(",") ?? [];
  if (prefixes.some((prefix) => !/[^/]\/$/.test(prefix)))
    throw new Error("--public: must be prefixes that end in a slash, joined by commas: public/,logos/");
  return prefixes;
}

function portOf(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`--port ${text}: must be 0 to 65535`);
  return Number(text);
}
