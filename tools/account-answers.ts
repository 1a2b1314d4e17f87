// What the RPCs say of the accounts with which a table settles itself, as the gate would ask them: whether they answer, are on
// that network, and how many settlements the account can pay the gas of. Nothing is sent, and nothing is signed.

import { nameOf } from "../src/config/index.ts";
import { readFunds } from "../src/direct/funds.ts";
import type { OwnSettings } from "../src/facilitator/index.ts";
import { openAccount } from "../src/schemes/index.ts";
import { err, fillSecrets, ok, type Result, type Secrets } from "../src/std/index.ts";
import type { Word } from "./facilitator-answers.ts";

const TIMEOUT_MS = 10_000;
const WEI_PER_GWEI = 1e9;
const WEI_PER_COIN = 1e18;

/** @param secrets that the table names, as far as they are at hand */
export async function askAccount(settings: OwnSettings, secrets: Secrets): Promise<readonly Word[]> {
  const { network, maxFeeGwei } = settings;
  const opened = open(settings, secrets);
  if (!opened.ok) return [opened.error];
  const { address, urls } = opened.value;
  const account = `the account ${address} on ${nameOf(network)}`;
  const feeMax = BigInt(Math.round(maxFeeGwei * WEI_PER_GWEI));
  const read = await Promise.all(
    urls.map((url) => readFunds(network, address, { urls: [url], timeoutMs: TIMEOUT_MS }, feeMax)),
  );
  const silent = read.flatMap((one, i) =>
    one.ok ? [] : [bad(`SILENT  ${account}: ${one.error.replace(/^RPC 1/, `RPC ${i + 1}`)}.`)],
  );
  const funds = read.find((one) => one.ok)?.value;
  if (!funds) return silent;
  const { settlements, balance } = funds;
  const coins = `${Number(balance) / WEI_PER_COIN} of the network's coin`;
  const word =
    settlements > 0
      ? { line: `answers ${account} has ${coins}, the gas of ${settlements} settlements.`, isGood: true }
      : bad(`EMPTY   ${account} has ${coins}, or its maxFeeGwei lets it pay too little: it can settle nothing.`);
  return [word, ...silent];
}

const bad = (line: string): Word => ({ line, isGood: false });

/** The error is why it cannot be asked about. */
function open(
  { network, key, urls }: OwnSettings,
  secrets: Secrets,
): Result<{ readonly address: string; readonly urls: readonly string[] }, Word> {
  const place = `the account of ${key} on ${nameOf(network)}`;
  const filled = fillSecrets(
    [key, ...urls].map((text) => ["", text]),
    secrets,
  );
  if (!filled.ok) {
    const given = filled.error.map((name) => `${name}=…`).join(" ");
    return err({ line: `unasked ${place}: its secrets are not at hand (${given} npm run doctor).`, isGood: true });
  }
  const [text = "", ...filledUrls] = filled.value.map(([, value]) => value);
  const account = openAccount(text.trim());
  if (!account) return err(bad(`SILENT  ${place}: the secret is no account's key.`));
  return ok({ address: account.address, urls: filledUrls });
}
