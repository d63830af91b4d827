/** The floor on workerd: fetch and WebCrypto, and downloads into one buffer, since the default reader gives 4 KiB at a time. */
import type { Connect } from "../client.ts";
import { bareFetch, bareRequest } from "../bare-fetch.ts";
import { drainInto, FILE_PIECE } from "../streams.ts";

const connect: Connect = (endpoint) => ({
  ...bareFetch(endpoint, 3, async (bytes) => {
    const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }),
  async down(key) {
    const { body } = await bareRequest(endpoint, "GET", key);
    return body ? drainInto(body, FILE_PIECE) : 0;
  },
});

export default connect;
