// `{{NAME}}` in an operator's text stands for the secret of that name. Which are missing is known at start-up.

import { redacted } from "./redacted.ts";
import { err, ok, type Result } from "./result.ts";

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** Texts by the names that they go by, such as those of headers. */
type Templates = readonly (readonly [name: string, template: string])[];

export type Secrets = { readonly [name: string]: unknown };

export const secretNames = (template: string): readonly string[] =>
  [...template.matchAll(PLACEHOLDER)].map(([, name]) => name as string);

export const withoutSecretNames = (template: string): string => template.replaceAll(PLACEHOLDER, "");

/** The error is the list of names that have no value. */
export function fillSecrets(templates: Templates, secrets: Secrets): Result<Templates, readonly string[]> {
  const names = new Set(templates.flatMap(([, template]) => secretNames(template)));
  const missing = [...names].filter((name) => typeof secrets[name] !== "string" || secrets[name] === "");
  if (missing.length > 0) return err(missing);
  return ok(
    templates.map(([name, template]) => [
      name,
      template.replace(PLACEHOLDER, (_, key: string) => String(secrets[key])),
    ]),
  );
}

/** A key may stand in the place of its name, and is not repeated. */
export const missingSecret = (name: string): string =>
  redacted(`the secret ${name} is missing: npx wrangler secret put ${name} --env ENV (locally: ${name}=… npm start)`);
