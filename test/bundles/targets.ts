/** Where a bundle shall run, as a bundler is told of it. */
export interface Target {
  readonly name: "node" | "bun" | "deno" | "workers" | "browser";
  readonly platform: "node" | "browser";
  readonly conditions: readonly string[];
  /** The files that each seam must get here. */
  readonly seams: Readonly<Record<"digest" | "folder", string>> & {
    /** With what it stands around. */
    readonly transport: readonly string[];
  };
}

const node = { transport: ["undici"], digest: "node", folder: "fs" } as const;
const web = { transport: ["fetch"], digest: "web", folder: "none" } as const;

export const targets: readonly Target[] = [
  { name: "node", platform: "node", conditions: [], seams: node },
  { name: "bun", platform: "node", conditions: ["bun"], seams: { ...node, transport: ["fetch"] } },
  { name: "deno", platform: "node", conditions: ["deno"], seams: { ...node, transport: ["deno", "fetch"] } },
  { name: "workers", platform: "browser", conditions: ["workerd", "worker"], seams: web },
  { name: "browser", platform: "browser", conditions: [], seams: { ...web, transport: ["fetch", "page"] } },
];
