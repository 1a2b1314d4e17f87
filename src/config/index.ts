export { parseConfig } from "./config.ts";
export { atomicOf, microsOf } from "./limits.ts";
export { type Mistake, sentence } from "./mistake.ts";
export {
  attemptMs,
  CONFIRM_MS,
  type Config,
  type FreeAccess,
  type Offer,
  type PaidAccess,
  type PricedRoute,
  settleMs,
} from "./table.ts";
