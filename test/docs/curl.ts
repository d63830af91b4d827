/** Sends what the curl commands of a document say, without curl, which not every machine has. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";

/** One command of a block. */
export interface Curl {
  readonly command: string;
  /** The status that the comment behind it names. */
  readonly status: number | undefined;
}

/** The curl commands of a block in order, several in a line too; anything else throws. */
export function curlsOf(code: string): Curl[] {
  return code.split("\n").flatMap((line) => {
    const [, commands = "", comment = ""] = /^(.*?)(?:\s+# (.*))?$/.exec(line) ?? [];
    const status = /^(\d{3})\b/.exec(comment)?.[1];
    return commands
      .split(/;\s*/)
      .filter((command) => command !== "" && !command.startsWith("B="))
      .map((command) => ({ command, status: status === undefined ? undefined : Number(status) }));
  });
}

/** Sends one; `$NAME` stands for a value, `@file` and `-T file` for one of the files. */
export async function send(
  command: string,
  values: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): Promise<Response> {
  const filled = command.replace(/\$(\w+)/g, (_, name: string) => values[name] ?? `$${name}`);
  const [program, ...words] = [...filled.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((word) => word.slice(1).join(""));
  if (program !== "curl") throw new Error(`not a curl command: ${command}`);
  const file = async (name: string): Promise<Blob> => new Blob([new Uint8Array(await readFile(files[name] ?? name))]);
  const headers = new Headers();
  let [method, url, body]: [string | undefined, string, BodyInit | undefined] = [undefined, "", undefined];
  while (words.length > 0) {
    const word = words.shift() ?? "";
    if (!word.startsWith("-")) {
      url = word;
      continue;
    }
    const value = words.shift() ?? "";
    if (word === "-X") method = value;
    else if (word === "-H") headers.set(value.split(": ")[0] ?? "", value.split(": ")[1] ?? "");
    else if (word === "-r") headers.set("range", `bytes=${value}`);
    else if (word === "-d") body = value;
    else if (word === "-T") [method, body] = [method ?? "PUT", await file(value)];
    else if (word === "-F") {
      const [, name = "", at, text = ""] = /^(\w+)=(@?)(.*)$/.exec(value) ?? [];
      const form: FormData = body instanceof FormData ? body : new FormData();
      if (at) form.append(name, await typed(await file(text), text), basename(text));
      else form.append(name, text);
      body = form;
    } else throw new Error(`${word} is not known here: ${command}`);
  }
  return fetch(url, { method: method ?? (body === undefined ? "GET" : "POST"), headers, body });
}

const TYPES: Readonly<Record<string, string>> = { png: "image/png", pdf: "application/pdf", jpg: "image/jpeg" };

async function typed(blob: Blob, name: string): Promise<Blob> {
  return new Blob([await blob.arrayBuffer()], { type: TYPES[name.split(".").pop() ?? ""] ?? "" });
}
