/** What a provider is known to do, each fact with its source. */
import { type Feature, FEATURE_NAMES } from "../probe/feature.ts";

/** An answer to one of the probe's questions. */
export type Fact =
  /** Measured by `probe()` on this version, and measured again by a test. */
  | { readonly how: "ran"; readonly answer: "yes" | "no"; readonly version: string }
  /** As the provider's own page has it. */
  | { readonly how: "documented"; readonly answer: "yes" | "no"; readonly page: string }
  | { readonly how: "unknown"; readonly answer: "unknown" };

/** A bound, and the page that tells it. */
export interface Limit {
  /** Bytes, or a number of parts. */
  readonly value: number;
  /** Where the provider says so. */
  readonly page: string;
}

/** The bounds of uploads in parts; absent where no page was found. */
export interface Limits {
  /** Bytes of a part that is not the last. */
  readonly leastPart?: Limit;
  /** Bytes. */
  readonly largestPart?: Limit;
  /** The most parts of an upload. */
  readonly parts?: Limit;
  /** Bytes of an object. */
  readonly object?: Limit;
}

/** What is known of one provider. Plain data. */
export interface Profile {
  /** Of the provider, for people. */
  readonly name: string;
  /** What it does, feature by feature. */
  readonly facts: Readonly<Record<Feature, Fact>>;
  /** The bounds that its pages tell. */
  readonly limits: Limits;
}

/** Features with the same answer; lists of them may be nested. */
export type Features = readonly (Feature | readonly Feature[])[];

/** What one page tells. */
export interface Page {
  readonly yes?: Features;
  readonly no?: Features;
  readonly limits?: Readonly<Partial<Record<keyof Limits, number>>>;
}

/** What is known, by source. Measurements count before pages, and of two pages the first. What is in neither is unknown. */
export interface Sources {
  readonly ran?: { readonly version: string; readonly yes: Features; readonly no: Features };
  /** By address. */
  readonly documented: Readonly<Record<string, Page>>;
}

/** A profile out of its sources. */
export function profile(name: string, { ran, documented }: Sources): Profile {
  const pages = Object.entries(documented);
  const fact = (feature: Feature): Fact => {
    if (ran?.yes.flat().includes(feature)) return { how: "ran", answer: "yes", version: ran.version };
    if (ran?.no.flat().includes(feature)) return { how: "ran", answer: "no", version: ran.version };
    for (const [page, { yes, no }] of pages) {
      if (yes?.flat().includes(feature)) return { how: "documented", answer: "yes", page };
      if (no?.flat().includes(feature)) return { how: "documented", answer: "no", page };
    }
    return { how: "unknown", answer: "unknown" };
  };
  const limits = pages
    .toReversed()
    .flatMap(([page, told]) => Object.entries(told.limits ?? {}).map(([limit, value]) => [limit, { value, page }]));
  return {
    name,
    facts: Object.fromEntries(FEATURE_NAMES.map((feature) => [feature, fact(feature)])) as Record<Feature, Fact>,
    limits: Object.fromEntries(limits) as Limits,
  };
}
