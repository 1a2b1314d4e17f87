// Offers that say more where their facilitators can do more.

import { describe, expect, test } from "vitest";
import type { Offer } from "../../../src/config/index.ts";
import type { Known } from "../../../src/facilitator/index.ts";
import { CHALLENGE_FIXED_BYTES_MAX } from "../../../src/x402/index.ts";
import { EURC, paidOf, parsed } from "./table.ts";

const BY_PERMIT2 = [{ network: "base-sepolia", assetTransferMethod: "permit2" }];
const PLAIN_TOKEN = {
  network: "base",
  asset: EURC,
  name: "Plain Dollar",
  decimals: 6,
  dollar: true,
  assetTransferMethod: "permit2",
};
const PLAIN = { tokens: [PLAIN_TOKEN], accepts: [{ network: "base", asset: EURC }] };
const BOTH = ["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"];

const knowing = (word: boolean | null, ...listed: readonly string[]): Known => ({
  extends: (name) => listed.includes(name) || word,
  feePayer: () => null,
});
const offerOf = (changes: object, own: object = {}): Offer =>
  paidOf(parsed({ ...changes, routes: { "/a": { price: "$0.01", ...own } } })).offer;
const formOf = (offer: Offer, known: Known): Offer => offer.variant?.(known) ?? expect.fail("it has one form");
/** What the offer's challenges advertise of this. */
const told = ({ challenge, upfront }: Offer): readonly (readonly string[])[] =>
  [challenge, upfront].flatMap((one) => (one ? [BOTH.filter((name) => one.tail.includes(`"${name}"`))] : []));

describe("an offer that depends on nothing its facilitators say", () => {
  test.each<[string, object]>([
    ["by EIP-3009", {}],
    ["by EIP-3009 of a token that Permit2 moves elsewhere", { tokens: [PLAIN_TOKEN] }],
  ])("has one form, and takes nothing that sponsors: one %s", (_, changes) => {
    const offer = offerOf(changes);
    expect([offer.variant, offer.sponsoring, told(offer)]).toEqual([null, [], [[]]]);
  });
});

describe("an offer with Permit2", () => {
  const offer = offerOf({ accepts: [...BY_PERMIT2, "base-sepolia"] });

  test("advertises nothing before anything is known, and takes what another isolate may have advertised", () => {
    for (const form of [offer, formOf(offer, knowing(null))]) {
      expect([told(form), form.sponsoring]).toEqual([[[]], BOTH]);
    }
  });

  test.each<[readonly string[]]>([[BOTH], [BOTH.slice(0, 1)], [BOTH.slice(1)]])(
    "advertises and takes what is listed, and nothing else: %j",
    (listed) => {
      const form = formOf(offer, knowing(false, ...listed));
      expect([told(form), form.sponsoring]).toEqual([[listed], listed]);
      expect(Object.keys(form.extensions)).toEqual([...Object.keys(offer.extensions), ...listed]);
    },
  );

  test("advertises and takes nothing where nobody lists it", () => {
    const form = formOf(offer, knowing(false));
    expect([told(form), form.sponsoring]).toEqual([[[]], []]);
  });

  test("is told alike otherwise, and asks the same of a payment", () => {
    const { challenge, extensions, sponsoring, variant, ...rest } = formOf(offer, knowing(null, ...BOTH));
    expect(offer).toMatchObject(rest);
    expect(challenge.v1).toEqual(offer.challenge.v1);
  });

  test("has each form built once", () => {
    expect(formOf(offer, knowing(null, ...BOTH))).toBe(formOf(offer, knowing(null, ...BOTH)));
    expect(formOf(offer, knowing(null))).not.toBe(formOf(offer, knowing(false)));
  });

  test("advertises to debtors, too", () => {
    const route = { settle: "async", maxUnsettled: "$1" };
    const owing = offerOf({ accepts: BY_PERMIT2, paymentIdentifier: "off" }, route);
    expect(told(formOf(owing, knowing(false, ...BOTH)))).toEqual([BOTH, BOTH]);
  });

  test("offers a permit to no token without a domain, whose owner could sign none", () => {
    const form = formOf(offerOf(PLAIN), knowing(false, ...BOTH));
    expect([told(form), form.sponsoring]).toEqual([[BOTH.slice(1)], BOTH.slice(1)]);
  });

  test("leaves out what has no room in a header, and takes it all the same", () => {
    const filled = (bytes: number): Offer =>
      offerOf({ accepts: BY_PERMIT2 }, { extensions: { mine: { text: "t".repeat(bytes) } } });
    const room = CHALLENGE_FIXED_BYTES_MAX - filled(1).challenge.fixedBytes;
    for (const [bytes, listed] of [
      [room - 600, BOTH],
      [room - 400, BOTH.slice(0, 1)],
      [room - 100, []],
    ] as const) {
      const form = formOf(filled(bytes), knowing(false, ...BOTH));
      expect([told(form), form.sponsoring]).toEqual([[listed], BOTH]);
      expect(form.challenge.fixedBytes).toBeLessThanOrEqual(CHALLENGE_FIXED_BYTES_MAX);
    }
  });
});
