// What money is called in the file, and what it is: networks and their tokens, those of our own table and those that an
// operator adds.

import { type AssetTransferMethod, findNetwork, networks, type Token } from "../x402/index.ts";
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

const EVM = /^eip155:[1-9]\d{0,15}$/;

export const caip2Of = (name: string): string => findNetwork(name)?.network ?? name;

/**
 * The operator's own tokens stand behind those of the table, so that they never change what a network's name means.
 *
 * @param entries null where the list is wrong, and told
 */
export function readTokens(entries: readonly TokenEntry[] | null, report: Report): TokenBook {
  const book = new Map<string, readonly Token[]>(networks.map(({ network, token }) => [network, [token]]));
  for (const [i, { network: name, ...entry }] of (entries ?? []).entries()) {
    const network = caip2Of(name);
    const token = { ...entry, version: entry.version ?? "" };
    const known = book.get(network) ?? [];
    if (!EVM.test(network)) report(["tokens", i, "network"], `${unknownNetwork} such as "eip155:8453"${said(name)}`);
    else if (known.some(({ asset }) => asset === token.asset)) {
      report(["tokens", i, "asset"], `this token is known already; remove it here${said(token.asset)}`);
    } else book.set(network, [...known, token]);
  }
  return { byNetwork: book, isWhole: entries !== null };
}

const unknownNetwork = "write the name of a network that is known here, or its CAIP-2 id";

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

/** Whether the token can be moved so: Permit2 moves every one. */
export const takesMethod = (token: Token, method: AssetTransferMethod): boolean =>
  method === "permit2" || token.assetTransferMethod === method;

function readOption(
  { network: name, asset, assetTransferMethod: method, payTo }: Pick<OptionEntry, "network"> & Partial<OptionEntry>,
  path: readonly PropertyKey[],
  book: TokenBook,
  report: Report,
): Option | null {
  const network = caip2Of(name);
  const tokens = book.byNetwork.get(network);
  if (!book.isWhole && EVM.test(network) && (tokens === undefined || asset !== undefined)) return null;
  if (tokens === undefined) {
    const names = networks.flatMap(({ names: known }) => known).join(", ");
    const own = EVM.test(network) ? "; a network of your own needs a token in tokens" : "";
    report(path, `"${name}" is not a network that is known here; write one of ${names}${own}`);
    return null;
  }
  const token = asset === undefined ? tokens[0] : tokens.find((known) => known.asset === asset);
  if (!token) {
    report([...path, "asset"], `this token is not known on ${name}; describe it in tokens${said(asset)}`);
    return null;
  }
  const option = { network, token, assetTransferMethod: method ?? null, payTo: payTo ?? null };
  if (takesMethod(token, methodOf(option, token))) return option;
  const remedy = `${token.name} does not take EIP-3009, its entry of tokens says; write "permit2" or remove this`;
  report([...path, "assetTransferMethod"], `${remedy}${said(method)}`);
  return null;
}
