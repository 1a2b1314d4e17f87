// What a table probably meant where it is wrong, and what in it is no mistake to the gate and surely nobody's wish. Each
// is a sentence that says what would be right, or null. A Worker is built from a table that was read with this, and does
// not carry it: in its place (`#advice` of package.json) it has `no-advice.ts`.

import { METHODS } from "../route/index.ts";
import { holdsKey, withoutSecretNames } from "../std/index.ts";
import { nearest } from "./near.ts";

/** With what it is about. */
type Advice<Place> = readonly [Place, string];

/** What would be right, in a place of the schema. */
export const hint = (text: string): string => text;

export function didYouMean(written: string, words: readonly string[]): string | null {
  const near = nearest(written, words);
  return near === null || near === written ? null : `did you mean "${near}"?`;
}

const COMMENT = /^(\/\/|#|[_$]?comment)/i;

/** Of a key that is none of those that are known. */
export function keyAdvice(key: string, known: readonly string[]): string {
  if (COMMENT.test(key)) return "the table takes no comments; remove this";
  return `there is no such key; ${didYouMean(key, known) ?? `known are ${known.join(", ")}`}`;
}

interface Told {
  readonly path: string;
  readonly remedy: string;
}

/** Those that are told already are left out: a key that is missing because it is misspelt. */
export function withoutMisspelt<Mistake extends Told>(
  mistakes: readonly Mistake[],
  missing: string,
): readonly Mistake[] {
  const meant = new Set(
    mistakes.flatMap(({ path, remedy }) => {
      const [, word] = /^there is no such key; did you mean "(.*)"\?$/.exec(remedy) ?? [];
      return word === undefined ? [] : [path.replace(/(^|\.)[\w$]+$|\["[^"]*"\]$/, (_, dot = ".") => `${dot}${word}`)];
    }),
  );
  return mistakes.filter(({ path, remedy }) => remedy !== missing || !meant.has(path));
}

const SAID_MAX = 80;

/** What the file says there, where it is short enough to help, and holds no key. */
export function quoted(value: unknown): string | null {
  const isScalar = value === null || ["string", "number", "boolean"].includes(typeof value);
  if (!isScalar || holdsKey(String(value))) return null;
  const isLong = typeof value === "string" && value.length > SAID_MAX;
  return ` (it says ${JSON.stringify(isLong ? `${value.slice(0, SAID_MAX - 1)}…` : value)})`;
}

/** Of what is neither a price nor an object. */
export function dollarAdvice(price: unknown): string | null {
  const [, amount = ""] = /^\$? ?(\d+(?:\.\d+)?|\.\d+) ?(?:\$|usdc?)?$/i.exec(String(price)) ?? [];
  if (amount !== "") return `write "$${amount.replace(/^\./, "0.")}" for so many dollars`;
  return didYouMean(String(price), ["free", "closed"]);
}

const PLAIN = 'dollars such as "$0.01", "free", "closed"';
const CHARGES = '{ "upto", "meter" } or { "amount", "asset" }';
const FOLLOWING = '{ "by", "table" }, { "quote", "max" }';

/**
 * Of an object that is no price.
 *
 * @param marks the keys by which kinds of prices are told apart
 * @param isEntry of a table of prices, where none may follow the request
 */
export function priceAdvice(price: object, marks: readonly string[], isEntry: boolean): string {
  const keys = Object.keys(price);
  if (keys.includes("price")) return "write the price alone, without an object around it";
  const [near] = keys.flatMap((key) => {
    const question = didYouMean(key, marks);
    return question === null ? [] : [`"${key}" is no key of a price; ${question}`];
  });
  return near ?? `this is no kind of price; write ${PLAIN}, ${isEntry ? "" : `${FOLLOWING}, `}${CHARGES}`;
}

/** Of the keys that stand on the wrong side of a price: in the object that it stands in, or in the price itself. */
export function strayAdvice(object: object, isStray: (key: string) => boolean): readonly Advice<string>[] {
  const isWithin = "price" in object;
  return Object.keys(object)
    .filter(isStray)
    .map((key) => {
      const name = JSON.stringify(key);
      const place = isWithin
        ? `into the price: { "price": { …, ${name}: … } }`
        : `beside the price: { "price": { … }, ${name}: … }`;
      return [key, `this belongs ${place}`];
    });
}

/** Of a route's key that no request has. */
export function patternAdvice(key: string): string | null {
  const [, plain, mark] = /^([^?#]*)([?#])/.exec(key) ?? [];
  if (mark === "?") return `a key has no query; write "${plain}", and a price with "by" where a parameter decides it`;
  if (mark === "#") return `no request has a fragment; write "${plain}"`;
  const encoded = key.replace(/[^\p{ASCII}]+/gu, encodeURIComponent);
  return encoded === key ? null : `write "${encoded}"`;
}

/** Of hosts that are a path without its first slash: public ones have a dot. */
export const hostAdvice = <Place extends { readonly key: string; readonly host: string | null }>(
  places: readonly Place[],
  hosts: readonly string[],
): readonly Advice<Place>[] =>
  places.flatMap((place) => {
    const { key, host } = place;
    if (host === null || host === "localhost" || /[.:]/.test(host) || hosts.includes(host)) return [];
    const isMethod = METHODS.includes(host.toUpperCase());
    const meant = isMethod ? key.replace(host, `${host.toUpperCase()} `) : key.replace(/^(?:\S+ )?/, "$&/");
    return [[place, `"${host}" would be a host; write "${meant}", or name it in hosts`]];
  });

/** Two braces before a name or behind it, one on either side of a name in capitals, or a shell's own way. */
const LIKE_SECRET = /\{\{|\{\s*\w+\s*\}\}|\{\s*[A-Z]\w*\s*\}|\$\{/;

/** Of a text in which names of secrets are filled in: what only looks like one would be sent as it is. */
export const secretAdvice = (text: string): string | null =>
  LIKE_SECRET.test(withoutSecretNames(text))
    ? "write a secret's name as {{NAME}}: letters, digits and _ between two braces on either side"
    : null;

/** Of a URL in which none are, and which has no braces. */
export const braceAdvice = (url: string): string | null =>
  /[{}]/.test(url) ? "no secret is taken here; write the text itself, without braces" : null;

const ENDPOINT = /\/(verify|settle|supported)\/?$/;

/** Of a facilitator's URL. */
export const endpointAdvice = (url: string): string | null =>
  ENDPOINT.test(url) ? `the gate appends /verify and /settle itself; write "${url.replace(ENDPOINT, "")}"` : null;

interface Payees {
  /** Undefined where they are the table's. */
  readonly accepts?: unknown;
  readonly payTo?: string | undefined;
}

/** Of payees that are the contract of what they would be paid in; the place is that of the word that decides. */
export function payeeAdvice(
  options: readonly { readonly payTo: string | null; readonly token: { readonly asset: string } }[],
  route: Payees,
  tablesPayTo: string | null,
  path: readonly PropertyKey[],
): readonly Advice<readonly PropertyKey[]>[] {
  const lost = options.filter(({ payTo, token }) => payTo === token.asset);
  return lost.map(({ payTo }) => {
    const isOfTable = !route.accepts && route.payTo !== payTo;
    const key = route.payTo === payTo || tablesPayTo === payTo ? "payTo" : "accepts";
    const remedy = `${payTo} is the token's own contract, and what it is paid is lost; write a wallet`;
    return [[...(isOfTable ? [] : path), key], remedy];
  });
}

/** Which of a list stands there twice. */
export const twiceAdvice = (places: readonly string[]): string | null =>
  places.find((one, i) => places.indexOf(one) < i) ?? null;

/** Of where a use stands: a JSONPath is no such place. In a pointer any name is one. */
export const useAdvice = (place: string): string | null =>
  /^(?!\/)(\$\.|\*|.*(\.\*|\[))/.test(place)
    ? "write names of members alone: nothing here stands for several of them, or for a place in a list"
    : null;
