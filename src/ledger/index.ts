export { type Account, type Books, buildBooks } from "./books.ts";
export { fingerprintOf, type Purchase } from "./fingerprint.ts";
export { type Known, Ledger } from "./ledger.ts";
export { buildSpentPayments, type SpentPayments } from "./spent.ts";
export type { LedgerEvent } from "./state.ts";
