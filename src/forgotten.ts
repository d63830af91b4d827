/** Closes connections and files of bodies that were dropped, so that nobody can read them to their end any more. */
import { quietly } from "./quietly.ts";

/** Milliseconds after which an open body is registered with the garbage collector. */
const DELAY = 1000;

/**
 * Not on Workers, where all ends with its request and nothing may run outside of one; some edge runtimes have no
 * registry.
 */
const hasRegistry: boolean =
  "FinalizationRegistry" in globalThis && globalThis.navigator?.userAgent !== "Cloudflare-Workers";

/**
 * Calls `letGo` for a resource once its reader is garbage-collected. Registration is delayed, since most bodies are
 * read to their end at once: V8 keeps what was ever registered, and everything it references, beyond its young
 * generation, even if it is unregistered again. That made small downloads half as expensive again.
 */
export class Forgotten<T extends object> {
  readonly #registry: FinalizationRegistry<T> | undefined;
  readonly #recent = new Map<T, object>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(letGo: (held: T) => void) {
    if (hasRegistry) this.#registry = new FinalizationRegistry(letGo);
  }

  /** Lets `held` go once `reader` is garbage-collected. `held` must not reference `reader`. */
  watch(reader: object, held: T): void {
    if (!this.#registry) return;
    this.#recent.set(held, reader);
    if (this.#timer === undefined) this.#timer = quietly(setTimeout(() => this.#register(), DELAY));
  }

  /** Drops `held`: nothing is left to be let go. */
  unwatch(held: T): void {
    if (!this.#recent.delete(held)) this.#registry?.unregister(held);
    if (this.#recent.size > 0) return;
    // Tests on Deno fail if a timer is left, and with a fake clock it may never fire.
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #register(): void {
    this.#timer = undefined;
    for (const [held, reader] of this.#recent) this.#registry?.register(reader, held, held);
    this.#recent.clear();
  }
}
