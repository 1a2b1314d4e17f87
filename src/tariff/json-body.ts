// A body that a price depends on: JSON in UTF-8, told to be JSON, and read by every parser alike.

import { isEncoded, type JsonLimits, parseJson } from "../std/index.ts";
import { ambiguous, type Found, MISSING } from "./found.ts";
import { placeOf, rootOf, scalarAt } from "./json-text.ts";

/** Bytes are limited before; this keeps recursive parsers behind us from what they cannot bear. */
const LIMITS: JsonLimits = { depthMax: 100, nodesMax: Number.POSITIVE_INFINITY };
/** A byte order mark stays where it is, and is no JSON. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:;charset="?utf-8"?)?$/;

/** Whether an API reads the body as JSON, as it is sent. */
export function isJson(headers: Headers): boolean {
  const type = (headers.get("content-type") ?? "").toLowerCase().replaceAll(/[ \t]/g, "");
  return JSON_TYPE.test(type) && !isEncoded(headers);
}

/** Null for what is no JSON. */
export function textOf(body: Uint8Array): string | null {
  try {
    const text = decoder.decode(body);
    return parseJson(text, LIMITS).ok ? text : null;
  } catch {
    return null;
  }
}

export const NO_JSON = ambiguous("the body is not JSON in UTF-8");

/** @param pointer its tokens */
export function readMember(body: Uint8Array, pointer: readonly string[]): Found {
  if (body.byteLength === 0) return MISSING;
  const text = textOf(body);
  return text === null ? NO_JSON : memberOf(text, pointer);
}

/** @param text JSON */
export function memberOf(text: string, pointer: readonly string[]): Found {
  const place = placeOf(text, rootOf(text), pointer);
  return place.kind === "at" ? scalarAt(text, place.at) : place;
}
