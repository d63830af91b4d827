/** Decides, by seed, which requests of a soak are spoilt and how. */
import type { Addressed } from "../operation.ts";
import type { Fault } from "../proxy/fault.ts";
import { chance } from "../../support/chance.ts";

/** Requests that are spoilt, of all. */
export const SHARE = 0.05;

/** Spoils one request in twenty; each worker, told by its keys, has chances of its own, so that a seed repeats a run. */
export class Spoiler {
  requests = 0;
  faulty = 0;
  /** Faults that may leave an upload behind: its id was lost, it is in doubt, or giving it up was refused. */
  leaving = 0;
  /** Spoils nothing any more. */
  calm = false;
  readonly #chances = new Map<string, () => number>();
  readonly #seed: number;
  readonly #menu: readonly Fault[];

  constructor(seed: number, menu: readonly Fault[]) {
    this.#seed = seed;
    this.#menu = menu;
  }

  readonly faultsFor = ({ operation, key, query }: Addressed): readonly Fault[] => {
    if (this.calm) return [];
    const [worker = ""] = (key || query.get("prefix") || "").split("/");
    const random = this.#chances.get(worker) ?? chance(this.#seed * 7919 + Number(worker));
    this.#chances.set(worker, random);
    this.requests++;
    if (random() >= SHARE) return [];
    this.faulty++;
    if (operation.endsWith("MultipartUpload")) this.leaving++;
    const fault = this.#menu[Math.floor(random() * this.#menu.length)] as Fault;
    // A part of megabytes would drip for minutes.
    return fault.do === "drip" && (query.has("uploadId") || key.endsWith("/large")) ? [] : [fault];
  };
}
