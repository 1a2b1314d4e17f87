export { type Account, type AccountSignature, openAccount } from "./account.ts";
export { type AdmittedPayment, type Attempt, admitPayment } from "./admitted.ts";
export { type Check, type CheckedPayment, checkPayment, type Judgement, type SignedPayment } from "./check.ts";
export { parseAddress } from "./eip3009.ts";
export { readAddress } from "./evm.ts";
export { isSignedBy } from "./message.ts";
export type { Moment, PaymentFlow, Scheme, SchemeName, SettleMode } from "./scheme.ts";
export { buildTerms, requirementsFor, type Terms } from "./terms.ts";
export { transferChecked } from "./transfer-checked.ts";
