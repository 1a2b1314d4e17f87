// What a transaction offers for its gas (EIP-1559), in wei for each unit of gas. Pure.

export interface Fees {
  /** The most that is paid, base fee and priority fee together. */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Prices as a node tells them. */
export interface Market {
  /** Of the latest block. */
  readonly baseFee: bigint;
  /** What it would offer now: the base fee and what blocks are given on top of it. */
  readonly gasPrice: bigint;
}

/** What a relayer has to have for one transaction: a quarter more than its gas, for what some networks charge beside it. */
export const costOf = (gas: number, feePerGas: bigint): bigint => (BigInt(gas) * feePerGas * 5n) / 4n;

/** Nodes leave out what offers nothing on top. A thousandth of a gwei costs nobody anything. */
const PRIORITY_MIN = 1_000_000n;

/** Room for the base fee to double, as far as the cap lets it; null where the cap is below today's price. */
export function feesOf({ baseFee, gasPrice }: Market, feeMax: bigint): Fees | null {
  const priority = larger(gasPrice - baseFee, PRIORITY_MIN);
  if (baseFee + priority > feeMax) return null;
  return { maxFeePerGas: smaller(2n * baseFee + priority, feeMax), maxPriorityFeePerGas: priority };
}

/**
 * For the same nonce once more: nodes take a replacement only where it offers a tenth more of both, some an eighth.
 * Today's price where that is higher; null where the cap does not let it.
 *
 * @param today null where the cap is below today's price
 */
export function replacing(old: Fees, today: Fees | null, feeMax: bigint): Fees | null {
  const least = { fee: anEighthMore(old.maxFeePerGas), priority: anEighthMore(old.maxPriorityFeePerGas) };
  if (least.fee > feeMax) return null;
  const maxFeePerGas = larger(least.fee, today?.maxFeePerGas ?? 0n);
  const priority = larger(least.priority, today?.maxPriorityFeePerGas ?? 0n);
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(priority, maxFeePerGas) };
}

const anEighthMore = (price: bigint): bigint => (price * 9n + 7n) / 8n;

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
