/** The suite in workerd with `nodejs_compat`, which gives each request files in memory. */
import { withFolder } from "./files.ts";
import { type Worker, workerOf } from "./worker.ts";

const worker: Worker = workerOf(withFolder);

export default worker;
