/** The suite under node:test. */
import test from "node:test";
import { jobsFromEnvironment } from "./environment.ts";

for (const { name, run } of jobsFromEnvironment()) void test(name, { timeout: 300_000 }, run);
