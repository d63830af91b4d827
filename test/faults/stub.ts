/** An S3 server in memory that checks every signature, with a world for each bucket. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { addressed } from "./operation.ts";
import { empty, Refused, type StubAnswer } from "./stub/answer.ts";
import type { StubCall } from "./stub/call.ts";
import { readForm, verifyForm } from "./stub/form.ts";
import { listObjects } from "./stub/list.ts";
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  uploadPart,
  uploadPartCopy,
} from "./stub/multipart.ts";
import { copyObject, deleteObject, deleteObjects, getObject, postObject, putObject } from "./stub/objects.ts";
import { verify } from "./stub/verify.ts";
import { World } from "./stub/world.ts";

/** A running stub. */
export interface Stub {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** The bucket's world, made when it is first asked for. */
  world(bucket: string): World;
  close(): Promise<void>;
}

/** Whose requests the stub takes. */
export interface StubKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const OPERATIONS: Readonly<Record<string, (call: StubCall) => StubAnswer>> = {
  ...{
    PostObject: postObject,
    PutObject: putObject,
    GetObject: getObject,
    HeadObject: getObject,
    CopyObject: copyObject,
  },
  ...{ DeleteObject: deleteObject, DeleteObjects: deleteObjects, ListObjectsV2: listObjects },
  ...{ CreateMultipartUpload: createUpload, UploadPart: uploadPart, UploadPartCopy: uploadPartCopy },
  ...{ CompleteMultipartUpload: completeUpload, AbortMultipartUpload: abortUpload },
  ...{ ListParts: listParts, ListMultipartUploads: listUploads, HeadBucket: () => empty(200) },
};

/** Starts a stub on a free loopback port. Buckets that nobody made answer NoSuchBucket. */
export async function startStub(keys: StubKeys): Promise<Stub> {
  const worlds = new Map<string, World>();
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    readBody(request).then(
      (body) => write(request, response, answerTo(worlds, request, body)),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    url: `http://127.0.0.1:${port}`,
    world(bucket) {
      const world = worlds.get(bucket) ?? new World(bucket, keys.accessKeyId, keys.secretAccessKey);
      worlds.set(bucket, world);
      return world;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function answerTo(
  worlds: ReadonlyMap<string, World>,
  request: IncomingMessage,
  body: Buffer,
): StubAnswer & { world?: World } {
  let world: World | undefined;
  try {
    const head = { method: request.method ?? "", target: request.url ?? "", headers: headersOf(request) };
    const where = addressed(head);
    world = worlds.get(where.bucket);
    if (!world || world.switches.absent) throw new Refused(404, "NoSuchBucket", "The specified bucket does not exist");
    world.requests++;
    const form = where.operation === "PostObject" ? readForm(head.headers["content-type"], body) : undefined;
    if (form) verifyForm(form, world);
    else verify(head, body, world);
    const token = form ? form.fields.get("x-amz-security-token") : head.headers["x-amz-security-token"];
    checkToken(world, token ?? where.query.get("X-Amz-Security-Token"));
    const run = OPERATIONS[where.operation];
    if (!run) throw new Refused(405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
    return { ...run({ ...where, world, headers: head.headers, body, form }), world };
  } catch (error) {
    if (error instanceof Refused) return { ...error.answer(), world };
    if (error instanceof URIError) return { ...new Refused(400, "InvalidURI", "not UTF-8").answer(), world };
    return { ...new Refused(500, "InternalError", `the stub has a fault: ${String(error)}`).answer(), world };
  }
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const pairs = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(pairs);
}

function checkToken({ switches, requests }: World, token: string | undefined): void {
  const { tokens, tokenEnds = Infinity } = switches;
  if (!tokens) return;
  const ended = requests >= tokenEnds && token === tokens[0];
  // AWS repeats the token to whoever asks.
  if (ended) throw new Refused(400, "ExpiredToken", "The provided token has expired.", { "Token-0": `${token}` });
  if (!tokens.includes(token ?? ""))
    throw new Refused(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
}

function write(request: IncomingMessage, response: ServerResponse, answer: StubAnswer & { world?: World }): void {
  const { status, headers, body, world } = answer;
  const date = world?.switches.date ?? new Date(world?.now ?? Date.now()).toUTCString();
  response.sendDate = false;
  const silent = request.method === "HEAD" || status === 304 || status === 204;
  const all = {
    "x-amz-request-id": "STUBREQUEST",
    ...(date === "" ? {} : { date }),
    ...(status === 204 || status === 304 ? {} : { "content-length": String(body.length) }),
    ...headers,
  };
  response.writeHead(status, all);
  response.end(silent ? undefined : body);
}
