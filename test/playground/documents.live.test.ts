import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { createClient } from "@libsql/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mainPlaces, type Playground, start } from "./start.ts";
import { breakOff, sendHead } from "./wire.ts";

interface Shown {
  readonly id: string;
  readonly key: string;
  readonly user: string;
  readonly filename: string;
  readonly size: number;
  readonly contentType: string;
}

describe.each(mainPlaces)("the playground's documents on $name", (place) => {
  let app: Playground;
  beforeEach(async () => {
    app = await start(place);
  });
  afterEach(() => app.close());

  const post = (form: FormData): Promise<Response> => fetch(`${app.url}/documents`, { method: "POST", body: form });
  const listed = async (query = ""): Promise<Shown[]> => {
    const answer = await fetch(`${app.url}/documents${query}`);
    return ((await answer.json()) as { documents: Shown[] }).documents;
  };
  const sweep = async (): Promise<unknown> => (await fetch(`${app.url}/documents/sweep`, { method: "POST" })).json();
  /** Speaks to the database past the app, as whoever interrupts it would. */
  const execute = async (sql: string): Promise<readonly unknown[]> => {
    const client = createClient({ url: `file:${app.database}` });
    try {
      return (await client.execute(sql)).rows;
    } finally {
      client.close();
    }
  };

  it("POST stores object and record, which list, file and delete show together", async () => {
    const answer = await post(form("42", "hello", "Übersicht 2026.txt"));
    expect(answer.status).toBe(201);
    const made = (await answer.json()) as Shown;
    expect(made).toMatchObject({ user: "42", filename: "Übersicht 2026.txt", size: 5, contentType: "text/plain" });
    expect(made.key).toBe(`documents/42/${made.id}/Übersicht 2026.txt`);
    expect(made.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await app.stored()).toEqual([made.key]);
    await post(form("7", "other", "b.txt"));
    expect((await listed()).length).toBe(2);
    expect((await listed("?user=42")).map(({ id }) => id)).toEqual([made.id]);

    const file = await fetch(`${app.url}/documents/${made.id}/file`);
    expect([file.status, await file.text()]).toEqual([200, "hello"]);
    expect((await fetch(`${app.url}/documents/${made.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await listed("?user=42")).toEqual([]);
    expect((await app.stored()).length).toBe(1);
    for (const [path, method] of [
      ["", "DELETE"],
      ["/file", "GET"],
      ["/download-url", "GET"],
    ]) {
      expect((await fetch(`${app.url}/documents/${made.id}${path}`, { method: method ?? "GET" })).status).toBe(404);
    }
  });

  it("download-url gives an address that works, and signs nothing but a document by its id", async () => {
    const { id, key } = (await (await post(form("42", "hello", "a.txt"))).json()) as Shown;
    const { url, expiresAt } = (await (await fetch(`${app.url}/documents/${id}/download-url`)).json()) as {
      url: string;
      expiresAt: string | null;
    };
    expect(await (await fetch(new URL(url, app.url))).text()).toBe("hello");
    expect([new URL(url).searchParams.get("X-Amz-Expires"), typeof expiresAt]).toEqual(["3600", "string"]);
    expect((await fetch(url.replace(/X-Amz-Signature=\w+/, `X-Amz-Signature=${"0".repeat(64)}`))).status).toBe(403);

    await fetch(`${app.url}/files/secret`, { method: "PUT", body: "x" });
    for (const chosen of ["secret", encodeURIComponent(key), `${id}?key=secret`]) {
      const answer = await fetch(`${app.url}/documents/${chosen}/download-url`);
      expect([answer.status, await answer.text()]).toEqual([404, expect.not.stringContaining("X-Amz")]);
    }
  });

  it.each([
    ["without a file", () => fields({ user: "42" }), 400],
    ["with a user that is no name", () => form("../7", "x", "a.txt"), 400],
    ["with a type that the content is not", () => form("42", "no picture", "a.png", "image/png"), 415],
    ["with a field after the file", () => later(form("42", "x", "a.txt"), "user", "43"), 400],
    ["with two files", () => twice(form("42", "x", "a.txt")), 400],
  ] as const)("a form %s is refused and stores nothing", async (_name, make, status) => {
    const answer = await post(make());
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { error: { message: string } }).error.message.length).toBeGreaterThan(20);
    expect(await app.stored()).toEqual([]);
    expect(await listed()).toEqual([]);
    expect(await execute("SELECT id FROM documents")).toEqual([]);
  });

  it("an insert that fails leaves no object", async () => {
    await listed();
    await execute("CREATE TRIGGER full BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect((await post(form("42", "hello", "a.txt"))).status).toBe(500);
    expect(await app.stored()).toEqual([]);
  });

  it("a record that cannot become ready takes its object with it", async () => {
    await listed();
    await execute(
      "CREATE TRIGGER full BEFORE UPDATE ON documents WHEN NEW.state = 'ready' BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    const answer = await post(form("42", "hello", "a.txt"));
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining("disk full")]);
    expect(await app.stored()).toEqual([]);
    expect(await execute("SELECT id FROM documents")).toEqual([]);
  });

  it("a form that breaks off leaves neither object nor record", async () => {
    const socket = await uploadHalf(app);
    await expect.poll(() => execute("SELECT state FROM documents")).toHaveLength(1);
    await breakOff(socket);
    await expect.poll(() => execute("SELECT state FROM documents")).toEqual([]);
    expect(await app.stored()).toEqual([]);
  });

  it("a document waits for another program that reads the database", async () => {
    await listed();
    const client = createClient({ url: `file:${app.database}` });
    const reading = await client.transaction("read");
    await reading.execute("SELECT id FROM documents");
    const answer = post(form("42", "hello", "a.txt"));
    await setTimeout(300);
    reading.close();
    expect((await answer).status).toBe(201);
    client.close();
  });

  it("an upload that the server's death interrupted is undone by a sweep", async () => {
    const socket = await uploadHalf(app);
    socket.on("error", () => {});
    await expect.poll(() => execute("SELECT state FROM documents")).toHaveLength(1);
    app = await app.restart("SIGKILL");
    expect(await listed()).toEqual([]);
    expect(await sweep()).toEqual({ finished: 1, failed: 0 });
    expect(await app.stored()).toEqual([]);
    expect(await execute("SELECT id FROM documents")).toEqual([]);
    expect(await sweep()).toEqual({ finished: 0, failed: 0 });
  });

  it("a sweep finishes an interrupted delete, undoes an upload that nobody was told of, and spares the rest", async () => {
    const [kept, leaving, arriving] = await Promise.all(
      ["kept", "leaving", "arriving"].map(
        async (name) => (await (await post(form("42", name, `${name}.txt`))).json()) as Shown,
      ),
    );
    await execute(`UPDATE documents SET state = 'deleting' WHERE id = '${leaving?.id}'`);
    await execute(`UPDATE documents SET state = 'creating' WHERE id = '${arriving?.id}'`);
    expect((await listed()).map(({ id }) => id)).toEqual([kept?.id]);
    expect(await sweep()).toEqual({ finished: 2, failed: 0 });
    expect(await app.stored()).toEqual([kept?.key]);
    expect(await execute("SELECT id FROM documents")).toEqual([{ id: kept?.id }]);
  });

  it("a sweep leaves an upload alone that is running", async () => {
    const socket = await uploadHalf(app);
    await expect.poll(() => execute("SELECT state FROM documents")).toHaveLength(1);
    expect(await sweep()).toEqual({ finished: 0, failed: 0 });
    socket.write(`${"x".repeat(50_000)}\r\n--cut--\r\n`);
    await expect.poll(listed).toHaveLength(1);
    socket.destroy();
  });
});

/** Half of a form whose file has 100 000 bytes. */
async function uploadHalf(app: Playground): ReturnType<typeof sendHead> {
  const head = '--cut\r\ncontent-disposition: form-data; name="file"; filename="half.bin"\r\n\r\n';
  const length = String(head.length + 100_000 + "\r\n--cut--\r\n".length);
  const headers = { "content-length": length, "content-type": "multipart/form-data; boundary=cut" };
  await fetch(`${app.url}/documents`);
  const socket = await sendHead(app.url, "POST /documents?user=42", headers);
  socket.write(head);
  socket.write(Buffer.concat([randomBytes(25_000)]).toString("hex"));
  return socket;
}

function form(user: string, body: string, name: string, type: string = "text/plain"): FormData {
  const data = fields({ user });
  data.append("file", new Blob([body], { type }), name);
  return data;
}

function fields(values: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(values)) data.append(name, value);
  return data;
}

function later(data: FormData, name: string, value: string): FormData {
  data.append(name, value);
  return data;
}

function twice(data: FormData): FormData {
  data.append("file", new Blob(["y"]), "b.txt");
  return data;
}
