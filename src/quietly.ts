/** Timers for which no process waits. */

/** Lets a process end while a timer runs, if there is one. In browsers, and where tests run in jsdom, a timer is a number, and there is nothing to do. */
export function quietly<T>(timer: T): T {
  (timer as { unref?: () => void } | undefined)?.unref?.();
  return timer;
}
