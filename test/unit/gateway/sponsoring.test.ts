// Who pays the gas of an allowance: what is advertised of it, and whom a payment that brings a permit is taken to.

import { describe, expect, test } from "vitest";
import type { Outcome } from "../../../src/outcome/index.ts";
import { encodeChallenge } from "../../../src/x402/index.ts";
import { signAllowance } from "../../support/gas-sponsoring.ts";
import { NETWORK, newAccount, type Payment, signPayment } from "../../support/payment.ts";
import { signPermit2Payment } from "../../support/permit2-payment.ts";
import { type Around, broken, isSettled, isValid, openGate, paidWith, reasonOf } from "./gate.ts";

const PERMITS = "eip2612GasSponsoring";
const ONE = "https://one.example";
const TWO = "https://two.example";
const TABLE = {
  accepts: [{ network: "base-sepolia", assetTransferMethod: "permit2" }, "base-sepolia"],
  facilitators: [ONE, TWO],
  paymentIdentifier: "off",
  routes: { "/permitted": "$0.01", "/plain": { price: "$0.01", accepts: ["base-sepolia"] } },
};
const ALONE = { ...TABLE, facilitators: [ONE] };

const saying = (...extensions: readonly string[]): object => ({
  kinds: [{ x402Version: 2, scheme: "exact", network: NETWORK }],
  extensions,
});
const all = (): object => saying(PERMITS);
/** One of two says this, the other lists nothing. */
const only =
  (url: string): Around["supported"] =>
  (_, asked) =>
    asked.startsWith(url) ? all() : saying();

/** What a refusal advertises. */
function advertised(outcome: Outcome): readonly string[] {
  if (outcome.kind !== "refused" || !("invitation" in outcome.problem)) return [reasonOf(outcome)];
  const { challenge, resourceUrl } = outcome.problem.invitation;
  return Object.keys(JSON.parse(atob(encodeChallenge(challenge, resourceUrl, ""))).extensions ?? {});
}

/** A payment and the permit that comes with it. */
async function sponsored(changes: object = {}) {
  const account = newAccount();
  const permit = await signAllowance("10000", {}, account);
  const payment = await signPermit2Payment("10000", {}, account);
  const info = { ...permit, ...changes };
  return { permit, payment: { ...payment, extensions: { [PERMITS]: { info } } } as unknown as Payment };
}

/** What the facilitators are told of it, in every call. */
function open(table: object, supported?: Around["supported"], around: Partial<Around> = {}) {
  const told: unknown[] = [];
  const hear = (body: string): void => void told.push(JSON.parse(body).paymentPayload.extensions);
  const { verify = isValid, settle = isSettled, ...rest } = around;
  const gate = openGate(table, {
    ...rest,
    verify: (body, url) => {
      hear(body);
      return verify(body, url);
    },
    settle: (body, url) => {
      hear(body);
      return settle(body, url);
    },
    ...(supported && { supported }),
  });
  return { ...gate, told };
}

describe("a challenge", () => {
  test("advertises what the facilitator lists, once that was looked up behind an answer", async () => {
    const { ask, urls } = open(ALONE, all);
    expect(advertised(await ask("/permitted"))).toEqual([]);
    expect(advertised(await ask("/permitted"))).toEqual([PERMITS]);
    expect(advertised(await ask("/plain"))).toEqual([]);
    expect(urls).toEqual([`${ONE}/supported`]);
  });

  test("waits for nobody who says it, and advertises nothing until then", async () => {
    const { answer } = open(ALONE, () => new Promise(() => undefined));
    expect(advertised(await answer("/permitted"))).toEqual([]);
    expect(advertised(await answer("/permitted"))).toEqual([]);
  });

  test("of an offer without Permit2 has nobody looked up", async () => {
    const { ask, urls, kv } = open(ALONE, all);
    expect(advertised(await ask("/plain"))).toEqual([]);
    expect([urls, kv.size]).toEqual([[], 0]);
  });

  test("advertises in a cold isolate what another has noted", async () => {
    const { place, ask } = open(ALONE, all);
    await ask("/permitted");
    const cold = open(ALONE, broken, { before: place });
    await cold.ask("/permitted");
    expect(advertised(await cold.ask("/permitted"))).toEqual([PERMITS]);
    expect(cold.urls).toEqual([]);
  });

  test("advertises what one of two lists, and not while that one rests", async () => {
    let isAway = false;
    const verify: Around["verify"] = (body, url) => (isAway && url.startsWith(TWO) ? broken() : isValid(body));
    const { ask, pay, clock } = open(TABLE, only(TWO), { verify });
    await ask("/permitted");
    expect(advertised(await ask("/permitted"))).toEqual([PERMITS]);
    isAway = true;
    for (let i = 0; i < 2; i++) {
      expect(reasonOf(await pay("/permitted", (await sponsored()).payment))).toBe("facilitator_unavailable");
    }
    expect(advertised(await ask("/permitted"))).toEqual([]);
    clock.nowMs += 60_000;
    isAway = false;
    expect(advertised(await ask("/permitted"))).toEqual([PERMITS]);
  });
});

