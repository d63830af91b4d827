/** Makes the same calls on all players, and holds what each says against what the first says. */
import type { Player } from "./player.ts";
import { Script, type Traits } from "./script.ts";

/** Rejects at the first call that does not come to the same on all. */
export async function agree(
  players: readonly [Player, ...Player[]],
  seed: number,
  calls: number,
  traits?: Traits,
): Promise<void> {
  const script = new Script(seed, traits);
  const said: string[] = [];
  try {
    while (said.length < calls) {
      const call = script.next();
      said.push(call.says);
      const [expected, ...others] = await Promise.all(players.map((player) => player.play(call)));
      const odd = others.findIndex((outcome) => outcome !== expected);
      if (odd < 0) continue;
      const last = said.slice(-5).join("\n");
      const name = players[odd + 1]?.name;
      throw new Error(`seed ${seed}, last calls:\n${last}\n${players[0].name}: ${expected}\n${name}: ${others[odd]}`);
    }
  } finally {
    await Promise.all(players.map(({ store }) => store.dispose?.()));
  }
}
