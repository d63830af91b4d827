/** The suite in workerd, which has no runner: GET lists the jobs, POST with `?job=` runs one. */
import { jobsOf, type SuiteConfig } from "./config.ts";
import type { Factory, Job } from "./jobs.ts";

interface Bindings {
  /** A {@link SuiteConfig} as JSON. */
  readonly UNBUCKET_SUITE: string;
}

/** A Worker as its module exports it. */
export interface Worker {
  fetch(request: Request, env: Bindings): Promise<Response>;
}

/** A Worker that has these drivers. */
export function workerOf(factories: Readonly<Record<string, Factory>>): Worker {
  let jobs: readonly Job[] | undefined;
  return {
    async fetch(request, env) {
      // As Nitro does, so that plain data can name a binding.
      Object.assign(globalThis, { __env__: env });
      jobs ??= jobsOf(JSON.parse(env.UNBUCKET_SUITE) as SuiteConfig, factories);
      if (request.method === "GET") return Response.json(jobs.map(({ name }) => name));
      const job = jobs[Number(new URL(request.url).searchParams.get("job"))];
      if (job === undefined) return new Response("no such job", { status: 404 });
      return job.run().then(
        () => new Response(null, { status: 204 }),
        (error: unknown) => new Response(String(error instanceof Error ? error.stack : error), { status: 500 }),
      );
    },
  };
}
