export { buildDirect } from "./direct.ts";
export { type Funds, readFunds } from "./funds.ts";
export { type OpenAccounts, openDirect } from "./open.ts";
export type { RelayerStub } from "./relay.ts";
export { RelayerObject, type RelayerParts } from "./relayer.ts";
export { DIRECT_DEFAULTS, type DirectChoice, type DirectParts, type DirectSettings } from "./settings.ts";
