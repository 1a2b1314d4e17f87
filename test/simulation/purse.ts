// A payer's authorizations: how they are signed, sometimes not as the offer asks, and what their payer does with them
// beside showing them to the gate.

import type { PrivateKeyAccount } from "viem";
import { redemptionText } from "../../src/gateway/index.ts";
import type { Spelling } from "./envelope.ts";
import type { Errand, Payment } from "./facts.ts";
import { amountOf, COINS, type Coin, ORIGIN, SETTLERS } from "./table.ts";
import type { Town } from "./town.ts";
import { authorize, idOf, keyOf, nonceOf, permit, type SignedAuthorization, signText, THIEF } from "./wallet.ts";

/** How an authorization is not what the offer asks. */
const CHEATS = ["amount", "payee", "late", "early", "signature", "nonce"] as const;
type Cheat = (typeof CHEATS)[number] | null;

export interface Held {
  readonly payment: Payment;
  /** Whether it is what the offer asks. */
  readonly isFair: boolean;
  readonly spelling: Spelling;
}

export class Purse {
  readonly #town: Town;
  readonly #name: string;
  /** Null for the contract wallet. */
  readonly #account: PrivateKeyAccount | null;
  readonly #cheatShare: number;
  #nonces = 0;

  constructor(town: Town, name: string, account: PrivateKeyAccount | null) {
    this.#town = town;
    this.#name = name;
    this.#account = account;
    this.#cheatShare = town.world.random.pick([0, 0, 0.15]);
  }

  async sign(errand: Errand): Promise<Held> {
    const { random } = this.#town.world;
    const coin = random.chance(0.85) ? COINS[0] : COINS[1];
    const cheat = random.chance(this.#cheatShare) ? random.pick(CHEATS) : null;
    const signed = await this.#authorize(errand, coin, cheat);
    const id = idOf(coin.asset, signed);
    const payment = this.#town.facts.add({ id, coin, errand, payer: this.#name, signed, isForged: false });
    const spoilt = { ...signed, signature: `${signed.signature.slice(0, -4)}001b` };
    const shown = cheat === "signature" ? spoilt : signed;
    this.#second(payment);
    const spelling = { signed: shown, coin, amount: amountOf(errand.route, coin), errand };
    return { payment, isFair: cheat === null && this.#account !== null, spelling };
  }

  /** Times lie on a grid, so that many worlds share one signature. */
  #authorize({ route }: Errand, coin: Coin, cheat: Cheat): Promise<SignedAuthorization> {
    const { random, nowMs } = this.#town.world;
    const seconds = Math.floor(nowMs / 1_000);
    const isShort = random.chance(0.15);
    const validBefore = isShort ? Math.ceil((seconds + 32) / 30) * 30 : Math.ceil((seconds + 300) / 120) * 120;
    const right = amountOf(route, coin);
    const wish = {
      coin,
      amount: cheat === "amount" ? right - 1n : right,
      nonce: nonceOf(this.#name, cheat === "nonce" && this.#nonces > 0 ? this.#nonces : ++this.#nonces),
      validBefore: cheat === "late" ? Math.floor(seconds / 120) * 120 : validBefore,
      ...(cheat === "payee" && { to: THIEF.address }),
      ...(cheat === "early" && { validAfter: validBefore - 1 }),
    };
    if (route !== "/metered" || this.#account === null) return authorize(this.#account, wish);
    const [first = "", second = first] = Object.values(SETTLERS);
    return permit(this.#account, random.chance(0.85) ? first : second, wish);
  }

  /** Second thoughts: it is canceled on the chain, or sent there by its payer. */
  #second(payment: Payment): void {
    const { world, chain } = this.#town;
    const { random, faults, system } = world;
    const { coin, signed } = payment;
    if (faults.strikes("authorization canceled")) {
      world.after(random.delayMs(800, 40_000), system, "a payer cancels", () =>
        chain.cancel(keyOf(coin.asset, signed)),
      );
    }
    // A maximum is nobody's to settle but its facilitator's.
    if (signed.settler !== null || !faults.strikes("authorization submitted by its payer")) return;
    world.after(random.delayMs(800, 40_000), system, "a payer pays", () => {
      if (payment.paid) return;
      payment.isPaidByItself = true;
      chain.transfer(coin.asset, signed, BigInt(signed.authorization.value), 0);
    });
  }

  /** As `Faregate-Redeem` takes it from the payer; a contract's word cannot be checked at the gate. */
  async voucherFor(id: string): Promise<string | null> {
    return this.#account && voucherOf(this.#account, id, this.#town.world.nowMs);
  }
}

export async function voucherOf(account: PrivateKeyAccount, id: string, nowMs: number): Promise<string> {
  const until = untilOf(nowMs);
  const signature = await signText(account, redemptionText(ORIGIN, id, until));
  return `${Buffer.from(id).toString("base64url")}.${until}.${signature}`;
}

/** Half an hour from now, or a little more. */
export const untilOf = (nowMs: number): string => String(Math.ceil((nowMs / 1_000 + 1_800) / 600) * 600);
