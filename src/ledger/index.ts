export {
  type Books,
  buildBooks,
  buildExposure,
  buildTransactions,
  type Exposure,
  type LedgerStub,
  readGateKey,
  type Transactions,
} from "./books.ts";
export type { CapName, Caps } from "./claim.ts";
export { digestOf, digestOfBytes, fingerprintOf, type Purchase } from "./fingerprint.ts";
export { type Clerk, LedgerObject, type LedgerParts } from "./ledger.ts";
export { buildNotes } from "./notes.ts";
export { BOOKS_TABLE, writeEntries } from "./sink.ts";
export { buildSpentPayments, type SpentPayments } from "./spent.ts";
export type { Sql, Store } from "./sql.ts";
export type { StoredAnswer } from "./standing.ts";
export type { Lease, LedgerEvent } from "./state.ts";
export type { Claim, ClaimAnswer, Due, Entry, Known, Presentation, Unsettled } from "./words.ts";
