/** The suite under bun test. */
import { jobsFromEnvironment } from "./environment.ts";

type Register = (name: string, run: () => Promise<void>, timeout: number) => void;
const runner = "bun:test";
const { test } = (await import(runner)) as { readonly test: Register };

for (const { name, run } of jobsFromEnvironment()) test(name, run, 300_000);
