// One valid payment by Permit2, of each of the schemes that it moves tokens for; each test changes one thing of it.

import { type Hex, hexToBigInt, numberToHex } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { ASSET, NETWORK, newAccount, PAY_TO, type Payment, unixNow } from "./payment.ts";

/** Of the specifications (scheme_exact_evm, scheme_upto_evm), as our own constants are not the measure of themselves. */
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
export const PROXY = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";
export const UPTO_PROXY = "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002";

/** Who may settle a payment by `upto`. */
export const FACILITATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

const permitTypes = {
  PermitWitnessTransferFrom: [
    { name: "permitted", type: "TokenPermissions" },
    { name: "spender", type: "address" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
    { name: "witness", type: "Witness" },
  ],
  TokenPermissions: [
    { name: "token", type: "address" },
    { name: "amount", type: "uint256" },
  ],
} as const;

const [to, validAfter] = [
  { name: "to", type: "address" },
  { name: "validAfter", type: "uint256" },
] as const;

export const permit2Types = { ...permitTypes, Witness: [to, validAfter] } as const;
export const uptoTypes = {
  ...permitTypes,
  Witness: [to, { name: "facilitator", type: "address" }, validAfter],
} as const;

export const permit2Domain = { name: "Permit2", chainId: 84532, verifyingContract: PERMIT2 } as const;

/** What is signed, without its nesting. */
export interface Permit {
  from: string;
  token: string;
  amount: string;
  spender: string;
  nonce: string;
  deadline: string;
  to: string;
  /** Null where the witness names none. */
  facilitator: string | null;
  validAfter: string;
}

export const messageOf = ({
  token,
  amount,
  spender,
  nonce,
  deadline,
  to,
  facilitator,
  validAfter,
}: Omit<Permit, "from">) => ({
  permitted: { token: token as Hex, amount: BigInt(amount) },
  spender: spender as Hex,
  nonce: BigInt(nonce),
  deadline: BigInt(deadline),
  witness: { to: to as Hex, facilitator: facilitator as Hex, validAfter: BigInt(validAfter) },
});

/** As it stands on the wire. */
export const nested = ({ from, token, amount, spender, nonce, deadline, to, facilitator, validAfter }: Permit) => ({
  permitted: { token, amount },
  from,
  spender,
  nonce,
  deadline,
  witness: { to, ...(facilitator !== null && { facilitator }), validAfter },
});

export interface Permit2Payment extends Omit<Payment, "payload"> {
  payload: { signature: string; permit2Authorization: ReturnType<typeof nested> };
}

/** As a nonce of EIP-3009 is written. */
export const nonceOf = ({ nonce }: { readonly nonce: string }): string => numberToHex(BigInt(nonce), { size: 32 });

/** @param changes to the authorization, before it is signed */
export async function signPermit2Payment(
  amount: string,
  changes: Partial<Permit> = {},
  account = newAccount(),
  signedDomain: object = permit2Domain,
): Promise<Permit2Payment> {
  const permit: Permit = {
    from: account.address,
    token: ASSET,
    amount,
    spender: PROXY,
    nonce: hexToBigInt(generatePrivateKey()).toString(),
    deadline: String(unixNow() + 300),
    to: PAY_TO,
    facilitator: null,
    validAfter: "0",
    ...changes,
  };
  const signature = await account.signTypedData({
    domain: { ...signedDomain },
    types: permit.facilitator === null ? permit2Types : uptoTypes,
    primaryType: "PermitWitnessTransferFrom",
    message: messageOf(permit),
  });
  return {
    x402Version: 2,
    accepted: {
      scheme: "exact",
      network: NETWORK,
      amount,
      asset: ASSET,
      payTo: PAY_TO,
      maxTimeoutSeconds: 300,
      extra: { assetTransferMethod: "permit2", name: "USDC", version: "2" },
    },
    payload: { signature, permit2Authorization: nested(permit) },
  };
}

/** The same by `upto`. @param amount the most that may be settled */
export async function signUptoPayment(
  amount: string,
  changes: Partial<Permit> = {},
  account = newAccount(),
  signedDomain: object = permit2Domain,
): Promise<Permit2Payment> {
  const bound = { spender: UPTO_PROXY, facilitator: FACILITATOR, ...changes };
  const { accepted, ...payment } = await signPermit2Payment(amount, bound, account, signedDomain);
  const extra = { assetTransferMethod: "permit2", name: "USDC", version: "2", facilitatorAddress: FACILITATOR };
  return { ...payment, accepted: { ...accepted, scheme: "upto", extra } };
}
