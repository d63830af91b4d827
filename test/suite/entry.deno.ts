/** The suite under deno test, without its leak checks: a connection that is kept for the next case is no leak. */
import { jobsFromEnvironment } from "./environment.ts";

interface Definition {
  readonly name: string;
  readonly fn: () => Promise<void>;
  readonly sanitizeOps: boolean;
  readonly sanitizeResources: boolean;
}
const { Deno } = globalThis as unknown as { readonly Deno: { test(definition: Definition): void } };

for (const { name, run } of jobsFromEnvironment()) {
  Deno.test({ name, fn: run, sanitizeOps: false, sanitizeResources: false });
}
