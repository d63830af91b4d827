/** A stub behind a proxy, a second host that nobody may call, and an endpoint for cases in other processes. */
import { createServer, type AddressInfo } from "node:net";
import { startControl } from "./control.ts";
import type { LabAddress, Seen, Wish } from "./protocol.ts";
import { scripted, type Script } from "./proxy/rules.ts";
import { type Logged, startProxy } from "./proxy.ts";
import { startStub } from "./stub.ts";

/** A running lab. */
export interface Lab extends LabAddress {
  /** What a bucket's world has come to. */
  seen(bucket: string): Seen;
  wish(bucket: string, wish: Wish): void;
  /** Client connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

const keys = { accessKeyId: "AKIDFAULTCANARY", secretAccessKey: "canary/secret+key=1" } as const;
const TEXT = 4096;

/** Starts a lab on free loopback ports. */
export async function startLab(): Promise<Lab> {
  const stub = await startStub(keys);
  const canary = await startCanary();
  const scripts = new Map<string, Script>();
  const logs = new Map<string, Logged[]>();
  const logOf = (bucket: string): Logged[] => {
    const log = logs.get(bucket) ?? [];
    logs.set(bucket, log);
    return log;
  };

  function wish(bucket: string, { rules, switches, objects, noise }: Wish): void {
    const world = stub.world(bucket);
    if (rules) {
      scripts.set(bucket, scripted(rules));
      logs.set(bucket, []);
    }
    if (switches) {
      world.switches = { ...world.switches, ...switches };
      world.requests = 0;
      world.pages = 0;
    }
    for (const [key, text] of Object.entries(objects ?? {})) world.store(key, Buffer.from(text), {});
    for (const [key, base64] of Object.entries(noise ?? {})) world.store(key, Buffer.from(base64, "base64"), {});
  }

  function seen(bucket: string): Seen {
    const world = stub.world(bucket);
    const objects = [...world.objects].map(([key, { body, etag, headers }]) => {
      return [key, { size: body.length, etag, headers, text: body.subarray(0, TEXT).toString("utf8") }] as const;
    });
    return {
      log: logOf(bucket),
      objects: Object.fromEntries(objects),
      uploads: [...world.uploads.values()].map(({ id, key, parts }) => ({ id, key, parts: [...parts.keys()] })),
      canary: canary.heard.filter((text) => text.includes(bucket)),
    };
  }

  const proxies = await Promise.all(
    ["127.0.0.1", "::1"].map((host) =>
      startProxy(
        {
          upstream: stub,
          faultsFor: (request) => scripts.get(request.bucket)?.faultsFor(request) ?? [],
          log: (entry) => void logOf(entry.bucket).push(entry),
          overtake: ({ bucket }, key, text) => {
            if (text === undefined) stub.world(bucket).objects.delete(key);
            else stub.world(bucket).store(key, Buffer.from(text), {});
          },
        },
        host,
      ),
    ),
  );
  const [ipv4, ipv6] = proxies.map(({ url }) => url);
  const open = (): number => proxies.reduce((sum, proxy) => sum + proxy.open(), 0);
  const control = await startControl({ wish, seen, open });
  return {
    url: `${ipv4}`,
    control: control.url,
    ipv6: `${ipv6}`,
    canary: canary.url,
    ...keys,
    seen,
    wish,
    open,
    async close() {
      await Promise.all([...proxies, stub, canary, control].map((one) => one.close()));
    },
  };
}

/** A host that the configuration does not name: it keeps what it hears, and would answer anything. */
async function startCanary(): Promise<{ url: string; heard: string[]; close(): Promise<void> }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      heard.push(data.toString("latin1"));
      socket.end('HTTP/1.1 200 OK\r\netag: "canary"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, heard, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
