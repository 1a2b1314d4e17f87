// A JSON-RPC 2.0 message, and what it calls: its method, and with MCP the name of the tool or prompt. A batch is refused:
// MCP has none any more (2025-06-18), and one price for several calls would not say which of them was sold.

import { ambiguous, type Found } from "./found.ts";
import { NO_JSON, textOf } from "./json-body.ts";
import { placeOf, rootOf, scalarAt } from "./json-text.ts";

export type Message =
  /** What an entry may be named, the nearest first. */
  | { readonly kind: "call"; readonly names: readonly [string, ...string[]] }
  /** A client's answer to what the server asked. */
  | { readonly kind: "response" }
  | Extract<Found, { kind: "ambiguous" }>;

const NO_REQUEST = ambiguous("the body is no request of JSON-RPC");

/** @param named methods whose `params.name` makes a price of its own */
export function readMessage(body: Uint8Array, named: ReadonlySet<string>): Message {
  const text = textOf(body);
  if (text === null) return NO_JSON;
  const root = rootOf(text);
  if (text[root] === "[") return ambiguous("the body is a batch: send one message at a time");
  const method = textAt(text, root, ["method"]);
  if (method.kind === "missing") return isResponse(text, root) ? { kind: "response" } : NO_REQUEST;
  if (method.kind === "ambiguous") return method;
  if (!named.has(method.value)) return { kind: "call", names: [method.value] };
  const name = textAt(text, root, ["params", "name"]);
  if (name.kind === "ambiguous") return name;
  return {
    kind: "call",
    names: name.kind === "missing" ? [method.value] : [`${method.value} ${name.value}`, method.value],
  };
}

const isResponse = (text: string, root: number): boolean =>
  ["result", "error"].some((name) => placeOf(text, root, [name]).kind === "at");

/** Nothing but a text names a method or a tool. */
function textAt(text: string, root: number, tokens: readonly string[]): Found {
  const place = placeOf(text, root, tokens);
  if (place.kind !== "at") return place;
  return text[place.at] === '"' ? scalarAt(text, place.at) : ambiguous("what it names is no text");
}
