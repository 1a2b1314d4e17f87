// Who verifies and settles, as a table says it: services at an address, and the gate itself with an account of its own.

import * as v from "valibot";
import type { FacilitatorSettings, OwnSettings } from "../facilitator/index.ts";
import { isSolana } from "../x402/index.ts";
import { authSettings } from "./auth.ts";
import type { Path, Report } from "./mistake.ts";
import type { Parts } from "./parts.ts";
import { type FacilitatorEntry, facilitatorObject } from "./schema.ts";
import { caip2Of, nameOf, type Option, type TokenBook, unknownNetwork } from "./tokens.ts";

/** What of the table a facilitator of the gate's own takes its network and its RPC from. */
export interface Around {
  readonly book: TokenBook;
  /** The table's ways to pay. */
  readonly options: readonly Option[];
  readonly rpc: ReadonlyMap<string, readonly string[]>;
  readonly facilitators: Parts<FacilitatorSettings>;
}

/** What an account may have sent is asked of it again by its address alone. */
export function checkAccounts(facilitators: readonly FacilitatorSettings[], report: Report): void {
  const known = new Set<string>();
  for (const { network, key } of facilitators.filter((one) => one.kind === "direct")) {
    const account = `${network} ${key.replaceAll(/\s/g, "")}`;
    if (known.has(account))
      report(["facilitators"], `one key stands twice for ${nameOf(network)} and in two ways; write one`);
    known.add(account);
  }
}

/** In their order. One that cannot be understood is left out, and told. */
export const readFacilitators = (
  values: readonly (string | FacilitatorEntry)[],
  around: Around,
  path: Path,
  report: Report,
): readonly FacilitatorSettings[] =>
  values.flatMap((value, i) => {
    const settings = facilitatorSettings(value, around, [...path, "facilitators", i], report);
    return settings ? around.facilitators.add(settings) : [];
  });

function facilitatorSettings(
  value: string | FacilitatorEntry,
  around: Around,
  path: Path,
  report: Report,
): FacilitatorSettings | null {
  const entry = typeof value === "string" ? v.parse(facilitatorObject, { url: value }) : value;
  const timeouts = {
    verifyTimeoutMs: entry.verifyTimeoutSeconds * 1000,
    settleTimeoutMs: entry.settleTimeoutSeconds * 1000,
  };
  if (entry.direct) return directSettings(entry.direct, timeouts, around, [...path, "direct"], report);
  const url = (entry.url ?? "").replace(/\/$/, "");
  const { feePayer = null, facilitatorAddress = null } = entry;
  return { kind: "http", url, ...timeouts, auth: authSettings(entry.auth), feePayer, facilitatorAddress };
}

type Direct = NonNullable<FacilitatorEntry["direct"]>;

function directSettings(
  { key, network: name, rpc, confirmations, maxFeeGwei }: Direct,
  timeouts: Pick<OwnSettings, "verifyTimeoutMs" | "settleTimeoutMs">,
  { book, options, rpc: tablesRpc }: Around,
  path: Path,
  report: Report,
): OwnSettings | null {
  const offered = [...new Set(options.map(({ network }) => network))];
  const network = name === undefined && offered.length === 1 ? (offered[0] as string) : caip2Of(name ?? "");
  if (!book.byNetwork.has(network)) {
    const remedy =
      name === undefined ? "write which network it settles on" : unknownNetwork(name, "describe its token in tokens");
    report([...path, "network"], remedy);
    return null;
  }
  if (isSolana(network)) {
    report([...path, "network"], "only a service settles on Solana; write the URL of one");
    return null;
  }
  const urls = rpc === undefined ? (tablesRpc.get(network) ?? []) : [rpc].flat();
  if (urls.length === 0) {
    report([...path, "rpc"], `write an RPC of ${nameOf(network)} here, or in the table's rpc`);
    return null;
  }
  return { kind: "direct", network, urls, key, confirmations, maxFeeGwei, ...timeouts };
}
