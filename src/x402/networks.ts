// Networks that we know, with the stablecoin that a price in dollars means there. A token of an EVM network enters this
// table only when its contract takes EIP-3009. Sources: Circle's list of USDC contracts, and the official x402 SDK's
// default assets, against which a test holds every row that both have.

/**
 * Who moves a token for its owner's signature: its own contract, or Permit2 (scheme_exact_evm, "AssetTransferMethod"). On
 * Solana it is the token program's TransferChecked, which no `extra` names.
 */
export type AssetTransferMethod = "eip3009" | "permit2" | "transferChecked";

/** Which program keeps a token on Solana (scheme_exact_svm, section 1.1). */
export type TokenProgram = "spl-token" | "token-2022";

export interface Token {
  /** EIP-55 form; on Solana the mint in base58. */
  readonly asset: string;
  readonly decimals: number;
  /** With the version, the EIP-712 domain of the token's contract; on Solana what people call it. */
  readonly name: string;
  /** Empty where the contract has no such domain, and on Solana; of EVM tokens Permit2 alone moves such a one. */
  readonly version: string;
  /** Whether one of it is taken for a dollar, so that a price in dollars can be asked in it. */
  readonly dollar: boolean;
  /** Meant where nothing else is said. Permit2 moves what takes EIP-3009 too, and not the other way round. */
  readonly assetTransferMethod: AssetTransferMethod;
  /** On Solana alone. */
  readonly tokenProgram?: TokenProgram;
}

export interface Network {
  /** CAIP-2. */
  readonly network: string;
  /** Names that an operator may write instead. */
  readonly names: readonly string[];
  /** What v1 of the protocol calls it; null where v1 does not know it. */
  readonly v1Name: string | null;
  readonly token: Token;
}

type Row = readonly [chainId: number, names: readonly string[], asset: string, name: string, version: string];

const rows: readonly Row[] = [
  [8453, ["base"], "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USD Coin", "2"],
  [84532, ["base-sepolia"], "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC", "2"],
  [1, ["ethereum"], "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USD Coin", "2"],
  [11155111, ["sepolia", "ethereum-sepolia"], "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238", "USDC", "2"],
  [137, ["polygon"], "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USD Coin", "2"],
  [80002, ["polygon-amoy", "amoy"], "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582", "USDC", "2"],
  [42161, ["arbitrum"], "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USD Coin", "2"],
  [421614, ["arbitrum-sepolia"], "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", "USD Coin", "2"],
  [10, ["optimism"], "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85", "USD Coin", "2"],
  [43114, ["avalanche"], "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "USD Coin", "2"],
  [43113, ["avalanche-fuji", "fuji"], "0x5425890298aed601595a70AB815c96711a31Bc65", "USD Coin", "2"],
  [1329, ["sei"], "0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392", "USDC", "2"],
  [1328, ["sei-testnet"], "0x4fCF1784B31630811181f670Aea7A7bEF803eaED", "USDC", "2"],
  [143, ["monad"], "0x754704Bc059F8C67012fEd69BC8A327a5aafb603", "USDC", "2"],
  [42220, ["celo"], "0xcebA9300f2b948710d2653dD7B07f33A8B32118C", "USDC", "2"],
  [11142220, ["celo-sepolia"], "0x01C5C0122039549AD1493B8220cABEdD739BC44E", "USDC", "2"],
  [50, ["xdc"], "0xfA2958CB79b0491CC627c1557F441eF849Ca8eb1", "USDC", "2"],
  [51, ["xdc-apothem"], "0xb5AB69F7bBada22B28e79C8FFAECe55eF1c771D4", "USDC", "2"],
  [36900, ["adi"], "0x9cb8142aEBBcdc60AF7c97Af897A67A8f3CA71C2", "USDC.e", "2"],
  [190415, ["hpp"], "0x401eCb1D350407f13ba348573E5630B83638E30D", "Bridged USDC", "2"],
  [181228, ["hpp-sepolia"], "0x401eCb1D350407f13ba348573E5630B83638E30D", "Bridged USDC", "2"],
  [988, ["stable"], "0x779Ded0c9e1022225f8E0630b35a9b54bE713736", "USDT0", "1"],
  [2201, ["stable-testnet"], "0x78Cf24370174180738C5B8E352B6D14c83a6c9A9", "USDT0", "1"],
  [14, ["flare"], "0xe7cd86e13AC4309349F30B3435a9d337750fC82D", "USD\u20AE0", "1"],
];

/** The first characters of the genesis block's hash, our name, which is v1's too, and the mint of USDC. */
const solanaRows: readonly (readonly [reference: string, name: string, mint: string])[] = [
  ["5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "solana", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"],
  ["EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "solana-devnet", "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"],
];

/** The EVM networks of v1; a name that is not in its list makes clients refuse the whole challenge. */
const V1_NAMES: readonly string[] = [
  "base",
  "base-sepolia",
  "polygon",
  "polygon-amoy",
  "avalanche",
  "avalanche-fuji",
  "sei",
  "sei-testnet",
];

/** Every one of these tokens counts in millionths. */
const DECIMALS = 6;

const evmNetworks: readonly Network[] = rows.map(([chainId, names, asset, name, version]) => ({
  network: `eip155:${chainId}`,
  names,
  v1Name: names.find((name) => V1_NAMES.includes(name)) ?? null,
  token: { asset, decimals: DECIMALS, name, version, dollar: true, assetTransferMethod: "eip3009" },
}));

const solanaNetworks: readonly Network[] = solanaRows.map(([reference, name, asset]) => ({
  network: `solana:${reference}`,
  names: [name],
  v1Name: name,
  token: {
    asset,
    decimals: DECIMALS,
    name: "USDC",
    version: "",
    dollar: true,
    assetTransferMethod: "transferChecked",
    tokenProgram: "spl-token",
  },
}));

export const networks: readonly Network[] = [...evmNetworks, ...solanaNetworks];

/** Null where v1 has no name for it. */
export const v1NameOf = (network: string): string | null => findNetwork(network)?.v1Name ?? null;

/** The CAIP-2 name of a network in v1's words. */
export const networkOfV1 = (name: string): string | null =>
  networks.find(({ v1Name }) => v1Name === name)?.network ?? null;

export function findNetwork(nameOrCaip2: string): Network | undefined {
  return networks.find(({ network, names }) => network === nameOrCaip2 || names.includes(nameOrCaip2));
}
