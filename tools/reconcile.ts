// `npm run reconcile`: whether the seller's books and the chain say the same, to the atomic unit. It exits with 0 only
// if they do. It reads, and moves nothing.

import { buildHistory, type History, readNetwork } from "../src/chain/index.ts";
import type { Result } from "../src/std/index.ts";
import { findNetwork } from "../src/x402/index.ts";
import { parseOptions, parsePath, parseUrl, runCommand, UsageError } from "./command-line.ts";
import { align } from "./compiled-table.ts";
import {
  type Account,
  type BookRow,
  type ChainTransfer,
  type Finding,
  isEven,
  type Reconciliation,
  reconcile,
} from "./reconciliation.ts";
import { readKept, readRemote } from "./seller-books.ts";

const usage =
  "npm run reconcile -- --rpc URL [--books FILE|DIR] [--env ENV] [--from BLOCK] [--pay-to ADDRESS]\n" +
  "  Without --books they are read from D1, of the environment that --env names.";

const optionTypes = {
  rpc: { type: "string" },
  books: { type: "string" },
  env: { type: "string" },
  from: { type: "string" },
  "pay-to": { type: "string" },
} as const;

const RPC_TIMEOUT_MS = 30_000;
/** A chain's time and the gate's differ. */
const CLOCK_SKEW_MS = 5 * 60_000;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is not an option.`);
  if (values.rpc === undefined) throw new UsageError("Name the chain's RPC with --rpc.");
  const url = parseUrl("--rpc", values.rpc);
  const payTo = values["pay-to"];
  if (payTo !== undefined && !isAddress(payTo)) throw new UsageError(`--pay-to is an address, not "${payTo}".`);
  const from = parseBlock(values.from);
  const settings = { urls: [url], timeoutMs: RPC_TIMEOUT_MS };
  const network = await readNetwork(settings);
  if (network === null) throw new Error("The RPC does not say which chain it is on.");
  const history = buildHistory(network, settings);
  // The head before the books: what is mined while they are read may not be in them yet.
  const untilBlock = must(await history.latestBlock()).number;
  const books = parsePath(values.books);
  const all = books === undefined ? await readRemote(values.env) : readKept(books);
  const rows = all.filter((row) => row.network === network && isPaidTo(row, payTo));
  const accounts = accountsOf(rows, network, payTo);
  const fromBlock = from ?? (await firstBlock(history, rows));
  const sinceMs = from === undefined ? 0 : must(await history.timeOf(from));
  const transfers = await readTransfers(history, accounts, fromBlock);
  const result = reconcile(rows, transfers, { network, accounts, sinceMs, untilBlock });
  const elsewhere = all.filter((row) => row.network !== network);
  console.log(format(result, { network, fromBlock, untilBlock, elsewhere }));
  return isEven(result) ? 0 : 1;
});

function parseBlock(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,15}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`--from is the number of a block, not "${text}".`);
}

/** Of an account of either family of chains; whose it is, the books and the chain say. */
function isAddress(text: string): boolean {
  return /^(?:0x[0-9A-Fa-f]{40}|[1-9A-HJ-NP-Za-km-z]{32,44})$/.test(text);
}

function must<T>(result: Result<T, string>): T {
  if (result.ok) return result.value;
  throw new Error(`The chain cannot be read: ${result.error}.`);
}

function isPaidTo(row: BookRow, payTo: string | undefined): boolean {
  return payTo === undefined || row.payTo.toLowerCase() === payTo.toLowerCase();
}

/** Those of the books; for a payee that they do not know, the network's usual token. */
function accountsOf(rows: readonly BookRow[], network: string, payTo: string | undefined): readonly Account[] {
  const known = Map.groupBy(rows, ({ asset, payTo: payee }) => `${asset}|${payee}`.toLowerCase());
  const accounts = [...known.values()].flatMap(([row]) => (row ? [{ asset: row.asset, payTo: row.payTo }] : []));
  if (accounts.length > 0) return accounts;
  // To agree with a chain that nobody looked at would prove nothing.
  if (payTo === undefined) throw new Error(`The books know no payment on ${network}: name the payee with --pay-to.`);
  const asset = findNetwork(network)?.token.asset;
  if (asset === undefined) throw new Error(`The books do not know ${payTo}, and ${network} has no usual token.`);
  return [{ asset, payTo }];
}

/** Before the first payment nothing was paid. */
async function firstBlock(history: History, rows: readonly BookRow[]): Promise<number> {
  const firstMs = rows.reduce((first, { createdAtMs }) => Math.min(first, createdAtMs), Number.POSITIVE_INFINITY);
  return firstMs === Number.POSITIVE_INFINITY ? 0 : must(await history.blockAt(firstMs - CLOCK_SKEW_MS));
}

async function readTransfers(
  history: History,
  accounts: readonly Account[],
  fromBlock: number,
): Promise<readonly ChainTransfer[]> {
  const toBlock = must(await history.latestBlock()).number;
  const found: ChainTransfer[] = [];
  for (const { asset, payTo } of accounts) {
    const transfers = must(await history.readTransfers({ asset, payTo, fromBlock, toBlock }));
    found.push(...transfers.map((transfer) => ({ asset, ...transfer })));
  }
  return found;
}

interface Circumstances {
  readonly network: string;
  readonly fromBlock: number;
  readonly untilBlock: number;
  readonly elsewhere: readonly BookRow[];
}

function format(result: Reconciliation, { network, fromBlock, untilBlock, elsewhere }: Circumstances): string {
  const { findings, open, earlier } = result;
  const sections = [
    `${network}, blocks ${fromBlock} to ${untilBlock}`,
    align(balanceRows(result)).join("\n"),
    list("What does not fit", findings.map(findingText)),
    list("Not settled yet, or never found out", open.map(rowText)),
    list("Perhaps settled before these blocks", earlier.map(rowText)),
    elsewhere.length > 0 && `Payments on other networks, which have RPCs of their own: ${elsewhere.length}`,
    isEven(result) ? "Books and chain say the same." : "Books and chain do not say the same.",
  ];
  return sections.filter(Boolean).join("\n\n");
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}: ${lines.length}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

function balanceRows({ balances }: Reconciliation): readonly (readonly string[])[] {
  const head = ["asset", "payee", "books", "in atomic units", "chain", "in atomic units", "difference"];
  const rows = balances.map(({ asset, payTo, books, chain, difference }) => [
    ...[asset, payTo, String(books.count), String(books.amount)],
    ...[String(chain.count), String(chain.amount), String(difference)],
  ]);
  return [head, ...rows];
}

function rowText({ id, pay, amount, transaction }: BookRow): string {
  return `${pay} ${amount}: ${id}${transaction === null ? "" : `, in ${transaction}`}`;
}

function findingText(finding: Finding): string {
  switch (finding.kind) {
    case "missing":
      return `the transaction holds no such transfer: ${rowText(finding.row)}`;
    case "amount":
      return `the chain says ${finding.transfer.value}: ${rowText(finding.row)}`;
    case "claimed_twice":
      return `its transfer is that of ${finding.other.id} already: ${rowText(finding.row)}`;
    case "unknown": {
      const { value, from, transaction, blockNumber } = finding.transfer;
      const known = finding.unsettled.map(rowText).join("; ");
      const words = known === "" ? "the books do not know it" : `the books may know it as ${known}`;
      return `${value} from ${from} in ${transaction}, block ${blockNumber}: ${words}`;
    }
  }
}
