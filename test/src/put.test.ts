import { describe, expect, it, type MockInstance, onTestFinished, vi } from "vitest";
import type { Key, MultipartBackend, StoredInfo } from "../../src/backend.ts";
import { MemoryBudget } from "../../src/budget.ts";
import { cut, noise, source } from "../../src/conformance/bytes.ts";
import { inParts, putSource, removals } from "../../src/put.ts";
import { childrenOf, childText, readXml } from "../../src/s3/xml.ts";
import { type Answer, answer, failure, happy, type Received, type Script, wire } from "../support/wire.ts";
import { stubbed, TRANSPORTS } from "../support/stubbed.ts";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
const options = { partSize: PART };
const data = noise(2 * PART + 1234);

/** Which step of a multipart upload a request is. */
function step({ method, query }: Received): string {
  if (query.has("uploads")) return "create";
  if (query.has("partNumber")) return `part ${query.get("partNumber")}`;
  if (query.has("uploadId")) return method === "DELETE" ? "abort" : "complete";
  return method;
}

/** Rejects what is not settled within a minute, which is less than {@link LONG}, and more than a busy machine takes. */
function soon<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error("too late")), 60_000));
  return Promise.race([work, late]);
}

/** What an upload that is given up is made to wait for where a test shows that nothing waits for it. */
const LONG = 600_000;

/** Makes all limits of time so many milliseconds. */
function patience(milliseconds: number): MockInstance<typeof AbortSignal.timeout> {
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  const spy = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(milliseconds));
  onTestFinished(() => spy.mockRestore());
  return spy;
}

const except =
  (which: string, other: Answer): Script =>
  (request) =>
    step(request) === which ? other : happy(request);

