// One mistake in `pricing.json`: where it stands and what would be right.

import type * as v from "valibot";
import { quoted } from "#advice";
import { redacted } from "../std/index.ts";

export interface Mistake {
  /** Such as `routes["GET /v1"].price`; the empty string is the whole file. */
  readonly path: string;
  readonly remedy: string;
}

export type Path = readonly PropertyKey[];
export type Report = (path: Path, remedy: string) => void;

type Issue = v.BaseIssue<unknown>;

/** A union reports the mistakes inside the alternative that was meant, not only that none fits. */
export function mistakesOf(issue: Issue, within: Path, report: Report): void {
  const path = [...within, ...(issue.path ?? []).map(({ key }) => key as PropertyKey)];
  const nested = issue.type === "union" ? (issue.issues ?? []) : [];
  const inner = nested.filter((one) => one.path !== undefined);
  for (const one of inner) mistakesOf(one, path, report);
  if (inner.length > 0) return;
  // The alternative of the right type speaks for itself.
  const [meant] = nested.filter(({ kind }) => kind === "validation");
  // Who writes a key in the place of its secret's name does not read it again in a log. A key that is not known stands in
  // the path.
  const isRepeated = issue.expected !== "never" && !["sign", "auth", "direct"].some((place) => path.includes(place));
  report(path, `${(meant ?? issue).message}${isRepeated ? said(issue.input) : ""}`);
}

/** As it is told: a key may stand where a name was asked for, in the place and in what is said of it. */
export const mistakeAt = (keys: Path, remedy: string): Mistake => ({
  path: redacted(pathText(keys)),
  remedy: redacted(remedy),
});

/** JavaScript's own notation for the place. */
export function pathText(keys: Path): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    const name = String(key);
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}${path && "."}${name}` : `${path}[${JSON.stringify(name)}]`;
  }, "");
}

export const sentence = ({ path, remedy }: Mistake): string => `${path || "the file"}: ${remedy}`;

/** What the file says there, behind a remedy. */
export const said = (value: unknown): string => quoted(value) ?? "";
