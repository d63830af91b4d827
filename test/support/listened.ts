/** A signal that outlives what is given it, with the listeners that it has at the moment. */
export function listened(): { readonly signal: AbortSignal; readonly live: ReadonlySet<unknown> } {
  const { signal } = new AbortController();
  const live = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (live.add(args[1]), add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (live.delete(args[1]), remove(...args));
  return { signal, live };
}
