/** What a host must do with forms that have files. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Check } from "./checks.ts";
import { statusAtEnd } from "./blind.ts";
import { until } from "./until.ts";

const name = 'a "b" 二\\.gif';
const small = gif(randomBytes(200 * 1024));
/** More than one part of an S3 upload. */
const long = gif(randomBytes(9 * 2 ** 20));
/** Over the limit of the fixtures by more than the buffers of any layer between hold. */
const tooLong = gif(Buffer.alloc(40 * 2 ** 20));

export const formChecks: readonly Check[] = [
  {
    name: "a form's file is stored, with its type and what the form says beside it",
    async run({ files }) {
      const { type, bytes } = await formOf(small);
      const sent = post(`${files}/form.gif`, { "content-type": type });
      sent.end(bytes);
      const file = { name, type: "image/gif", size: small.byteLength };
      const { status, body } = await answerOf(sent);
      assert.deepEqual([status, JSON.parse(body)], [201, { ...file, fields: { before: "Zoë", after: "1" } }]);
      await expectStored(`${files}/form.gif`, small);
    },
  },
  {
    name: "a form's file goes on to the store while it comes",
    needs: "received",
    async run({ files, received = () => 0 }, patience) {
      const { type, bytes } = await formOf(long);
      const before = received();
      const sent = post(`${files}/long-form.gif`, { "content-type": type });
      sent.write(bytes.subarray(0, -1000));
      const seen = await until(() => received() - before, 2 ** 20, patience);
      sent.end(bytes.subarray(-1000));
      assert.equal((await answerOf(sent)).status, 201);
      assert.ok(seen > 2 ** 20, `the store had ${seen} bytes when the end of a form was still to come`);
      await expectStored(`${files}/long-form.gif`, long);
    },
  },
  {
    name: "a form that is cut is refused and stores nothing",
    async run({ files }) {
      const { type, bytes } = await formOf(small);
      const cut = bytes.subarray(0, 150_000);
      const sent = post(`${files}/cut-form.gif`, { "content-type": type });
      sent.end(cut);
      const { status, body } = await answerOf(sent);
      assert.deepEqual([status, /the form ends in the midst of a part/.test(body)], [400, true]);
      for (const length of [{ "content-length": bytes.byteLength }, {}]) {
        const left = post(`${files}/cut-form.gif`, { "content-type": type, ...length });
        left.write(cut);
        await delay(100);
        left.destroy(new Error("the client goes away"));
        await assert.rejects(once(left, "response"), /the client goes away/);
      }
      await delay(500);
      assert.equal((await fetch(`${files}/cut-form.gif`)).status, 404);
    },
  },
  {
    name: "a form that is too large is answered 413, to a client that goes on",
    async run({ files }) {
      const { type, bytes } = await formOf(tooLong);
      // One connection at a time: it serves the next request, or the answer says that it ends.
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        for (const length of [{ "content-length": bytes.byteLength }, {}]) {
          const sent = post(`${files}/large-form.gif`, { "content-type": type, ...length }, agent);
          sent.end(bytes);
          const { status, body } = await answerOf(sent);
          assert.deepEqual([status, /"too-large"/.test(body)], [413, true]);
          const next = await answerOf(request(`${files}/large-form.gif`, { agent }).end());
          assert.deepEqual([next.status, /"not-found"/.test(next.body)], [404, true]);
        }
      } finally {
        agent.destroy();
      }
    },
  },
  {
    name: "a form that is too large is answered 413, to a client that reads nothing while it sends",
    async run({ files }) {
      const { type, bytes } = await formOf(tooLong);
      for (const connection of ["keep-alive", "close"])
        assert.equal(
          await statusAtEnd("POST", `${files}/large-form.gif`, { "content-type": type, connection }, bytes),
          413,
        );
    },
  },
];

/** A form with a file between two fields, as a client writes it. */
async function formOf(file: Uint8Array<ArrayBuffer>): Promise<{ readonly type: string; readonly bytes: Uint8Array }> {
  const form = new FormData();
  form.append("before", "Zoë");
  form.append("file", new Blob([file], { type: "image/gif" }), name);
  form.append("after", "1");
  const written = new Response(form);
  return { type: written.headers.get("content-type") ?? "", bytes: new Uint8Array(await written.arrayBuffer()) };
}

function post(url: string, headers: OutgoingHttpHeaders, agent: Agent | false = false): ClientRequest {
  // What happens to the connection after the answer: the next request shows whether that matters.
  return request(url, { method: "POST", agent, headers }).on("error", () => {});
}

async function answerOf(sent: ClientRequest): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const piece of answer.setEncoding("utf8")) body += piece;
  return { status: answer.statusCode, body };
}

async function expectStored(url: string, bytes: Uint8Array): Promise<void> {
  const got = await fetch(url);
  assert.deepEqual([got.status, got.headers.get("content-type")], [200, "image/gif"]);
  assert.ok(Buffer.from(await got.arrayBuffer()).equals(bytes), "other bytes were stored");
}

function gif(rest: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([Buffer.from("GIF89a"), rest]));
}
