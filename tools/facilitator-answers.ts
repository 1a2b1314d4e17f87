// What the facilitators of a table say of themselves when they are asked, as the gate would ask them: whether they answer,
// take the key, and settle what the table accepts. No payment is sent.

import { type Config, nameOf, offersOf } from "../src/config/index.ts";
import {
  buildCdpAuth,
  type FacilitatorSettings,
  type HttpSettings,
  openAuth,
  readSupported,
  Supported,
} from "../src/facilitator/index.ts";
import type { Secrets } from "../src/std/index.ts";
import { askAccount } from "./account-answers.ts";
import { secretsIn } from "./stack/table.ts";

export interface Word {
  readonly line: string;
  readonly isGood: boolean;
}

interface Way {
  readonly scheme: string;
  readonly network: string;
}

interface Asked {
  readonly settings: HttpSettings;
  readonly word: Word;
  /** Whether it lists this way to pay; null where it did not say. */
  readonly lists: (way: Way) => boolean | null;
}

const TIMEOUT_MS = 10_000;
const NO_NOTES = { read: async () => null, write: async () => undefined };

/** @param secrets that the table names, as far as they are at hand */
export async function askFacilitators(config: Config, secrets: Secrets): Promise<readonly Word[]> {
  const https = config.facilitators.filter((settings) => settings.kind === "http");
  const byUrl = new Map(https.map((settings) => [settings.url, settings]));
  const asked = await Promise.all([...byUrl.values()].map((settings) => ask(config, settings, secrets)));
  const accounts = config.facilitators.filter((settings) => settings.kind === "direct");
  const funds = await Promise.all(accounts.map((settings) => askAccount(settings, secrets)));
  const lonely = [...new Set(waysOf(config).flatMap((way) => unsettled(way, asked)))];
  return [...asked.map(({ word }) => word), ...funds.flat(), ...lonely.map((line) => ({ line, isGood: false }))];
}

async function ask(config: Config, settings: HttpSettings, secrets: Secrets): Promise<Asked> {
  const { url } = settings;
  const silent = (line: string, isGood: boolean): Asked => ({ settings, word: { line, isGood }, lists: () => null });
  const sources = { secrets, buildCdpAuth, nowMs: Date.now, newNonce: () => crypto.randomUUID().replaceAll("-", "") };
  const missing = secretsIn(settings.auth).filter((name) => !secrets[name]);
  const given = missing.map((name) => `${name}=…`).join(" ");
  if (missing.length > 0) return silent(`unasked ${url}: its key is not at hand (${given} npm run doctor).`, true);
  const auth = openAuth(settings.auth, sources);
  if (!auth.ok) return silent(`SILENT  ${url}: ${auth.error.join("; ")}.`, false);
  const read = await readSupported(url, TIMEOUT_MS, auth.value);
  if (!read.ok)
    return silent(`SILENT  ${url}: ${read.error}. See docs/deployment.md, "A wrong key or an outage".`, false);
  const supported = new Supported(url, async () => read.value, NO_NOTES, Date.now);
  await supported.refresh();
  const lists = (way: Way): boolean | null => supported.lists(way);
  const settled = waysOf(config)
    .filter((way) => way.facilitators.some((one) => one.kind === "http" && one.url === url) && lists(way))
    .map(textOf);
  const what =
    settled.length > 0 ? `settles ${[...new Set(settled)].join(", ")}` : "settles nothing that the table accepts";
  return { settings, word: { line: `answers ${url} ${what}.`, isGood: true }, lists };
}

/** How can be paid, and who is asked about it. */
const waysOf = (config: Config): readonly (Way & { readonly facilitators: readonly FacilitatorSettings[] })[] =>
  config.routes
    .flatMap(({ access }) => offersOf(access))
    .flatMap(({ terms, facilitators }) =>
      terms.map(({ requirements: { scheme, network } }) => ({ scheme, network, facilitators })),
    );

const textOf = ({ scheme, network }: Way): string => `${scheme} on ${nameOf(network)}`;

/** Where each that is asked about it says that it does not settle it. */
function unsettled(
  way: Way & { readonly facilitators: readonly FacilitatorSettings[] },
  asked: readonly Asked[],
): readonly string[] {
  const those = way.facilitators.map((one) =>
    asked.find(({ settings }) => one.kind === "http" && settings.url === one.url),
  );
  // An account of the gate's own lists nothing, and settles what it was given for.
  const isLonely = those.every((one) => one?.lists(way) === false);
  return isLonely ? [`LACKING ${textOf(way)}: no facilitator of the table lists it.`] : [];
}
