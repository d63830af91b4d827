/** A client in a worker: each request is a task, each answer its measurement. */
import type { Client, Connect, Task } from "./client.ts";
import { measure } from "./measure.ts";

/** What workerd runs. */
export interface Worker {
  fetch(request: Request, env: { readonly ENDPOINT: string }): Promise<Response>;
}

/** A worker around one client. */
export function worker(connect: Connect): Worker {
  // Made by the first request: no I/O is allowed before it.
  let client: Client | undefined;
  return {
    async fetch(request, env) {
      client ??= await connect(env.ENDPOINT);
      return Response.json(await measure(client, (await request.json()) as Task));
    },
  };
}
