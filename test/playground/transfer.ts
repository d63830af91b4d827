/** Bytes up to a playground and down again, without more of them in this process than a piece. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { Readable } from "node:stream";

const MIB = 1024 * 1024;
/** A connection for each request: workerd closes one that has carried much, and does not say so. */
const agent = false;
/** Noise, that nothing on the way makes smaller. */
const piece = randomBytes(MIB);

/** Sends so many MiB, with their length in the head or without, and gives their digest. */
export async function up(url: string, mebibytes: number, known: boolean): Promise<string> {
  const hash = createHash("sha256");
  const headers = known ? { "content-length": mebibytes * MIB } : { "transfer-encoding": "chunked" };
  const sent = request(url, { method: "PUT", headers, agent });
  Readable.from(pieces(mebibytes, hash)).pipe(sent);
  const [answer] = (await once(sent, "response")) as [Readable & { readonly statusCode: number }];
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  if (answer.statusCode !== 201) throw new Error(`${answer.statusCode} ${text}`);
  return hash.digest("hex");
}

function* pieces(count: number, hash: ReturnType<typeof createHash>): Generator<Buffer> {
  for (let at = 0; at < count; at += 1) {
    // Every part differs from every other.
    piece.writeUInt32LE(at);
    hash.update(piece);
    yield Buffer.from(piece);
  }
}

/** Reads an object to its end and gives the digest of its bytes. */
export async function down(url: string): Promise<string> {
  const hash = createHash("sha256");
  const asked = request(url, { agent });
  asked.end();
  const [answer] = (await once(asked, "response")) as [Readable];
  for await (const chunk of answer) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
