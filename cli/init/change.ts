/** One file: created, added to at its end, or kept as it is. */
export interface Change {
  /** Relative to the project's folder, with `/`. */
  readonly path: string;
  readonly action: "create" | "append" | "keep";
  /** The text to create it with or to add to it; empty for `keep`. */
  readonly text: string;
  /** What to say about it besides the action. */
  readonly note: string;
}
