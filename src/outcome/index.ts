export type { Outcome } from "./outcome.ts";
export { respond } from "./respond.ts";
