export type { CorsPolicy } from "./cors.ts";
export type { Outcome } from "./outcome.ts";
export { respond } from "./respond.ts";
