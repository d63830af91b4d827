/** The one table of the playground, on any SQLite that db0 speaks to: libSQL in a file, D1 on Workers. */
import type { Database } from "db0";

/** Where a document is on its way in or out. Only `ready` ones are shown. */
export type DocumentState = "creating" | "ready" | "deleting";

/** A row of `documents`. */
export interface DocumentRow {
  readonly id: string;
  readonly user: string;
  readonly filename: string;
  readonly key: string;
  readonly url: string | null;
  readonly size: number;
  readonly contentType: string;
  readonly state: DocumentState;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Milliseconds since 1970 at which whoever works on this row last said so. */
  readonly touchedAt: number;
}

const COLUMNS =
  "id, user_id AS user, filename, storage_key AS key, url, size, content_type AS contentType, state, created_at AS createdAt, touched_at AS touchedAt";

/** The statements that the documents service is made of; each is atomic on its own. */
export interface DocumentTable {
  insert(row: DocumentRow): Promise<void>;
  get(id: string): Promise<DocumentRow | null>;
  /** Ready ones, newest first, at most `limit`. */
  list(user: string | undefined, limit: number): Promise<DocumentRow[]>;
  /** Those on their way in that nobody touched since `before`, and all on their way out. */
  unfinished(before: number): Promise<DocumentRow[]>;
  touch(id: string): Promise<void>;
  /** From creating to ready; false when the row is no longer there or no longer in that state. */
  complete(id: string, size: number, url: string | null): Promise<boolean>;
  /** To deleting, from one of these states; false when it was in none of them. */
  retire(id: string, from: readonly DocumentState[]): Promise<boolean>;
  remove(id: string): Promise<void>;
}

/** Opens the table at the first statement, and makes it when it is not there. */
export function documentTable(database: Database): DocumentTable {
  let ready: Promise<unknown> | undefined;
  const prepare = async (sql: string): Promise<ReturnType<Database["prepare"]>> => {
    ready ??= createTable(database).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    await ready;
    return database.prepare(sql);
  };
  const run = async (sql: string, ...values: (string | number | null)[]): Promise<void> => {
    await (await prepare(sql)).run(...values);
  };
  const all = async (sql: string, ...values: (string | number)[]): Promise<DocumentRow[]> =>
    (await (await prepare(sql)).all(...values)).map(toRow);
  // RETURNING says portably whether a row was changed: libSQL and D1 count rows under different names.
  const changed = async (sql: string, ...values: (string | number | null)[]): Promise<boolean> =>
    Boolean(await (await prepare(`${sql} RETURNING id`)).get(...values));

  return {
    insert: (row) =>
      run(
        "INSERT INTO documents (id, user_id, filename, storage_key, url, size, content_type, state, created_at, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...[
          row.id,
          row.user,
          row.filename,
          row.key,
          row.url,
          row.size,
          row.contentType,
          row.state,
          row.createdAt,
          row.touchedAt,
        ],
      ),
    get: async (id) => (await all(`SELECT ${COLUMNS} FROM documents WHERE id = ?`, id))[0] ?? null,
    list: (user, limit) =>
      user === undefined
        ? all(`SELECT ${COLUMNS} FROM documents WHERE state = 'ready' ORDER BY created_at DESC, id LIMIT ?`, limit)
        : all(
            `SELECT ${COLUMNS} FROM documents WHERE state = 'ready' AND user_id = ? ORDER BY created_at DESC, id LIMIT ?`,
            user,
            limit,
          ),
    unfinished: (before) =>
      all(
        `SELECT ${COLUMNS} FROM documents WHERE state = 'deleting' OR (state = 'creating' AND touched_at <= ?) LIMIT 1000`,
        before,
      ),
    touch: (id) => run("UPDATE documents SET touched_at = ? WHERE id = ?", Date.now(), id),
    complete: (id, size, url) =>
      changed(
        "UPDATE documents SET state = 'ready', size = ?, url = ? WHERE id = ? AND state = 'creating'",
        size,
        url,
        id,
      ),
    retire: (id, from) =>
      changed(
        `UPDATE documents SET state = 'deleting' WHERE id = ? AND state IN (${from.map(() => "?").join(", ")})`,
        id,
        ...from,
      ),
    remove: (id) => run("DELETE FROM documents WHERE id = ?", id),
  };
}

async function createTable(database: Database): Promise<void> {
  await database
    .prepare(
      "CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, user_id TEXT NOT NULL, filename TEXT NOT NULL, storage_key TEXT NOT NULL UNIQUE, url TEXT, size INTEGER NOT NULL, content_type TEXT NOT NULL, state TEXT NOT NULL, created_at TEXT NOT NULL, touched_at INTEGER NOT NULL)",
    )
    .run();
  await database.prepare("CREATE INDEX IF NOT EXISTS documents_by_user ON documents (user_id, created_at)").run();
}

function toRow(value: unknown): DocumentRow {
  // Drivers give rows of their own classes; a copy has the columns and nothing else.
  return { ...(value as DocumentRow) };
}
