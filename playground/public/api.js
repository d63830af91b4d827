/** The playground's HTTP interface, as the page uses it. */

/** The address of a key: in the path, or as `?key=` where empty segments could get lost on the way. */
export function addressOf(key) {
  const segments = key.split("/");
  if (segments.some((segment) => segment === "")) return `/files?key=${encodeURIComponent(key)}`;
  return `/files/${segments.map(encodeURIComponent).join("/")}`;
}

/** One page of a folder. */
export async function listFolder(prefix, cursor) {
  const query = new URLSearchParams({ prefix, delimiter: "/", limit: "200" });
  if (cursor !== undefined) query.set("cursor", cursor);
  const response = await reach(`/files?${query}`);
  return response.json();
}

/** Deletes an object; one that is gone already is fine. */
export async function deleteFile(key) {
  await reach(addressOf(key), { method: "DELETE" });
}

/**
 * Starts an upload. `done` resolves with the stored object; it rejects with an Error whose `code` is the server's, or
 * "aborted". XMLHttpRequest, since fetch reports no progress of what it sends.
 */
export function uploadFile(key, file, { replace, onProgress }) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(toError(request.status, request.responseText));
    });
    request.addEventListener("error", () =>
      reject(failure("network", "The connection broke off. Is the playground still running?")),
    );
    request.addEventListener("abort", () => reject(failure("aborted", "Cancelled. Nothing was stored.")));
  });
  request.open("PUT", addressOf(key));
  if (!replace) request.setRequestHeader("if-none-match", "*");
  request.send(file);
  return { done, cancel: () => request.abort() };
}

async function reach(address, init) {
  const response = await fetch(address, init).catch(() => {
    throw failure("network", "The playground does not answer. Is it still running?");
  });
  if (response.ok) return response;
  throw toError(response.status, await response.text());
}

function toError(status, text) {
  try {
    const { error } = JSON.parse(text);
    return failure(error.code, error.message);
  } catch {
    return failure("unknown", `The server answered ${status}.`);
  }
}

function failure(code, message) {
  return Object.assign(new Error(message), { code });
}
