export type { Gate, PaymentLine } from "./gate.ts";
export { handle } from "./handle.ts";
