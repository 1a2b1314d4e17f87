// How a request can end, as a value.

import type { Problem } from "../problem.ts";
import type { JsonObject } from "../std/index.ts";
import type { Receipt } from "../x402/index.ts";
import type { Preflight } from "./cors.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** Of a status 101. */
  readonly webSocket?: WebSocket;
  /** All of it as the upstream sent it, where nothing was taken off or written anew: a free route hands on just that. */
  readonly whole?: Response;
}

export type Outcome =
  /** A free route: the upstream's answer as it is. */
  | { readonly kind: "passed"; readonly answer: Answer }
  /** Free at a place where other calls have a price. */
  | { readonly kind: "waived"; readonly answer: Answer }
  /** Handed over, and settled behind the answer. */
  | { readonly kind: "served"; readonly answer: Answer }
  /** What was paid for before, and not delivered then. */
  | { readonly kind: "redelivered"; readonly answer: Answer; readonly receipt: Receipt }
  | { readonly kind: "sold"; readonly answer: Answer; readonly receipt: Receipt }
  /** The upstream answered with a status that is not for sale; nobody was charged. */
  | { readonly kind: "unsold"; readonly answer: Answer }
  /** Of an endpoint of our own. */
  | { readonly kind: "told"; readonly json: JsonObject }
  | { readonly kind: "preflight"; readonly preflight: Preflight }
  | { readonly kind: "refused"; readonly problem: Problem };
