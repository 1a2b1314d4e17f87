// A table that nobody has checked yet, as what `JSON.parse` gave.

export type JsonObject = Record<string, unknown>;

/** Tells the operator what is different here. */
export type Note = (path: string, text: string) => void;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
