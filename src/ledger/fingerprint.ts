// What was bought, as one digest. The same payment for anything else is refused, so everything that makes the answer
// another one belongs in here; the price does not, because a call stays the same call when its price changes.

export interface Purchase {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string | null;
  readonly contentLength: string | null;
  /** Null for a body that is streamed: it is not part of the fingerprint. */
  readonly body: Uint8Array | null;
  /** Of what is sold in parts, which one; null for the whole. */
  readonly part: readonly [range: string, ifRange: string | null] | null;
  /** What a header says that the price follows; null where it follows none. */
  readonly said: string | null;
}

/** SHA-256 in hexadecimal. */
export async function fingerprintOf({ body, part, said, ...purchase }: Purchase): Promise<string> {
  const bodyDigest = body && (await digestOfBytes(body));
  // Of the whole there is no word of parts, as in books that are older than they are; nor of what is not said.
  const rest = [...(part ?? []), ...(said === null ? [] : [{ said }])];
  return digestOf(JSON.stringify([Object.entries(purchase).sort(), bodyDigest, ...rest]));
}

/** SHA-256 in hexadecimal. */
export const digestOf = (text: string): Promise<string> => digestOfBytes(new TextEncoder().encode(text));

/** SHA-256 in hexadecimal. */
export async function digestOfBytes(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
