export { type AmountFlaw, parseDollars } from "./amount.ts";
export {
  buildChallenge,
  CHALLENGE_FIXED_BYTES_MAX,
  type Challenge,
  encodeChallenge,
  encodeV1Challenge,
  RESOURCE_URL_BYTES_MAX,
  withExtension,
} from "./challenge.ts";
export { echoedOf, isFaithfulEcho } from "./extensions.ts";
export {
  type Abilities,
  type Expected,
  type FacilitatorReply,
  isAnswer,
  isPending,
  type Kind,
  type LateSettlement,
  readAbilities,
  readSettlement,
  readSettlementAgain,
  readVerdict,
  type Settlement,
  type Verdict,
} from "./facilitator-answer.ts";
export {
  GAS_SPONSORING_VERSION,
  type GasSponsoring,
  gasSponsoring,
  isGasSponsoring,
  signedInfo,
} from "./gas-sponsoring.ts";
export {
  type AssetTransferMethod,
  findNetwork,
  type Network,
  networks,
  type Token,
  type TokenProgram,
  v1NameOf,
} from "./networks.ts";
export { facilitatorAddressOf, type Part, readPart } from "./part.ts";
export { type PaymentFlaw, readPayment } from "./payment.ts";
export {
  eip3009PaymentId,
  isPaymentId,
  type PaymentId,
  partsOf,
  permit2PaymentId,
  solanaPaymentId,
} from "./payment-id.ts";
export { PAYMENT_IDENTIFIER, paymentIdentifier, readPaymentIdentifier } from "./payment-identifier.ts";
export { PERMIT2_ADDRESS, PERMIT2_EXACT_PROXY, PERMIT2_UPTO_PROXY } from "./permit2.ts";
export { PRICE_QUOTE, PRICE_QUOTE_BYTES_MAX, type PriceQuote, priceQuote, readPriceQuote } from "./price-quote.ts";
export { encodeReceipt, type Receipt } from "./receipt.ts";
export { isSameAddress, isSolana, isTransactionName, readPublicKey } from "./solana.ts";
export type {
  Accepted,
  PaymentPayload,
  PaymentRequirements,
  PresentedPayment,
  ResourceInfo,
  SettlementResponse,
  X402Version,
} from "./types.ts";
