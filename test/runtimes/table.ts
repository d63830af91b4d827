/** What a run saw, as the table that the README shows. */

/** Cases of one pair of runtime and store. */
export interface Seen {
  readonly runtime: string;
  readonly store: string;
  /** Those that the store meets; the rest of `total` is known, each with its reason. */
  readonly met: number;
  readonly total: number;
}

/** Stores in the order of the columns, by what the suite calls them. */
const columns = {
  memory: "memory",
  fs: "folder",
  gateway: "gateway",
  minio: "MinIO",
  seaweedfs: "SeaweedFS",
  r2: "R2",
} as const;

/** Markdown, a row for each runtime. What this run did not see stands as in `before`, the table of an earlier one. */
export function tableOf(runtimes: readonly string[], seen: readonly Seen[], before: string): string {
  const known = new Map(
    before
      .split("\n")
      .map((line) =>
        line
          .split("|")
          .map((cell) => cell.trim())
          .slice(1, -1),
      )
      .map(([name = "", ...cells]) => [name, cells]),
  );
  const lines = runtimes.map((runtime) => {
    const cells = Object.keys(columns).map((store, index) => {
      const pair = seen.find((one) => one.runtime === runtime && one.store === store);
      return pair ? `${pair.met} of ${pair.total}` : (known.get(runtime)?.[index] ?? "");
    });
    return row(runtime, ...cells);
  });
  return [row("cases met", ...Object.values(columns)), "|---|---|---|---|---|---|---|", ...lines, ""].join("\n");
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
