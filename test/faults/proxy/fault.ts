/** What can go wrong on a wire, as plain data: a test in any process can ask for it. */

/** Header changes: a value replaces or adds, null removes. */
export type HeaderChanges = Readonly<Record<string, string | null>>;

/** What happens to a request, before or instead of its way to the server. */
export type RequestFault =
  /** The connection ends without an answer, after so many bytes of the body (default 0) have come. */
  | { readonly do: "drop"; readonly by: "fin" | "rst"; readonly after?: number }
  /**
   * As a server that gave up an idle connection: ends it when a request comes that is not the first on it; or as one that went
   * away without a word, by whose address another stands now: `silence`. Default all connections, else those up to a number.
   */
  | { readonly do: "idle-close"; readonly by?: "fin" | "rst" | "silence"; readonly to?: number }
  /**
   * An answer of the proxy's own, once the whole request is here, or `early`: when only its head is. With `reset` none of the body is
   * read, and the connection is reset behind the answer.
   */
  | {
      readonly do: "reply";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly early?: boolean | "reset";
    }
  /** It reaches the server twice, as from a proxy that lost the first answer, and what the second says is passed on. */
  | { readonly do: "repeat" }
  | { readonly do: "delay"; readonly milliseconds: number }
  | { readonly do: "corrupt-request"; readonly at: number }
  | { readonly do: "request-headers"; readonly set: HeaderChanges }
  /** Another writer is faster: stores text at a key (default: the request's own), or removes it when there is none. */
  | { readonly do: "overtake"; readonly key?: string; readonly text?: string };

/** What happens to an answer on its way back. */
export type ResponseFault =
  /** The server has done it, and nobody hears of it. */
  | { readonly do: "lose"; readonly by: "fin" | "rst" }
  | { readonly do: "status"; readonly status: number }
  | { readonly do: "headers"; readonly set: HeaderChanges }
  | { readonly do: "body"; readonly body: string }
  /** The `Date` header differs by so much. */
  | { readonly do: "date"; readonly milliseconds: number }
  | { readonly do: "corrupt"; readonly at: number }
  | { readonly do: "gzip" }
  /** More bytes than the length that was announced. */
  | { readonly do: "overlong"; readonly bytes: number }
  /** So many spaces, one by one, before the body. */
  | { readonly do: "whitespace"; readonly count: number; readonly milliseconds: number }
  | { readonly do: "interim"; readonly status: 100 | 101 | 102 | 103; readonly count?: number }
  /** A header line more than there is, also of a name that is there. */
  | { readonly do: "line"; readonly name: string; readonly value: string }
  /** Head and body byte by byte. */
  | { readonly do: "trickle" }
  /** In chunks of 7 bytes with extensions, and headers that follow the body. */
  | { readonly do: "chunks"; readonly trailers: Readonly<Record<string, string>> }
  /** Without keeping the connection. */
  | { readonly do: "http-1.0" }
  /** Without a length: the end of the connection is the end of the body. */
  | { readonly do: "close-delimited" }
  | { readonly do: "truncate"; readonly at: number; readonly by: "fin" | "rst" }
  /** Nothing more after so many bytes of the body; negative: not even a head. */
  | { readonly do: "stall"; readonly at: number }
  | { readonly do: "drip"; readonly size: number; readonly milliseconds: number }
  /** A body without length and end. */
  | { readonly do: "endless" }
  /** These bytes instead of an answer, and then this piece for ever, all at once or each so many milliseconds. */
  | { readonly do: "flood"; readonly begin: string; readonly piece: string; readonly every?: number };

export type Fault = RequestFault | ResponseFault;
