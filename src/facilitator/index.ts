export { type Authorize, type AuthSettings, openAuth } from "./auth.ts";
export { buildCdpAuth } from "./cdp.ts";
export {
  buildFacilitator,
  type Facilitator,
  type FacilitatorParts,
  type FacilitatorSettings,
  facilitatorBody,
  readSupported,
} from "./facilitator.ts";
export { buildFacilitators, type Facilitators } from "./facilitators.ts";
export type { Notes } from "./supported.ts";
