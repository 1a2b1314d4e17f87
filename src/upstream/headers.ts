// Which headers cross the gate. Pure functions over Headers: to the upstream nothing of the payment, of the
// connection, or of who claims to have forwarded it; to the client nothing that looks like a payment of ours.

import { remembering } from "../std/index.ts";
import { publicLocation, type Standing } from "./location.ts";
import { nextVia } from "./via.ts";

/** RFC 9110 section 7.6.1, and the older names that proxies still act upon. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
];

/** Headers by which an origin may be told that the request was another one. */
const OVERRIDES = [
  "x-http-method-override",
  "x-method-override",
  "x-http-method",
  "x-original-url",
  "x-rewrite-url",
  "expect",
];

/** The runtime writes these from the URL and the body that are really sent. */
const FRAMING = ["host", "content-length"];

const REQUEST_REMOVED: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...OVERRIDES,
  ...FRAMING,
  "forwarded",
  // Written anew, with what it was in it.
  "via",
  "x-payment",
]);
const REQUEST_REMOVED_PREFIXES = ["proxy-", "x-forwarded-", "payment-", "x-payment-", "faregate-", "x-faregate-"];

/** By these a client asks for a part (206), for nothing (304), or to be refused (412, 416) (RFC 9110 sections 13 and 14). */
export const CONDITIONS: ReadonlySet<string> = new Set([
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
]);

const RESPONSE_REMOVED: ReadonlySet<string> = new Set([...HOP_BY_HOP, "extension-responses", "settlement-overrides"]);

/** A client must not take the upstream's word for ours. */
const RESPONSE_REMOVED_PREFIXES = ["payment-", "x-payment-", "faregate-"];

/** A cookie by a name of ours: behind a prefix that browsers know, or without a name, where some read the value as one. */
const OUR_COOKIE = /^[\s=]*(?:__(?:host|secure)-)*faregate_/i;

const POINTING: ReadonlySet<string> = new Set(["location", "content-location"]);

/** To the letter, as the runtime reads it: `trim` and `toLowerCase` would make the word of what is no handshake there. */
const WEBSOCKET = /^websocket$/i;

/**
 * Whether a request opens a WebSocket (RFC 6455 section 4.1). Any other upgrade is one that a server may ignore (RFC 9110
 * section 7.8), and so does the gate.
 */
export const isHandshake = ({ method, headers }: { readonly method: string; readonly headers: Headers }): boolean =>
  method === "GET" && WEBSOCKET.test(headers.get("upgrade") ?? "");

export interface Forwarding {
  /** The host that the client asked. */
  readonly host: string;
  readonly proto: string;
  /** Those of Range and If-* that pass, in this spelling alone; null where everything does. */
  readonly conditions: ReadonlySet<string> | null;
  /** Set last: the operator's own headers, secrets filled in. */
  readonly set: readonly (readonly [name: string, value: string])[];
}

const NONE: ReadonlySet<string> = new Set();

/** Origins read `X_Forwarded_For` and `X-Forwarded-For` alike (CGI and its heirs), so names compare as one. */
const canonicalName = (name: string): string => name.toLowerCase().replaceAll("_", "-");

interface Name {
  readonly canonical: string;
  readonly isCondition: boolean;
  /** Of what goes to the upstream, and of what goes to the client. */
  readonly isRemoved: { readonly request: boolean; readonly response: boolean };
}

const NAMES_MAX = 1000;

/** All of a header that its name tells: the same few names come with every request. */
const readName = remembering(NAMES_MAX, (name): Name => {
  const canonical = canonicalName(name);
  const isOf = (names: ReadonlySet<string>, prefixes: readonly string[]): boolean =>
    names.has(canonical) || prefixes.some((prefix) => canonical.startsWith(prefix));
  return {
    canonical,
    isCondition: CONDITIONS.has(canonical),
    isRemoved: {
      request: isOf(REQUEST_REMOVED, REQUEST_REMOVED_PREFIXES),
      response: isOf(RESPONSE_REMOVED, RESPONSE_REMOVED_PREFIXES),
    },
  };
});

/** Whether the gate removes or sets this request header itself, so that an operator cannot. */
export const isSetByGate = (name: string): boolean => readName(name).isRemoved.request;

export function requestHeaders(from: Headers, { host, proto, conditions, set }: Forwarding): Headers {
  const named = connectionNames(from);
  const own = set.length > 0 ? new Set(set.map(([name]) => canonicalName(name))) : NONE;
  const headers = new Headers(from);
  for (const name of from.keys()) {
    const { canonical, isCondition, isRemoved } = readName(name);
    const isReplaced = named.has(canonical) || own.has(canonical);
    const isWithheld = isCondition && conditions !== null && !conditions.has(name);
    if (isRemoved.request || isReplaced || isWithheld) headers.delete(name);
  }
  // Cloudflare sets this one itself and overwrites what a client sends.
  const client = from.get("cf-connecting-ip");
  if (client !== null) headers.set("x-forwarded-for", client);
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-proto", proto);
  headers.set("via", nextVia(named.has("via") ? null : from.get("via")));
  for (const [name, value] of set) headers.set(name, value);
  return headers;
}

/**
 * The headers themselves where all of them stay as they are.
 *
 * @param length of the body; one that nobody can say is not handed on
 */
export function responseHeaders(from: Headers, standing: Standing, length: number | null): Headers {
  const named = connectionNames(from);
  const removed = length === null && from.has("content-length") ? ["content-length"] : [];
  const rewritten: [name: string, value: string][] = [];
  let hasOurCookie = false;
  for (const name of from.keys()) {
    const { canonical, isRemoved } = readName(name);
    if (isRemoved.response || named.has(canonical)) removed.push(name);
    else if (name === "set-cookie") hasOurCookie ||= from.getSetCookie().some((cookie) => OUR_COOKIE.test(cookie));
    else if (POINTING.has(name)) rewritten.push([name, publicLocation(String(from.get(name)), standing)]);
  }
  if (removed.length + rewritten.length === 0 && !hasOurCookie) return from;
  const headers = new Headers(from);
  for (const name of removed) headers.delete(name);
  for (const [name, value] of rewritten) headers.set(name, value);
  return hasOurCookie ? withoutOurCookies(headers) : headers;
}

function withoutOurCookies(headers: Headers): Headers {
  const theirs = headers.getSetCookie().filter((cookie) => !OUR_COOKIE.test(cookie));
  headers.delete("set-cookie");
  for (const cookie of theirs) headers.append("set-cookie", cookie);
  return headers;
}

/** What `Connection` names is of one hop too (RFC 9110 section 7.6.1). */
function connectionNames(headers: Headers): ReadonlySet<string> {
  const names = headers.get("connection");
  return names === null ? NONE : new Set(names.split(",").map((name) => canonicalName(name.trim())));
}
