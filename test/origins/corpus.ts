// Requests out of a seed, each as the bytes that go over the socket. A third of them ask in an odd but harmless way for
// what is sold, a third for what is not, and the rest tries everything by which the one could pass for the other.

import type { Places } from "./origins.ts";

export interface Attack {
  readonly method: string;
  readonly target: string;
  /** Latin-1, whole; `{probe}` stands for the id that the origin's log gets. */
  readonly raw: string;
}

/** A stand-in for randomness that a seed repeats (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(end: number): number {
    return Math.floor(this.roll() * end);
  }

  isUnder(share: number): boolean {
    return this.roll() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

type Mutation = (path: string, dice: Dice, places: Places) => string;

const hex = (char: string, dice: Dice): string => {
  const digits = char.charCodeAt(0).toString(16).padStart(2, "0");
  return `%${dice.isUnder(0.5) ? digits : digits.toUpperCase()}`;
};

const eachLetter = (path: string, share: number, dice: Dice, change: (letter: string) => string): string =>
  path.replace(/(?<!%|%[0-9A-Fa-f])[A-Za-z]/g, (letter) => (dice.isUnder(share) ? change(letter) : letter));

const otherCase = (letter: string): string => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase());

const NAMES = ["x", "hello", "a.b", "caf%C3%A9", "1,2", "~me", "report", "v=1", "a%20b", "x.txt", "@s", "paid.php"];

/** These change nothing of what is meant. */
const HARMLESS: readonly Mutation[] = [
  (path, dice) => eachLetter(path, 0.3, dice, otherCase),
  (path, dice) => eachLetter(path, 0.3, dice, (letter) => hex(letter, dice)),
  (path, dice) => eachLetter(path, 0.1, dice, (letter) => hex(otherCase(letter), dice)),
  (path) => (path.endsWith("/") ? path : `${path}/`),
];

/** Where letter case counts, as it is written. */
const HARMLESS_TO_CASE: readonly Mutation[] = [
  (path, dice) => eachLetter(path, 0.4, dice, (letter) => hex(letter, dice)),
  (path) => (path.endsWith("/") ? path : `${path}/`),
];

const below: Mutation = (path, dice) => `${path.replace(/\/$/, "")}/${dice.pick(NAMES)}`;

/** What a route with every allowance takes below it. */
const ALLOWED: readonly Mutation[] = [
  (path, dice) =>
    `${path}${dice.pick(["%2f", "%2F", "//", "///", ";v=1/", ";/", "%3b/", ";a;b=2/"])}${dice.pick(NAMES)}`,
  (path, dice) => `${path}${dice.pick([";x", ";jsessionid=1", "%3Bx=1", "//", ";a=1;b=2"])}`,
];

/** These go in behind a segment, or at the end of one. */
const AT_SEGMENT = [
  ...["/", "//", "/./", "/../", "/x/../", "/%2e/", "/%2e%2e/", "/.%2e/", "/x/%2E%2e/", "/..;/", "/;/", ";", ";/", ";x"],
  ...[";x=1", ";jsessionid=1", ";.css", ";/../", "%3b", "%3bx", "%2f", "%2F", "%2f%2f", "%252f", "%25%32%66", "%5c"],
  ...[
    "%5C",
    "\\",
    "\\..\\",
    "/..%5c",
    "/..%2f",
    "%2f..%2f",
    "%2e",
    "%2e%2e",
    ".",
    "..",
    "...",
    ". ",
    "%20",
    "%20/",
    " ",
  ],
  ...["+", "%00", "%0a", "%0d", "%0d%0a", "%09", "%7f", "%c2%85", "%c2%a0", "%e3%80%80", "%ef%bb%bf", "%e2%80%8b"],
  ...[
    "%c2%ad",
    "%cd%8f",
    "%e2%80%8d",
    "%ef%bc%8f",
    "%e2%88%95",
    "%e2%81%84",
    "%ef%bc%8e%ef%bc%8e/",
    "%ef%bc%9b",
    "%ef%bc%bc",
  ],
  ...[
    "%c0%af",
    "%c0%ae%c0%ae/",
    "%e0%80%af",
    "%f0%80%80%af",
    "%u002f",
    "%u2215",
    "%zz",
    "%",
    "%2",
    "%ff",
    "%fe",
    "%ed%a0%80",
  ],
  ...[
    "%3f",
    "%23",
    "%3fx=1",
    "%26",
    "?",
    "#",
    "&",
    "=",
    ",",
    ":",
    "@",
    "~",
    "*",
    "!",
    "'",
    '"',
    "%22",
    "<",
    ">",
    "|",
    "^",
  ],
  ...[
    "`",
    "{",
    "}",
    "[",
    "]",
    "%7c",
    "%00.html",
    ".html",
    ".json",
    ".php",
    ".css",
    "%2ejson",
    "::$DATA",
    "~1",
    ":80",
    "%25",
  ],
  ...[
    "%2500",
    "%2520",
    "\t",
    "\u00a0",
    "\u00ad",
    "\u0130",
    "\u00e9",
    "%80",
    "%a0",
    "%E2%80%AE",
    "%CC%81",
    "/%20/",
    "/ /",
  ],
];

