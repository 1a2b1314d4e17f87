export { trackDelivery } from "./delivery.ts";
export { isSetByGate } from "./headers.ts";
export { fillSecrets } from "./secrets.ts";
export {
  addressOf,
  buildUpstream,
  type Forwarded,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamSettings,
} from "./upstream.ts";
export { isLoop } from "./via.ts";
