/** Rules that say which request meets which faults. */
import type { Addressed } from "../operation.ts";
import type { Fault } from "./fault.ts";

/** Faults for the requests that match; without conditions all do. */
export interface Rule {
  /** Names of S3 operations. */
  readonly operation?: string | readonly string[];
  readonly key?: string;
  readonly part?: number;
  /** Only the one with this number among those that match, counted from 1. */
  readonly nth?: number;
  /** Only up to this number. */
  readonly to?: number;
  /** In this order, as far as they are of the same side. */
  readonly faults: readonly Fault[];
}

/** Decides what each request meets. */
export interface Script {
  faultsFor(request: Addressed): readonly Fault[];
}

/** Counts for each rule the requests that matched. */
export function scripted(rules: readonly Rule[]): Script {
  const counts = rules.map(() => 0);
  return {
    faultsFor: (request) =>
      rules.flatMap((rule, index) => {
        if (!matches(rule, request)) return [];
        const number = (counts[index] = (counts[index] ?? 0) + 1);
        const meant = (rule.nth === undefined || rule.nth === number) && number <= (rule.to ?? Infinity);
        return meant ? rule.faults : [];
      }),
  };
}

function matches({ operation, key, part }: Rule, request: Addressed): boolean {
  const operations = operation === undefined ? [request.operation] : [operation].flat();
  return (
    operations.includes(request.operation) &&
    (key === undefined || key === request.key) &&
    (part === undefined || String(part) === request.query.get("partNumber"))
  );
}
