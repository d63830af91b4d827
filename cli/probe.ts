/** `unbucket probe`: asks the bucket that the environment names what its server can do. */
import { type CommandDef, defineCommand } from "citty";
import env from "../drivers/env.ts";
import { format, probe as probeDriver } from "../drivers/s3/probe.ts";
import { messageOf } from "../src/error.ts";
import { harmless } from "./harmless.ts";
import { refuseUnknown } from "./unknown.ts";

const args = {} as const;

/** The command. It makes objects below a prefix of its own in the bucket, and removes them again, also on Ctrl-C. */
export const probe: CommandDef<typeof args> = defineCommand({
  meta: {
    name: "probe",
    description: "Ask the bucket of STORAGE_S3_* variables what its server can do, as a Markdown table",
  },
  args,
  async run({ args: { _: extra }, rawArgs }) {
    const control = new AbortController();
    const stop = (): void => control.abort(new Error("stopped; what was made has been removed"));
    process.once("SIGINT", stop);
    const driver = env();
    try {
      refuseUnknown("probe", args, extra, rawArgs);
      console.log(format(await probeDriver(driver, { signal: control.signal })));
    } catch (error) {
      console.error(harmless(messageOf(error)));
      process.exitCode = 1;
    } finally {
      process.removeListener("SIGINT", stop);
      await driver.dispose?.();
    }
  },
});
