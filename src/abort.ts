/** Waiting that an abort ends. */

/** Runs `then` with the signal's reason when it is aborted, at once if it is already; what it gives ends the listening. */
export function whenAborted(signal: AbortSignal | undefined, then: (reason: unknown) => void): () => void {
  const onAbort = (): void => then(signal?.reason);
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return () => signal?.removeEventListener("abort", onAbort);
}

/** Settles with `work`, or at once with the signal's reason when it is aborted, whether or not `work` listens to it. */
export function heeding<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const release = whenAborted(signal, reject);
    work.then(resolve, reject).finally(release);
  });
}
