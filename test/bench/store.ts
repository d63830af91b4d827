/** This package's object interface as a client of the benchmark. */
import type { ObjectStore } from "../../src/interface.ts";
import type { Client } from "./client.ts";
import { drain, source } from "./streams.ts";

/** The four verbs over a store; streams go up in pieces of a size, in bytes. */
export function clientOf(store: ObjectStore, pieceSize?: number): Client {
  return {
    put: (key, bytes) => store.upload(key, bytes),
    get: async (key) => (await (await store.download(key)).bytes()).byteLength,
    up: (key, size) => store.upload(key, source(size, pieceSize)),
    down: async (key) => drain((await store.download(key)).body),
  };
}
