/** The suite in workerd, which has no runner: GET lists the jobs, POST with `?job=` runs one. */
import { jobsOf, type SuiteConfig } from "./config.ts";
import { portable, type Job } from "./jobs.ts";

interface Bindings {
  /** A {@link SuiteConfig} as JSON. */
  readonly UNBUCKET_SUITE: string;
}

let jobs: readonly Job[] | undefined;

const worker: { fetch(request: Request, env: Bindings): Promise<Response> } = {
  async fetch(request, env) {
    jobs ??= jobsOf(JSON.parse(env.UNBUCKET_SUITE) as SuiteConfig, portable);
    if (request.method === "GET") return Response.json(jobs.map(({ name }) => name));
    const job = jobs[Number(new URL(request.url).searchParams.get("job"))];
    if (job === undefined) return new Response("no such job", { status: 404 });
    return job.run().then(
      () => new Response(null, { status: 204 }),
      (error: unknown) => new Response(String(error instanceof Error ? error.stack : error), { status: 500 }),
    );
  },
};

export default worker;
