// What an API may read as one although it is not written alike. The gate cannot know which it does, so what is only like
// the name or the value that a price hangs on is refused instead of being priced as something else.

/**
 * Of parameters, headers and members. Go reads JSON, and ASP.NET queries, in any letter case; PHP reads `a.b`, `a b` and
 * `a[b` as `a_b`, and `a[]` as `a`; protobuf reads `a_b` as `aB`; CGI takes `_` for `-`.
 */
export function likeName(name: string): string {
  const folded = name.replace(/\[.*/s, "").normalize("NFKC").toLowerCase();
  return folded.replace(/[^\p{L}\p{N}]/gu, "") || folded;
}

/** Of values: letter case, width, what stands around them, and the many ways to write a number. */
export function likeValue(value: string): string {
  const bare = value.replace(/["'\s\p{Cc}]/gu, "");
  const number = Number(bare);
  return bare !== "" && Number.isFinite(number) ? String(number) : bare.normalize("NFKC").toLowerCase();
}
