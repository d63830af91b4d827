/** `unbucket probe`: finds out what the server of the bucket in the environment can do. */
import { type CommandDef, defineCommand } from "citty";
import env from "../drivers/env.ts";
import { format, probe as probeDriver } from "../drivers/s3/probe.ts";
import { messageOf } from "../src/error.ts";
import { STOPPED } from "./copy/exit.ts";
import { harmless } from "./harmless.ts";
import { refuseUnknown } from "./unknown.ts";

const args = {} as const;

/**
 * The command. It creates objects below a prefix of its own, and removes them at the end, also if a signal stops it. A
 * second signal stops it at once.
 */
export const probe: CommandDef<typeof args> = defineCommand({
  meta: {
    name: "probe",
    description: "Ask the bucket of STORAGE_S3_* variables what its server can do, as a Markdown table",
  },
  args,
  async run({ args: { _: extra }, rawArgs }) {
    const control = new AbortController();
    let stopped: number | undefined;
    let left: readonly string[] = [];
    const removeListeners = (): unknown => process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
    const stop = (signal: keyof typeof STOPPED): void => {
      stopped = STOPPED[signal];
      removeListeners();
      console.error("stopped, and removes what was made; a second signal ends it at once");
      control.abort(new Error("what was made has been removed"));
    };
    process.once("SIGINT", stop).once("SIGTERM", stop);
    const driver = env();
    try {
      refuseUnknown("probe", args, extra, rawArgs);
      const onLeft = (keys: readonly string[]): void => void (left = keys);
      console.log(format(await probeDriver(driver, { signal: control.signal, onLeft })));
    } catch (error) {
      const below = /^.*?unbucket-probe-[^/]*\//s.exec(left[0] ?? "")?.[0];
      const mend = below && `${left.length} objects or uploads could not be removed: remove what is below ${below}`;
      console.error(harmless(mend ?? messageOf(error)));
      process.exitCode = stopped ?? 1;
    } finally {
      removeListeners();
      await driver.dispose?.();
    }
  },
});
