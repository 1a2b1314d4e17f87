// The optional parts of the gate, which few tables need and every bundle with them pays for in bytes. This is all of
// them; a bundle has in its place what the build command writes, with null for what its table does not need. The door
// imports it as `features`, and hands the parts down.

import { buildCdpAuth } from "./facilitator/index.ts";

export interface Features {
  /** For facilitators that take API keys of Coinbase CDP. */
  readonly buildCdpAuth: typeof buildCdpAuth | null;
}

const features: Features = { buildCdpAuth };

export default features;
