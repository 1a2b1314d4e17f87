// A price as it is written to what it is in atomic units, for each way to pay.

import type { SchemeName } from "../schemes/index.ts";
import { type AmountFlaw, type AssetTransferMethod, parseDollars, type Token } from "../x402/index.ts";
import { isMetered, type MeteredPrice } from "./meter.ts";
import { type Path, type Report, said } from "./mistake.ts";
import { type Charge, DECIMALS_MAX } from "./schema.ts";
import { methodOf, nameOf, type Option, type TokenBook, takesMethod } from "./tokens.ts";

/** A way to pay with its amount, above zero. */
export interface PricedOption extends PaidOption {
  readonly scheme: SchemeName;
  readonly amount: bigint;
  readonly assetTransferMethod: AssetTransferMethod;
}

interface PaidOption extends Option {
  readonly payTo: string;
}

/** An option that the price cannot be paid with is left out, and told. */
export function priceOptions(
  price: Charge,
  options: readonly PaidOption[],
  book: TokenBook,
  path: Path,
  report: Report,
): readonly PricedOption[] {
  if (typeof price === "string") return inDollars(price, options, path, report);
  if (isMetered(price)) return asMost(price, options, path, report);
  const [option] = options;
  if (option === undefined) return [];
  const token = book.byNetwork.get(option.network)?.find(({ asset }) => asset === price.asset);
  if (token) return inUnits(BigInt(price.amount), token, options, path, report);
  const remedy = `this token is not known on ${nameOf(option.network)}; describe it in tokens`;
  if (!isOneToken(options)) report(path, ONE_ENTRY);
  else if (book.isWhole) report([...path, "asset"], `${remedy}${said(price.asset)}`);
  return [];
}

/** Only Permit2 moves less than what was signed (scheme_upto_evm). */
function asMost(
  { upto }: MeteredPrice,
  options: readonly PaidOption[],
  path: Path,
  report: Report,
): readonly PricedOption[] {
  for (const { network } of options.filter((option) => option.assetTransferMethod === "eip3009")) {
    report(path, `what is charged by use is moved by Permit2; leave "eip3009" out of accepts for ${nameOf(network)}`);
  }
  const able = options.filter(({ token }) => takesMethod(token, "permit2"));
  for (const { network } of options.filter((option) => !able.includes(option))) {
    report(
      path,
      `what is charged by use is moved by Permit2, which ${nameOf(network)} does not have; give this route an accepts of its own`,
    );
  }
  return inDollars(upto, able, [...path, "upto"], report).map((option) => ({
    ...option,
    scheme: "upto",
    assetTransferMethod: "permit2",
  }));
}

const ONE_ENTRY = "atomic units need exactly one entry in accepts; give this route an accepts of its own";

/** What such a price leaves open is how its one token is moved. */
const isOneToken = (options: readonly PaidOption[]): boolean =>
  options.every(({ network, token }) => network === options[0]?.network && token === options[0]?.token);

function inUnits(
  amount: bigint,
  token: Token,
  options: readonly PaidOption[],
  path: Path,
  report: Report,
): readonly PricedOption[] {
  const priced = options.map((option) => ({
    ...option,
    token,
    scheme: "exact" as const,
    amount,
    assetTransferMethod: methodOf(option, token),
  }));
  const methods = new Set(priced.map(({ assetTransferMethod }) => assetTransferMethod));
  if (!isOneToken(options) || methods.size < priced.length) report(path, ONE_ENTRY);
  else if (![...methods].every((method) => takesMethod(token, method))) {
    report([...path, "asset"], `${token.name} does not take EIP-3009; write "permit2" in accepts${said(token.asset)}`);
  } else return priced;
  return [];
}

/** What a price is held against where no way to pay is known: it is refused there only for what no token could express. */
const FINEST: Token = {
  asset: "",
  name: "the finest token",
  version: "",
  decimals: DECIMALS_MAX,
  dollar: true,
  assetTransferMethod: "permit2",
};

function inDollars(price: string, options: readonly PaidOption[], path: Path, report: Report): readonly PricedOption[] {
  const tokens = options.length > 0 ? options.map(({ token }) => token) : [FINEST];
  const flaws = new Set(tokens.flatMap((token) => dollarFlaw(price, token) ?? []));
  for (const flaw of flaws) report(path, `${flaw}${said(price)}`);
  return options.flatMap((option) => {
    const amount = parseDollars(price, option.token.decimals);
    const assetTransferMethod = methodOf(option, option.token);
    return amount.ok ? [{ ...option, scheme: "exact", amount: amount.value, assetTransferMethod }] : [];
  });
}

function dollarFlaw(price: string, token: Token): string | null {
  if (!token.dollar) return notDollars(token);
  const amount = parseDollars(price, token.decimals);
  return amount.ok ? null : remedies[amount.error](token);
}

const notDollars = ({ name }: Token): string =>
  `${name} is not said to be a dollar; write atomic units, or "dollar": true in its entry of tokens`;

const remedies: { readonly [flaw in AmountFlaw]: (token: Token) => string } = {
  not_dollars: () => 'write dollars such as "$0.001"',
  zero: () => 'a price is above zero; write "free" where nothing is to be paid',
  too_precise: ({ name, decimals }) => `${name} has ${decimals} decimals; write at most that many`,
  too_large: () => "this is more than any token holds; write a smaller price",
};
