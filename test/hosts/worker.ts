import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare, type MiniflareOptions } from "miniflare";
import { filesBelow, type RunningApp, type Variables } from "./running.ts";

const compatibilityDate = "2026-04-01";

/** Serves the modules of a folder by workerd, with the variables as bindings and with the flags that the build asks for. */
export async function startWorker(folder: string, variables: Variables): Promise<RunningApp> {
  const entry = join(folder, "index.mjs");
  const others = filesBelow(folder).filter((path) => path.endsWith(".mjs") && path !== entry);
  const modules = [entry, ...others].map((path) => ({
    type: "ESModule" as const,
    path,
    contents: readFileSync(path, "utf8"),
  }));
  return serve({ modules, modulesRoot: folder, compatibilityFlags: flagsOf(folder) }, variables);
}

/** Serves one script by workerd. */
export function startScript(script: string, variables: Variables): Promise<RunningApp> {
  return serve({ modules: true, script }, variables);
}

async function serve(options: MiniflareOptions, variables: Variables): Promise<RunningApp> {
  const worker = new Miniflare({ ...options, bindings: { ...variables }, host: "127.0.0.1", compatibilityDate });
  const { origin } = await worker.ready;
  return { url: origin, log: () => "", stop: () => worker.dispose() };
}

function flagsOf(folder: string): string[] {
  const path = join(folder, "wrangler.json");
  if (!existsSync(path)) return [];
  const settings = JSON.parse(readFileSync(path, "utf8")) as { readonly compatibility_flags?: string[] };
  return settings.compatibility_flags ?? [];
}
