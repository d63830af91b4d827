/** The suite in workerd as it is. */
import { portable } from "./jobs.ts";
import { type Worker, workerOf } from "./worker.ts";

const worker: Worker = workerOf(portable);

export default worker;
