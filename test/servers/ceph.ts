import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, runs } from "./cache.ts";
import { onFreePorts } from "./port.ts";
import { startProcess, type ServerProcess } from "./process.ts";
import type { RunningServer, S3Server } from "./server.ts";

const packages = ["ceph-mon", "ceph-osd", "radosgw"] as const;
const credentials = { accessKeyId: "cephkey", secretAccessKey: "cephsecret", region: "us-east-1" } as const;

/** Gets the gateway from the PATH or from the system's packages, or null where neither works. */
export async function startCeph(): Promise<RunningServer | null> {
  const has = await present();
  if (!has && !(await installPackages())) return null;
  const source = has ? "radosgw on the PATH" : `apt-get install ${packages.join(" ")}`;
  return onFreePorts(3, (ports) => startCluster(source, ports));
}

async function present(): Promise<boolean> {
  const found = await Promise.all(packages.map((name) => runs(name, ["--version"])));
  return found.every(Boolean);
}

/** Packages of the system, not of the cache: asked for by name only, and by whoever may install. */
async function installPackages(): Promise<boolean> {
  const root = process.getuid?.() === 0;
  if (!(await runs("apt-get", ["--version"])) || !(root || (await runs("sudo", ["-n", "true"])))) return false;
  const apt = (...args: string[]): Promise<void> => {
    const command = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", ...args];
    return root ? run("env", command.slice(1)) : run("sudo", ["-n", ...command]);
  };
  process.stderr.write(`ceph: installing ${packages.join(", ")} by apt-get, once\n`);
  await apt("update");
  await apt("install", "-y", "--no-install-recommends", ...packages);
  return present();
}

/** One monitor, one store of objects in memory, one gateway: the least that a gateway runs on. Needs no root. */
async function startCluster(source: string, ports: readonly number[]): Promise<RunningServer> {
  const [monitor = 0, monitor1 = 0, port = 0] = ports;
  const endpoint = `http://127.0.0.1:${port}`;
  const started: ServerProcess[] = [];
  const stop = (): void => started.toReversed().forEach((one) => one.stop());
  try {
    const fsid = randomUUID();
    const addresses = `[v2:127.0.0.1:${monitor},v1:127.0.0.1:${monitor1}]`;
    let home = "";
    const conf = (): string => join(home, "ceph.conf");
    const ceph = (...args: string[]): Promise<void> => run("timeout", ["60", "ceph", "-c", conf(), ...args]);
    const mon = await startProcess({
      name: "ceph-mon",
      command: "ceph-mon",
      prepare: async (folder) => {
        home = folder;
        writeFileSync(conf(), configuration(folder, fsid, addresses, port));
        await makeKeys(join(folder, "keyring"));
        const map = join(folder, "monmap");
        await run("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", addresses, map]);
        const keyring = ["--keyring", join(folder, "keyring")];
        await run("ceph-mon", ["-c", conf(), "--mkfs", "-i", "a", "--monmap", map, ...keyring]);
      },
      args: () => ["-c", conf(), "-f", "-i", "a"],
      ready: async () => (await ceph("mon", "stat"), true),
    });
    started.push(mon);
    const osd = await startProcess({
      name: "ceph-osd",
      command: "ceph-osd",
      prepare: async () => {
        const id = randomUUID();
        await ceph("osd", "new", id, "0");
        mkdirSync(join(home, "osd"));
        await run("ceph-osd", ["-c", conf(), "-i", "0", "--mkfs", "--osd-uuid", id]);
        await ceph("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=h");
      },
      args: () => ["-c", conf(), "-f", "-i", "0"],
      ready: async () => (await ceph("tell", "osd.0", "version"), true),
    });
    started.push(osd);
    const gateway = await startProcess({
      name: "radosgw",
      command: "radosgw",
      prepare: () => createUser(conf()),
      args: () => ["-c", conf(), "-f", "-n", "client.admin"],
      ready: async () => (await fetch(endpoint)).ok,
    });
    started.push(gateway);
  } catch (error) {
    stop();
    throw error;
  }
  const server: S3Server = { name: "ceph", endpoint, ...credentials };
  return { server, source, stop };
}

function createUser(conf: string): Promise<void> {
  const { accessKeyId, secretAccessKey } = credentials;
  const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
  const user = ["user", "create", "--uid=tests", "--display-name=tests", "--max-buckets=0", ...keys];
  return run("timeout", ["60", "radosgw-admin", "-c", conf, ...user]);
}

async function makeKeys(keyring: string): Promise<void> {
  const add = (name: string, ...caps: string[]): Promise<void> => {
    const granted = caps.flatMap((cap) => ["--cap", cap, "allow *"]);
    return run("ceph-authtool", [keyring, "--gen-key", "-n", name, ...granted]);
  };
  writeFileSync(keyring, "");
  await add("mon.", "mon");
  await add("client.admin", "mon", "osd", "mgr");
  await add("osd.0", "mon", "osd", "mgr");
}

/** Everything below one folder, everything on loopback, one copy of each object. */
function configuration(folder: string, fsid: string, addresses: string, port: number): string {
  const global = {
    fsid,
    mon_initial_members: "a",
    mon_host: addresses,
    public_addr: "127.0.0.1",
    cluster_addr: "127.0.0.1",
    keyring: join(folder, "keyring"),
    mon_data: join(folder, "mon"),
    osd_data: join(folder, "osd"),
    rgw_data: join(folder, "rgw"),
    run_dir: folder,
    admin_socket: join(folder, "$name.asok"),
    log_file: join(folder, "$name.log"),
    osd_objectstore: "memstore",
    memstore_device_bytes: 4 * 2 ** 30,
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 4,
    osd_crush_chooseleaf_type: 0,
    mon_allow_pool_size_one: true,
    mon_max_pg_per_osd: 1000,
  };
  // Without tcp_nodelay each small answer waits 40 ms for an acknowledgement.
  const admin = {
    rgw_frontends: `beast endpoint=127.0.0.1:${port} tcp_nodelay=1`,
    // Keys of customers over plain http, which is all there is here.
    rgw_crypt_require_ssl: false,
  };
  const section = (name: string, values: object): string =>
    [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`)].join("\n");
  return `${section("global", global)}\n${section("client.admin", admin)}\n`;
}
