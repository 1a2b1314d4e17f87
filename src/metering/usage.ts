// Where in JSON a use stands: names of members one below the other, as a JSON pointer (RFC 6901) or with dots.

/** Null for what is neither. */
export function parsePath(text: string): readonly string[] | null {
  const isPointer = text.startsWith("/");
  const names = isPointer ? text.slice(1).split("/").map(unescaped) : text.split(".");
  return names.every((name) => name !== null && name !== "") ? (names as readonly string[]) : null;
}

/** RFC 6901 section 4: `~1` is a slash and `~0` a tilde; null for another one. */
const unescaped = (name: string): string | null =>
  /~(?![01])/.test(name) ? null : name.replaceAll("~1", "/").replaceAll("~0", "~");
