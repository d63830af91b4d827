/** Waiting that an abort ends. */

/** Who waits for a signal, by one listener together: Node 20 warns of a leak where a signal has more than ten. */
const waiting = /* @__PURE__ */ new WeakMap<EventTarget, Set<() => void>>();

/** Runs `then` with the signal's reason when it is aborted, at once if it is already; what it gives ends the listening. */
export function whenAborted(signal: AbortSignal | undefined, then: (reason: unknown) => void): () => void {
  const own = (): void => then(signal?.reason);
  if (signal?.aborted) own();
  if (!signal || signal.aborted) return () => {};
  const all = waiting.get(signal) ?? new Set();
  if (all.size === 0) {
    waiting.set(signal, all);
    signal.addEventListener("abort", tell, { once: true });
  }
  all.add(own);
  return () => {
    // A listener that stays would keep a signal of `AbortSignal.any` in memory for ever.
    if (all.delete(own) && all.size === 0) signal.removeEventListener("abort", tell);
  };
}

/** Tells each once, and forgets it: who waits no longer may never say so. */
function tell({ target }: Pick<Event, "target">): void {
  const all = (target && waiting.get(target)) ?? new Set();
  for (const one of all) {
    all.delete(one);
    one();
  }
}

/** Settles with `work`, or at once with the signal's reason when it is aborted, whether or not `work` listens to it. */
export function heeding<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = whenAborted(signal, reject);
    work.then(resolve, reject).finally(release);
  });
}
