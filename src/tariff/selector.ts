// What a price follows: one thing of the request, read before anybody is asked to pay, and forwarded as it was read.

import type { Problem } from "../problem.ts";
import { declaredLength, isEncoded } from "../std/index.ts";
import type { Found } from "./found.ts";
import { readHeader } from "./header.ts";
import { isJson, readMember } from "./json-body.ts";
import { type Message, readMessage } from "./message.ts";
import { readParameter } from "./parameter.ts";

export type Selector =
  | { readonly kind: "query"; readonly name: string }
  /** In small letters. */
  | { readonly kind: "header"; readonly name: string }
  /** The tokens of a JSON pointer (RFC 6901). */
  | { readonly kind: "body"; readonly pointer: readonly string[] }
  | { readonly kind: "bodyBytes" }
  | { readonly kind: "jsonrpc" }
  /** Methods that `params.name` tells apart. */
  | { readonly kind: "mcp"; readonly named: ReadonlySet<string> };

export interface Asked {
  readonly method: string;
  /** With its `?`, or the empty string. */
  readonly query: string;
  readonly headers: Headers;
  /** Whole where the selector reads it. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Whether it is asked for the key's own place, and not for what lies below it. */
  readonly isAtKey: boolean;
}

export type Flaw = Extract<
  Problem,
  { reason: "price_ambiguous" | "unsupported_body" | "length_required" | "method_not_allowed" }
>;

export type Reading =
  /** Names that an entry may have, the nearest first. */
  | { readonly kind: "named"; readonly names: readonly [string, ...string[]] }
  | { readonly kind: "sized"; readonly bytes: number }
  | { readonly kind: "missing" }
  /** What a transport does of its own, or asks before any call: it costs nothing unless an entry names it. */
  | { readonly kind: "transport"; readonly name: string }
  | { readonly kind: "flaw"; readonly flaw: Flaw };

/** Whether the body has to be read whole. MCP's other methods have none of their own. */
export const needsBody = ({ kind }: Selector, method: string): boolean =>
  kind === "body" || kind === "jsonrpc" || (kind === "mcp" && method === "POST");

/** As an operator would say it. */
export function selectorText(selector: Selector): string {
  switch (selector.kind) {
    case "query":
      return `the parameter ${selector.name} of the query`;
    case "header":
      return `the header ${selector.name}`;
    case "body":
      return `${pointerText(selector.pointer)} of the body`;
    case "bodyBytes":
      return "the body's length";
    case "jsonrpc":
      return "the method that is called";
    case "mcp":
      return "the method or tool that is called";
  }
}

const pointerText = (tokens: readonly string[]): string =>
  tokens.map((token) => `/${token.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export function readSelector(selector: Selector, asked: Asked): Reading {
  switch (selector.kind) {
    case "query":
      return of(selector, readParameter(asked.query, selector.name));
    case "header":
      return of(selector, readHeader(asked.headers, selector.name));
    case "body":
      return withJson(asked, (body) => of(selector, readMember(body, selector.pointer)), { kind: "missing" });
    case "bodyBytes":
      return readLength(selector, asked);
    case "jsonrpc":
      return withJson(asked, (body) => ofMessage(selector, readMessage(body, NONE)), { kind: "missing" });
    case "mcp":
      return readTransport(selector, asked);
  }
}

const NONE: ReadonlySet<string> = new Set();

function of(selector: Selector, found: Found): Reading {
  switch (found.kind) {
    case "value":
      return { kind: "named", names: [found.value] };
    case "missing":
      return found;
    case "ambiguous":
      return ambiguity(selector, found.why);
  }
}

const ambiguity = (selector: Selector, why: string): Reading => ({
  kind: "flaw",
  flaw: { reason: "price_ambiguous", by: selectorText(selector), why },
});

function withJson({ headers, body }: Asked, read: (body: Uint8Array) => Reading, otherwise: Reading): Reading {
  if (!(body instanceof Uint8Array) || body.byteLength === 0) return otherwise;
  return isJson(headers) ? read(body) : { kind: "flaw", flaw: { reason: "unsupported_body" } };
}

/** What is declared is what the runtime forwards; what is not declared, or is unpacked behind us, is known too late. */
function readLength(selector: Selector, { headers, body }: Asked): Reading {
  if (body === null) return { kind: "sized", bytes: 0 };
  if (isEncoded(headers)) return ambiguity(selector, "the body is compressed: send it as it is");
  const bytes = declaredLength(headers);
  return bytes === null ? { kind: "flaw", flaw: { reason: "length_required" } } : { kind: "sized", bytes };
}

function ofMessage(selector: Selector, message: Message): Reading {
  switch (message.kind) {
    case "call":
      return isOfTransport(selector, message.names[0])
        ? { kind: "transport", name: message.names[0] }
        : { kind: "named", names: message.names };
    case "response":
      return selector.kind === "mcp" ? { kind: "transport", name: "" } : ambiguity(selector, "the body calls nothing");
    case "ambiguous":
      return ambiguity(selector, message.why);
  }
}

/** What a client of MCP asks before it can call anything, and to learn that the server is there. */
export const MCP_FREE: readonly string[] = ["initialize", "tools/list", "ping"];
export const MCP_FREE_PREFIX = "notifications/";

const isOfTransport = ({ kind }: Selector, method: string): boolean =>
  kind === "mcp" && (MCP_FREE.includes(method) || method.startsWith(MCP_FREE_PREFIX));

const METHODS = ["GET", "HEAD", "POST", "DELETE"];

/**
 * MCP's streamable HTTP: messages are sent with POST, GET listens to the server, and DELETE ends a session. What costs
 * nothing belongs to the endpoint itself, so that it gives nothing away that lies below it.
 */
function readTransport(selector: Extract<Selector, { kind: "mcp" }>, asked: Asked): Reading {
  if (asked.method === "POST") {
    const nothing = ambiguity(selector, "the body is empty");
    const reading = withJson(asked, (body) => ofMessage(selector, readMessage(body, selector.named)), nothing);
    if (reading.kind !== "transport" || asked.isAtKey) return reading;
    return reading.name === ""
      ? ambiguity(selector, "the body calls nothing")
      : { kind: "named", names: [reading.name] };
  }
  if (!METHODS.includes(asked.method) || !asked.isAtKey) {
    return { kind: "flaw", flaw: { reason: "method_not_allowed", allow: asked.isAtKey ? METHODS : ["POST"] } };
  }
  // An API that looks at bodies alone would take it for a call.
  if (asked.body !== null && asked.headers.get("content-length") !== "0") {
    return ambiguity(selector, "a body calls something with POST alone");
  }
  return { kind: "transport", name: asked.method === "HEAD" ? "GET" : asked.method };
}
