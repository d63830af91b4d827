/** The first file of tests that needs them installs the runtimes, which on a busy machine takes longer than a test may. */
import { beforeAll } from "vitest";
import { installed } from "./install.ts";

/** Has them installed before the tests of this file, whose time it does not take. */
export function installing(folder?: string): void {
  beforeAll(async () => void (await installed(folder)), 600_000);
}
