/** What is used of bundlers that are not installed at the root, where their types would be. */

/** @see https://rolldown.rs/reference/ */
export interface Rolldown {
  rolldown(options: Readonly<Record<string, unknown>>): Promise<{
    generate(options: Readonly<Record<string, unknown>>): Promise<{
      readonly output: readonly [
        {
          readonly code: string;
          readonly modules: Readonly<Record<string, { readonly renderedLength: number }>>;
          readonly imports: readonly string[];
        },
      ];
    }>;
    close(): Promise<void>;
  }>;
}

interface WebpackModule {
  readonly name: string;
  readonly nameForCondition?: string | null;
  readonly modules?: readonly WebpackModule[];
}

interface WebpackStats {
  toJson(options: Readonly<Record<string, unknown>>): {
    readonly errors: readonly { readonly message: string }[];
    readonly modules: readonly WebpackModule[];
  };
}

/** @see https://webpack.js.org/api/node/ */
export type Webpack = (
  options: Readonly<Record<string, unknown>>,
  done: (error: Error | null, stats: WebpackStats) => void,
) => void;
