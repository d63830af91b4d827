/** Runs the conformance cases under vitest. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Capability, casesFor, type Deviations } from "../../src/conformance.ts";
import type { Driver } from "../../src/driver.ts";

/** A store that the cases run against, and how to get rid of it. */
export interface Subject {
  readonly driver: Driver;
  /** Removes what the cases left. */
  readonly close?: () => Promise<void>;
}

/** What the cases are to know of a driver. */
export interface Traits {
  readonly capabilities: readonly Capability[];
  readonly partSize: number;
  /** Names of cases that the server behind the driver cannot meet, with the reason: these must fail. */
  readonly deviations?: Deviations;
}

/** One `describe` with a test per case, each below a prefix of its own; several run at a time. */
export function conformance(
  name: string,
  open: () => Promise<Subject>,
  { capabilities, partSize, deviations }: Traits,
): void {
  describe(`conformance of ${name}`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(async () => {
      await subject.driver.dispose();
      await subject.close?.();
    });
    for (const [at, { name: rule, run }] of casesFor(capabilities, deviations).entries())
      test.concurrent(rule, () => run({ driver: subject.driver, prefix: `case-${at}/`, partSize }));
  });
}
