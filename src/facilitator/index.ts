export {
  buildFacilitator,
  type Facilitator,
  type FacilitatorSettings,
  facilitatorBody,
  readSupported,
} from "./facilitator.ts";
