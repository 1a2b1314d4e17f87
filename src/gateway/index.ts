export { sellComputed } from "./computed.ts";
export type { Gate } from "./gate.ts";
export { handle } from "./handle.ts";
export { metering } from "./metered.ts";
export { redemptionText } from "./redeem.ts";
export { findOut } from "./resolve.ts";
export type { RequestLine } from "./trace.ts";
