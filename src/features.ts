// The optional parts of the gate, which few tables need and every bundle with them pays for in bytes. This is all of
// them; a bundle has in its place what the build command writes, with null for what its table does not need. The door
// imports it as `features`, and hands the parts down.

import { buildChain, buildSolanaChain } from "./chain/index.ts";
import { openDirect, RelayerObject } from "./direct/index.ts";
import { buildCdpAuth } from "./facilitator/index.ts";
import { metering, sellComputed } from "./gateway/index.ts";
import { transferChecked } from "./schemes/index.ts";

export interface Features {
  /** For facilitators that take API keys of Coinbase CDP. */
  readonly buildCdpAuth: typeof buildCdpAuth | null;
  /** For settling with an account of the seller's. */
  readonly openDirect: typeof openDirect | null;
  readonly RelayerObject: typeof RelayerObject | null;
  /** For what an RPC of an EVM network says. */
  readonly buildChain: typeof buildChain | null;
  /** The same of Solana. */
  readonly buildSolanaChain: typeof buildSolanaChain | null;
  /** For payments on Solana: a row of the scheme table. */
  readonly transferChecked: typeof transferChecked | null;
  /** For prices that follow the request. */
  readonly sellComputed: typeof sellComputed | null;
  /** For prices that follow use. */
  readonly metering: typeof metering | null;
}

const features: Features = {
  buildCdpAuth,
  openDirect,
  RelayerObject,
  buildChain,
  buildSolanaChain,
  transferChecked,
  sellComputed,
  metering,
};

export default features;
