/** The conformance cases as plain jobs over the built package: no test runner, web globals only. */
import { type Capability, casesFor, type Deviations } from "unbucket/conformance";
import memory from "unbucket/drivers/memory";
import s3 from "unbucket/drivers/s3";
import { gateway } from "unbucket/gateway";
import { probe } from "unbucket/probe";
import { same } from "../../src/conformance/assert.ts";
import { digestName, transportName } from "./seams.ts";

/** A driver as its factory returns it. */
export type Driver = ReturnType<typeof memory>;

/** Makes a driver from plain options. */
export type Factory = (options: Record<string, unknown>) => Driver;

/** The names that the two seams of the package give themselves. */
export interface Seams {
  readonly transport: "undici" | "fetch";
  readonly digest: "node" | "web";
}

/** A store to run the cases on: plain data, so that it can be handed to any runtime. */
export interface StoreConfig {
  readonly name: string;
  readonly driver: string;
  /** What `#transport` and `#digest` must be here. */
  readonly seams: Seams;
  readonly options: Record<string, unknown>;
  readonly capabilities: readonly Capability[];
  /** Bytes up to which the driver sends an upload in one piece. */
  readonly partSize: number;
  /** Case name to the reason why this store cannot meet it: these must fail. */
  readonly deviations: Deviations;
}

/** One test for whatever runner is at hand. */
export interface Job {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** The S3 driver before a gateway over memory: both sides of every request, without a network. */
function s3BeforeGateway(options: Record<string, unknown>): Driver {
  const keys = { accessKeyId: "AKIDSUITE", secretAccessKey: "secret of the suite" };
  const { fetch } = gateway(memory(), { bucket: "suite", credentials: keys });
  return s3({ ...options, ...keys, bucket: "suite", endpoint: "http://gateway", fetch });
}

/** The drivers that every runtime has. */
export const portable: Readonly<Record<string, Factory>> = {
  memory: () => memory(),
  s3: (options) => s3(options),
  gateway: s3BeforeGateway,
};

/** One job per case that the store can run, each below a prefix of its own. */
export function jobsFor(store: StoreConfig, factories: Readonly<Record<string, Factory>>): Job[] {
  const factory = factories[store.driver];
  if (factory === undefined) throw new Error(`this runtime has no driver ${store.driver}`);
  const driver = factory(store.options);
  const { transport, digest } = store.seams;
  const seams: Job = {
    name: `seams: ${transport} transport, ${digest} digest`,
    run: async () => {
      if (transportName === transport && digestName === digest) return;
      throw new Error(`this runtime got the ${transportName} transport and the ${digestName} digest`);
    },
  };
  const jobs = casesFor(store.capabilities, store.deviations).map(({ name, run }, at) => ({
    name,
    run: () => run({ driver, prefix: `case-${at}/`, partSize: store.partSize }),
  }));
  return [seams, ...jobs, ...(store.driver === "s3" ? [probing(driver)] : [])];
}

/** A probe asks by the driver's own client, and sends a form by the runtime's own fetch. */
function probing(driver: Driver): Job {
  return {
    name: "probe: a bucket is measured, forms included, and nothing is left in it",
    run: async () => {
      const { findings, left } = await probe(driver);
      const unknown = Object.entries(findings).filter(([, { answer }]) => answer === "unknown");
      same([unknown.map(([feature]) => feature), left], [["virtual-host"], []], "what is unknown, and what is left");
      same(findings["post-policy"].answer, "yes", "whether a form is taken, and one of a byte too many refused");
    },
  };
}

/** Rejects when a case that cannot be met here is: a deviation that is no longer one must leave its table. */
export async function fails(run: () => Promise<void>): Promise<void> {
  const failed = await run().then(
    () => false,
    () => true,
  );
  if (!failed) throw new Error("this case is met after all: take it off the table of deviations");
}
