export type { CorsPolicy } from "./cors.ts";
export type { Outcome } from "./outcome.ts";
export { type Asker, respond } from "./respond.ts";