const LOOKALIKES: { readonly [letter: string]: readonly string[] } = {
  a: ["%ef%bd%81", "%c3%a0", "%d0%b0", "%c2%aa"],
  d: ["%ef%bd%84", "%e2%85%be"],
  e: ["%ef%bd%85", "%d0%b5"],
  i: ["%c4%b1", "%c4%b0", "%ef%bd%89", "i%cc%87", "%e2%85%b0"],
  k: ["%e2%84%aa"],
  o: ["%ef%bd%8f", "%c2%ba", "%d0%be"],
  p: ["%ef%bd%90", "%d1%80"],
  r: ["%ef%bd%92", "%e1%b5%a3"],
  s: ["%c5%bf", "%ef%bd%93", "%c3%9f"],
};

const segmentsOf = (path: string): readonly string[] => path.split("/").slice(1);

/** The path with one segment changed. */
function atSegment(path: string, dice: Dice, change: (segment: string) => string): string {
  const segments = segmentsOf(path);
  const at = dice.below(segments.length);
  return `/${segments.map((segment, i) => (i === at ? change(segment) : segment)).join("/")}`;
}

const around = (path: string, dice: Dice, places: Places): string => {
  const way = dice.pick([
    "/..",
    "/%2e%2e",
    "/..;",
    "/..%2f",
    "%2f..",
    "/.%2e",
    "\\..",
    "/%252e%252e",
    "%5c..",
    "/..;x=1",
    "/;/..",
  ]);
  const start = dice.pick([...places.free, places.open, places.vhost, "/nothing", "/static", `${places.open}/a`]);
  const up = way.repeat(dice.pick([1, 1, 2, segmentsOf(start).length]));
  return dice.isUnder(0.3) ? `${start}${up}${path}` : `${start}/x${way}${up}${path}`;
};

