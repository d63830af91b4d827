/**
 * The client behind each backend, for `unbucket/probe`, which sends requests that no verb sends. It is kept here and not on the backend,
 * from which nobody shall reach the options.
 */
import type { Backend } from "../../src/backend.ts";
import type { Client } from "./client.ts";

/** Every S3 backend that is in use. */
export const clients: WeakMap<Backend, Client> = /* @__PURE__ */ new WeakMap();
