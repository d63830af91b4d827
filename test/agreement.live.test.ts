/**
 * What test/agreement.test.ts does, on real servers, with keys and metadata that they take: MinIO lists nothing below an object,
 * SeaweedFS lists folders that are gone, makes a type of the name's out of `application/octet-stream`, and drops empty metadata. Not
 * on Ceph, whose uploads in parts know no conditions.
 */
import { it } from "vitest";
import memory from "../drivers/memory.ts";
import s3 from "../drivers/s3.ts";
import { agree } from "./agreement/agree.ts";
import { Player } from "./agreement/player.ts";
import type { Traits } from "./agreement/script.ts";
import { freshBucket, servers } from "./support/s3.ts";

const seeds = (process.env["AGREEMENT_SEED"] ?? "1").split(",").map(Number);
const calls = Number(process.env["AGREEMENT_CALLS"] ?? 150);
const flat = ["a", "A", "a b+c%20&=#", "é", "😀", "x?y", "", "a/../b"];
const keysOf = (name: string): readonly string[] =>
  name === "seaweedfs" ? flat : [...flat, "b/c", "b/d/e", "b/d/f", "n/é"];
const metadata: NonNullable<Traits["metadata"]> = [
  {},
  { a: "1" },
  { "x-y": "ü € 😀" },
  { c: "=?UTF-8?B?eA==?=", d: "a  b" },
];

const able = servers.filter(({ name }) => name !== "ceph");
const cases = able.flatMap((server) => seeds.map((seed) => ({ server, name: server.name, seed })));
it.each(cases)(
  "calls come to the same in memory and on $name, seed $seed",
  { timeout: 60_000 + calls * 500 },
  async ({ server, seed }) => {
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const bucket = await freshBucket(server);
    const store = s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
    await agree([new Player("memory", memory()), new Player(server.name, store)], seed, calls, {
      keys: keysOf(server.name),
      metadata,
    });
  },
);
