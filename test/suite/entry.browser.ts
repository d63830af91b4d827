/** The suite in a page, which has no runner: the script hands its jobs to whoever drives the browser. */
import { jobsOf, type SuiteConfig } from "./config.ts";
import { type Job, portable } from "./jobs.ts";

/** What the script adds to the page. */
export interface SuitePage {
  /** The names of the jobs, in order. */
  begin(config: SuiteConfig): string[];
  /** Runs one: null when it passed, else what went wrong. */
  run(index: number): Promise<string | null>;
}

let jobs: readonly Job[] = [];

const suite: SuitePage = {
  begin(config) {
    jobs = jobsOf(config, portable);
    return jobs.map(({ name }) => name);
  },
  run: async (index) =>
    (jobs[index]?.run() ?? Promise.reject(new Error("no such job"))).then(
      () => null,
      // Firefox and WebKit have no message in a stack.
      (error: unknown) => (error instanceof Error ? `${String(error)}\n${error.stack}` : String(error)),
    ),
};

Object.assign(globalThis, { suite });
