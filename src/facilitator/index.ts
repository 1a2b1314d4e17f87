export { type Authorize, type AuthSettings, openAuth } from "./auth.ts";
export { buildCdpAuth } from "./cdp.ts";
export {
  buildFacilitator,
  type Facilitator,
  type FacilitatorSettings,
  facilitatorBody,
  readSupported,
} from "./facilitator.ts";
