/** The playground on Cloudflare Workers: files in an R2 bucket or on S3, documents in D1, no thumbnails. */
import { createDatabase } from "db0";
import d1 from "db0/connectors/cloudflare-d1";
import type { H3 } from "h3";
import { getStorage } from "unbucket/drivers/env";
import r2, { type R2Bucket } from "unbucket/drivers/r2";
import { createApp } from "./app.ts";
import { addressed, describeBackend } from "./services/backend.ts";
import { documentTable } from "./services/database.ts";
import { createDocuments } from "./services/documents.ts";

/** The bindings of `wrangler.jsonc`: an R2 bucket or STORAGE_* as variables and secrets, a D1 database `DB`, the page. */
export interface Bindings {
  readonly [name: string]: unknown;
  readonly BUCKET?: R2Bucket;
  readonly ASSETS?: { fetch(request: Request): Promise<Response> };
}

/** Seconds: many isolates share one database, so an upload that is quiet for so long counts as interrupted. */
const LEASE = 60;

let app: H3 | undefined;

const worker: { fetch(request: Request, bindings: Bindings): Promise<Response> } = {
  async fetch(request, bindings) {
    // Once in the life of an isolate: its bindings never change.
    app ??= wire(bindings);
    return app.fetch(request);
  },
};

export default worker;

function wire(bindings: Bindings): H3 {
  const variables = Object.fromEntries(Object.entries(bindings).filter(isText));
  const publicUrl = variables["STORAGE_PUBLIC_URL"];
  const { BUCKET: binding } = bindings;
  const store = addressed(binding ? r2({ binding, publicUrl }) : getStorage(variables), variables);
  const database = createDatabase(d1({ bindingName: "DB" }));
  return createApp({
    store,
    documents: createDocuments(store, documentTable(database), LEASE),
    gateway: () => null,
    thumbnailer: null,
    assets: async (name) => {
      const found = await bindings.ASSETS?.fetch(new Request(`https://assets.local/${name}`));
      return found?.ok ? new Uint8Array(await found.arrayBuffer()) : null;
    },
    // The platform routes only the names that the Worker was given.
    hosts: null,
    backend: binding ? "R2 bucket" : describeBackend(variables),
  });
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}
