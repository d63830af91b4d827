/** A game in workerd, where R2's binding is, which may lose what it is asked and what it answers. */
import r2, { type R2Bucket, type R2MultipartUpload } from "../../drivers/r2.ts";
import { chance } from "../support/chance.ts";
import { type Act, unexplained } from "./register.ts";
import { type Game, played } from "./team.ts";

/** What a worker is told. */
export interface R2Game extends Pick<Game, "players" | "calls" | "seed" | "keys"> {
  /** Of all calls of the binding, how many meet a fault. */
  readonly share: number;
}

/** What R2 and the line to it say of calls of which nobody knows what they did, and of one that did not begin. */
const LOST = ["put: We encountered an internal error. Please try again. (10001)", "Network connection lost."];
const PUT_OFF = "put: Please reduce your concurrent request rate for the same object. (10058)";

/** The bucket over a line that fails before and after the bucket has done what it was asked. */
function spoilt(bucket: R2Bucket, { share, seed }: R2Game): R2Bucket {
  const random = chance(seed);
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (random() >= share) return run();
    const kind = random();
    await new Promise((resolve) => setTimeout(resolve, random() * 5));
    if (kind < 0.2) throw new Error(PUT_OFF);
    if (kind > 0.5) await run();
    throw new Error(LOST[Math.floor(random() * LOST.length)]);
  };
  const upload = (made: R2MultipartUpload): R2MultipartUpload => ({
    uploadId: made.uploadId,
    uploadPart: (...given) => call(() => made.uploadPart(...given)),
    complete: (parts) => call(() => made.complete(parts)),
    abort: () => call(() => made.abort()),
  });
  return {
    head: (key) => call(() => bucket.head(key)),
    get: (key, options) => call(() => bucket.get(key, options)),
    put: (key, value, options) => call(() => bucket.put(key, value, options)),
    delete: (keys) => call(() => bucket.delete(keys)),
    list: (options) => call(() => bucket.list(options)),
    createMultipartUpload: async (key, options) => upload(await call(() => bucket.createMultipartUpload(key, options))),
    resumeMultipartUpload: (key, id) => upload(bucket.resumeMultipartUpload(key, id)),
  };
}

/** Increments of one counter by several at a time: what it comes to, and what those say who made them. */
async function counted(binding: R2Bucket, { players, calls }: R2Game): Promise<string | null> {
  const store = r2({ binding });
  let [made, doubtful] = [0, 0];
  const count = async (): Promise<void> => {
    for (let call = 0; call < calls; call++) {
      try {
        await store.update("counter", async (now) => String(Number((await now?.text()) ?? 0) + 1), { attempts: 100 });
        made++;
      } catch (error) {
        if ((error as { code?: string }).code === "ambiguous") doubtful++;
        else if ((error as { code?: string }).code !== "unavailable") throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: players }, count));
  const came = Number(await (await store.download("counter")).text());
  return came >= made && came <= made + doubtful ? null : `${made} counted, ${doubtful} perhaps, came to ${came}`;
}

export default {
  async fetch(request: Request, env: { readonly BUCKET: R2Bucket }): Promise<Response> {
    const game = (await request.json()) as R2Game;
    const binding = game.share > 0 ? spoilt(env.BUCKET, game) : env.BUCKET;
    try {
      const acts: readonly Act[] = await played({ ...game, stores: [r2({ binding })], again: game.share > 0 });
      const wrong = unexplained(acts, { repeats: game.share > 0 }) ?? (await counted(binding, game));
      return Response.json({ acts: acts.length, wrong });
    } catch (error) {
      return new Response((error as Error).stack ?? String(error), { status: 500 });
    }
  },
};
