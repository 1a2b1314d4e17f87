export { type Authorize, type AuthSettings, openAuth } from "./auth.ts";
export { Breaker, inTurn } from "./breaker.ts";
export { buildCdpAuth } from "./cdp.ts";
export {
  buildFacilitator,
  canSettle,
  type Facilitator,
  type FacilitatorParts,
  type FacilitatorSettings,
  facilitatorBody,
  type HttpSettings,
  type OwnSettings,
  partBody,
  readSupported,
  titleOf,
} from "./facilitator.ts";
export { buildFacilitators, type Facilitators, type Known, knownOf } from "./facilitators.ts";
export { type Listed, type Notes, Supported } from "./supported.ts";