const HARMFUL: readonly Mutation[] = [
  (path, dice) => atSegment(path, dice, (segment) => segment + dice.pick(AT_SEGMENT)),
  (path, dice) => atSegment(path, dice, (segment) => segment + dice.pick(AT_SEGMENT)),
  (path, dice) => atSegment(path, dice, (segment) => dice.pick(AT_SEGMENT) + segment),
  (path, dice) => path + dice.pick(AT_SEGMENT),
  (path, dice) => dice.pick(AT_SEGMENT) + path,
  (path, dice) =>
    `/${path}`.repeat(dice.pick([1, 1, 2])).replace(/^\/\//, dice.pick(["//", "/\\", "///", "/./", "/%2f", "/;/"])),
  (path, dice) => {
    const at = dice.below(path.length);
    return path.slice(0, at) + dice.pick(AT_SEGMENT) + path.slice(at);
  },
  (path, dice) => eachLetter(path, 0.4, dice, (letter) => dice.pick(LOOKALIKES[letter.toLowerCase()] ?? [letter])),
  (path, dice) => eachLetter(path, 0.3, dice, (letter) => hex(letter, dice).replace("%", "%25")),
  (path, dice) =>
    path.replace(/(?<=.)\//g, () => dice.pick(["%2f", "//", "\\", "/./", "%5c", "/", ";/", "%2F%2F", "%ef%bc%8f"])),
  around,
  around,
  // Off by a slash: nginx puts the rest of the path behind the alias.
  (_, dice) =>
    dice.pick(["/static../vault/secret.txt", "/static%2e%2e/vault/secret.txt", "/static..;/vault/secret.txt"]),
];

const QUERIES = [
  ...[
    "",
    "",
    "",
    "",
    "?x=1",
    "?",
    "??",
    "?/../..",
    "?_method=GET",
    "?a=b#c",
    "#/free/x",
    "#",
    "?x=%2e%2e/;a\\b",
    "?x[]=1&x=2",
  ],
  ...["?%00", "?x=%0d%0aX-Original-URL:%20/closed", "?x=1?y=2", "?;x", "?x=%zz", "#?x", "?x#", "?\u00e9"],
];
const PLAIN_QUERIES = ["", "", "", "?x=1", "?", "?a=b&c=%2F", "?q=/../;x", "#part"];

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly host: string;
}

const METHODS = ["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const ODD_METHODS = [
  "get",
  "Get",
  "post",
  "HEAD",
  "PROPFIND",
  "TRACE",
  "CONNECT",
  "PURGE",
  "MOVE",
  "QUERY",
  "FOO",
  "GET\t",
  "POST,GET",
];
const HOSTS = ["api.example", "api.example", "api.example", "API.example", "api.example:80", "other.example:8080"];
const ODD_HOSTS = [
  ...[
    "paid.example.",
    "PAID.example",
    "paid.example:80",
    "paid.example:8080",
    "paid.example,api.example",
    "api.example,paid.example",
  ],
  ...[
    "api.example:80@paid.example",
    "paid.example:80:80",
    "[::1]",
    "",
    "a.b/paid.example",
    "paid.example%00",
    "paid.example/",
    "x paid.example",
  ],
  ...[
    "api.example#paid.example",
    "api.example?paid.example",
    "paid.example\\",
    "pa%69d.example",
    "paid%2eexample",
    "xn--paid.example",
    "127.1",
  ],
];

function priced(dice: Dice, places: Places): Asked {
  const { paid, sold, jobs, vhost, cased } = places;
  const kind = dice.roll();
  const asked = (path: string, method = dice.pick(METHODS), host = dice.pick(HOSTS)): Asked => ({ path, method, host });
  if (kind < 0.1) return asked(harmless(jobs, dice), "POST");
  if (kind < 0.2)
    return asked(
      harmless(`${vhost}/item`, dice),
      undefined,
      dice.pick(["paid.example", "PAID.EXAMPLE", "paid.example:80"]),
    );
  if (kind < 0.25 && cased) return asked(dice.pick(HARMLESS_TO_CASE)(cased[0], dice, places));
  if (kind < 0.4)
    return asked(harmless(below(sold, dice, places), dice) + dice.pick(["", dice.pick(ALLOWED)("", dice, places)]));
  return asked(harmless(dice.isUnder(0.4) ? below(dice.pick(paid), dice, places) : dice.pick(paid), dice));
}

const harmless = (path: string, dice: Dice): string =>
  Array.from({ length: 1 + dice.below(3) }, () => dice.pick(HARMLESS)).reduce(
    (text, mutate) => mutate(text, dice, {} as Places),
    path,
  );

function passing(dice: Dice, places: Places): Asked {
  const { free, open, jobs, vhost, cased, paid } = places;
  const kind = dice.roll();
  const asked = (path: string, method = dice.pick(METHODS)): Asked => ({ path, method, host: dice.pick(HOSTS) });
  if (kind < 0.1) return asked(harmless(jobs, dice), dice.pick(["GET", "HEAD"]));
  if (kind < 0.2) return asked(harmless(`${vhost}/item`, dice));
  if (kind < 0.25 && cased) return asked(dice.pick(HARMLESS_TO_CASE)(cased[1], dice, places));
  if (kind < 0.5)
    return asked(dice.pick(ALLOWED)(harmless(`${open}/${dice.pick(NAMES)}`, dice).replace(/\/$/, ""), dice, places));
  // Near what is sold, and not it: the table does not name these.
  if (kind < 0.6)
    return asked(
      `${dice.pick(paid)}${dice.pick(["x", "-2", ",x", "~", ":x", "=", "&x", "%22", "%7C", "+x", ".json"])}`,
    );
  return asked(harmless(`${dice.pick(free)}/${dice.pick(NAMES)}`, dice));
}

function harmful(dice: Dice, places: Places): Asked {
  const { paid, sold, jobs, closed, vhost, cased, open } = places;
  const near = [...paid, ...paid, sold, `${sold}/x`, jobs, closed, `${vhost}/item`, cased?.[0] ?? closed, `${open}/x`];
  let path = dice.pick(near);
  for (let i = 1 + dice.below(3); i > 0; i--)
    path = dice.pick(dice.isUnder(0.75) ? HARMFUL : HARMLESS)(path, dice, places);
  const method = dice.isUnder(0.15) ? dice.pick(ODD_METHODS) : dice.pick(METHODS);
  const host = dice.isUnder(0.2) ? dice.pick(ODD_HOSTS) : dice.pick(HOSTS);
  return { path, method, host };
}

/** Headers by which somebody claims that the request is another one. */
function claims(dice: Dice, { paid, jobs, closed }: Places): readonly string[] {
  const path = dice.pick([...paid, jobs, closed]);
  const name = (text: string): string => {
    const spelled = dice.isUnder(0.3) ? text.replaceAll("-", "_") : text;
    return dice.isUnder(0.2) ? spelled.toUpperCase() : spelled;
  };
  const claim = (): string =>
    dice.pick([
      `${name(dice.pick(["X-Original-URL", "X-Rewrite-URL", "X-Original-Url"]))}: ${path}`,
      `${name(dice.pick(["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"]))}: ${dice.pick(["POST", "post", "PUT"])}`,
      `${name(dice.pick(["X-Forwarded-Host", "X-Forwarded-Host", "X-Forwarded-Server"]))}: paid.example`,
      `${name("X-Forwarded-Prefix")}: ${path}`,
      "Forwarded: for=1;host=paid.example",
      `Connection: ${dice.pick(["X-Forwarded-Host", "Host", "X-Probe", "close, X_Forwarded_Host", "upgrade"])}`,
      "Host: paid.example",
      "Expect: 100-continue",
      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
      "Range: bytes=0-1",
      `X-Original-URL : ${path}`,
      `X-Ignored: 1\r\n X-Original-URL: ${path}`,
      `X-Ignored: 1\nX-Original-URL: ${path}`,
      `X-Ignored: 1\rX-Original-URL: ${path}`,
      "Payment-Signature: e30=",
      "X_PAYMENT: e30=",
      "TE: trailers",
      "Origin: https://a.example\r\nAccess-Control-Request-Method: GET",
    ]);
  return Array.from({ length: 1 + dice.below(3) }, claim);
}

/** Lengths and codings that disagree, with a second request for whoever believes the other one. */
function framing(dice: Dice, path: string): { readonly headers: readonly string[]; readonly body: string } {
  const inner = `POST ${path} HTTP/1.1\r\nHost: api.example\r\nX-Probe: {probe}-inner\r\nContent-Length: 0\r\n\r\n`;
  const chunk = `${inner.length.toString(16)}\r\n${inner}\r\n`;
  return dice.pick([
    { headers: ["Content-Length: 5", "Transfer-Encoding: chunked"], body: `0\r\n\r\n${inner}` },
    { headers: [`Content-Length: ${inner.length + 5}`, "Transfer-Encoding: chunked"], body: `0\r\n\r\n${inner}` },
    { headers: ["Transfer-Encoding: xchunked"], body: `0\r\n\r\n${inner}` },
    { headers: ["Transfer-Encoding: chunked, identity"], body: `0\r\n\r\n${inner}` },
    { headers: ["Transfer-Encoding: identity", "Content-Length: 0"], body: inner },
    { headers: ["Transfer-Encoding : chunked", "Content-Length: 5"], body: `0\r\n\r\n${inner}` },
    { headers: ["Transfer_Encoding: chunked", "Content-Length: 5"], body: `0\r\n\r\n${inner}` },
    { headers: ["Transfer-Encoding: \tchunked", "Content-Length: 5"], body: `0\r\n\r\n${inner}` },
    { headers: ["Transfer-Encoding: chunked", "Transfer-Encoding: x"], body: `0\r\n\r\n${inner}` },
    { headers: ["Content-Length: 0", `Content-Length: ${inner.length}`], body: inner },
    { headers: ["Content-Length: +0"], body: inner },
    { headers: ["Content-Length: 0x0"], body: inner },
    { headers: ["Content-Length: 0, 0"], body: inner },
    { headers: ["Content_Length: 0", `Content-Length: ${inner.length}`], body: inner },
    { headers: ["Transfer-Encoding: chunked"], body: `${chunk}0\r\n\r\n` },
    { headers: ["Transfer-Encoding: chunked"], body: `0;x=\n\r\n\r\n${inner}` },
    { headers: ["Transfer-Encoding: chunked"], body: `5\n\r\nhello\r\n0\r\n\r\n${inner}` },
    { headers: [`Content-Length: ${inner.length}`], body: inner },
    { headers: [], body: inner },
  ]);
}

function attackOf(dice: Dice, places: Places): Attack {
  const share = dice.roll();
  const [asked, isHarmful] =
    share < 0.45
      ? [priced(dice, places), false]
      : share < 0.7
        ? [passing(dice, places), false]
        : [harmful(dice, places), true];
  const { path, method, host } = asked;
  const query = dice.pick(isHarmful ? QUERIES : PLAIN_QUERIES);
  const from = dice.isUnder(isHarmful ? 0.1 : 0.03)
    ? dice.pick(["http://api.example", "http://paid.example", "https://x", "HTTP://api.example:80"])
    : "";
  const target = from + path + query;
  const claimed = dice.isUnder(0.35) ? claims(dice, places) : [];
  const framed = dice.isUnder(0.08)
    ? framing(dice, dice.pick([...places.paid, places.jobs]))
    : { headers: [], body: "" };
  const head = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, "X-Probe: {probe}", ...claimed, ...framed.headers];
  return { method, target, raw: `${head.join("\r\n")}\r\nConnection: close\r\n\r\n${framed.body}` };
}

/** So many requests, each with another target. */
export function corpus(seed: number, places: Places, count: number): readonly Attack[] {
  const dice = new Dice(seed);
  const attacks = new Map<string, Attack>();
  while (attacks.size < count) {
    const attack = attackOf(dice, places);
    attacks.set(attack.target, attack);
  }
  return [...attacks.values()];
}
