/** Looks for secrets in everything that an error shows: no error may hold one. */

/** How a runtime prints a value, where it has a way of its own. */
export type Inspect = (value: unknown) => string;

/** Signed text is as good as a secret: it shows who asked for what, and a query signature works for whoever has it. */
const SIGNED = ["X-Amz-Signature=", "Signature=", "AWS4-HMAC-SHA256"];

/** The secrets that are found in any form of a value. */
export function leaksOf(value: unknown, secrets: readonly string[], inspect: Inspect): string[] {
  const texts = [...formsOf(value, new Set()), inspect(value)];
  return [...secrets, ...SIGNED].filter((secret) => texts.some((text) => text.includes(secret)));
}

function* formsOf(value: unknown, known: Set<unknown>): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null || known.has(value)) return;
  known.add(value);
  for (const form of [String, JSON.stringify] as const) {
    try {
      yield form(value) ?? "";
    } catch {
      // What refers to itself or has no text is walked through below.
    }
  }
  for (const name of Reflect.ownKeys(value)) {
    yield String(name);
    yield* formsOf(Reflect.get(value, name), known);
  }
}
