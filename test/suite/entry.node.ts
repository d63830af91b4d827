/** The suite under node:test. */
import test from "node:test";
import { jobsFromEnvironment } from "./environment.ts";

for (const { name, run } of jobsFromEnvironment()) void test(name, { timeout: 60_000 }, run);
