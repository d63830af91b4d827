/** Every command that the documents tell people to type, and where it is run. */

/** Where a command is proven: a file, and a text in it that shows how. */
interface Proof {
  readonly file: string;
  readonly shows: string;
}

const script = (name: string): Proof => ({ file: "package.json", shows: `"${name}": "` });

/** What these do is shown without an account and without Docker: the configuration is read, the image's steps are looked at. */
const wrangler: Proof = { file: "test/playground/wrangler.test.ts", shows: '"deploy", "--dry-run"' };
const dockerfile: Proof = { file: "test/playground/dockerfile.test.ts", shows: "playground/Dockerfile" };

/** By command; one that is not here fails the test of the documents. */
export const commands: Readonly<Record<string, Proof>> = {
  "npm ci": { file: "package-lock.json", shows: '"lockfileVersion"' },
  "npm ci && npm start": { file: "test/playground.live.test.ts", shows: "playground" },
  "npm ci && npm test": script("test"),
  "npm start": script("start"),
  "npm test": script("test"),
  "npm run build": script("build"),
  "npm run lint": script("lint"),
  "npm run types": script("types"),
  "npm run fmt": script("fmt"),
  "npm run bench": script("bench"),
  "npm run cluster": script("cluster"),
  "npm run windows": script("windows"),
  "npm run proxies": script("proxies"),
  "npm run filesystems": script("filesystems"),
  "npm i unbucket h3": { file: "test/hosts/pack.ts", shows: "pack" },
  "npx unbucket probe": { file: "test/cli/probe.live.test.ts", shows: '"probe"' },
  "npx unbucket copy": { file: "test/cli/copy.test.ts", shows: '"copy"' },
  "npx unbucket copy ./uploads ./backup": { file: "test/cli/copy.test.ts", shows: '["from", "from-2"]' },
  "npx unbucket copy ./backup ./uploads": { file: "test/cli/copy.test.ts", shows: '["from-2", "from"]' },
  "npx unbucket copy ./uploads s3://my-bucket": { file: "test/cli/copy.test.ts", shows: '"uploads", "s3://' },
  "npx unbucket copy ./uploads s3://my-bucket --check": { file: "test/cli/copy.test.ts", shows: '"--check"' },
  "npx unbucket copy ./backup s3://my-bucket --compare all --replace always": {
    file: "test/cli/copy.test.ts",
    shows: '"--compare", "all", "--replace", "always"',
  },
  "npx unbucket copy ./backup s3://my-bucket --check": { file: "test/cli/copy.test.ts", shows: '"--check"' },
  "npx unbucket serve ./uploads": { file: "test/cli/serve.test.ts", shows: '"serve"' },
  "npx unbucket serve": { file: "test/cli/serve.test.ts", shows: '"serve"' },
  "npx unbucket init": { file: "test/cli/init.test.ts", shows: "init" },
  "docker compose up -d minio": { file: "test/servers/minio.ts", shows: '"compose", "up", "-d", "--wait", "minio"' },
  "docker build -f playground/Dockerfile -t unbucket-playground .": dockerfile,
  "docker run -p 127.0.0.1:3000:3000 -v unbucket:/data unbucket-playground": dockerfile,
  "docker run -p 127.0.0.1:3000:3000 -v unbucket:/data --env-file .env unbucket-playground": dockerfile,
  "docker stop --time 300": { file: "test/playground.live.test.ts", shows: "SIGTERM" },
  "bun playground/server.ts": { file: "test/playground/hosts.ts", shows: 'program("bun")' },
  "deno run --allow-all playground/server.ts": {
    file: "test/playground/hosts.ts",
    shows: 'program("deno"), "run", "--allow-all"',
  },
  "npx wrangler deploy": wrangler,
  "npx wrangler dev": { file: "test/docs.live.test.ts", shows: "new Miniflare" },
  "npx wrangler secret put STORAGE_S3_ACCESS_KEY": wrangler,
  "npx wrangler deploy --config playground/wrangler.jsonc --env r2": wrangler,
  "npx wrangler deploy --config playground/wrangler.jsonc --env s3": wrangler,
  "npx wrangler secret put STORAGE_S3_ACCESS_KEY --config playground/wrangler.jsonc --env s3": wrangler,
  "npx wrangler secret put STORAGE_S3_SECRET_KEY --config playground/wrangler.jsonc --env s3": wrangler,
  "docker compose up -d": { file: "test/compose.test.ts", shows: "create-bucket" },
  "docker compose up -d seaweedfs-bucket": { file: "test/compose.test.ts", shows: "seaweedfs-bucket" },
};

/** A command and the variables that it is given. */
export interface Command {
  readonly command: string;
  readonly variables: readonly string[];
}

/** The commands of a shell block, one a line; comments and empty lines are none, a `\` continues a line. */
export function commandsOf(code: string): Command[] {
  return code
    .replace(/\\\n/g, "")
    .split("\n")
    .map((line) => line.replace(/(^|\s+)#.*$/, "").trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [given = ""] = /^(?:\w+=\S*\s+)*/.exec(line) ?? [];
      return {
        command: line.slice(given.length),
        variables: [...given.matchAll(/(\w+)=/g)].map(([, name = ""]) => name),
      };
    });
}

/** Commands inside running text: `npx unbucket init`. */
export function inlineCommands(text: string): string[] {
  return [...text.matchAll(/`((?:npm|npx|docker) [^`<]+)`/g)].map(([, command = ""]) => command);
}
