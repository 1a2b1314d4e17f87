// `{{NAME}}` in an operator's header stands for the secret of that name. Which are missing is known at start-up.

import { err, ok, type Result } from "../std/index.ts";

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

type HeaderTemplates = readonly (readonly [name: string, template: string])[];

/** The error is the list of names that have no value. */
export function fillSecrets(
  headers: HeaderTemplates,
  secrets: { readonly [name: string]: unknown },
): Result<HeaderTemplates, readonly string[]> {
  const names = new Set(
    headers.flatMap(([, template]) => [...template.matchAll(PLACEHOLDER)].map(([, name]) => name ?? "")),
  );
  const missing = [...names].filter((name) => typeof secrets[name] !== "string" || secrets[name] === "");
  if (missing.length > 0) return err(missing);
  return ok(
    headers.map(([name, template]) => [name, template.replace(PLACEHOLDER, (_, key: string) => String(secrets[key]))]),
  );
}
