export type { Gate } from "./gate.ts";
export { handle } from "./handle.ts";
export type { RequestLine } from "./trace.ts";
