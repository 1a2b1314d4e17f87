// The API behind us: one fetch, a deadline until its headers (and its whole body, where that is small), no redirects.
// It decides nothing about money; what the answer is worth is the gateway's to say.

import { type Base, baseOf } from "../route/index.ts";
import { declaredLength, readBounded, readFramed } from "../std/index.ts";
import { isHandshake, requestHeaders, responseHeaders } from "./headers.ts";
import type { Paid, Signer } from "./signature.ts";
import type { SigningKeySettings } from "./signing-key.ts";

export interface UpstreamSettings {
  /** Scheme, host and path prefix, without a trailing slash in the prefix. */
  readonly url: URL;
  /** Of `url`. */
  readonly base: Base;
  readonly timeoutMs: number;
  /** Values may hold `{{SECRET}}`. */
  readonly headers: readonly (readonly [name: string, template: string])[];
  /** The service binding to fetch through, or null for the network. */
  readonly service: string | null;
  /** Which host the upstream is asked for: `"upstream"` its own, `"client"` the one that the client asked, or a name. */
  readonly host: string;
  /** Empty where requests are not signed; else the first key signs, and all are published. */
  readonly sign: readonly SigningKeySettings[];
}

export interface UpstreamRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** Breaks the request off. */
  readonly cancel: AbortSignal | null;
  readonly host: string;
  readonly proto: string;
  readonly priced: boolean;
  /** Those of Range and If-* that pass; null where everything does. */
  readonly conditions: ReadonlySet<string> | null;
  /** What is told to an upstream whose requests are signed; null where nothing is paid. */
  readonly paid: Paid | null;
  /** A body whose declared length is at most this is read before the answer is handed over. */
  readonly wholeBytesMax: number;
  /** Whether the gate reads the body: then it is asked for as it is, not compressed. */
  readonly isRead: boolean;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** Bytes of the body as it is sent, encoded where it is encoded; null where nobody can say. */
  readonly length: number | null;
  /** What the connection became, of a status 101; it is handed on as it is, so that no message passes through here. */
  readonly webSocket?: WebSocket;
  /** All of it as it came, where nothing was taken off, written anew or read. */
  readonly whole?: Response;
}

export type Forwarded =
  | { readonly kind: "answered"; readonly answer: UpstreamAnswer }
  | { readonly kind: "failed"; readonly reason: "upstream_timeout" | "upstream_unreachable" };

export interface UpstreamOptions extends Omit<UpstreamSettings, "headers" | "sign"> {
  /** Secrets filled in. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null where requests are not signed. */
  readonly signer: Signer | null;
  readonly fetcher: Pick<Fetcher, "fetch">;
}

export type Upstream = (request: UpstreamRequest) => Promise<Forwarded>;

/** Where a request goes to: the upstream's address, with the host that it is asked for. */
export function addressOf({ url, base, host }: UpstreamSettings, clientHostname: string): Base {
  if (host === "upstream") return base;
  const address = new URL(url);
  address.hostname = host === "client" ? clientHostname : host;
  return baseOf(address);
}

export function buildUpstream(options: UpstreamOptions): Upstream {
  const { base, timeoutMs, service, headers: fixed, signer, fetcher } = options;
  return async (request) => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), timeoutMs);
    try {
      const { url, method, headers, body, cancel, host, proto, conditions } = request;
      cancel?.addEventListener("abort", () => deadline.abort());
      // Last, so that nothing stands where the gate's own headers do.
      const own = request.isRead ? [...fixed, PLAIN] : fixed;
      const set = signer === null ? own : [...own, ...(await signer(request))];
      const forwarded = requestHeaders(headers, { host, proto, conditions, set });
      if (isHandshake(request)) forwarded.set("upgrade", "websocket");
      const response = await fetcher.fetch(url, {
        method,
        headers: forwarded,
        body,
        redirect: "manual",
        // A compressed body crosses as it is.
        encodeResponseBody: "manual",
        // What one payer bought is not another's, also where the upstream says that it may be shared.
        ...(request.priced && { cache: "no-store" }),
        ...connection(options, url),
        signal: deadline.signal,
      });
      // A Worker behind a service binding may write a length that nothing holds its body to.
      return { kind: "answered", answer: await readAnswer(response, request, base, service === null) };
    } catch {
      return { kind: "failed", reason: deadline.signal.aborted ? "upstream_timeout" : "upstream_unreachable" };
    } finally {
      // From the headers on a body may take as long as it likes.
      clearTimeout(timer);
    }
  };
}

/** RFC 9110 section 12.5.3. */
const PLAIN = ["accept-encoding", "identity"] as const;

/** The platform takes the Host header from the URL, and connects to the upstream's own host where both are of one zone. */
function connection({ url: own, service, host }: UpstreamOptions, url: string): Pick<RequestInit, "cf"> {
  if (host === "upstream" || service !== null || new URL(url).hostname === own.hostname) return {};
  return { cf: { resolveOverride: own.hostname } };
}

async function readAnswer(
  response: Response,
  request: UpstreamRequest,
  upstream: Base,
  isFramed: boolean,
): Promise<UpstreamAnswer> {
  const { status, body, webSocket } = response;
  const { method, url: asked, proto, host, wholeBytesMax } = request;
  const length = declaredLength(response.headers);
  const headers = responseHeaders(response.headers, { upstream, asked, publicOrigin: `${proto}://${host}` }, length);
  const answer = { status, headers, body, length, ...(webSocket && { webSocket }) };
  if (body === null || method === "HEAD" || length === null || length > wholeBytesMax) {
    return headers === response.headers ? { ...answer, whole: response } : answer;
  }
  const bytes = isFramed
    ? await readFramed(body)
    : await readBounded(body, length).then((read) => read.ok && read.value);
  if (!bytes || bytes.byteLength !== length) throw new Error("the upstream's body is not as long as it says");
  return { ...answer, body: bytes };
}
