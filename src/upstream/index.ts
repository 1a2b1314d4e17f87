export { trackDelivery } from "./delivery.ts";
export { CONDITIONS, isHandshake, isSetByGate } from "./headers.ts";
export { trackMetered } from "./metered.ts";
export { buildDirectory, buildSigner, type Paid, type PublicKey, type SigningKey, signWith } from "./signature.ts";
export { keyHint, readSigningKey, type SigningKeySettings } from "./signing-key.ts";
export {
  addressOf,
  buildUpstream,
  type Forwarded,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamSettings,
} from "./upstream.ts";
export { isLoop } from "./via.ts";
