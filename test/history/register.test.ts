/** Histories whose verdict everybody can see: what tells good ones from bad must say so too. */
import { expect, it } from "vitest";
import { unexplained, type Act, type Rules } from "./register.ts";

const one = { etag: '"1"', body: "one", meta: "one" };
const two = { etag: '"2"', body: "two", meta: "two" };
const act = (start: number, end: number, rest: Partial<Act>): Act => ({ key: "k", says: "call", start, end, ...rest });
const wrote = (start: number, end: number, left: Act["left"], rest: Partial<Act> = {}): Act =>
  act(start, end, { left, ...rest });
const read = (start: number, end: number, found: Act["found"]): Act => act(start, end, { found });
const first = wrote(1, 2, one);

const good: Readonly<Record<string, readonly [readonly Act[], Rules?]>> = {
  "nothing there at first": [[read(1, 2, null), wrote(3, 4, one), read(5, 6, one)]],
  "a read beside a write that sees either version": [[first, wrote(3, 8, two), read(4, 5, one), read(6, 7, two)]],
  "one of two creations at a time, while the other is refused": [
    [wrote(1, 4, one, { found: null }), act(2, 3, { found: null, refused: true })],
  ],
  "a write in doubt that is seen late": [[wrote(1, 2, one, { doubtful: true }), read(3, 4, null), read(5, 6, one)]],
  "a write in doubt that never happened": [[wrote(1, 2, one, { doubtful: true }), read(3, 4, null)]],
  "what an item is seen as by those who see different sides of it": [
    [wrote(1, 2, { body: "one", meta: null }), read(3, 4, { etag: '"1"', meta: null }), read(5, 6, { body: "one" })],
  ],
  "an item that went away and came back as a copy": [
    [
      wrote(1, 2, { body: "one", meta: null }),
      read(3, 4, { etag: '"1"', meta: null }),
      wrote(5, 6, { etag: '"2"', body: "one", meta: null }),
      read(7, 8, { etag: '"2"', body: "one", meta: null }),
    ],
  ],
  "a write that is sent twice, where that may be": [
    [wrote(1, 9, one), read(2, 3, one), wrote(4, 5, two), read(6, 7, one)],
    { repeats: true },
  ],
  "a delete of one version that finds it, and one that finds nothing": [
    [
      first,
      wrote(3, 4, null, { found: { etag: '"1"' }, orNone: true }),
      wrote(5, 6, null, { found: { etag: '"1"' }, orNone: true }),
    ],
  ],
  "keys that have nothing to do with each other": [[first, read(3, 4, one), { ...read(5, 6, null), key: "other" }]],
};

const bad: Readonly<Record<string, readonly [readonly Act[], Rules?]>> = {
  "an acknowledged write that is not there": [[first, read(3, 4, null)]],
  "an old version after the new one": [[first, wrote(3, 8, two), read(4, 5, two), read(6, 7, one)]],
  "two creations of one key": [[wrote(1, 4, one, { found: null }), wrote(2, 3, two, { found: null })]],
  "two replacements of one version": [
    [
      first,
      wrote(3, 6, two, { found: { etag: '"1"' } }),
      wrote(4, 5, { etag: '"3"', body: "three" }, { found: { etag: '"1"' } }),
    ],
  ],
  "a refusal where the condition held": [[first, act(3, 4, { found: { etag: '"1"' }, refused: true })]],
  "a delete of one version that takes another": [
    [first, wrote(3, 4, two), wrote(5, 6, null, { found: { etag: '"1"' }, orNone: true })],
  ],
  "a deleted object that is there": [[first, wrote(3, 4, null), read(5, 6, one)]],
  "bytes of one version with metadata of another": [
    [first, wrote(3, 4, two), read(3, 5, { etag: '"2"', body: "two", meta: "one" })],
  ],
  "a version that nobody wrote": [[first, read(3, 4, { etag: '"9"', body: "nine" })]],
  "a write in doubt before it began": [[read(1, 2, one), wrote(3, 4, one, { doubtful: true })]],
  "a write in doubt that comes and goes": [
    [wrote(1, 2, one, { doubtful: true }), read(3, 4, one), wrote(5, 6, null), read(7, 8, one)],
  ],
  "a write that is sent twice, where it must not be": [
    [wrote(1, 9, one), read(2, 3, one), wrote(4, 5, two), read(6, 7, one)],
  ],
  "a write that is sent twice, and once more after its end": [
    [wrote(1, 3, one), wrote(4, 5, two), read(6, 7, one)],
    { repeats: true },
  ],
};

it.each(Object.entries(good))("unexplained passes %s", (_, [acts, rules]) => {
  expect(unexplained(acts, rules)).toBeNull();
});

it.each(Object.entries(bad))("unexplained refuses %s", (_, [acts, rules]) => {
  expect(unexplained(acts, rules)).toContain("k: after");
});
