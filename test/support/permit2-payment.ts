// One valid payment by Permit2; each test changes one thing of it.

import { type Hex, hexToBigInt } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { ASSET, NETWORK, newAccount, PAY_TO, type Payment, unixNow } from "./payment.ts";

/** Of the specification (scheme_exact_evm), as our own constants are not the measure of themselves. */
export const PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
export const PROXY = "0x402085c248EeA27D92E8b30b2C58ed07f9E20001";

export const permit2Types = {
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
  Witness: [
    { name: "to", type: "address" },
    { name: "validAfter", type: "uint256" },
  ],
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
  validAfter: string;
}

export const messageOf = ({ token, amount, spender, nonce, deadline, to, validAfter }: Omit<Permit, "from">) => ({
  permitted: { token: token as Hex, amount: BigInt(amount) },
  spender: spender as Hex,
  nonce: BigInt(nonce),
  deadline: BigInt(deadline),
  witness: { to: to as Hex, validAfter: BigInt(validAfter) },
});

/** As it stands on the wire. */
export const nested = ({ from, token, amount, spender, nonce, deadline, to, validAfter }: Permit) => ({
  permitted: { token, amount },
  from,
  spender,
  nonce,
  deadline,
  witness: { to, validAfter },
});

export interface Permit2Payment extends Omit<Payment, "payload"> {
  payload: { signature: string; permit2Authorization: ReturnType<typeof nested> };
}

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
    validAfter: "0",
    ...changes,
  };
  const signature = await account.signTypedData({
    domain: { ...signedDomain },
    types: permit2Types,
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
