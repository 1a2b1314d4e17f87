// Which secrets a table asks for, and where each of them stands.

import { type Config, nameOf } from "../src/config/index.ts";
import type { HttpSettings } from "../src/facilitator/index.ts";
import { secretNames } from "../src/std/index.ts";

/** A text with the key of the table that it stands below. */
type Placed = readonly [place: string, text: string];

/** Each with its places, in the table's own words. */
export function secretPlaces(config: Config): ReadonlyMap<string, readonly string[]> {
  const named = textsOf(config).flatMap(([place, text]) => secretNames(text).map((name) => [name, place] as const));
  const byName = Map.groupBy(named, ([name]) => name);
  return new Map(Array.from(byName, ([name, places]) => [name, [...new Set(places.map(([, place]) => place))]]));
}

function textsOf({ upstreams, facilitators, rpc }: Config): readonly Placed[] {
  const placed = (place: string, texts: readonly string[]): readonly Placed[] => texts.map((text) => [place, text]);
  const urls = new Set([...rpc.values()].flat());
  return [
    ...upstreams.flatMap(({ headers, sign }) => [
      ...placed(
        "upstream.headers",
        headers.map(([, value]) => value),
      ),
      ...placed(
        "upstream.sign",
        sign.map(({ key }) => key),
      ),
    ]),
    ...facilitators.flatMap((one) =>
      one.kind === "direct"
        ? placed("facilitators.direct", [one.key, ...one.urls.filter((url) => !urls.has(url))])
        : placed("facilitators.auth", authTexts(one.auth)),
    ),
    ...[...rpc].flatMap(([network, own]) => placed(`rpc.${nameOf(network)}`, own)),
  ];
}

function authTexts(auth: HttpSettings["auth"]): readonly string[] {
  if (auth === null) return [];
  return auth.kind === "cdp" ? [auth.keyId, auth.secret] : auth.headers.map(([, value]) => value);
}

export const secretsText = (config: Config): string =>
  Array.from(secretPlaces(config), ([name, places]) => `${name} (${places.join(", ")})`).join(", ");
