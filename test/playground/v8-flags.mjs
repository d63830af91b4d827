/**
 * Puts V8's flags into a configuration of workerd: from stdin to stdout, flags as arguments. Miniflare has no option for them.
 *
 * The configuration is a Cap'n Proto message, to which a segment with the list of flags is added.
 * @see https://capnproto.org/encoding.html
 * @see https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp (`v8Flags`, the third pointer of `Config`)
 */
import { buffer } from "node:stream/consumers";

const WORD = 8;
const V8_FLAGS = 2;

const message = await buffer(process.stdin);
const count = message.readUInt32LE(0) + 1;
const sizes = Array.from({ length: count }, (_, at) => message.readUInt32LE(4 + 4 * at));
const body = message.subarray(tableSize(count));

// The root: a struct in the first segment, whose pointers come after its data.
const offset = body.readInt32LE(0) >> 2;
if ((body.readUInt32LE(0) & 3) !== 0 || body.readUInt16LE(6) <= V8_FLAGS)
  throw new Error("no configuration of workerd");
const slot = (1 + offset + body.readUInt16LE(4) + V8_FLAGS) * WORD;
if (body.readBigUInt64LE(slot) !== 0n) throw new Error("the configuration has flags of its own");
// A far pointer, to the first word of the segment that is added.
body.writeUInt32LE(2, slot);
body.writeUInt32LE(count, slot + 4);

const texts = process.argv.slice(2).map((flag) => Buffer.from(`${flag}\0`));
const padded = texts.map((text) => Buffer.concat([text, Buffer.alloc(-text.length & (WORD - 1))]));
const pointers = texts.map((text, at) => {
  const between = texts.length - at - 1 + padded.slice(0, at).reduce((sum, one) => sum + one.length / WORD, 0);
  return list(between, 2, text.length);
});
const segment = Buffer.concat([list(0, 6, texts.length), ...pointers, ...padded]);

const table = Buffer.alloc(tableSize(count + 1));
table.writeUInt32LE(count, 0);
for (const [at, size] of [...sizes, segment.length / WORD].entries()) table.writeUInt32LE(size, 4 + 4 * at);
process.stdout.write(Buffer.concat([table, body, segment]));

/** Bytes of the table of segments, in whole words. */
function tableSize(segments) {
  return Math.ceil((4 + 4 * segments) / WORD) * WORD;
}

/** A pointer to a list: so many words lie between, and so many elements of a kind are in it. */
function list(between, kind, length) {
  const pointer = Buffer.alloc(WORD);
  pointer.writeUInt32LE((between << 2) | 1, 0);
  pointer.writeUInt32LE((length << 3) | kind, 4);
  return pointer;
}
