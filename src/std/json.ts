// JSON from somebody we do not trust. Depth and size are counted before anything is built, so that a nested
// header costs one pass over its characters and no objects.

import { err, ok, type Result } from "./result.ts";

export interface JsonLimits {
  readonly depthMax: number;
  /** Members, elements and containers together. */
  readonly nodesMax: number;
}

export type JsonObject = { readonly [key: string]: unknown };

export function parseJson(text: string, limits: JsonLimits): Result<unknown, "not_json" | "too_complex"> {
  if (!isWithin(text, limits)) return err("too_complex");
  try {
    return ok(JSON.parse(text));
  } catch {
    return err("not_json");
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithin(text: string, { depthMax, nodesMax }: JsonLimits): boolean {
  let depth = 0;
  let nodes = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '"') i = endOfString(text, i);
    else if (char === "{" || char === "[") {
      depth++;
      nodes++;
    } else if (char === "}" || char === "]") depth--;
    else if (char === ",") nodes++;
    if (depth > depthMax || nodes > nodesMax) return false;
  }
  return true;
}

/** Index of the quote that closes the string opened at `start`, or the text's end. */
export function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}
