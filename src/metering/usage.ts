// Where in JSON a use stands: names of members one below the other, as a JSON pointer (RFC 6901) or with dots.

import { isObject } from "../std/index.ts";

/** Null for what is neither. */
export function parsePath(text: string): readonly string[] | null {
  const isPointer = text.startsWith("/");
  const names = isPointer ? text.slice(1).split("/").map(unescaped) : text.split(".");
  return names.every((name) => name !== null && name !== "") ? (names as readonly string[]) : null;
}

/** RFC 6901 section 4: `~1` is a slash and `~0` a tilde; null for another one. */
const unescaped = (name: string): string | null =>
  /~(?![01])/.test(name) ? null : name.replaceAll("~1", "/").replaceAll("~0", "~");

/** Undefined where there is no such member; of a list, the names are its indices. */
export function lookUp(json: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => {
    if (Array.isArray(value)) return /^(0|[1-9]\d{0,8})$/.test(name) ? value[Number(name)] : undefined;
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }, json);
}
