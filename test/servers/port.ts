import { createServer, type AddressInfo } from "node:net";

/** Finds `count` different loopback ports that are free now; all are held until the last is known. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => createServer());
  const listening = holders.map(
    (holder) => new Promise<void>((resolve, reject) => holder.once("error", reject).listen(0, "127.0.0.1", resolve)),
  );
  await Promise.all(listening);
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
