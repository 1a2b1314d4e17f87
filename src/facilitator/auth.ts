// How a facilitator is told who asks: headers that are always the same, or one that is made anew for each call. Secrets
// come in here and go nowhere but into those headers: what is said of a wrong one holds nothing of its text.

import { err, fillSecrets, missingSecret, ok, type Result, type Secrets } from "../std/index.ts";
import type { buildCdpAuth } from "./cdp.ts";

type HeaderList = readonly (readonly [name: string, value: string])[];

/** What the table says; texts may hold `{{SECRET}}`. */
export type AuthSettings =
  | { readonly kind: "headers"; readonly headers: HeaderList }
  | { readonly kind: "cdp"; readonly keyId: string; readonly secret: string };

/** The headers of one call, by its method and whole URL. */
export type Authorize = (method: string, url: string) => Promise<HeaderList>;

export interface AuthSources {
  readonly secrets: Secrets;
  /** Null in a bundle that was built without it. */
  readonly buildCdpAuth: typeof buildCdpAuth | null;
  readonly nowMs: () => number;
  /** A text that nobody can guess, another one each time. */
  readonly newNonce: () => string;
}

/** Null where the table names none; the error is every reason why there is none, as sentences. */
export function openAuth(
  settings: AuthSettings | null,
  sources: AuthSources,
): Result<Authorize | null, readonly string[]> {
  if (settings === null) return ok(null);
  return settings.kind === "cdp" ? openCdp(settings, sources) : openHeaders(settings.headers, sources.secrets);
}

/** What a header's value may hold (RFC 9110 section 5.5) and every server reads alike. */
const HEADER_VALUE = /^[\x20-\x7e]*$/;

function openHeaders(templates: HeaderList, secrets: Secrets): Result<Authorize, readonly string[]> {
  const filled = fillSecrets(templates, secrets);
  if (!filled.ok) return err(filled.error.map(missingSecret));
  // A line break at the end is what a file or a shell adds.
  const headers = filled.value.map(([name, value]) => [name, value.trim()] as const);
  const wrong = headers.filter(([, value]) => !HEADER_VALUE.test(value));
  if (wrong.length === 0) return ok(async () => headers);
  return err(wrong.map(([name]) => `the secret in a facilitator's header ${name} is not one line of printable ASCII`));
}

function openCdp(
  settings: Extract<AuthSettings, { kind: "cdp" }>,
  { secrets, buildCdpAuth, nowMs, newNonce }: AuthSources,
): Result<Authorize, readonly string[]> {
  if (buildCdpAuth === null) return err([MISSING_PART]);
  const filled = fillSecrets(
    [
      ["keyId", settings.keyId],
      ["secret", settings.secret],
    ],
    secrets,
  );
  if (!filled.ok) return err(filled.error.map(missingSecret));
  const [[, keyId] = ["", ""], [, secret] = ["", ""]] = filled.value;
  const authorize = buildCdpAuth({ keyId: keyId.trim(), secret, nowMs, newNonce });
  return authorize ? ok(authorize) : err([`the secret ${settings.secret.replaceAll(/[{}\s]/g, "")} ${CDP_HINT}`]);
}

const MISSING_PART =
  "the table has a facilitator with a key of Coinbase CDP, and this bundle was built without them: deploy with the build command of wrangler.toml, npm run check -- --quiet";

/** What would be right, as the end of a sentence. */
const CDP_HINT =
  "is none of a Coinbase CDP API key: write base64 of 64 bytes (Ed25519), or an EC key of the curve P-256 as a PEM file";
