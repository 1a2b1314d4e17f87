export type { Block } from "./blocks.ts";
export { buildChain, type Chain } from "./chain.ts";
export type { Authorization } from "./events.ts";
export type { Fate } from "./fate.ts";
export { buildHistory, type History, type Transfer, type TransferQuery } from "./history.ts";
export type { ChainSettings } from "./rpc.ts";
