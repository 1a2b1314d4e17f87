// The seller's books held against the chain's: every settled payment against a transfer, every transfer against a
// payment, to the atomic unit. Pure. It knows no nonces: within one transaction a payment is its payer and its amount,
// and one transaction may hold several.

export interface BookRow {
  readonly id: string;
  readonly network: string;
  readonly asset: string;
  readonly payer: string;
  readonly payTo: string;
  /** Atomic units. */
  readonly amount: bigint;
  readonly pay: string;
  readonly transaction: string | null;
  readonly createdAtMs: number;
}

/** Of one network's chain. */
export interface ChainTransfer {
  readonly asset: string;
  readonly transaction: string;
  readonly logIndex: number;
  readonly from: string;
  readonly to: string;
  readonly value: bigint;
  readonly blockNumber: number;
}

/** A payee's money in one token. */
export interface Account {
  readonly asset: string;
  readonly payTo: string;
}

/** What was read of the chain, beside what the books speak of. */
export interface Scope {
  /** CAIP-2. */
  readonly network: string;
  readonly accounts: readonly Account[];
  /** A settled payment that was claimed before this may have been mined before the first block that was read. */
  readonly sinceMs: number;
  /** What was mined later may not be in the books yet: it counts where a payment names it, and is no finding else. */
  readonly untilBlock: number;
}

export type Finding =
  /** Settled in the books, and its transaction holds no transfer that could be it. */
  | { readonly kind: "missing"; readonly row: BookRow }
  /** Its transaction holds a transfer of the payer's to the payee, of another amount. */
  | { readonly kind: "amount"; readonly row: BookRow; readonly transfer: ChainTransfer }
  /** Its transfer is another row's already. */
  | { readonly kind: "claimed_twice"; readonly row: BookRow; readonly other: BookRow }
  /** No settled payment of the books is this transfer; `unsettled` are those that it could be. */
  | { readonly kind: "unknown"; readonly transfer: ChainTransfer; readonly unsettled: readonly BookRow[] };

export interface Sum {
  readonly count: number;
  readonly amount: bigint;
}

export interface Balance extends Account {
  readonly network: string;
  readonly books: Sum;
  readonly chain: Sum;
  /** Chain less books. */
  readonly difference: bigint;
}

export interface Reconciliation {
  readonly balances: readonly Balance[];
  readonly findings: readonly Finding[];
  /** Not settled yet, or never found out; they are nobody's mistake. */
  readonly open: readonly BookRow[];
  /** Settled, but claimed before the blocks that were read. */
  readonly earlier: readonly BookRow[];
}

/** Pays that may yet become settled; a row of any other has ended without a charge. */
const OPEN = ["claimed", "owed", "unknown", "undetermined"];

export function reconcile(rows: readonly BookRow[], transfers: readonly ChainTransfer[], scope: Scope): Reconciliation {
  const parts = scope.accounts.map((account) =>
    reconcileAccount(
      rows.filter((row) => row.network === scope.network && isOf(account, row.asset, row.payTo)),
      transfers.filter((transfer) => isOf(account, transfer.asset, transfer.to)),
      account,
      scope,
    ),
  );
  return {
    balances: parts.map(({ balance }) => balance),
    findings: parts.flatMap(({ findings }) => findings),
    open: parts.flatMap(({ open }) => open),
    earlier: parts.flatMap(({ earlier }) => earlier),
  };
}

const isOf = (account: Account, asset: string, payTo: string): boolean =>
  isSame(account.asset, asset) && isSame(account.payTo, payTo);

const isSame = (a: string, b: string | null): boolean => a.toLowerCase() === b?.toLowerCase();

function reconcileAccount(
  rows: readonly BookRow[],
  transfers: readonly ChainTransfer[],
  account: Account,
  { network, sinceMs, untilBlock }: Scope,
) {
  const settled = rows.filter(({ pay }) => pay === "settled");
  const unsettled = rows.filter(({ pay }) => pay !== "settled");
  const { owners, unmatched } = match(settled, transfers);
  const earlier = unmatched.filter((row) => row.createdAtMs < sinceMs && !isMined(row, transfers));
  const left = transfers.filter((transfer) => !owners.has(transfer) && transfer.blockNumber <= untilBlock);
  const ofRows = unmatched.filter((row) => !earlier.includes(row)).map((row) => explain(row, left, owners));
  const told = ofRows.flatMap((finding) => (finding.kind === "amount" ? [finding.transfer] : []));
  const unknown = left
    .filter((transfer) => !told.includes(transfer))
    .map((transfer): Finding => ({ kind: "unknown", transfer, unsettled: candidates(transfer, unsettled) }));
  const books = sum(settled.filter((row) => !earlier.includes(row)).map(({ amount }) => amount));
  const chain = sum([...owners.keys(), ...left].map(({ value }) => value));
  return {
    balance: { network, ...account, books, chain, difference: chain.amount - books.amount },
    findings: [...ofRows, ...unknown],
    open: unsettled.filter(({ pay }) => OPEN.includes(pay)),
    earlier,
  };
}

/** Each settled row takes a transfer of its own; where several are alike it does not matter which. */
function match(settled: readonly BookRow[], transfers: readonly ChainTransfer[]) {
  const byTransaction = Map.groupBy(transfers, ({ transaction }) => transaction.toLowerCase());
  const owners = new Map<ChainTransfer, BookRow>();
  const unmatched: BookRow[] = [];
  for (const row of settled) {
    const own = (byTransaction.get(row.transaction?.toLowerCase() ?? "") ?? []).find(
      (transfer) => !owners.has(transfer) && isPayment(transfer, row),
    );
    if (own) owners.set(own, row);
    else unmatched.push(row);
  }
  return { owners, unmatched };
}

const isPayment = ({ from, value }: ChainTransfer, { payer, amount }: BookRow): boolean =>
  isSame(from, payer) && value === amount;

const isMined = ({ transaction }: BookRow, transfers: readonly ChainTransfer[]): boolean =>
  transfers.some((transfer) => isSame(transfer.transaction, transaction));

/** Why a settled row has no transfer. */
function explain(row: BookRow, left: readonly ChainTransfer[], owners: ReadonlyMap<ChainTransfer, BookRow>): Finding {
  const isBeside = ({ transaction, from }: ChainTransfer): boolean =>
    isSame(transaction, row.transaction) && isSame(from, row.payer);
  const transfer = left.find(isBeside);
  if (transfer) return { kind: "amount", row, transfer };
  const other = [...owners].find(([owned]) => isBeside(owned) && isPayment(owned, row))?.[1];
  return other ? { kind: "claimed_twice", row, other } : { kind: "missing", row };
}

/** A row that names the transaction is the one; else each of the payer's rows of that amount may be. */
function candidates(transfer: ChainTransfer, unsettled: readonly BookRow[]): readonly BookRow[] {
  const alike = unsettled.filter((row) => isPayment(transfer, row));
  const named = alike.filter(({ transaction }) => isSame(transfer.transaction, transaction));
  return named.length > 0 ? named : alike;
}

const sum = (amounts: readonly bigint[]): Sum => ({
  count: amounts.length,
  amount: amounts.reduce((total, amount) => total + amount, 0n),
});

/** Whether both books say the same. */
export const isEven = ({ balances, findings }: Reconciliation): boolean =>
  findings.length === 0 && balances.every(({ difference }) => difference === 0n);
