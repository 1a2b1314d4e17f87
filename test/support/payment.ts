// One valid payment; each test changes one thing of it.

import { type Hex, hexToBigInt, numberToHex } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";

export const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
export const ASSET = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
export const NETWORK = "eip155:84532";

export const types = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

export const domain = { name: "USDC", version: "2", chainId: 84532, verifyingContract: ASSET } as const;

export interface Authorization {
  from: string;
  to: string;
  value: string;
  validAfter: string;
  validBefore: string;
  nonce: string;
}

export interface Payment {
  x402Version: number;
  resource?: unknown;
  accepted: { [key: string]: unknown };
  payload: { signature: string; authorization: Authorization };
  extensions?: unknown;
}

export const newAccount = (key: Hex = generatePrivateKey()): PrivateKeyAccount => privateKeyToAccount(key);

export const unixNow = (): number => Math.floor(Date.now() / 1000);

/** @param changes to the authorization, before it is signed */
export async function signPayment(
  amount: string,
  changes: Partial<Authorization> = {},
  account = newAccount(),
  signedDomain: { readonly [key: string]: unknown } = domain,
): Promise<Payment> {
  const authorization: Authorization = {
    from: account.address,
    to: PAY_TO,
    value: amount,
    validAfter: "0",
    validBefore: String(unixNow() + 300),
    nonce: generatePrivateKey(),
    ...changes,
  };
  const signature = await account.signTypedData({
    domain: signedDomain,
    types,
    primaryType: "TransferWithAuthorization",
    message: {
      from: authorization.from as Hex,
      to: authorization.to as Hex,
      value: BigInt(authorization.value),
      validAfter: BigInt(authorization.validAfter),
      validBefore: BigInt(authorization.validBefore),
      nonce: authorization.nonce as Hex,
    },
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
      extra: { name: "USDC", version: "2" },
    },
    payload: { signature, authorization },
  };
}

export const encodePayment = (payment: unknown): string => btoa(JSON.stringify(payment));

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The other signature of the same message: s in the upper half, v turned round. */
export function malleate(signature: string): string {
  const s = ORDER - hexToBigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return `${signature.slice(0, 66)}${numberToHex(s, { size: 32 }).slice(2)}${v}`;
}

/** v as 0 or 1 instead of 27 or 28. */
export const withLowV = (signature: string): string =>
  `${signature.slice(0, 130)}${signature.endsWith("1b") ? "00" : "01"}`;

/** As a facilitator of the tests names it: a payment of its own is a transaction of its own. */
export const transactionOf = (nonce: string): string => `0x${"ab".repeat(8)}${nonce.slice(18)}`;
