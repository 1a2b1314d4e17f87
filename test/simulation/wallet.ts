// Payers' signatures: real ones, of real accounts, made once for each authorization and kept for every later world.
// Recovering a signer takes longer than all the rest of a request, so what secp256k1 answered once is kept too.

import { createHash } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1";
import type { Hex } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { types } from "../support/payment.ts";
import { messageOf, nested, type Permit, permit2Domain, UPTO_PROXY, uptoTypes } from "../support/permit2-payment.ts";
import { type Coin, NETWORK, PAY_TO } from "./table.ts";

export interface SignedAuthorization {
  readonly signature: string;
  readonly authorization: {
    readonly from: string;
    readonly to: string;
    readonly value: string;
    readonly validAfter: string;
    readonly validBefore: string;
    readonly nonce: string;
  };
  /** Of a maximum, which Permit2 moves: who alone may settle it. Null for what the token moves itself. */
  readonly settler: string | null;
}

/** Where the chain keeps its nonce. */
export function keyOf(asset: string, { authorization: { from, nonce }, settler }: SignedAuthorization): string {
  return `${settler === null ? asset : "permit2"}|${from}|${nonce}`.toLowerCase();
}

export const idOf = (asset: string, signed: SignedAuthorization): string => `${NETWORK}|${keyOf(asset, signed)}`;

const permitOf = (token: string, { authorization, settler }: SignedAuthorization): Permit => {
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const signed = { from, token, amount: value, spender: UPTO_PROXY, nonce, deadline: validBefore };
  return { ...signed, to, facilitator: settler, validAfter };
};

/** As it stands on the wire. */
export function payloadOf(asset: string, signed: SignedAuthorization): object {
  const { signature, authorization, settler } = signed;
  if (settler === null) return { signature, authorization };
  return { signature, permit2Authorization: nested(permitOf(asset, signed)) };
}

export function readPayload({ signature, authorization, permit2Authorization }: Payload): SignedAuthorization {
  if (!permit2Authorization) return { signature, authorization, settler: null };
  const { from, permitted, nonce, deadline, witness } = permit2Authorization;
  const { to, validAfter, facilitator = null } = witness;
  const read = { from, to, value: permitted.amount, validAfter, validBefore: deadline, nonce };
  return { signature, authorization: read, settler: facilitator };
}

export interface Payload extends Pick<SignedAuthorization, "signature" | "authorization"> {
  readonly permit2Authorization?: ReturnType<typeof nested>;
}

const hashOf = (text: string): Hex => `0x${createHash("sha256").update(text).digest("hex")}`;

export const account = (name: string): PrivateKeyAccount => privateKeyToAccount(hashOf(`account ${name}`));

/** The payers of every world, and one who pays nobody. */
export const PAYERS: readonly PrivateKeyAccount[] = ["ann", "bob", "cleo"].map(account);
export const THIEF = account("thief");

/** A contract: whatever its owner's registry calls a signature is one. */
export const CONTRACT = "0x1234567890AbcdEF1234567890aBcdef12345678";
export const contractSignature = (nonce: string): string => `0x${"c0".repeat(40)}${nonce.slice(2)}`;

export const nonceOf = (payer: string, number: number): Hex => hashOf(`nonce ${payer} ${number}`);

export interface Wish {
  readonly coin: Coin;
  readonly amount: bigint;
  readonly to?: string;
  readonly nonce: Hex;
  readonly validAfter?: number;
  /** Seconds since 1970. */
  readonly validBefore: number;
}

const signed = new Map<string, Promise<Hex>>();

const once = (key: string, sign: () => Promise<Hex>): Promise<Hex> => {
  const known = signed.get(key) ?? sign();
  signed.set(key, known);
  return known;
};

export async function authorize(payer: PrivateKeyAccount | null, wish: Wish): Promise<SignedAuthorization> {
  const { coin, amount, to = PAY_TO, nonce, validAfter = 0, validBefore } = wish;
  const authorization = {
    from: payer?.address ?? CONTRACT,
    to,
    value: String(amount),
    validAfter: String(validAfter),
    validBefore: String(validBefore),
    nonce,
  };
  if (payer === null) return { signature: contractSignature(nonce), authorization, settler: null };
  const signature = await once(`${coin.asset} ${Object.values(authorization).join()}`, () =>
    payer.signTypedData({
      domain: {
        name: coin.name,
        version: coin.version,
        chainId: Number(NETWORK.split(":")[1]),
        verifyingContract: coin.asset as Hex,
      },
      types,
      primaryType: "TransferWithAuthorization",
      message: {
        from: payer.address,
        to: to as Hex,
        value: amount,
        validAfter: BigInt(validAfter),
        validBefore: BigInt(validBefore),
        nonce,
      },
    }),
  );
  return { signature, authorization, settler: null };
}

/** A maximum, for who may settle it. */
export async function permit(payer: PrivateKeyAccount, settler: string, wish: Wish): Promise<SignedAuthorization> {
  const { coin, amount, to = PAY_TO, nonce, validAfter = 0, validBefore } = wish;
  const authorization = {
    from: payer.address,
    to,
    value: String(amount),
    validAfter: String(validAfter),
    validBefore: String(validBefore),
    nonce: String(BigInt(nonce)),
  };
  const asked = permitOf(coin.asset, { signature: "", authorization, settler });
  const signature = await once(Object.values(asked).join(), () =>
    payer.signTypedData({
      domain: permit2Domain,
      types: uptoTypes,
      primaryType: "PermitWitnessTransferFrom",
      message: messageOf(asked),
    }),
  );
  return { signature, authorization, settler };
}

export const signText = (payer: PrivateKeyAccount, text: string): Promise<Hex> =>
  once(`${payer.address} ${text}`, () => payer.signMessage({ message: text }));

const { prototype } = secp256k1.Signature as unknown as {
  prototype: { recoverPublicKey: (hash: string) => unknown };
};
const { recoverPublicKey } = prototype;
const recovered = new Map<string, unknown>();

prototype.recoverPublicKey = function (this: { r: bigint; s: bigint; recovery: number }, hash) {
  const key = `${this.r} ${this.s} ${this.recovery} ${hash}`;
  if (!recovered.has(key)) recovered.set(key, recoverPublicKey.call(this as never, hash));
  return recovered.get(key);
};
