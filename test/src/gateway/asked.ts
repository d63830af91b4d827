/** Requests to a gateway over memory, signed by another's code. */
import { AwsClient } from "aws4fetch";
import memory from "../../../drivers/memory.ts";
import { gateway, type GatewayOptions } from "../../../src/gateway.ts";
import type { ObjectStore } from "../../../src/interface.ts";

const keys = { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway-secret" };
const client = new AwsClient({ ...keys, region: "us-east-1", service: "s3" });

/** What a test asks a gateway with. */
export interface Asking {
  readonly store: ObjectStore;
  /** Sends a request for `http://gateway/<path>`; `path` is already encoded. */
  readonly ask: (method: string, path: string, init?: RequestInit) => Promise<Response>;
  /** Signs that request and sends it not yet. */
  readonly sign: (method: string, path: string, init?: RequestInit) => Promise<Request>;
  /** Signs it in its query, and all of its headers with it. */
  readonly presign: (method: string, path: string, init?: RequestInit) => Promise<Request>;
  readonly send: (request: Request) => Promise<Response>;
}

/** A gateway with the bucket `bucket`. */
export function asking(options: Partial<GatewayOptions> = {}): Asking {
  const store = memory();
  const { fetch } = gateway(store, { bucket: "bucket", credentials: keys, ...options });
  const sign: Asking["sign"] = (method, path, init) => client.sign(`http://gateway/${path}`, { ...init, method });
  const presign: Asking["presign"] = (method, path, init) =>
    client.sign(`http://gateway/${path}`, { ...init, method, aws: { signQuery: true, allHeaders: true } });
  return { store, sign, presign, send: fetch, ask: async (...request) => fetch(await sign(...request)) };
}

/** The code of an error's document, after its status. */
export async function refusalOf(response: Response): Promise<string> {
  return `${response.status} ${/^<\?xml[^>]*>\n<Error><Code>(\w+)<\/Code>/.exec(await response.text())?.[1]}`;
}
