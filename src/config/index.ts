export { attemptMs, type Config, parseConfig } from "./config.ts";
export { type Mistake, sentence } from "./mistake.ts";
