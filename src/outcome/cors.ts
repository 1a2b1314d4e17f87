// CORS (Fetch standard, "CORS protocol"): what lets a browser script of another origin pay. Preflights of priced
// routes are answered here, unpaid; the upstream is asked for nothing. Free routes keep the upstream's own answers.

/** Every origin, or those that are listed. */
export type CorsPolicy = "*" | readonly string[];

export interface Preflight {
  readonly methods: readonly string[];
  /** Access-Control-Request-Headers as it came. */
  readonly requested: string;
}

export type HeaderTexts = { readonly [name: string]: string };

const EXPOSED =
  "PAYMENT-REQUIRED, PAYMENT-RESPONSE, X-PAYMENT-RESPONSE, Faregate-Payment, WWW-Authenticate, Retry-After";

/** Both official fetch clients send the last one as a request header. */
const ALLOWED = [
  "PAYMENT-SIGNATURE",
  "X-PAYMENT",
  "SIGN-IN-WITH-X",
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "Access-Control-Expose-Headers",
];
const MAX_AGE_SECONDS = "7200";
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/** Of an answer of the gate's own. */
export function corsHeaders(policy: CorsPolicy, origin: string | null): HeaderTexts {
  const allowed = allowedOrigin(policy, origin);
  return {
    ...(policy !== "*" && { vary: "Origin" }),
    ...(allowed !== undefined && {
      "access-control-allow-origin": allowed,
      "access-control-expose-headers": EXPOSED,
    }),
  };
}

/** Replaces whatever an upstream said about origins: on a priced route the table decides. */
export function setCors(headers: Headers, policy: CorsPolicy, origin: string | null): void {
  headers.delete("access-control-allow-origin");
  headers.delete("access-control-allow-credentials");
  if (policy !== "*") headers.append("vary", "Origin");
  const allowed = allowedOrigin(policy, origin);
  if (allowed === undefined) return;
  headers.set("access-control-allow-origin", allowed);
  const theirs = headers.get("access-control-expose-headers");
  headers.set("access-control-expose-headers", theirs ? `${EXPOSED}, ${theirs}` : EXPOSED);
}

const allowedOrigin = (policy: CorsPolicy, origin: string | null): string | undefined =>
  policy === "*" ? "*" : policy.find((one) => one === origin);

/** The API behind may take headers that only it knows, so what a script asks for is allowed too. */
export function preflightHeaders({ methods, requested }: Preflight): HeaderTexts {
  const names = requested.split(",").map((name) => name.trim());
  const known = new Set(ALLOWED.map((name) => name.toLowerCase()));
  const others = names.filter((name) => HEADER_NAME.test(name) && !known.has(name.toLowerCase()));
  return {
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": [...ALLOWED, ...others].join(", "),
    "access-control-max-age": MAX_AGE_SECONDS,
  };
}
