import { createServer, type AddressInfo } from "node:net";

/**
 * The ports to choose from: below those that Linux, macOS and Windows give to whoever asks for any, so that no connection and
 * no other test takes one while its server is about to listen, or is killed and starts again.
 */
const LOWEST = 10_240;
const HIGHEST = 32_767;

/** Finds `count` different loopback ports that are free now; all are held until the last is known. */
export async function freePorts(count: number): Promise<number[]> {
  const holders: ReturnType<typeof createServer>[] = [];
  while (holders.length < count) {
    const holder = createServer();
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    const held = await new Promise<boolean>((resolve) =>
      holder.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true)),
    );
    if (held) holders.push(holder);
  }
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

/** Starts something on free ports, and again on others when it fails since one was taken meanwhile. */
export async function onFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      // As Go, C, Node, Bun and Deno say it.
      if (attempt === 3 || !/in use|EADDRINUSE|AddrInUse/i.test(String(error))) throw error;
    }
  }
}
