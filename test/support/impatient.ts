/** Makes the servers of a process look every tenth of a second for connections that have had their time, of which a minute is half a second. */

const HURRY = `
  import http from "node:http";
  const { createServer } = http;
  http.createServer = ({ headersTimeout, ...options }, ...rest) =>
    createServer({ ...options, ...(headersTimeout && { headersTimeout: headersTimeout / 120 }), connectionsCheckingInterval: 100 }, ...rest);
`;

/** The variable `NODE_OPTIONS` of such a process. */
export const impatient: string = `--import=data:text/javascript,${encodeURIComponent(HURRY)}`;