describe("a payment with a permit", () => {
  test("goes to the facilitator with what was signed, and nothing else of the client's", async () => {
    const { ask, pay, told } = open(ALONE, all);
    await ask("/permitted");
    const { permit, payment } = await sponsored({ description: "mine" });
    expect(reasonOf(await pay("/permitted", payment))).toBe("sold");
    expect(told).toEqual([{ [PERMITS]: { info: permit } }, { [PERMITS]: { info: permit } }]);
  });

  test("goes to the one of two that lists it, though the other is preferred", async () => {
    const { ask, pay, urls } = open(TABLE, only(TWO));
    await ask("/permitted");
    urls.length = 0;
    expect(reasonOf(await pay("/permitted", (await sponsored()).payment))).toBe("sold");
    expect(urls).toEqual([`${TWO}/verify`, `${TWO}/settle`]);
    urls.length = 0;
    const without = (await signPermit2Payment("10000")) as unknown as Payment;
    expect(reasonOf(await pay("/permitted", without))).toBe("sold");
    expect(urls).toEqual([`${ONE}/verify`, `${ONE}/settle`]);
  });

  test("goes to no other while that one is away: it is 503, and no word of an allowance", async () => {
    const verify: Around["verify"] = (body, url) => (url.startsWith(TWO) ? broken() : isValid(body));
    const { ask, pay, urls, seen } = open(TABLE, only(TWO), { verify });
    await ask("/permitted");
    urls.length = 0;
    expect(reasonOf(await pay("/permitted", (await sponsored()).payment))).toBe("facilitator_unavailable");
    expect([new Set(urls), seen]).toEqual([new Set([`${TWO}/verify`]), []]);
  });

  test("goes to one that has said nothing yet rather than to one that does not list it", async () => {
    const supported: Around["supported"] = (_, url) => (url.startsWith(ONE) ? saying() : broken());
    const { ask, pay, urls } = open(TABLE, supported);
    await ask("/permitted");
    urls.length = 0;
    expect(reasonOf(await pay("/permitted", (await sponsored()).payment))).toBe("sold");
    expect(urls).toEqual([`${TWO}/verify`, `${TWO}/settle`]);
  });

  test("is taken by a cold isolate, which has advertised nothing: another one may have", async () => {
    const { answer, settled, told } = open(TABLE, all);
    const { permit, payment } = await sponsored();
    expect(reasonOf(await answer("/permitted", paidWith(payment)))).toBe("sold");
    await settled();
    expect(told[0]).toEqual({ [PERMITS]: { info: permit } });
  });

  test("goes without it where nobody lists it, as one that was never advertised", async () => {
    const { ask, pay, told } = open(ALONE, () => saying("bazaar"));
    await ask("/permitted");
    expect(reasonOf(await pay("/permitted", (await sponsored({ signature: "0x" })).payment))).toBe("sold");
    expect(told).toEqual([undefined, undefined]);
  });

  test("goes on where what is listed has changed since it was read", async () => {
    let lists = true;
    const { answer, clock, settled, urls } = open({ ...ALONE, bufferBytesMax: 10 }, () => (lists ? all() : saying()));
    clock.nowMs -= 600_000;
    await answer("/permitted");
    await settled();
    lists = false;
    clock.nowMs += 600_000;
    // Looked up behind this very call, whose body is read first.
    const { payment } = await sponsored();
    const body = new TextEncoder().encode("body");
    const { headers = new Headers() } = paidWith(payment, { headers: new Headers({ "content-length": "4" }) });
    expect(reasonOf(await answer("/permitted", { method: "POST", body, headers }))).toBe("sold");
    await settled();
    expect(urls.filter((url) => url.endsWith("/settle"))).toHaveLength(1);
  });

  test("is not asked for on the chain before it is there", async () => {
    const spenders: (string | null)[] = [];
    const { ask, pay } = open(
      { ...ALONE, routes: { "/permitted": { price: "$0.01", settle: "async", maxUnsettled: "$1" } } },
      all,
      {
        settle: broken,
        fate: () => ({ kind: "unavailable", detail: "no RPC answered" }),
        covers: async ({ spender }) => {
          spenders.push(spender);
          return true;
        },
      },
    );
    await ask("/permitted");
    const account = newAccount();
    for (let i = 0; i < 2; i++) {
      const info = await signAllowance("10000", {}, account);
      const payment = { ...(await signPermit2Payment("10000", {}, account)), extensions: { [PERMITS]: { info } } };
      expect(reasonOf(await pay("/permitted", payment as unknown as Payment))).toBe("served");
    }
    expect(spenders).toEqual([null]);
  });

  test("that is not the payer's is refused before anybody is asked", async () => {
    const { ask, pay, urls, calls } = open(ALONE, all);
    await ask("/permitted");
    urls.length = 0;
    const { payment } = await sponsored({ nonce: "1" });
    const outcome = await pay("/permitted", payment);
    expect([reasonOf(outcome), advertised(outcome), urls, calls]).toEqual(["payment_refused", [PERMITS], [], []]);
  });

  test("that says less than was advertised is refused as every other echo", async () => {
    const { ask, pay, urls } = open(ALONE, all);
    await ask("/permitted");
    urls.length = 0;
    const outcome = await pay("/permitted", (await sponsored({ version: "2" })).payment);
    expect(outcome).toMatchObject({ problem: { reason: "payment_refused", code: "extension_echo_mismatch" } });
    expect(urls).toEqual([]);
  });

  test("is known by its own nonce alone: the same one with another permit is the same payment", async () => {
    const { ask, pay, place } = open(ALONE, all);
    await ask("/permitted");
    const account = newAccount();
    const payment = await signPermit2Payment("10000", {}, account);
    const bringing = async (nonce: string) => {
      const info = await signAllowance("10000", { nonce }, account);
      return { ...payment, extensions: { [PERMITS]: { info } } } as unknown as Payment;
    };
    expect(reasonOf(await pay("/permitted", await bringing("0")))).toBe("sold");
    expect(reasonOf(await pay("/permitted", await bringing("1")))).toBe("payment_settled");
    expect([...place.ledgers.keys()].filter((name) => name.startsWith("eip155:"))).toHaveLength(1);
  });

  test("changes nothing of a payment by EIP-3009", async () => {
    const { ask, pay, told } = open(ALONE, all);
    await ask("/permitted");
    const account = newAccount();
    const extensions = { [PERMITS]: { info: await signAllowance("10000", {}, account) } };
    const payment = { ...(await signPayment("10000", {}, account)), extensions } as Payment;
    expect(reasonOf(await pay("/permitted", payment))).toBe("sold");
    expect(told).toEqual([undefined, undefined]);
  });
});

test("an allowance that is missing all the same is said to be by the facilitator alone, after it was asked", async () => {
  const invalid = (): object => ({ isValid: false, invalidReason: "permit2_allowance_required" });
  const { ask, pay, told, seen } = open(ALONE, all, { verify: invalid });
  await ask("/permitted");
  const { permit, payment } = await sponsored();
  expect(reasonOf(await pay("/permitted", payment))).toBe("permit2_allowance_required");
  expect([told, seen]).toEqual([[{ [PERMITS]: { info: permit } }], []]);
});
