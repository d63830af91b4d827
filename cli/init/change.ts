/** What happens to one file: it is created, appended to, or kept. */
export interface Change {
  /** Relative to the project's folder, with `/`. */
  readonly path: string;
  readonly action: "create" | "append" | "keep";
  /** The text of a new file, or the text to append; empty for `keep`. */
  readonly text: string;
  /** What to print about it besides the action; may be empty. */
  readonly note: string;
}
