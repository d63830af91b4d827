/**
 * Between an NFS client and its server: loses answers to what is done otherwise, or not at all, when it is asked for twice. The client asks again, and the server,
 * which is asked over another connection and knows a repeated question by that, does it again, as one that has taken over from another does.
 * @see https://www.rfc-editor.org/rfc/rfc1813 and https://www.rfc-editor.org/rfc/rfc5531
 */
import { connect, createServer, type Socket } from "node:net";

const [, , here = "", server = ""] = process.argv;
const PORT = 2049;
/** One of so many is lost. */
const ONE_OF = 3;
const NFS = 100_003;
const ONCE = new Map([
  [9, "mkdir"],
  [10, "symlink"],
  [12, "remove"],
  [13, "rmdir"],
  [14, "rename"],
  [15, "link"],
]);

/** Tells of each record of a stream, with its head. */
function records(socket: Socket, tell: (record: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 4) {
      const size = 4 + (rest.readUInt32BE(0) & 0x7fffffff);
      if (rest.length < size) return;
      tell(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  });
}

const asked: Record<string, number> = {};
createServer((client) => {
  const servers = [connect(PORT, server), connect(PORT, server)] as const;
  const lost = new Set<number>();
  const once = new Map<number, string>();
  records(client, (record) => {
    const xid = record.readUInt32BE(4);
    const name = record.readUInt32BE(16) === NFS ? ONCE.get(record.readUInt32BE(24)) : undefined;
    if (name !== undefined && !lost.has(xid)) {
      const before = asked[name] ?? 0;
      asked[name] = before + 1;
      if (before % ONE_OF === 0) once.set(xid, name);
    }
    servers[Number(lost.has(xid))]?.write(record);
  });
  for (const socket of servers)
    records(socket, (record) => {
      const xid = record.readUInt32BE(4);
      const name = once.get(xid);
      if (name === undefined) return void client.write(record);
      once.delete(xid);
      lost.add(xid);
      console.log(`result: lost ${name}`);
    });
  for (const socket of [client, ...servers])
    for (const event of ["close", "error"]) socket.on(event, () => [client, ...servers].map((each) => each.destroy()));
}).listen(PORT, here);
