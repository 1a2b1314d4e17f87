// Who pays the gas of the allowance that Permit2 needs: extensions `eip2612GasSponsoring` (the client signs the token's own
// permit) and `erc20ApprovalGasSponsoring` (it signs the transaction that approves). The facilitator keeps the promise, so
// they are advertised where one lists them and nowhere else.

import { isObject, type JsonObject } from "../std/index.ts";

export type GasSponsoring = "eip2612GasSponsoring" | "erc20ApprovalGasSponsoring";

/** The member of the info that the client signs, and what stands beside it. */
const SIGNED: { readonly [name in GasSponsoring]: readonly [signed: string, ...beside: readonly string[]] } = {
  eip2612GasSponsoring: ["signature", "from", "asset", "spender", "amount", "nonce", "deadline", "version"],
  erc20ApprovalGasSponsoring: ["signedTransaction", "from", "asset", "spender", "amount", "version"],
};

/** Of the info. */
export const GAS_SPONSORING_VERSION = "1";

/**
 * What is advertised. The info has no description, though the documents' examples have one: their payments leave it out
 * again, and an echo has to contain all that was sent. Of the schema it says what is asked, each of it a text; a challenge
 * has to fit into a header, and the patterns stand in the documents.
 */
const advertised = (name: GasSponsoring): JsonObject => ({
  info: { version: GAS_SPONSORING_VERSION },
  schema: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    required: SIGNED[name],
    additionalProperties: { type: "string" },
  },
});

export const gasSponsoring: { readonly [name in GasSponsoring]: JsonObject } = {
  eip2612GasSponsoring: advertised("eip2612GasSponsoring"),
  erc20ApprovalGasSponsoring: advertised("erc20ApprovalGasSponsoring"),
};

export const isGasSponsoring = (name: string): name is GasSponsoring => Object.hasOwn(gasSponsoring, name);

/** What the client made of the info; null where it signed nothing and only echoed it. */
export function signedInfo(extensions: JsonObject, name: GasSponsoring): JsonObject | null {
  const extension = extensions[name];
  const info = isObject(extension) ? extension["info"] : null;
  return isObject(info) && Object.hasOwn(info, SIGNED[name][0]) ? info : null;
}
