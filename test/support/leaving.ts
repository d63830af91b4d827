/** Somebody who leaves while a call waits. */

/** A signal, its reason, and calls that wait for it. */
export interface Leaving {
  readonly signal: AbortSignal;
  readonly reason: Error;
  /** Aborts the signal, a moment later. */
  leave(): void;
  /** A call whose last argument are options: leaves, and answers when its own signal is aborted, never otherwise. */
  waiting(...call: readonly unknown[]): Promise<never>;
}

export function leaving(): Leaving {
  const control = new AbortController();
  const reason = new Error("left");
  const leave = (): void => void setTimeout(() => control.abort(reason), 10);
  return {
    signal: control.signal,
    reason,
    leave,
    waiting(...call) {
      const { signal } = call.at(-1) as { readonly signal?: AbortSignal };
      leave();
      return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  };
}