describe.each(TRANSPORTS)("putSource over %s", (_, transport) => {
  it("sends a stream of two parts and a rest, in order and whole", async () => {
    const server = await wire(happy);
    const progress: number[] = [];
    const made = source(cut(data, [300_000]));
    const info = await stubbed(server, { ...transport, ...options }).upload("k", made.stream, {
      contentType: "a/b",
      ifNoneMatch: "*",
      metadata: { a: "1" },
      onProgress: ({ loaded }) => progress.push(loaded),
    });
    expect(info).toMatchObject({
      key: "k",
      size: data.length,
      etag: '"all-2"',
      contentType: "a/b",
      metadata: { a: "1" },
    });
    const parts = server.requests.filter((request) => step(request).startsWith("part"));
    parts.sort((a, b) => Number(a.query.get("partNumber")) - Number(b.query.get("partNumber")));
    expect(parts.map(({ body }) => body.length)).toEqual([PART, PART, 1234]);
    expect(Buffer.compare(Buffer.concat(parts.map(({ body }) => body)), data)).toBe(0);
    const [create] = server.requests;
    expect(create?.headers).toMatchObject({ "content-type": "a/b", "x-amz-meta-a": "1" });
    const complete = server.requests.at(-1);
    expect(complete?.headers).toMatchObject({ "if-none-match": "*" });
    expect(
      childrenOf(readXml(complete?.body.toString() ?? ""), "Part").map((part) => [
        childText(part, "PartNumber"),
        childText(part, "ETag"),
      ]),
    ).toEqual([
      ["1", '"1"'],
      ["2", '"2"'],
      ["3", '"3"'],
    ]);
    expect(progress).toHaveLength(3);
    expect(progress.at(-1)).toBe(data.length);
  });

  it.each([
    ["create", ["create"], "denied", failure(403, "AccessDenied")],
    ["part 1", ["abort"], "denied", failure(403, "AccessDenied")],
    ["part 3", ["abort"], "unavailable", failure(500, "InternalError")],
    ["part 2", ["abort"], "corrupt", answer(200)],
    ["complete", ["abort"], "denied", failure(403, "AccessDenied")],
    ["complete", ["HEAD"], "ambiguous", failure(200, "InternalError")],
    ["complete", ["abort"], "precondition-failed", failure(412, "PreconditionFailed")],
  ])("when %s fails ends with %j and rejects %s", async (which, [last], code, other) => {
    const server = await wire(except(which, other));
    const made = source(cut(data, [300_000]), /part [12]/.test(which) ? { hang: () => {} } : "end");
    const outcome = stubbed(server, { ...transport, ...options }).upload("k", made.stream);
    await expect(outcome).rejects.toMatchObject({ code, key: "k", operation: "upload" });
    const steps = server.requests.map(step);
    // A part that was cut off may be read by the server later than what was sent after it, on another connection.
    expect(steps.filter((name) => !/^part \d/.test(name)).at(-1)).toBe(last);
    expect(steps.filter((name) => name === "abort")).toHaveLength(last === "abort" ? 1 : 0);
    if (code !== "denied" && code !== "precondition-failed")
      expect(steps.filter((name) => name === which)).toHaveLength(4);
    expect(await made.over).toBe(which === "complete" || which === "part 3" ? "read" : "cancelled");
  });

  it("an abort while parts are sent rejects with the reason, aborts the upload and cancels the source", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const server = await wire((request) => {
      if (step(request) !== "part 2") return happy(request);
      control.abort(reason);
      return { bytes: "" };
    });
    const made = source(cut(data, [300_000]), { hang: () => {} });
    const driver = stubbed(server, { ...transport, ...options });
    await expect(driver.upload("k", made.stream, { signal: control.signal })).rejects.toBe(reason);
    await expect.poll(() => server.requests.map(step)).toContain("abort");
    expect(server.requests.map(step)).not.toContain("complete");
    expect(await made.over).toBe("cancelled");
  });

  it("an abort while parts are sent does not wait for a store that does not answer", async () => {
    patience(LONG);
    const control = new AbortController();
    const reason = new Error("left");
    const server = await wire((request) => {
      if (step(request) === "part 2") control.abort(reason);
      return /part|abort/.test(step(request)) ? { bytes: "" } : happy(request);
    });
    const driver = stubbed(server, { ...transport, ...options });
    await expect(soon(driver.upload("k", data, { signal: control.signal }))).rejects.toBe(reason);
  });

  it("a failure waits for a store that does not answer the abort, but not for long", async () => {
    const limit = patience(50);
    const server = await wire((request) => {
      if (step(request) === "abort") return { bytes: "" };
      return step(request) === "part 1" ? failure(403, "AccessDenied") : happy(request);
    });
    const outcome = soon(stubbed(server, { ...transport, ...options }).upload("k", data));
    await expect(outcome).rejects.toThrow(/403 .*; upload u\/1\+x keeps its parts: aborting it failed/);
    expect(limit).toHaveBeenCalledWith(10_000);
  });

  it.each(["upload", "createMultipartUpload"] as const)(
    "an abort while %s begins an upload is heard at once, and what was begun is aborted",
    async (verb) => {
      patience(LONG);
      const control = new AbortController();
      const reason = new Error("left");
      let answered!: (answer: Answer) => void;
      const server = await wire((request) => {
        if (step(request) !== "create") return happy(request);
        control.abort(reason);
        return new Promise((resolve) => (answered = () => resolve(happy(request) as Answer)));
      });
      const driver = stubbed(server, { ...transport, ...options });
      const { signal } = control;
      const outcome: Promise<unknown> =
        verb === "upload" ? driver.upload("k", data, { signal }) : driver[verb]("k", { signal });
      await expect(soon(outcome)).rejects.toBe(reason);
      answered(answer(200));
      await expect.poll(() => server.requests.map(step)).toEqual(["create", "abort"]);
    },
  );

  it.each(["part 2", "create"])(
    "an upload that is aborted at %s is removed before its driver is disposed of",
    async (at) => {
      patience(LONG);
      const control = new AbortController();
      let aborts = 0;
      const server = await wire(async (request) => {
        if (step(request) === at) {
          control.abort("left");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return step(request) === "abort" && aborts++ < 2 ? failure(503, "SlowDown") : happy(request);
      });
      const driver = stubbed(server, { ...transport, ...options });
      await expect(driver.upload("k", data, { signal: control.signal })).rejects.toBe("left");
      await soon(driver.dispose());
      expect(server.requests.map(step).filter((name) => name === "abort")).toHaveLength(3);
      await soon(driver.dispose());
    },
  );

  it("a driver is disposed of although the store does not answer the abort, but not at once", async () => {
    const limit = patience(500);
    const control = new AbortController();
    const server = await wire((request) => {
      if (step(request) === "part 2") control.abort("left");
      return /part|abort/.test(step(request)) ? { bytes: "" } : happy(request);
    });
    const driver = stubbed(server, { ...transport, ...options });
    await expect(driver.upload("k", data, { signal: control.signal })).rejects.toBe("left");
    await soon(driver.dispose());
    expect(limit).toHaveBeenCalledTimes(2);
    expect(server.requests.map(step)).toContain("abort");
  });

  it("an upload whose beginning is refused leaves no timer", async () => {
    const limit = patience(10_000);
    const driver = stubbed(await wire(failure(403, "AccessDenied")), { ...transport, ...options });
    await expect(driver.upload("k", data)).rejects.toMatchObject({ code: "denied" });
    expect(limit).not.toHaveBeenCalled();
  });

  it("an upload that is given up while it begins is waited for, but not for long", async () => {
    const limit = patience(50);
    const control = new AbortController();
    const server = await wire(() => {
      control.abort("left");
      return { bytes: "" };
    });
    const driver = stubbed(server, { ...transport, ...options });
    await expect(soon(driver.upload("k", data, { signal: control.signal }))).rejects.toBe("left");
    await expect.poll(() => server.open()).toBe(0);
    expect(limit).toHaveBeenCalledWith(10_000);
    expect(server.requests).toHaveLength(1);
  });

  it("an upload is left alone whose completion is under way when its caller aborts", async () => {
    patience(LONG);
    const control = new AbortController();
    const server = await wire((request) => {
      if (step(request) !== "complete") return happy(request);
      control.abort("left");
      return { bytes: "" };
    });
    const driver = stubbed(server, { ...transport, ...options });
    await expect(soon(driver.upload("k", data, { signal: control.signal }))).rejects.toBe("left");
    // A request that is behind all that the upload has sent.
    await driver.upload("after", "x");
    expect(server.requests.map(step)).not.toContain("abort");
  });

  it("a source that fails aborts the upload and stores nothing", async () => {
    const server = await wire(happy);
    const reason = new Error("the source broke");
    const made = source(cut(data, [300_000]), { fail: reason });
    await expect(stubbed(server, { ...transport, ...options }).upload("k", made.stream)).rejects.toMatchObject({
      cause: reason,
    });
    expect(server.requests.map(step).at(-1)).toBe("abort");
    expect(server.requests.map(step)).not.toContain("complete");
  });
});

