/** Waiting that an abort ends. */

/** Who waits for a signal, by one listener together: Node 20 warns of a leak where a signal has more than ten. */
interface Waiting {
  readonly all: Set<() => void>;
  readonly listener: () => void;
}

const signals = /* @__PURE__ */ new WeakMap<AbortSignal, Waiting>();

/** Runs `then` with the signal's reason when it is aborted, at once if it is already; what it gives ends the listening. */
export function whenAborted(signal: AbortSignal | undefined, then: (reason: unknown) => void): () => void {
  const own = (): void => then(signal?.reason);
  if (signal?.aborted) own();
  if (!signal || signal.aborted) return () => {};
  const { all, listener } = waitingFor(signal);
  if (all.size === 0) signal.addEventListener("abort", listener, { once: true });
  all.add(own);
  return () => {
    // A listener that stays would keep a signal of `AbortSignal.any` in memory for ever.
    if (all.delete(own) && all.size === 0) signal.removeEventListener("abort", listener);
  };
}

function waitingFor(signal: AbortSignal): Waiting {
  let waiting = signals.get(signal);
  if (!waiting) {
    const all = new Set<() => void>();
    signals.set(signal, (waiting = { all, listener: () => tell(all) }));
  }
  return waiting;
}

/** Tells each once, and forgets it: who waits no longer may never say so. */
function tell(all: Set<() => void>): void {
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
