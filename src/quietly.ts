/**
 * Keeps a timer from keeping the process alive. In browsers and in jsdom a timer is a number, and there is nothing to
 * do.
 */
export function quietly<T>(timer: T): T {
  (timer as { unref?: () => void } | undefined)?.unref?.();
  return timer;
}