describe("putSource", () => {
  it.each([0, 1, PART - 1, PART])("sends %i bytes by one request, with and without a known length", async (size) => {
    const server = await wire(happy);
    const bytes = data.subarray(0, size);
    const driver = stubbed(server, options);
    await driver.upload("k", source(cut(bytes, [100_000])).stream);
    await driver.upload("k", source(cut(bytes, [100_000])).stream, { size });
    await driver.upload("k", bytes);
    expect(server.requests.map(step)).toEqual(["PUT", "PUT", "PUT"]);
    for (const { body } of server.requests) expect(Buffer.compare(body, bytes)).toBe(0);
  });

  it("cuts bytes in memory into parts, too", async () => {
    const server = await wire(happy);
    await stubbed(server, options).upload("k", data);
    expect(server.requests.map(step).toSorted()).toEqual(["complete", "create", "part 1", "part 2", "part 3"]);
  });

  it.each([
    ["if-match", { ifMatch: '"e"' }],
    ["if-none-match", { ifNoneMatch: "*" }],
  ] as const)("completes an upload in parts under its %s", async (name, condition) => {
    const server = await wire(happy);
    await stubbed(server, options).upload("k", data, condition);
    const [complete] = server.requests.filter((request) => step(request) === "complete");
    expect(complete?.headers[name]).toBe(Object.values(condition)[0]);
  });

  it("leaves an upload alone whose completion is in doubt", async () => {
    let asked = 0;
    const server = await wire((request) =>
      step(request) !== "complete"
        ? happy(request)
        : ++asked === 1
          ? { bytes: "", then: "fin" }
          : failure(404, "NoSuchUpload"),
    );
    await expect(stubbed(server, options).upload("k", data)).rejects.toMatchObject({ code: "ambiguous" });
    expect(server.requests.map(step)).not.toContain("abort");
  });

  it("keeps at most `concurrency` parts on their way", async () => {
    let flying = 0;
    let most = 0;
    let arrived = 0;
    let meet = (): void => {};
    const server = await wire(async (request) => {
      if (step(request).startsWith("part")) {
        most = Math.max(most, ++flying);
        // Two that wait for each other, however slowly they come; the last may be alone.
        if (++arrived < 6 && flying < 2) await new Promise<void>((resolve) => (meet = resolve));
        else meet();
        await new Promise((resolve) => setTimeout(resolve, 20));
        flying--;
      }
      return happy(request);
    });
    await stubbed(server, { ...options, concurrency: 2 }).upload("k", noise(6 * PART));
    expect(most).toBe(2);
  });

  it("holds 20 uploads at once within maxMemory, and all of them end", async () => {
    const maxMemory = 4 * PART;
    // What the sources have given and no answer has acknowledged is what the driver holds.
    let given = 0;
    let acknowledged = 0;
    let most = 0;
    const server = await wire(async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      acknowledged += step(request) === "PUT" || step(request).startsWith("part") ? request.body.length : 0;
      return happy(request);
    });
    const chunk = new Uint8Array(256 * 1024);
    const feed = (chunks: number): ReadableStream<Uint8Array> =>
      new ReadableStream(
        {
          async pull(controller) {
            await new Promise((resolve) => setImmediate(resolve));
            if (chunks-- === 0) return controller.close();
            given += chunk.length;
            most = Math.max(most, given - acknowledged);
            controller.enqueue(chunk);
          },
        },
        { highWaterMark: 0 },
      );
    const driver = stubbed(server, { ...options, maxMemory });
    const sizes = Array.from({ length: 20 }, (_, index) => [1, 3, 17, 20, 21, 30, 41][index % 7] as number);
    const infos = await Promise.all(sizes.map((chunks, index) => driver.upload(`k${index}`, feed(chunks))));
    expect(infos.map(({ size }) => size)).toEqual(sizes.map((chunks) => chunks * chunk.length));
    // Besides, each upload has one chunk of its source in hand.
    expect(most).toBeLessThanOrEqual(maxMemory + 20 * chunk.length);
  });

  it("does not lock up when many slow sources each hold the beginning of a part", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, { ...options, maxMemory: PART });
    let arrived = 0;
    let release!: () => void;
    const everyone = new Promise<void>((resolve) => (release = resolve));
    const feed = (): ReadableStream<Uint8Array> => {
      let turn = 0;
      return new ReadableStream(
        {
          async pull(controller) {
            if (turn++ === 0) {
              controller.enqueue(new Uint8Array(64 * 1024));
              if (++arrived === 12) release();
              return;
            }
            await everyone;
            if (turn < 10) controller.enqueue(new Uint8Array(700_000));
            else controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    };
    const infos = await Promise.all(Array.from({ length: 12 }, (_, index) => driver.upload(`k${index}`, feed())));
    expect(infos.every(({ size }) => size === 64 * 1024 + 8 * 700_000)).toBe(true);
  });

  it("takes small and large bodies although others have stopped in the middle of a part", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, { ...options, maxMemory: 4 * PART });
    let stopped = 0;
    const control = new AbortController();
    const stalled = Array.from({ length: 3 }, (_, index) => {
      const made = source(cut(noise(PART + MIB), [MIB]), { hang: () => void stopped++ });
      return driver.upload(`stalled${index}`, made.stream, { signal: control.signal });
    });
    // The third gets its memory when a second has shown that the others have stopped.
    await expect.poll(() => stopped).toBe(3);
    await soon(driver.upload("small", new Response("hi")));
    await driver.upload("large", source(cut(data, [300_000])).stream);
    control.abort("left");
    expect(await Promise.allSettled(stalled)).toEqual(Array(3).fill({ status: "rejected", reason: "left" }));
  });

  it("takes a large body although others have stopped just before the end of their parts", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, { ...options, maxMemory: 4 * PART });
    let stopped = 0;
    const control = new AbortController();
    const stalled = Array.from({ length: 2 }, (_, index) => {
      const made = source(cut(noise(PART - 1000), [MIB]), { hang: () => void stopped++ });
      return driver.upload(`stalled${index}`, made.stream, { signal: control.signal });
    });
    await expect.poll(() => stopped).toBe(2);
    await soon(driver.upload("large", source(cut(data, [300_000])).stream));
    control.abort("left");
    expect(await Promise.allSettled(stalled)).toEqual(Array(2).fill({ status: "rejected", reason: "left" }));
  });

  it("gives its memory back after failures", async () => {
    const server = await wire((request) =>
      request.path.includes("bad") ? failure(403, "AccessDenied") : happy(request),
    );
    const driver = stubbed(server, { ...options, maxMemory: PART });
    for (let index = 0; index < 4; index++) {
      await expect(driver.upload("bad", source(cut(data, [300_000])).stream)).rejects.toMatchObject({ code: "denied" });
    }
    expect((await driver.upload("good", source(cut(data, [300_000])).stream)).size).toBe(data.length);
  });

  it("gives back the memory of a small body that is refused, and its buffer to nobody who might change what is still sent", async () => {
    const SMALL = 1000;
    const refuse = (): Promise<never> => Promise.reject(new Error("refused"));
    const memory = new MemoryBudget(4 * SMALL, SMALL, 3);
    const plan = { partSize: SMALL, concurrency: 2, memory };
    const steps = { plan, create: refuse as MultipartBackend["create"] } as MultipartBackend;
    let sent: ArrayBufferLike | undefined;
    const putBytes = (_key: unknown, { buffer }: Uint8Array): Promise<never> => {
      sent = buffer;
      return refuse();
    };
    for (const size of [SMALL, SMALL + 1]) {
      const put = putSource(putBytes, steps, "k" as Key, { stream: source([noise(size)]).stream }, {});
      await expect(put).rejects.toThrow("refused");
      expect(memory.used).toBe(0);
    }
    expect((await memory.take(SMALL, 0)).buffer.buffer).not.toBe(sent);
  });

  it.each(["a stream of a known length", "bytes"])(
    "sends %s in larger parts where 10000 would not do",
    async (kind) => {
      const sent: number[] = [];
      const steps = {
        plan: { partSize: 100, concurrency: 1, memory: new MemoryBudget(4 * MIB, MIB, 2) },
        create: async () => ({ uploadId: "u" }),
        uploadPart: async (_key: Key, _id: string, partNumber: number, { byteLength }: Uint8Array) => {
          sent.push(byteLength);
          return { partNumber, etag: '"e"' };
        },
        complete: async () => '"all"',
      } as unknown as MultipartBackend;
      const bytes = noise(2 * MIB + 1);
      const body = kind === "bytes" ? { bytes } : { stream: source([bytes]).stream, size: bytes.byteLength };
      await putSource(() => Promise.reject(new Error("whole")), steps, "k" as Key, body, {});
      expect(sent).toEqual([MIB, MIB, 1]);
    },
  );

  it("gives parts and completion what the beginning told of them", async () => {
    const plan = { partSize: 100, concurrency: 1, memory: new MemoryBudget(400, 100, 2) };
    const begun = { uploadId: "u", writeId: "mark", checksum: "CRC32C full" };
    const given: unknown[] = [];
    const steps = {
      plan,
      create: async () => begun,
      uploadPart: async (...[, id, partNumber, , { checksum }]: Parameters<MultipartBackend["uploadPart"]>) => {
        given.push([id, checksum]);
        return { partNumber, etag: '"e"' };
      },
      complete: async (...[, id, , { writeId, checksum }]: Parameters<MultipartBackend["complete"]>) => {
        given.push([id, checksum, writeId]);
        return '"all"';
      },
    } as unknown as MultipartBackend;
    await putSource(() => Promise.reject(new Error("whole")), steps, "k" as Key, { bytes: noise(101) }, {});
    const part = [begun.uploadId, begun.checksum];
    expect(given).toEqual([part, part, [...part, begun.writeId]]);
  });

  it("holds no more memory for a small body than its length, where that is known", async () => {
    const memory = new MemoryBudget(4000, 1000, 3);
    const held: number[] = [];
    const putBytes = async (): Promise<StoredInfo> => (held.push(memory.used), {}) as unknown as StoredInfo;
    const steps = { plan: { partSize: 1000, concurrency: 2, memory } } as MultipartBackend;
    await putSource(putBytes, steps, "k" as Key, { stream: source([noise(10)]).stream, size: 10 }, {});
    expect(held).toEqual([10]);
  });

  it("each upload that was given up is waited for in the end", async () => {
    const gone: (() => void)[] = [];
    const steps = {
      create: async () => ({ uploadId: "u" }),
      complete: () => Promise.reject(new Error("complete")),
      abort: () => new Promise<void>((resolve) => gone.push(resolve)),
    };
    for (let upload = 0; upload < 2; upload++) {
      const control = new AbortController();
      const sending = inParts(steps, "k" as Key, { signal: control.signal }, () => {
        control.abort("left");
        return Promise.reject(new Error("stopped"));
      });
      await expect(sending).rejects.toBe("left");
    }
    let over = false;
    const all = removals(steps).then(() => (over = true));
    gone[1]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    gone[0]?.();
    await all;
  });

  it("uses the buffer of a small body again once it is stored", async () => {
    const plan = { partSize: 1000, concurrency: 2, memory: new MemoryBudget(4000, 1000, 3) };
    const used = new Set<ArrayBufferLike>();
    const putBytes = async (key: Key, { buffer, byteLength: size }: Uint8Array): Promise<StoredInfo> => {
      used.add(buffer);
      return { key, size, etag: '"e"' } as StoredInfo;
    };
    for (let call = 0; call < 3; call++)
      await putSource(putBytes, { plan } as MultipartBackend, "k" as Key, { stream: source([noise(1000)]).stream }, {});
    expect([used.size, plan.memory.used]).toEqual([1, 0]);
  });

  it("hears an abort while others have the memory", async () => {
    const memory = new MemoryBudget(3000, 1000, 3);
    const plan = { partSize: 1000, concurrency: 2, memory };
    memory.seal(await memory.take(1000, 0));
    const control = new AbortController();
    const made = source([noise(10)]);
    const signal = control.signal;
    const put = putSource(async () => ({}) as StoredInfo, { plan } as MultipartBackend, "k" as Key, made, { signal });
    control.abort("left");
    await expect(soon(put)).rejects.toBe("left");
    expect([await made.over, memory.used]).toEqual(["cancelled", 1000]);
  });
});
