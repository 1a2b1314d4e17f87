// The relayer's own money: what it has for gas, and the warning when that comes to its end. Whoever sells does not see it
// otherwise before nothing settles any more.

import { buildEndpoints, type ChainSettings, type Fetch, failOver, fault, parseBigQuantity } from "../chain/index.ts";
import { err, ok, type Result } from "../std/index.ts";
import { costOf, feesOf } from "./fees.ts";
import { readMarket } from "./survey.ts";

export interface Funds {
  /** Wei. */
  readonly balance: bigint;
  /** How many usual transfers that pays for, at what one may cost today; 0 also where that is over the cap. */
  readonly settlements: number;
}

/** Circle's USDC takes from 60,000 to 110,000, depending on its version and on whether the payee had some before. */
const USUAL_GAS = 110_000;
/** A warning is not said again for so long. */
const WARN_AGAIN_MS = 600_000;

/** @param network CAIP-2; the error is a sentence for an operator, without a URL's secret */
export function readFunds(
  network: string,
  relayer: string,
  settings: ChainSettings,
  feeMax: bigint,
  fetcher: Fetch = globalThis,
): Promise<Result<Funds, string>> {
  return failOver(buildEndpoints(settings, fetcher), network, async (ask) => {
    const results = await ask([
      { method: "eth_getBlockByNumber", params: ["latest", false] },
      { method: "eth_gasPrice", params: [] },
      { method: "eth_getBalance", params: [relayer, "latest"] },
    ]);
    if (!results.ok) return results;
    const [head, gasPrice, wei] = results.value;
    const [market, balance] = [readMarket(head, gasPrice), parseBigQuantity(wei)];
    if (market === null || balance === null) return err(fault("does not say what sending costs"));
    const fees = feesOf(market, feeMax);
    return ok({ balance, settlements: fees ? settlementsOf(balance, USUAL_GAS, fees.maxFeePerGas) : 0 });
  });
}

const settlementsOf = (balance: bigint, gas: number, feePerGas: bigint): number =>
  Number(balance / costOf(gas, feePerGas));

/** @returns how many more such transfers the relayer can pay for; few of them are told to the operator */
export function buildPurse(settlementsMin: number, nowMs: () => number) {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return (network: string, relayer: string, balance: bigint, gas: number, feePerGas: bigint): number => {
    const settlements = settlementsOf(balance, gas, feePerGas);
    if (settlements < settlementsMin && nowMs() >= quietUntilMs) {
      quietUntilMs = nowMs() + WARN_AGAIN_MS;
      const line = { event: "relayer_low", network, relayer, balance: balance.toString(), settlements };
      console.warn(JSON.stringify(line));
    }
    return settlements;
  };
}
