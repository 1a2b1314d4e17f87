// The money of a pricing table on the local chain: one network with one token, whatever the table names. Amounts stay as
// they are written.

import { readPublicKey } from "../../src/x402/index.ts";
import { isObject, type JsonObject, type Note } from "./json.ts";

export const localNetwork = "base-sepolia";
export const localNames: readonly string[] = [localNetwork, "eip155:84532"];
/** Circle's USDC on Base Sepolia, in whose place the local token stands. */
const localAsset = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const localDecimals = 6;
/** Anvil's tenth account: nobody's, as the others of the local chain. */
const localPayee = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";

/** `payTo`, `accepts` and `price` of a table or a route. */
export function fitMoney(holder: JsonObject, table: JsonObject, path: string, note: Note): JsonObject {
  const fitted = fitPayee(holder, path, note);
  if (Array.isArray(holder.accepts)) fitted.accepts = fitAccepts(holder.accepts, table, `${path}accepts`, note);
  if (isObject(holder.price)) fitted.price = fitPrice(holder.price, table, `${path}price`, note);
  return fitted;
}

/** None of them has a contract here. */
export function fitTokens(tokens: unknown[], note: Note): unknown[] {
  const isToken = (entry: unknown): entry is JsonObject => isObject(entry) && typeof entry.asset === "string";
  for (const [i, token] of tokens.entries()) {
    if (isToken(token))
      note(`tokens[${i}]`, `${nameOf(token)} has no contract on the local chain, USDC takes its place`);
  }
  return tokens.filter((token) => !isToken(token));
}

/** A wallet of another family of chains cannot be paid here. */
function fitPayee(holder: JsonObject, path: string, note: Note): JsonObject {
  const { payTo } = holder;
  if (typeof payTo !== "string" || readPublicKey(payTo) === null) return { ...holder };
  note(`${path}payTo`, `${payTo} has no wallet on the local chain, ${localPayee} takes its place`);
  return { ...holder, payTo: localPayee };
}

function fitAccepts(accepts: unknown[], table: JsonObject, path: string, note: Note): unknown[] {
  const fitted = accepts.map((entry, index) => fitOption(entry, table, `${path}[${index}]`, note));
  const keys = fitted.map(optionKey);
  return fitted.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}

function fitOption(entry: unknown, table: JsonObject, path: string, note: Note): unknown {
  const name = isObject(entry) ? entry.network : entry;
  if (typeof name !== "string") return entry;
  if (!localNames.includes(name)) note(path, `${name} is ${localNetwork} here, on the local chain`);
  else if (!isObject(entry) || isLocal(entry.asset ?? localAsset)) return entry;
  const { asset, ...option } = isObject(entry) ? fitPayee(entry, `${path}.`, note) : {};
  // An asset of another network has no contract on the local chain; its default stablecoin takes its place, moved as it.
  const { assetTransferMethod } = meantToken(name, asset, table) ?? {};
  const fitted = { ...(assetTransferMethod !== undefined && { assetTransferMethod }), ...option };
  return isObject(entry) || Object.keys(fitted).length > 0 ? { ...fitted, network: localNetwork } : localNetwork;
}

/** The table's own token; a network that is its own too is named by its first. */
function meantToken(network: string, asset: unknown, { tokens }: JsonObject): JsonObject | undefined {
  if (typeof asset === "string") return tokenOf(asset, { tokens });
  const known = Array.isArray(tokens) ? tokens.filter(isObject) : [];
  return network.includes(":") ? known.find((token) => token.network === network) : undefined;
}

/** Atomic units of one token are asked as so many units of another. */
function fitPrice(price: JsonObject, table: JsonObject, path: string, note: Note): JsonObject {
  const { amount, asset } = price;
  if (typeof asset !== "string" || isLocal(asset)) return price;
  const token = tokenOf(asset, table);
  const decimals = typeof token?.decimals === "number" ? token.decimals : localDecimals;
  const differs = decimals === localDecimals ? "" : `, which has ${localDecimals} decimals and not ${decimals}`;
  note(path, `${amount} units of ${nameOf(token ?? { asset })} are ${amount} units of USDC here${differs}`);
  return { ...price, asset: localAsset };
}

function tokenOf(asset: string, { tokens }: JsonObject): JsonObject | undefined {
  const known = Array.isArray(tokens) ? tokens.filter(isObject) : [];
  return known.find((token) => String(token.asset).toLowerCase() === asset.toLowerCase());
}

const nameOf = ({ name, asset }: JsonObject): string => String(name ?? asset);

const isLocal = (asset: unknown): boolean => String(asset).toLowerCase() === localAsset.toLowerCase();

/** Equal for entries that would be the same offer twice. */
function optionKey(entry: unknown): string {
  const option = isObject(entry) ? entry : { network: entry };
  const network = localNames.includes(String(option.network)) ? localNetwork : option.network;
  const { scheme = "exact", assetTransferMethod = "eip3009" } = option;
  return JSON.stringify([network, String(option.asset ?? localAsset).toLowerCase(), scheme, assetTransferMethod]);
}
