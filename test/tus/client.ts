/** tus-js-client, as far as the tests need it: it is installed apart, so its own types are not here. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installed } from "../runtimes/install.ts";

/** An answer as the client has it. */
export interface ClientResponse {
  getHeader(name: string): string | undefined;
}

/** Options of an upload. */
export interface UploadOptions {
  readonly endpoint: string;
  readonly chunkSize?: number;
  readonly retryDelays?: readonly number[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly uploadUrl?: string;
  readonly onError: (error: Error) => void;
  readonly onSuccess: () => void;
  readonly onProgress?: (sent: number, total: number) => void;
  readonly onAfterResponse?: (request: unknown, response: ClientResponse) => void;
  readonly onChunkComplete?: (size: number, accepted: number, total: number) => void;
}

/** An upload of the client. */
export interface ClientUpload {
  readonly url: string | null;
  start(): void;
  abort(terminate?: boolean): Promise<void>;
}

/** The client itself. */
export interface Client {
  readonly Upload: new (file: Buffer, options: UploadOptions) => ClientUpload;
}

/** Installs it once. */
export async function tusClient(): Promise<Client> {
  const modules = await installed(fileURLToPath(new URL(".", import.meta.url)));
  return createRequire(import.meta.url)(join(modules, "tus-js-client")) as Client;
}
