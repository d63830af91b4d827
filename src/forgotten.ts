/** Letting go of what holds a connection or a file open, once nobody can read it to its end any more. */
import { quietly } from "./quietly.ts";

/** How often the garbage collector is told of what is under way, in milliseconds. */
const TOLD = 1000;

/** Workers end all with a request, outside of which nothing may be done; some edge runtimes have no registry. */
const isWatched: boolean =
  "FinalizationRegistry" in globalThis && globalThis.navigator?.userAgent !== "Cloudflare-Workers";

/**
 * What is to be let go when something else is out of everybody's reach. Most is read to its end at once, and never comes before the garbage collector: what that is
 * told of, with all it leads to, V8 does not drop while it is young, not even when it is told that this is over, which made small downloads half as dear again.
 */
export class Forgotten<T extends object> {
  readonly #registry: FinalizationRegistry<T> | undefined;
  readonly #recent = new Map<T, object>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(letGo: (held: T) => void) {
    if (isWatched) this.#registry = new FinalizationRegistry(letGo);
  }

  /** Has `held` let go when nobody reaches `reader`, to which it must not lead. */
  watch(reader: object, held: T): void {
    if (!this.#registry) return;
    this.#recent.set(held, reader);
    if (this.#timer === undefined) this.#timer = quietly(setTimeout(() => this.#tell(), TOLD));
  }

  /** Nothing is left to be let go. */
  unwatch(held: T): void {
    if (!this.#recent.delete(held)) this.#registry?.unregister(held);
    if (this.#recent.size > 0) return;
    // Deno's tests look for timers that are left, and those of a test's own clock may never end.
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tell(): void {
    this.#timer = undefined;
    for (const [held, reader] of this.#recent) this.#registry?.register(reader, held, held);
    this.#recent.clear();
  }
}
