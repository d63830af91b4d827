/** What the stub answers: documents, and S3's errors as something to throw. */

/** An answer before it is written. */
export interface StubAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer without a body. */
export function empty(status: number, headers: StubAnswer["headers"] = {}): StubAnswer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** An S3 document. */
export function documentOf(root: string, inner: string, headers: StubAnswer["headers"] = {}): StubAnswer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</${root}>`;
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, body: Buffer.from(text) };
}

/** Text as an element's content. */
export function escaped(text: string): string {
  return text.replace(/[&<>"'\r\n\t]/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** An S3 error. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  /** Further elements of the document, by name. */
  readonly more: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message = "",
    more: Refused["more"] = {},
    headers: StubAnswer["headers"] = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
    this.headers = headers;
  }

  answer(): StubAnswer {
    const fields = { Code: this.code, Message: this.message, ...this.more, RequestId: "STUBREQUEST" };
    const inner = Object.entries(fields).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`);
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner.join("")}</Error>`;
    const headers = { "content-type": "application/xml", ...this.headers };
    return { status: this.status, headers, body: Buffer.from(text) };
  }
}
