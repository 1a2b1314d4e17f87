// What a table says of how a facilitator is told who asks. No key stands in it, only names of secrets, and what is
// written in their place is not repeated.

import * as v from "valibot";
import { hint, secretAdvice } from "#advice";
import type { AuthSettings, FacilitatorSettings } from "../facilitator/index.ts";
import { advised, headerName, headersHint, headerValue, object, ownHeader, record, secretName } from "./fields.ts";
import type { Report } from "./mistake.ts";

/** A facilitator is sent JSON, and is told so. */
const isOwnHere = (header: string): boolean => header.toLowerCase() === "content-type";
const name = v.pipe(
  headerName,
  v.check((value) => !isOwnHere(value), ownHeader),
);
const headers = v.pipe(
  record(name, headerValue, headersHint),
  v.check((named) => Object.keys(named).length > 0, hint("write at least one header")),
);

const keyIdHint = hint("write the key's id, or the name of the secret that holds it");
export const cdpObject = object(
  {
    keyId: v.pipe(v.string(keyIdHint), v.regex(/^[\x20-\x7e]+$/, keyIdHint), advised(secretAdvice)),
    secret: secretName("CDP_KEY_SECRET"),
  },
  hint('write an object such as { "keyId": "{{CDP_KEY_ID}}", "secret": "{{CDP_KEY_SECRET}}" }'),
);

const authHint = hint('write an object with one of "bearer", "headers" and "cdp"');
export const authObject = object(
  { bearer: v.optional(secretName("FACILITATOR_KEY")), headers: v.optional(headers), cdp: v.optional(cdpObject) },
  authHint,
);
export const auth = v.pipe(
  authObject,
  v.check((ways) => Object.keys(ways).length === 1, authHint),
);

type AuthEntry = v.InferOutput<typeof authObject>;

/** A bearer's token is a header like any other (RFC 6750 section 2.1). */
export function authSettings(entry: AuthEntry | undefined): AuthSettings | null {
  if (entry === undefined) return null;
  const { cdp, bearer, headers = {} } = entry;
  if (cdp) return { kind: "cdp", ...cdp };
  return { kind: "headers", headers: bearer ? [["authorization", `Bearer ${bearer}`]] : Object.entries(headers) };
}

/** What one facilitator may have settled is asked of it again by its URL alone. */
export function checkAuth(facilitators: readonly FacilitatorSettings[], report: Report): void {
  const known = new Map<string, string>();
  for (const { url, auth } of facilitators.filter((one) => one.kind === "http")) {
    const meant = JSON.stringify(auth);
    if ((known.get(url) ?? meant) !== meant)
      report(["facilitators"], `${url} stands with two kinds of auth; write one`);
    known.set(url, meant);
  }
}
