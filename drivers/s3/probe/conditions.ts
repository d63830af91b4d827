/** Whether the server heeds the conditions of writes: carries out those that hold, and refuses those that do not. */
import type { Answer } from "./answer.ts";
import { type Finding, judge } from "./finding.ts";
import type { Wire } from "./wire.ts";

const CREATE = { "if-none-match": "*" };
const WRONG = { "if-match": '"00000000000000000000000000000000"' };

/** A kind of write, with a condition. */
type Write = (name: string, body: string, condition: Readonly<Record<string, string>>) => Promise<Answer>;

/** A PUT. */
export const putIfNoneMatch = (wire: Wire): Promise<Finding> => creates(wire, "put-create", puts(wire));
export const putIfMatch = (wire: Wire): Promise<Finding> => replaces(wire, "put-replace", puts(wire));

/** The completion of an upload in parts. */
export const completeIfNoneMatch = (wire: Wire): Promise<Finding> => creates(wire, "complete-create", completes(wire));
export const completeIfMatch = (wire: Wire): Promise<Finding> => replaces(wire, "complete-replace", completes(wire));

/** A copy, with a condition on its target. */
export async function copyIfNoneMatch(wire: Wire): Promise<Finding> {
  await wire.put("copy-from", "new");
  return creates(wire, "copy-create", (name, body, condition) =>
    body === "old" ? wire.put(name, body) : wire.copy("copy-from", name, condition),
  );
}

/** A copy, with a condition on its source. */
export async function copySourceIfMatch(wire: Wire): Promise<Finding> {
  const stored = await wire.put("copy-source", "1");
  const wrong = await wire.copy("copy-source", "copied", { "x-amz-copy-source-if-match": WRONG["if-match"] });
  const right = await wire.copy("copy-source", "copied", {
    "x-amz-copy-source-if-match": stored.header("etag") ?? "",
  });
  return judge(wrong.status === 412 && right.ok, { "right ETag": right, "wrong ETag": wrong });
}

/** A DELETE. */
export async function deleteIfMatch(wire: Wire): Promise<Finding> {
  const stored = await wire.put("delete", "1");
  const wrong = await wire.ask("DELETE", { name: "delete", headers: WRONG });
  const kept = await wire.holds("delete", "1");
  const right = await wire.ask("DELETE", { name: "delete", headers: { "if-match": stored.header("etag") ?? "" } });
  return judge(wrong.status === 412 && kept && right.ok, { "right ETag": right, "wrong ETag": wrong });
}

async function creates(wire: Wire, name: string, write: Write): Promise<Finding> {
  const absent = await write(name, "old", CREATE);
  const present = await write(name, "new", CREATE);
  const kept = await wire.holds(name, "old");
  const passedOver = absent.ok && present.ok && !kept;
  return judge(absent.ok && present.status === 412 && kept, { absent, present }, passedOver);
}

async function replaces(wire: Wire, name: string, write: Write): Promise<Finding> {
  const stored = await wire.put(name, "old");
  const wrong = await write(name, "wrong", WRONG);
  const kept = await wire.holds(name, "old");
  const right = await write(name, "new", { "if-match": stored.header("etag") ?? "" });
  const replaced = await wire.holds(name, "new");
  const answers = { "right ETag": right, "wrong ETag": wrong };
  const passedOver = stored.ok && wrong.ok && !kept;
  return judge(wrong.status === 412 && kept && right.ok && replaced, answers, passedOver);
}

function puts(wire: Wire): Write {
  return (name, body, condition) => wire.put(name, body, condition);
}

function completes(wire: Wire): Write {
  return (name, body, condition) => wire.upload(name, [{ body }], {}, condition);
}
