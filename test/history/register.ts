/**
 * Whether calls that ran at the same time come to what some order of them would: each in one instant between its start and its end, on a
 * register for each key. The search is Wing and Gong's with Lowe's memory of states that were met
 * (https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf).
 */

/** What is known of a version; as a pattern, what was seen of one. `meta` is null where it has no metadata. */
export interface Told {
  readonly etag?: string | undefined;
  readonly body?: string | undefined;
  readonly meta?: string | null | undefined;
}

/** One step on one key, with what was seen of it. */
export interface Act {
  readonly key: string;
  readonly says: string;
  /** By a clock that all who act share, and that never shows one time twice. */
  readonly start: number;
  readonly end: number;
  /** What was there in that instant: a version like this, or null for none. Absent: whatever it was. */
  readonly found?: Told | null | undefined;
  /** What was there in that instant was something else. */
  readonly refused?: boolean | undefined;
  /** Or nothing was there. */
  readonly orNone?: boolean | undefined;
  /** What was there afterwards. Absent: the same. */
  readonly left?: Told | null | undefined;
  /** It may have happened or not, at any time after its start. */
  readonly doubtful?: boolean | undefined;
}

/** What is asked of histories. */
export interface Rules {
  /** Whether a write may happen more than once before it ends, as one whose lost answer has it sent again. Default false. */
  readonly repeats?: boolean | undefined;
  /** Whether two ETags may be of one version, where runtimes tell times otherwise. Default: when they are equal. */
  readonly alike?: ((a: string, b: string) => boolean) | undefined;
}

/** Null where some order explains what was seen of every key; else how far the longest goes, and what does not follow it. */
export function unexplained(acts: readonly Act[], { repeats = false, alike = Object.is }: Rules = {}): string | null {
  for (const key of new Set(acts.map((act) => act.key))) {
    const own = acts.filter((act) => act.key === key);
    const stuck = search(completed(own), repeats, alike);
    if (stuck !== null) return `${key}: ${stuck}`;
  }
  return null;
}

/** With the ETags of versions whose writer was not told it, but who read them was. Copies of one version have ETags of their own. */
function completed(acts: readonly Act[]): readonly Act[] {
  const sorted = acts.toSorted((a, b) => a.start - b.start);
  const untold = sorted.flatMap(({ left }) => (left && left.etag === undefined ? [left.body] : []));
  const told = new Set(sorted.flatMap(({ left }) => left?.etag ?? []));
  return sorted.map((act) => {
    const { left } = act;
    if (!left || left.etag !== undefined || untold.filter((body) => body === left.body).length > 1) return act;
    const seen = sorted.flatMap(({ found, refused }) =>
      found && !refused && found.body === left.body ? [found.etag] : [],
    );
    const etags = new Set(seen.filter((etag) => etag !== undefined && !told.has(etag)));
    return left.body !== undefined && etags.size === 1 ? { ...act, left: { ...left, etag: [...etags][0] } } : act;
  });
}

/** `state` is the act whose `left` is there, -1 for what is there before all: nothing. */
interface Point {
  readonly done: bigint;
  readonly state: number;
}

function search(acts: readonly Act[], repeats: boolean, alike: NonNullable<Rules["alike"]>): string | null {
  const versions = acts.flatMap(({ left }) => (left?.etag === undefined ? [] : [{ body: left.body, etag: left.etag }]));
  /** Whether an act may find what is there. An ETag that its writer was not told may be any that is no other version's. */
  const fits = (there: Told | null, { found, orNone, refused = false }: Act): boolean => {
    if (found === undefined || (orNone && !there)) return true;
    if (!there || !found) return (there === found) !== refused;
    const { etag } = found;
    const others = versions.some((other) => other.body !== there.body && isSame(other.etag, etag, alike));
    const same = [
      isSame(there.body, found.body),
      isSame(there.meta, found.meta),
      isSame(there.etag ?? (others ? null : undefined), etag, alike),
    ];
    return same.includes(false) ? refused : same.includes(undefined) || !refused;
  };
  const met = new Set<string>();
  const points: Point[] = [];
  const go = (done: bigint, state: number): void => {
    const name = `${done.toString(36)} ${state}`;
    if (met.has(name)) return;
    met.add(name);
    points.push({ done, state });
  };
  let [most, report] = [-1, ""];
  go(0n, -1);
  for (let point = points.pop(); point; point = points.pop()) {
    const { state } = point;
    const there = acts[state]?.left ?? null;
    const open = acts.flatMap((act, index) => ((point.done >> BigInt(index)) & 1n ? [] : [{ act, index }]));
    const must = open.filter(({ act }) => !act.doubtful);
    if (must.length === 0) return null;
    const first = Math.min(...must.map(({ act }) => act.end));
    const able = open.filter(({ act }) => act.start <= first);
    if (acts.length - open.length > most) {
      most = acts.length - open.length;
      report = [
        `after ${most} of ${acts.length}, with ${told(there)} there:`,
        ...able.map(({ act }) => line(act)),
      ].join("\n");
    }
    // What changes nothing, and can be now, need not be later.
    const fitting = able.filter(({ act }) => fits(there, act));
    const quiet = fitting.find(({ act }) => act.left === undefined);
    for (const { act, index } of quiet ? [quiet] : fitting) {
      const next = act.left === undefined ? state : act.left === null ? -1 : index;
      if (repeats && next !== state) go(point.done, next);
      go(point.done | (1n << BigInt(index)), next);
    }
  }
  return report;
}

type Side = string | null | undefined;

/** Whether what was seen is what is there; undefined where nobody knows what is there. */
function isSame(there: Side, seen: Side, alike: (a: string, b: string) => boolean = Object.is): boolean | undefined {
  if (seen === undefined) return true;
  if (there === undefined) return undefined;
  return there === null || seen === null ? there === seen : alike(there, seen);
}

function told(version: Told | null | undefined): string {
  return version ? `${version.body} ${version.meta} ${version.etag}` : `${version}`;
}

function line({ says, start, end, found, orNone, refused, left, doubtful }: Act): string {
  const saw = found === undefined ? "" : ` found ${refused ? "not " : ""}${told(found)}${orNone ? " or null" : ""}`;
  return `  ${start} to ${doubtful ? "?" : end}: ${says}${saw}${left === undefined ? "" : ` left ${told(left)}`}`;
}
