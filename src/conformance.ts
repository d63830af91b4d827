/** The contract as executable cases, for any test runner and any runtime: data and functions on web globals only. */
import { brokenCases } from "./conformance/broken.ts";
import type { Capability, Case } from "./conformance/case.ts";
import { conditionCases } from "./conformance/conditions.ts";
import { copyCases } from "./conformance/copies.ts";
import { abortCases, downloadCases } from "./conformance/download.ts";
import { errorCases } from "./conformance/errors.ts";
import { keyCases, refusedKeyCases } from "./conformance/keys.ts";
import { kvKeyCases } from "./conformance/kv-keys.ts";
import { kvCases } from "./conformance/kv.ts";
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

export { ConformanceError } from "./conformance/assert.ts";
export type { Capability, Case, Context } from "./conformance/case.ts";

/** Every case, in an order in which an early failure explains later ones. */
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
];

/** The cases for a driver with these capabilities. */
export function casesFor(capabilities: readonly Capability[]): readonly Case[] {
  const has = new Set(capabilities);
  return cases.filter(
    ({ needs = [], lacks = [] }) => needs.every((one) => has.has(one)) && !lacks.some((one) => has.has(one)),
  );
}
