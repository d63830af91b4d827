import { describe, expect, it, vi } from "vitest";
import { lingering } from "../../../src/gateway/lingering.ts";

const MIB = 1024 * 1024;

describe("lingering", () => {
  it("reads a refused body to its end, so that its sender sees why, for which nobody waits", async () => {
    let [ended, cancelled, sends] = [false, false, (): void => {}];
    const sent = new Promise<void>((resolve) => (sends = resolve));
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(MIB));
        await sent;
        controller.close();
        ended = true;
      },
      cancel: () => void (cancelled = true),
    });
    await lingering(body)?.getReader().cancel();
    expect(ended).toBe(false);
    sends();
    await vi.waitFor(() => expect(ended).toBe(true));
    expect(cancelled).toBe(false);
  });

  it("cancels a body that does not end", async () => {
    let [pieces, reason] = [0, ""];
    const piece = new Uint8Array(MIB);
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pieces++;
        controller.enqueue(piece);
      },
      cancel: (why) => void (reason = String(why)),
    });
    await lingering(endless)?.getReader().cancel("enough");
    await vi.waitFor(() => expect(reason).toBe("enough"));
    expect(pieces).toBeLessThan(70);
  });

  it("has nothing to read where there is no body", () => {
    expect(lingering(null)).toBe(null);
  });
});
