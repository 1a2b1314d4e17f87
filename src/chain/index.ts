export { type Block, blockCall, parseBlock } from "./blocks.ts";
export { buildChain, buildSolanaChain, type Chain } from "./chain.ts";
export { BALANCE_OF } from "./cover.ts";
export { AUTHORIZATION_STATE, type Authorization } from "./events.ts";
export type { Fate } from "./fate.ts";
export { addressWord, parseBigQuantity, parseQuantity, parseWord, toQuantity, wordAddress } from "./hex.ts";
export { buildHistory, type History, type Transfer, type TransferQuery } from "./history.ts";
export { judgeReceipt } from "./judgement.ts";
export { parseReceipt, type Receipt } from "./receipt.ts";
export {
  type Ask,
  type AskEach,
  buildEndpoints,
  type Call,
  type ChainSettings,
  type Endpoint,
  type Fault,
  type Fetch,
  failOver,
  fault,
  type Reply,
  readNetwork,
} from "./rpc.ts";
