/** Another people's client in a process of its own, which is told what to do in lines of JSON. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** What a body is made of: whoever knows its name knows its bytes. */
export interface Content {
  readonly vid: string;
  readonly size: number;
  readonly start?: number;
  readonly end?: number;
  readonly streamed?: boolean;
}

/** What a call gave, by the names that the clients share; `status` is there for a failure, and 0 where no answer came. */
export interface Answer {
  readonly error?: string;
  readonly status?: number;
  readonly message?: string;
  readonly bytes?: number;
  readonly sha?: string;
  readonly ETag?: string;
  readonly ContentType?: string;
  readonly ContentLength?: number;
  readonly ContentRange?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly UploadId?: string;
  readonly CopyObjectResult?: { readonly ETag: string };
  readonly CopyPartResult?: { readonly ETag: string };
  readonly Contents?: readonly { readonly Key: string; readonly Size: number; readonly ETag: string }[];
  readonly Deleted?: readonly { readonly Key: string }[];
  readonly IsTruncated?: boolean;
  readonly NextContinuationToken?: string;
}

/** SHA-256 of a body. */
export function shaOf({ vid, size, start = 0, end = size }: Content): string {
  const bytes = size === 0 ? Buffer.alloc(0) : createHash("shake128", { outputLength: size }).update(vid).digest();
  return createHash("sha256").update(bytes.subarray(start, end)).digest("hex");
}

/** One client, which does one call after the other. */
export class Client {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #errors = "";
  #turn: Promise<unknown> = Promise.resolve();

  constructor(command: string, script: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = script;
    const path = fileURLToPath(new URL(script, import.meta.url));
    this.#child = spawn(command, [path, ...args], { env, stdio: "pipe" });
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    this.#child.stderr?.on("data", (data: Buffer) => (this.#errors += data.toString()));
  }

  /** Calls an operation of S3's; never rejects for what the operation gave. */
  call(method: string, input: Readonly<Record<string, unknown>>, attempts: 1 | 4): Promise<Answer> {
    const answer = this.#turn.then(async () => {
      this.#child.stdin?.write(`${JSON.stringify({ method, input: { Bucket: "bucket", ...input }, attempts })}\n`);
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${this.name} has ended: ${this.#errors}`);
      return JSON.parse(value) as Answer;
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
