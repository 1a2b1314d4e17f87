// An account of the seller's as a table names it, opened with the Worker's secrets. No message has anything of its key.

import type { Facilitator, OwnSettings } from "../facilitator/index.ts";
import { type Account, openAccount } from "../schemes/index.ts";
import { err, fillSecrets, missingSecret, ok, type Result, type Secrets } from "../std/index.ts";
import { buildDirect } from "./direct.ts";
import type { RelayerStub } from "./relay.ts";

/** What was opened; it is filled here, and the relayer's objects look in it. */
export interface OpenAccounts {
  readonly byAddress: Map<string, Account>;
  /** By network and address, the names of their secrets. */
  readonly secretNames: Map<string, string>;
}

export interface OpenParts {
  readonly secrets: Secrets;
  readonly accounts: OpenAccounts;
  /** The Durable Object of that name; null where none is bound. */
  readonly open: ((name: string) => RelayerStub) | null;
  readonly nowMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const WEI_PER_GWEI = 1e9;

/** The error is every reason why nothing could be settled so. */
export function openDirect(
  { kind: _, urls, key, maxFeeGwei, ...chosen }: OwnSettings,
  { secrets, accounts, open, nowMs, random }: OpenParts,
): Result<Facilitator, readonly string[]> {
  const { network } = chosen;
  const filled = fillSecrets([...urls.map((url) => ["rpc", url] as const), ["key", key]], secrets);
  if (!filled.ok) return err(filled.error.map(missingSecret));
  const texts = filled.value.map(([, text]) => text);
  const account = openAccount(texts.pop()?.trim() ?? "");
  const name = key.replaceAll(/[{}\s]/g, "");
  if (!open) return err(["wrangler.toml has to bind RELAYER"]);
  if (!account) return err([`the secret ${name} is no account's key: write 32 bytes in hexadecimal`]);
  // What it has sent is asked of it again by its address alone, so it is settled with in one way.
  const place = `${network} ${account.address}`;
  const other = accounts.secretNames.get(place);
  if (other !== undefined) return err([`${other} and ${name} hold one key for ${network}; write one of them`]);
  accounts.secretNames.set(place, name);
  accounts.byAddress.set(account.address, account);
  const feeMax = BigInt(Math.round(maxFeeGwei * WEI_PER_GWEI));
  return ok(buildDirect({ ...chosen, urls: texts, feeMax }, { account, open, nowMs, random }));
}
