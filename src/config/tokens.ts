// What money is called in the file, and what it is: networks and their tokens, those of our own table and those that an
// operator adds.

import { didYouMean } from "#advice";
import { type AssetTransferMethod, findNetwork, isSolana, networks, readPublicKey, type Token } from "../x402/index.ts";
import { pathText, type Report, said } from "./mistake.ts";
import type { OptionEntry, TokenEntry } from "./schema.ts";

/** A way to pay: a token on a network, and the payee where the entry names one of its own. */
export interface Option {
  /** CAIP-2. */
  readonly network: string;
  readonly token: Token;
  /** Null where the token's own is meant. */
  readonly assetTransferMethod: AssetTransferMethod | null;
  readonly payTo: string | null;
}

export interface TokenBook {
  /** By CAIP-2; the first one is meant where only the network is named. */
  readonly byNetwork: ReadonlyMap<string, readonly Token[]>;
  /** Whether the file's own tokens are all in it; one that is wrong, and told, may be what another place means. */
  readonly isWhole: boolean;
}

/** EVM networks and Solana's, which a token of the file's own may be on. */
const NETWORK = /^(eip155:[1-9]\d{0,15}|solana:[1-9A-HJ-NP-Za-km-z]{32})$/;

export const caip2Of = (name: string): string => findNetwork(name)?.network ?? name;

/** As people call it. */
export const nameOf = (network: string): string => findNetwork(network)?.names[0] ?? network;

/** Whether an address is written as the network writes them. */
export const isAddressOn = (network: string, address: string): boolean =>
  isSolana(network) === (readPublicKey(address) !== null);

const addressOn = (network: string): string =>
  isSolana(network) ? "write a public key in base58, as addresses on Solana are" : "write 0x and 40 hex digits";

/**
 * The operator's own tokens stand behind those of the table, so that they never change what a network's name means.
 *
 * @param entries null where the list is wrong, and told
 */
export function readTokens(entries: readonly TokenEntry[] | null, report: Report): TokenBook {
  const book = new Map<string, readonly Token[]>(networks.map(({ network, token }) => [network, [token]]));
  for (const [i, { network: name, ...entry }] of (entries ?? []).entries()) {
    const network = caip2Of(name);
    const token = isSolana(network) ? solanaToken(entry) : evmToken(entry);
    const known = book.get(network) ?? [];
    const idle = idleKey(network, entry);
    if (!NETWORK.test(network))
      report(["tokens", i, "network"], unknownNetwork(name, 'write a name, or a CAIP-2 id such as "eip155:8453"'));
    else if (!isAddressOn(network, token.asset)) {
      report(["tokens", i, "asset"], `${addressOn(network)}${said(token.asset)}`);
    } else if (idle !== null) {
      report(["tokens", i, idle], `a token on ${nameOf(network)} has none; remove this`);
    } else if (known.some(({ asset }) => asset === token.asset)) {
      report(["tokens", i, "asset"], `this token is known already; remove it here${said(token.asset)}`);
    } else book.set(network, [...known, token]);
  }
  return { byNetwork: book, isWhole: entries !== null };
}

type Entry = Omit<TokenEntry, "network">;

const evmToken = ({ tokenProgram: _, version = "", ...entry }: Entry): Token => ({ ...entry, version });

/** It has no contract, and so no EIP-712 domain: a program keeps it, and moves it in one way. */
const solanaToken = ({ asset, decimals, name, dollar, tokenProgram = "spl-token" }: Entry): Token => ({
  asset,
  decimals,
  name,
  version: "",
  dollar,
  assetTransferMethod: "transferChecked",
  tokenProgram,
});

/** What the other family of networks knows of a token. */
function idleKey(network: string, { version, tokenProgram, assetTransferMethod }: Entry): string | null {
  if (!isSolana(network)) return tokenProgram === undefined ? null : "tokenProgram";
  if (version !== undefined) return "version";
  return assetTransferMethod === "eip3009" ? null : "assetTransferMethod";
}

const NETWORK_NAMES = networks.flatMap(({ names }) => names);

/** @param remedy where no network has a name that is near */
export const unknownNetwork = (name: string, remedy: string): string =>
  `"${name}" is not a network that is known here; ${didYouMean(name, NETWORK_NAMES) ?? remedy}`;

/** What the file's list of ways to pay means. An entry that is wrong is left out, and told. */
export function readOptions(
  entries: readonly (string | OptionEntry)[],
  path: readonly PropertyKey[],
  book: TokenBook,
  report: Report,
): readonly Option[] {
  const found = new Map<string, PropertyKey>();
  return entries.flatMap((entry, i) => {
    const option = readOption(typeof entry === "string" ? { network: entry } : entry, [...path, i], book, report);
    if (option === null) return [];
    const key = `${option.network} ${option.token.asset} ${methodOf(option, option.token)}`;
    const first = found.get(key);
    // Two offers may not differ in payee or amount alone: a client could not say which one it means.
    if (first !== undefined) {
      report([...path, i], `${pathText([...path, first])} already names this network and token; keep one`);
      return [];
    }
    found.set(key, i);
    return [option];
  });
}

/** How a way to pay moves this token. */
export const methodOf = (
  { assetTransferMethod }: Pick<Option, "assetTransferMethod">,
  token: Token,
): AssetTransferMethod => assetTransferMethod ?? token.assetTransferMethod;

/** Whether the token can be moved so: Permit2 moves every one of an EVM network. */
export const takesMethod = ({ assetTransferMethod: own }: Token, method: AssetTransferMethod): boolean =>
  own === method || (own === "eip3009" && method === "permit2");

function readOption(
  { network: name, asset, assetTransferMethod: method, payTo }: Pick<OptionEntry, "network"> & Partial<OptionEntry>,
  path: readonly PropertyKey[],
  book: TokenBook,
  report: Report,
): Option | null {
  const network = caip2Of(name);
  const tokens = book.byNetwork.get(network);
  if (!book.isWhole && NETWORK.test(network) && (tokens === undefined || asset !== undefined)) return null;
  if (tokens === undefined) {
    const own = "describe its token in tokens";
    report(path, unknownNetwork(name, NETWORK.test(network) ? own : `write one of ${NETWORK_NAMES.join(", ")}`));
    return null;
  }
  const token = asset === undefined ? tokens[0] : tokens.find((known) => known.asset === asset);
  if (!token) {
    report([...path, "asset"], `this token is not known on ${name}; describe it in tokens${said(asset)}`);
    return null;
  }
  if (payTo !== undefined && !isAddressOn(network, payTo)) {
    report([...path, "payTo"], `${addressOn(network)}${said(payTo)}`);
    return null;
  }
  const option = { network, token, assetTransferMethod: method ?? null, payTo: payTo ?? null };
  if (takesMethod(token, methodOf(option, token))) return option;
  const remedy = isSolana(network)
    ? "tokens on Solana move in one way; remove this"
    : `${token.name} does not take EIP-3009, its entry of tokens says; write "permit2" or remove this`;
  report([...path, "assetTransferMethod"], `${remedy}${said(method)}`);
  return null;
}
