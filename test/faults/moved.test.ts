/** B8: an endpoint whose name leads to another address after a failover, while the old one keeps its connections and says nothing. */
import dns from "node:dns";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { collect } from "../../src/collect.ts";
import { stubbed, TRANSPORTS } from "../support/stubbed.ts";

const NAME = "moved.test";
const ADDRESSES = { old: "127.0.0.1", new: "::1" } as const;
const BYTES = Buffer.alloc(300_000, "0123456789");
const HALF = 100_000;
const LIST = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

/** One port at two addresses, as S3 as these calls need; what comes to the old one after the move is never answered. */
async function endpoint() {
  let at: keyof typeof ADDRESSES = "old";
  const seen: string[] = [];
  const dialled: string[] = [];
  const where = (address: string | undefined): string => (address?.endsWith(ADDRESSES.old) ? "old" : "new");
  const server = createServer({ keepAliveTimeout: 0 }, ({ method = "", url = "", headers, socket }, response) => {
    const to = where(socket.localAddress);
    seen.push(`${to} ${method}`);
    if (to !== at) return;
    const [, start] = /^bytes=(\d+)-/.exec(headers["range"] ?? "") ?? [];
    const own = { etag: '"e"', "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT" };
    if (url.includes("list-type")) return void response.end(LIST);
    if (method === "PUT") return void response.writeHead(200, own).end();
    if (method === "HEAD" || !start) {
      response.writeHead(200, { ...own, "content-length": BYTES.length });
      return void (method === "HEAD" ? response.end() : response.write(BYTES.subarray(0, HALF)));
    }
    const range = `bytes ${start}-${BYTES.length - 1}/${BYTES.length}`;
    response.writeHead(206, { ...own, "content-range": range }).end(BYTES.subarray(Number(start)));
  });
  server.on("connection", (socket) => dialled.push(where(socket.localAddress)));
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  const original = dns.lookup;
  const lookup = vi.spyOn(dns, "lookup").mockImplementation(((name: string, options: dns.LookupOptions, told) => {
    if (name !== NAME) return original(name, options, told);
    const address = ADDRESSES[at];
    const family = address.includes(":") ? 6 : 4;
    if (options.all) told(null, [{ address, family }]);
    else told(null, address, family);
  }) as (name: string, options: dns.LookupOptions, told: (...args: unknown[]) => void) => void as typeof dns.lookup);
  onTestFinished(async () => {
    lookup.mockRestore();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://${NAME}:${(server.address() as AddressInfo).port}`,
    /** From now on the name leads to the new address; forgets what was seen. */
    move(): void {
      at = "new";
      seen.length = dialled.length = 0;
    },
    seen,
    dialled,
  };
}

describe.each(TRANSPORTS)("an endpoint that moves, over %s", (_, transport) => {
  test("costs what is under way its timeout, once, and nothing is lost", async () => {
    const { url, move, seen, dialled } = await endpoint();
    const driver = stubbed(url, { ...transport, timeout: 1000 });
    await Promise.all(Array.from({ length: 5 }, () => driver.head("k")));
    const { body } = await driver.download("k");
    const reader = body.getReader();
    const pieces: Uint8Array[] = [(await reader.read()).value ?? new Uint8Array()];
    move();
    const rest = collect(async () => (await reader.read()).value ?? null, BYTES.length, BYTES.length);
    const [info, , created, page] = await Promise.all([
      driver.head("k"),
      driver.upload("k", "new"),
      driver.upload("once", "once", { ifNoneMatch: "*" }),
      driver.list().pages().next(),
    ]);
    expect([info?.size, created.etag, page.value?.objects]).toEqual([BYTES.length, '"e"', []]);
    expect(Buffer.compare(Buffer.concat([...pieces, (await rest) ?? new Uint8Array()]), BYTES)).toBe(0);
    expect(dialled).not.toContain("old");
    // Each kept connection is met once at most.
    expect(seen.filter((line) => line.startsWith("old")).length).toBeLessThanOrEqual(5);
    expect(seen.filter((line) => line.startsWith("new")).length).toBeGreaterThanOrEqual(5);
    await driver.dispose();
  });
});
