/** The contract of drivers as executable cases, for any test runner and any runtime: `unbucket/conformance`. */
import { ConformanceError } from "./conformance/assert.ts";
import { brokenCases } from "./conformance/broken.ts";
import type { Capability, Case } from "./conformance/case.ts";
import { conditionCases } from "./conformance/conditions.ts";
import { copyCases } from "./conformance/copies.ts";
import { abortCases, downloadCases } from "./conformance/download.ts";
import { errorCases } from "./conformance/errors.ts";
import { keyCases, refusedKeyCases } from "./conformance/keys.ts";
import { kvKeyCases } from "./conformance/kv-keys.ts";
import { kvCases } from "./conformance/kv.ts";
import { listOptionCases } from "./conformance/list-options.ts";
import { listCases } from "./conformance/lists.ts";
import { metadataCases } from "./conformance/metadata.ts";
import { multipartCases } from "./conformance/multipart.ts";
import { optionCases } from "./conformance/options.ts";
import { presignCases } from "./conformance/presign.ts";
import { rangeCases } from "./conformance/ranges.ts";
import { removalCases } from "./conformance/removal.ts";
import { scopeCases } from "./conformance/scope.ts";
import { sizeCases } from "./conformance/sizes.ts";
import { updateCases } from "./conformance/update.ts";
import { uploadCases } from "./conformance/upload.ts";
import { watchCases } from "./conformance/watch.ts";

export { ConformanceError };
export type { Capability, Case, Context } from "./conformance/case.ts";

/** All cases, ordered so that an early failure explains later ones. */
export const cases: readonly Case[] = [
  ...uploadCases,
  ...downloadCases,
  ...sizeCases,
  ...keyCases,
  ...refusedKeyCases,
  ...rangeCases,
  ...conditionCases,
  ...metadataCases,
  ...brokenCases,
  ...abortCases,
  ...listCases,
  ...listOptionCases,
  ...removalCases,
  ...copyCases,
  ...updateCases,
  ...errorCases,
  ...optionCases,
  ...scopeCases,
  ...kvCases,
  ...kvKeyCases,
  ...presignCases,
  ...multipartCases,
  ...watchCases,
];

/** Cases that a store is known to fail: the reason of each, by the name of the case. */
export type Deviations = Readonly<Record<string, string>>;

/**
 * Selects the cases for a driver with these capabilities. Their errors begin with the name of the case. A case in
 * `deviations` is expected to fail: it passes while the store fails it, and fails once the store passes. Throws if no
 * selected case has such a name.
 */
export function casesFor(capabilities: readonly Capability[], deviations: Deviations = {}): readonly Case[] {
  const has = new Set(capabilities);
  const selected = cases.filter(
    ({ needs = [], lacks = [] }) => needs.every((one) => has.has(one)) && !lacks.some((one) => has.has(one)),
  );
  const unknown = Object.keys(deviations).filter((name) => !selected.some((one) => one.name === name));
  if (unknown.length > 0)
    throw new ConformanceError(`there are no such cases for these capabilities: ${unknown.join("; ")}`);
  return selected.map((one) => {
    const reason = deviations[one.name];
    return reason === undefined ? { ...one, run: naming(one) } : deviating(one, reason);
  });
}

function naming({ name, run }: Case): Case["run"] {
  return (context) =>
    run(context).catch((error: unknown) => {
      const what = error instanceof ConformanceError ? error.message : `the driver failed: ${String(error)}`;
      throw new ConformanceError(`${name}: ${what}`, { cause: error });
    });
}

function deviating(one: Case, reason: string): Case {
  return {
    ...one,
    name: `${one.name} (not here: ${reason})`,
    async run(context) {
      const met = await one.run(context).then(
        () => true,
        () => false,
      );
      if (met) throw new ConformanceError(`${one.name}: is met after all, take it out of the deviations`);
    },
  };
}
