/** The suite in workerd as it is. */
import r2 from "unbucket/drivers/r2";
import { portable } from "./jobs.ts";
import { type Worker, workerOf } from "./worker.ts";

const worker: Worker = workerOf({ ...portable, r2: (options) => r2(options) });

export default worker;
