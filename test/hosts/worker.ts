import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { type Build, filesBelow, type Variables } from "./host.ts";

/** Serves what Nitro built for Workers by workerd, with the variables as bindings; `dispose()` ends it. */
export function startWorker(build: Build, variables: Variables): Miniflare {
  const entry = join(build.server, "index.mjs");
  const others = filesBelow(build.server).filter((path) => path.endsWith(".mjs") && path !== entry);
  const modules = [entry, ...others].map((path) => ({
    type: "ESModule" as const,
    path,
    contents: readFileSync(path, "utf8"),
  }));
  return new Miniflare({
    modules,
    modulesRoot: build.server,
    bindings: { ...variables },
    host: "127.0.0.1",
    compatibilityDate: "2026-04-01",
  });
}
