export { parseConfig } from "./config.ts";
export { atomicOf, microsOf } from "./limits.ts";
export { type Mistake, mistakeAt, sentence } from "./mistake.ts";
export { isMore, offerAt, termsAt } from "./repricing.ts";
export {
  attemptMs,
  CONFIRM_MS,
  type ComputedAccess,
  type Config,
  type FixedAccess,
  type FreeAccess,
  LEASE_MARGIN_MS,
  type Offer,
  offersOf,
  type PaidAccess,
  type PricedRoute,
  type Quoting,
  settleMs,
} from "./table.ts";
export { nameOf } from "./tokens.ts";
