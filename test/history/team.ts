/** Several players in one process. */
import { Player, type Play } from "./player.ts";
import type { Act } from "./register.ts";

/** What a team plays; a player's seed is made from the team's. */
export interface Game extends Omit<Play, "name" | "clock" | "store"> {
  /** Where each plays: all on one driver, or each on the one that it is given. */
  readonly stores: readonly [Play["store"], ...Play["store"][]];
  readonly players: number;
  readonly calls: number;
}

/** How much is played: one game, or twenty with `UNBUCKET_LONG`, or those of `HISTORY_SEED` with `HISTORY_CALLS` of each player. */
export function chosen(calls: number): { seeds: readonly number[]; calls: number; times: string } {
  const { HISTORY_SEED, HISTORY_CALLS, UNBUCKET_LONG } = process.env;
  const all = Array.from({ length: UNBUCKET_LONG ? 20 : 1 }, (_, index) => index + 1);
  const seeds = HISTORY_SEED?.split(",").map(Number) ?? all;
  const times = seeds.length > 1 ? `of ${seeds.length} games (long)` : "of a game";
  return { seeds, calls: Number(HISTORY_CALLS ?? calls), times };
}

/** Plays, and gives what all have written down. */
export async function played({ stores, players, calls, seed, ...game }: Game): Promise<readonly Act[]> {
  let time = 0;
  const clock = (): number => ++time;
  const team = Array.from({ length: players }, (_, index) => {
    const store = stores[index % stores.length] ?? stores[0];
    return new Player({ ...game, store, name: `${index}`, seed: seed * 1000 + index, clock });
  });
  await Promise.all(team.map((player) => player.play(calls)));
  return team.flatMap(({ acts }) => acts);
}
