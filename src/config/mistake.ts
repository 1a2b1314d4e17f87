// One mistake in `pricing.json`: where it stands and what would be right.

import type * as v from "valibot";

export interface Mistake {
  /** Such as `routes["GET /v1"].price`; the empty string is the whole file. */
  readonly path: string;
  readonly remedy: string;
}

type Issue = v.BaseIssue<unknown>;

/** A union reports the mistakes inside the alternative that was meant, not only that none fits. */
export function mistakesOf(issue: Issue, within: readonly PropertyKey[] = []): readonly Mistake[] {
  const path = [...within, ...(issue.path ?? []).map(({ key }) => key as PropertyKey)];
  const inner = issue.type === "union" ? (issue.issues ?? []).filter((nested) => nested.path !== undefined) : [];
  if (inner.length > 0) return inner.flatMap((nested) => mistakesOf(nested, path));
  return [{ path: pathText(path), remedy: `${issue.message}${received(issue)}` }];
}

/** JavaScript's own notation for the place. */
export function pathText(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    const name = String(key);
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}${path && "."}${name}` : `${path}[${JSON.stringify(name)}]`;
  }, "");
}

export const sentence = ({ path, remedy }: Mistake): string => `${path || "the file"}: ${remedy}`;

function received({ input }: Issue): string {
  const isScalar = input === null || ["string", "number", "boolean"].includes(typeof input);
  return isScalar ? ` (it says ${JSON.stringify(input).slice(0, 80)})` : "";
}
