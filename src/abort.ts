/** Listening to abort signals. */

/** The callbacks for each signal, which share one listener: Node 20 warns of a leak if a signal has more than ten. */
const waiting = /* @__PURE__ */ new WeakMap<EventTarget, Set<() => void>>();

/**
 * Calls `then` with the signal's reason on abort, at once if it is aborted already. Returns a function that stops
 * listening.
 */
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
    // With a listener, a signal of `AbortSignal.any` would stay in memory for ever.
    if (all.delete(own) && all.size === 0) signal.removeEventListener("abort", tell);
  };
}

/** Calls each callback once and drops it, since it may never be released. */
function tell({ target }: Pick<Event, "target">): void {
  const all = (target && waiting.get(target)) ?? new Set();
  for (const one of all) {
    all.delete(one);
    one();
  }
}

/**
 * Settles as `work` does, or rejects with the signal's reason on abort, even if `work` does not listen to the signal.
 */
export function heeding<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = whenAborted(signal, reject);
    work.then(resolve, reject).finally(release);
  });
}
