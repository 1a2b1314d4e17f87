// A price that follows the request, in words for people: what it follows, and its entries in the order of the table.

import type { ComputedAccess, FixedAccess } from "../src/config/index.ts";
import { MCP_FREE, MCP_FREE_PREFIX, selectorText } from "../src/tariff/index.ts";

export const followsText = ({ tariff }: ComputedAccess): string =>
  tariff.kind === "table" ? `by ${selectorText(tariff.table.selector)}` : `as ${tariff.path} says`;

/** What MCP needs beside its calls, and nobody has written a price for. */
export const OF_TRANSPORT = { kind: "free" } as const;
export type Listed = FixedAccess | typeof OF_TRANSPORT;

/** Each with what a request says that means it. */
export function entriesOf({ tariff }: ComputedAccess): readonly (readonly [said: string, access: Listed])[] {
  if (tariff.kind === "quoted") {
    const { most, fallback } = tariff;
    return [["(at most)", most] as const, ...(fallback ? [["(without a quote)", fallback] as const] : [])];
  }
  const { selector, entries, steps, missing, otherwise } = tariff.table;
  const free = [...MCP_FREE, `${MCP_FREE_PREFIX}…`, "GET", "DELETE"].filter((name) => !entries.has(name));
  return [
    ...entries,
    ...steps.map(([bytesMax, access]) => [`up to ${bytesMax} bytes`, access] as const),
    ...(selector.kind === "mcp" ? [[free.join(", "), OF_TRANSPORT] as const] : []),
    ...(missing ? [["(left out)", missing] as const] : []),
    ...(otherwise ? [["(anything else)", otherwise] as const] : []),
  ];
}

/**
 * Whether what no entry names costs less than something that one does: an API that reads a value in a way of its own
 * would sell it for that. Tokens are told apart, so only amounts of one are compared.
 */
export function isCheaperUnnamed({ tariff }: ComputedAccess): boolean {
  if (tariff.kind === "quoted") return false;
  const { entries, steps, otherwise } = tariff.table;
  const named = [...entries.values(), ...steps.map(([, access]) => access)];
  return otherwise !== null && named.some((access) => costOf(access) > costOf(otherwise));
}

function costOf(access: FixedAccess): bigint {
  // What is closed sells nothing for less.
  if (access.kind === "closed") return BigInt(Number.MAX_SAFE_INTEGER) ** 4n;
  return access.kind === "free" ? 0n : BigInt(access.offer.terms[0]?.requirements.amount ?? 0);
}
