/** Who may import whom, as data: the first rule that knows a file judges all its imports. */

/** What one part of the tree may import. */
export interface ImportRule {
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  readonly why: string;
}

const core = /^src\//;
const coreFile = /^src\/(?!index\.ts$)/;
const node = /^node:/;

export const importRules: readonly ImportRule[] = [
  { files: /^src\/type\.ts$/, may: [core, /^mime\/types\/standard\.js$/], why: "the one place for mime" },
  { files: /^src\/sigv4\/digest\.node\.ts$/, may: [core, /^node:crypto$/], why: "the one digest that is Node's" },
  { files: /^src\/sigv4\//, may: [core, /^aws4fetch$/, /^#digest$/], why: "the one place for aws4fetch" },
  { files: /^src\/resume\.ts$/, may: [core, /^#digest$/], why: "parts are compared by their digest" },
  { files: /^src\/checksum\/sha256\.ts$/, may: [core, /^#digest$/], why: "the one checksum that runtimes have" },
  { files: /^src\/gateway\//, may: [core, /^#digest$/], why: "signatures are computed again" },
  { files: core, may: [core], why: "the portable core imports only itself" },
  { files: /^drivers\/fs(\.ts$|\/)/, may: [coreFile, /^drivers\/fs\//, node], why: "the one place for node:fs" },
  {
    files: /^drivers\/s3\/transport\.\w+\.ts$/,
    may: [coreFile, /^drivers\/s3\//, /^undici$/, node],
    why: "the one place for undici",
  },
  {
    files: /^drivers\/s3(\.ts$|\/)/,
    may: [coreFile, /^drivers\/s3\//, /^#transport$/, /^#digest$/],
    why: "the core, its own workshop and the seams",
  },
  {
    files: /^drivers\/env(\.ts$|\/)/,
    may: [coreFile, /^drivers\/env\//, /^drivers\/(fs|s3|memory)\.ts$/, /^#folder$/],
    why: "the core, its own workshop and the doors of the drivers that it picks from",
  },
  {
    files: /^drivers\/memory(\.ts$|\/)/,
    may: [coreFile, /^drivers\/memory\//],
    why: "the core and its own workshop",
  },
  { files: /^drivers\/r2(\.ts$|\/)/, may: [coreFile, /^drivers\/r2\//], why: "the core and its own workshop" },
  { files: /^drivers\/(\w+)\.ts$/, may: [coreFile], why: "the core, and a workshop of its own name" },
  {
    files: /^cli\//,
    may: [/^cli\//, /^src\//, /^drivers\/(\w+|s3\/probe)\.ts$/, /^citty$/, /^srvx$/, node],
    why: "doors, never workshops",
  },
  {
    files: /^playground\//,
    may: [/^playground\//, /^(?!unbucket\/dist)(@?[a-z][\w@/.-]*)$/, node],
    why: "what an app may: packages by their public names",
  },
  {
    files: /^test\/fixtures\/([^/]+)\//,
    may: [/^test\/fixtures\//, /^(?!unbucket\/dist|src\/|drivers\/|test\/)([@#~]?[a-z][\w@/.-]*)$/, node],
    why: "what an app may: packages by their public names",
  },
];

/** Files whose behaviour another test proves, with the reason; everything else has a test of the same path. */
export const testedElsewhere: readonly { readonly files: RegExp; readonly why: string }[] = [
  { files: /^src\/conformance(\.ts$|\/)/, why: "cases: test/conformance*.test.ts runs them all on every driver" },
];

/** Tests without a source file of the same path, with the reason. */
export const withoutSource: readonly { readonly files: RegExp; readonly why: string }[] = [
  { files: /^test\/src\/sigv4\/botocore\.test\.ts$/, why: "signing beside another implementation" },
  {
    files: /^test\/drivers\/s3\/documents\.test\.ts$/,
    why: "documents of all kinds, whole and spoilt, through all that reads them",
  },
];
