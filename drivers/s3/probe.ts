/** What a live bucket can do, measured: `unbucket/probe`. */
import type { Driver } from "../../src/driver.ts";
import { locate, StorageError } from "../../src/error.ts";
import { notify } from "../../src/event.ts";
import { knownOptions } from "../../src/options.ts";
import { clients } from "./clients.ts";
import { CHECKS } from "./probe/checks.ts";
import { type Feature, FEATURE_NAMES } from "./probe/feature.ts";
import { failed, type Finding } from "./probe/finding.ts";
import type { ProbeReport } from "./probe/report.ts";
import { Wire } from "./probe/wire.ts";

export { type Feature, FEATURES } from "./probe/feature.ts";
export type { Finding } from "./probe/finding.ts";
export { format, type ProbeReport } from "./probe/report.ts";

/** Options of {@link probe}. */
export interface ProbeOptions {
  /** Aborts the probe, which first removes what it has made, and then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after an abort with the full keys that could not be removed, if there are any. Without an abort the report has them. */
  readonly onLeft?: ((keys: readonly string[]) => void) | undefined;
}

/**
 * Measures what a live bucket can do, through an S3 driver: about 160 requests and 11 MiB. Every key that it makes is below a random prefix
 * of its own, `unbucket-probe-…/`, and is removed at the end, also when it fails. Rejects `unsupported` for another driver, and with the
 * store's error when the first object cannot be stored; a question that fails later is answered `unknown`.
 */
export async function probe(driver: Driver, options: ProbeOptions = {}): Promise<ProbeReport> {
  const started = performance.now();
  let wire: Wire | undefined;
  try {
    knownOptions(options, { signal: 1, onLeft: "function" });
    const client = clients.get(await driver.getInstance());
    if (!client)
      throw new StorageError(
        "unsupported",
        "only buckets of the S3 driver can be probed: STORAGE_BACKEND=s3 chooses it",
      );
    const { signal } = options;
    signal?.throwIfAborted();
    wire = new Wire(driver, client, `unbucket-probe-${crypto.randomUUID()}/`, signal);
    const findings = await ask(wire).finally(() => wire?.removeAll());
    const { bucket } = client.settings;
    const { server, left } = wire;
    return { bucket, server, findings, requests: wire.requests, duration: performance.now() - started, left };
  } catch (error) {
    if (options?.signal?.aborted) {
      if (wire && wire.left.length > 0 && options.onLeft) notify(options.onLeft, wire.left);
      throw options.signal.reason;
    }
    throw locate(error, { operation: "probe", driver: driver.name });
  }
}

async function ask(wire: Wire): Promise<Record<Feature, Finding>> {
  await wire.begin();
  const findings: Partial<Record<Feature, Finding>> = {};
  for (const feature of FEATURE_NAMES) {
    wire.signal?.throwIfAborted();
    findings[feature] = await CHECKS[feature](wire).catch(failed);
  }
  return findings as Record<Feature, Finding>;
}
