/**
 * The client behind a backend, for `unbucket/probe`: it asks what no verb does, and the verbs hide what it wants to know. Kept
 * beside the backend, so that nothing of the options can be reached from it.
 */
import type { Backend } from "../../src/backend.ts";
import type { Client } from "./client.ts";

/** Every S3 backend that is in use. */
export const clients: WeakMap<Backend, Client> = /* @__PURE__ */ new WeakMap();
