// Networks that we know, with the stablecoin that a price in dollars means there. A token enters this table only
// when its contract reverts on a used nonce: some do not (EIP-3009 leaves it to the implementation).

export interface Token {
  /** EIP-55 form. */
  readonly asset: string;
  readonly decimals: number;
  /** EIP-712 domain of the token's contract. */
  readonly name: string;
  readonly version: string;
}

export interface Network {
  /** CAIP-2. */
  readonly network: string;
  /** Names that an operator may write instead. */
  readonly names: readonly string[];
  readonly token: Token;
}

export const networks: readonly Network[] = [
  {
    network: "eip155:8453",
    names: ["base"],
    token: { asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", decimals: 6, name: "USD Coin", version: "2" },
  },
  {
    network: "eip155:84532",
    names: ["base-sepolia"],
    token: { asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e", decimals: 6, name: "USDC", version: "2" },
  },
];

export function findNetwork(nameOrCaip2: string): Network | undefined {
  return networks.find(({ network, names }) => network === nameOrCaip2 || names.includes(nameOrCaip2));
}
