/** The S3 endpoint of a folder: its presigned URLs lead back to this app, where those of a bucket lead to its store. */
import type { ObjectStore } from "unbucket";
import { gateway, type Gateway } from "unbucket/gateway";
import type { Variables } from "./backend.ts";

/** The mount path of the endpoint. */
export const S3 = "/s3";

const ADDRESS = "STORAGE_LOCAL_GATEWAY_URL";
const ACCESS_KEY = "STORAGE_LOCAL_ACCESS_KEY";
const SECRET_KEY = "STORAGE_LOCAL_SECRET_KEY";

/** The variables of a folder that has no gateway yet: this app at `url` is it, with keys that nobody else has. */
export function gatewayVariables(variables: Variables, url: string): Variables {
  if (!isFolder(variables) || [ADDRESS, ACCESS_KEY, SECRET_KEY].some((name) => variables[name])) return {};
  return {
    [ADDRESS]: `${url.replace(/\/$/, "")}${S3}/uploads`,
    [ACCESS_KEY]: crypto.randomUUID(),
    [SECRET_KEY]: crypto.randomUUID() + crypto.randomUUID(),
  };
}

/** The gateway that the variables name; null where they name none, or one that is not this app. */
export function gatewayOf(store: ObjectStore, variables: Variables): Gateway | null {
  const { [ADDRESS]: url = "", [ACCESS_KEY]: accessKeyId, [SECRET_KEY]: secretAccessKey } = variables;
  if (!isFolder(variables) || !URL.canParse(url) || !accessKeyId || !secretAccessKey) return null;
  const { origin, pathname } = new URL(url);
  const [, bucket] = /^\/s3\/([^/]+)\/?$/.exec(pathname) ?? [];
  if (bucket === undefined) return null;
  const credentials = { accessKeyId, secretAccessKey };
  return gateway(store, { bucket, credentials, endpoint: origin + S3, onError: console.error });
}

function isFolder(variables: Variables): boolean {
  return (variables["STORAGE_BACKEND"]?.toLowerCase() || "local") === "local";
}
