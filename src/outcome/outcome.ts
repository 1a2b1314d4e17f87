// How a request can end, as a value.

import type { Problem } from "../problem.ts";
import type { Receipt } from "../x402/index.ts";
import type { Preflight } from "./cors.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
}

export type Outcome =
  /** A free route: the upstream's answer as it is. */
  | { readonly kind: "passed"; readonly answer: Answer }
  | { readonly kind: "sold"; readonly answer: Answer; readonly receipt: Receipt }
  /** The upstream answered with a status that is not for sale; nobody was charged. */
  | { readonly kind: "unsold"; readonly answer: Answer }
  | { readonly kind: "preflight"; readonly preflight: Preflight }
  | { readonly kind: "refused"; readonly problem: Problem };
