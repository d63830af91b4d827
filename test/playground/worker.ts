/** The playground in workerd, with the bindings of its `wrangler.jsonc`. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { vi } from "vitest";
import { childrenNamed } from "../bench/process.ts";
import type { R2Bucket } from "../../drivers/r2.ts";
import type { S3Server } from "../support/s3.ts";
import type { App } from "./check.ts";
import { bucketOn } from "./start.ts";
import { type Bound, bundled, configuration, root } from "./worker-bundle.ts";

/** Gives V8 in workerd so many MiB for its heap from now on, until vitest's `unstubAllEnvs`. */
export function limitHeap(mebibytes: number): void {
  const miniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  vi.stubEnv("WORKERD", (miniflare("workerd") as { readonly default: string }).default);
  vi.stubEnv("WORKERD_HEAP", String(mebibytes));
  vi.stubEnv("MINIFLARE_WORKERD_PATH", fileURLToPath(new URL("workerd-heap.sh", import.meta.url)));
}

/** A playground whose process can be watched. */
export interface WorkerApp extends App {
  readonly pid: number;
}

/** Starts it: as the environment `s3` on a bucket of a server, else as the environment `r2`. */
export async function startWorker(server?: S3Server): Promise<WorkerApp> {
  const settings = await configuration();
  const { r2_buckets = [], ...bound }: Bound = server ? settings.env.s3 : settings.env.r2;
  const place = server && (await bucketOn(server));
  const { directory, binding, html_handling } = settings.assets;
  const worker = new Miniflare({
    modules: true,
    script: (await bundled()).script,
    compatibilityDate: settings.compatibility_date,
    compatibilityFlags: settings.compatibility_flags,
    assets: {
      directory: join(root, directory),
      binding,
      assetConfig: { html_handling },
      routerConfig: { has_user_worker: true, invoke_user_worker_ahead_of_assets: true },
    },
    d1Databases: bound.d1_databases.map((database) => database.binding),
    r2Buckets: r2_buckets.map((bucket) => bucket.binding),
    bindings: { ...bound.vars, ...place?.variables },
  });
  const url = (await worker.ready).origin;
  const stored = async (): Promise<string[]> => {
    const [bucket] = r2_buckets;
    if (bucket === undefined) return [];
    const listing = (await worker.getR2Bucket(bucket.binding)) as unknown as Pick<R2Bucket, "list">;
    return (await listing.list({})).objects.map(({ key }) => key);
  };
  return {
    url,
    pid: childrenNamed("workerd").at(-1) ?? 0,
    stored: place ? () => place.stored() : stored,
    close: () => worker.dispose(),
  };
}
