// HTTP/1.1 answers as they come off a connection, one after the other: as much of the protocol as workerd's server speaks,
// and no more work than that, because the client shares a core with the upstream and must not be what is measured.

export interface ReadResponse {
  readonly status: number;
  readonly bodyBytes: number;
  /** The connection is of no use for another request. */
  readonly isLast: boolean;
}

const HEAD_END = "\r\n\r\n";
const LINE_END = "\r\n";

/** `chunk`: before the next chunk's length; `open`: the body ends with the connection, which is taken for a fault. */
type State = "head" | "length" | "chunk" | "open";

export class ResponseReader {
  /** What came and is not used yet. */
  #rest: Buffer = Buffer.alloc(0);
  #state: State = "head";
  /** Of the body or the chunk that is being read, the line end behind a chunk included. */
  #left = 0;
  #isTail = false;
  #status = 0;
  #bodyBytes = 0;
  #isLast = false;
  /** Gets the body's first bytes. */
  readonly #onBody: (bytes: Buffer) => void;

  constructor(onBody: (bytes: Buffer) => void = () => {}) {
    this.#onBody = onBody;
  }

  /** The answer, once it is whole. */
  push(bytes: Buffer): ReadResponse | null {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#state === "head" && !this.#readHead()) return null;
    if (this.#state === "open") return null;
    const isWhole = this.#state === "length" ? this.#skip() : this.#readChunks();
    if (!isWhole) return null;
    this.#state = "head";
    return { status: this.#status, bodyBytes: this.#bodyBytes, isLast: this.#isLast };
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(HEAD_END);
    if (end < 0) return false;
    const head = this.#rest.toString("latin1", 0, end).toLowerCase();
    this.#rest = this.#rest.subarray(end + HEAD_END.length);
    this.#status = Number(head.slice(9, 12));
    this.#bodyBytes = 0;
    this.#isTail = false;
    this.#isLast = head.includes("\r\nconnection: close");
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    this.#left = Number(length ?? 0);
    const isEmpty = this.#status === 204 || this.#status === 304;
    if (length !== undefined || isEmpty) this.#state = "length";
    else this.#state = head.includes("\r\ntransfer-encoding: chunked") ? "chunk" : "open";
    return true;
  }

  /** Takes what is left of a body or chunk from what came. */
  #skip(): boolean {
    const taken = Math.min(this.#left, this.#rest.length);
    if (taken > 0 && this.#bodyBytes === 0) this.#onBody(this.#rest.subarray(0, taken));
    this.#bodyBytes += taken;
    this.#left -= taken;
    this.#rest = this.#rest.subarray(taken);
    return this.#left === 0;
  }

  #readChunks(): boolean {
    for (;;) {
      if (!this.#skip()) return false;
      const end = this.#rest.indexOf(LINE_END);
      if (end < 0) return false;
      // Behind a chunk's bytes stands an empty line; behind the last chunk's length too.
      const line = this.#rest.toString("latin1", 0, end);
      this.#rest = this.#rest.subarray(end + LINE_END.length);
      if (line === "" && this.#isTail) return true;
      this.#left = Number.parseInt(line, 16) || 0;
      this.#isTail = line !== "" && this.#left === 0;
    }
  }
}
