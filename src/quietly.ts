/** Timers for which no process waits. */

/** Lets a process end while a timer runs. Where tests run in jsdom a timer is a number, and there is nothing to do. */
export function quietly<T extends ReturnType<typeof setTimeout>>(timer: T): T {
  (timer as Partial<T>).unref?.();
  return timer;
}
