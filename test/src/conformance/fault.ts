/** What a fault is: one behaviour of a driver that is broken, all else as it should be. */
import memory from "../../../drivers/memory.ts";
import type { Backend, StoredInfo, StoredObject } from "../../../src/backend.ts";
import { collect } from "../../../src/conformance/bytes.ts";
import { type Driver, toDriver } from "../../../src/driver.ts";

/** Makes a backend wrong in one thing. */
export type Fault = (sound: Backend) => Partial<Backend>;

/** Faults by what they do. */
export type Faults = Readonly<Record<string, Fault>>;

/** The memory driver with a fault, over a store of its own. */
export async function faulty(fault: Fault): Promise<Driver> {
  const sound = await memory().getInstance();
  return toDriver({ name: "faulty", watch: true, open: () => ({ ...sound, ...fault(sound) }) });
}

/** All that is known of an object changed by a function: in what head, get, put and lists give. */
export function known(change: (info: StoredInfo) => StoredInfo): Fault {
  return ({ head, get, put, list }) => ({
    head: async (...call) => {
      const info = await head(...call);
      return info && change(info);
    },
    get: async (...call) => {
      const object = await get(...call);
      return object && { ...object, info: change(object.info) };
    },
    put: async (...call) => change(await put(...call)),
    list: async (...call) => {
      const page = await list(...call);
      return { ...page, objects: page.objects.map(change) };
    },
  });
}

/** The body of every answer changed by a function over its bytes. */
export function body(change: (bytes: Uint8Array, object: StoredObject) => Uint8Array | undefined): Fault {
  return ({ get }) => ({
    get: async (...call) => {
      const object = await get(...call);
      if (!object) return null;
      const bytes = change(await collect(object.body), object);
      return { ...object, body: streamOf(bytes ?? new Uint8Array()) };
    },
  });
}

/** An object without some of its properties. */
export function without<T extends object, Name extends keyof T>(value: T, ...names: readonly Name[]): Omit<T, Name> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name as Name))) as Omit<T, Name>;
}

/** A stream over one piece. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
