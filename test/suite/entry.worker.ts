/** The suite in workerd, which has no runner: GET lists the jobs, POST with `?job=` runs one. */
import { jobsFor, portable, type Job, type StoreConfig } from "./jobs.ts";

interface Bindings {
  /** A {@link StoreConfig} as JSON. */
  readonly UNBUCKET_SUITE: string;
}

let jobs: readonly Job[] | undefined;

const worker: { fetch(request: Request, env: Bindings): Promise<Response> } = {
  async fetch(request, env) {
    jobs ??= jobsFor(JSON.parse(env.UNBUCKET_SUITE) as StoreConfig, portable);
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
