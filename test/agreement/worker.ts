/** The same in workerd, where R2's binding is. */
import memory from "../../drivers/memory.ts";
import r2, { type R2Bucket } from "../../drivers/r2.ts";
import { agree } from "./agree.ts";
import { Player } from "./player.ts";

export default {
  async fetch(request: Request, env: { readonly BUCKET: R2Bucket }): Promise<Response> {
    const { seed, calls } = (await request.json()) as { readonly seed: number; readonly calls: number };
    const players = [new Player("memory", memory()), new Player("r2", r2({ binding: env.BUCKET }))] as const;
    try {
      await agree(players, seed, calls, { bare: true });
      return new Response();
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};
