// The EIP-712 domain of a token's contract, in which its owner signs for EIP-3009 and for EIP-2612.

import type { Token } from "../x402/index.ts";
import { hashDomain } from "./eip712.ts";
import { chainIdOf } from "./evm.ts";

/** By network and asset: a table of ten thousand routes has a handful. */
const domains = new Map<string, Uint8Array>();

/** @returns the domain separator, 32 bytes */
export function tokenDomain(network: string, { name, version, asset }: Token): Uint8Array {
  const key = JSON.stringify([network, asset, name, version]);
  const domain = domains.get(key) ?? hashDomain({ name, version, chainId: chainIdOf(network), asset });
  domains.set(key, domain);
  return domain;
}
