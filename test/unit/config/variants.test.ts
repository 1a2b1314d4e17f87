// Offers that say more where their facilitators can do more.

import { UptoEvmScheme } from "@x402/evm/upto/client";
import { describe, expect, test } from "vitest";
import type { Offer } from "../../../src/config/index.ts";
import { entriesOf, type Settlers } from "../../../src/config/settlers.ts";
import { withVariants } from "../../../src/config/variants.ts";
import type { Known } from "../../../src/facilitator/index.ts";
import { buildTerms, type Terms } from "../../../src/schemes/index.ts";
import type { JsonObject } from "../../../src/std/index.ts";
import {
  buildChallenge,
  CHALLENGE_FIXED_BYTES_MAX,
  encodeChallenge,
  findNetwork,
  type PaymentRequirements,
} from "../../../src/x402/index.ts";
import { NETWORK, newAccount, PAY_TO } from "../../support/payment.ts";
import { FACILITATOR } from "../../support/permit2-payment.ts";
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
  settler: () => null,
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
    const { challenge, extensions, sponsoring, settlers, variant, ...rest } = formOf(offer, knowing(null, ...BOTH));
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

describe("an offer by upto", () => {
  const token = findNetwork(NETWORK)?.token ?? expect.fail();
  const money = { amount: 10000n, payTo: PAY_TO, maxTimeoutSeconds: 300, token, network: NETWORK } as const;
  const [metered, exact] = [
    buildTerms({ ...money, scheme: "upto", assetTransferMethod: "permit2" }, false, "authorization"),
    buildTerms({ ...money, scheme: "exact", assetTransferMethod: "eip3009" }, false, "authorization"),
  ].map((terms) => terms ?? expect.fail());
  const challengesOf = (terms: readonly Terms[]) => (extensions: JsonObject, settlers: Settlers) => ({
    challenge: buildChallenge({}, entriesOf(terms, settlers), extensions),
    upfront: null,
  });
  const offerBy = (...terms: readonly (Terms | undefined)[]): Offer => {
    const known = terms.filter((one) => one !== undefined);
    const plain = { ...offerOf({}), terms: known, ...challengesOf(known)({}, () => null) };
    return withVariants(plain, challengesOf(known), 0);
  };
  const settledBy = (account: string | null): Known => ({
    extends: () => false,
    settler: ({ scheme, network }) => (scheme === "upto" && network === NETWORK ? account : null),
  });
  const entriesIn = ({ challenge }: Offer): readonly PaymentRequirements[] =>
    JSON.parse(atob(encodeChallenge(challenge, "https://h/", ""))).accepts;

  test("is left out while nobody knows for whose account to sign, and what else is offered stays", () => {
    const alone = offerBy(metered);
    for (const form of [alone, formOf(alone, settledBy(null))]) {
      expect([entriesIn(form), form.challenge.isEmpty]).toEqual([[], true]);
    }
    expect(entriesIn(offerBy(metered, exact))).toEqual([exact?.requirements]);
  });

  test("names the facilitator's account, and has a form for each", () => {
    const offer = offerBy(metered, exact);
    const form = formOf(offer, settledBy(FACILITATOR));
    expect(entriesIn(form)).toEqual([
      {
        ...metered?.requirements,
        extra: { assetTransferMethod: "permit2", name: "USDC", version: "2", facilitatorAddress: FACILITATOR },
      },
      exact?.requirements,
    ]);
    expect(formOf(offer, settledBy(FACILITATOR))).toBe(form);
    expect(entriesIn(formOf(offer, settledBy(PAY_TO)))[0]?.extra).toMatchObject({ facilitatorAddress: PAY_TO });
  });

  test("names another account where another scheme has one of its own on the same network", () => {
    const known = metered ?? expect.fail();
    const twin: Terms = {
      ...known,
      scheme: { ...known.scheme, scheme: "exact" },
      requirements: { ...known.requirements, scheme: "exact" },
    };
    const settler: Known["settler"] = ({ scheme }) => (scheme === "upto" ? FACILITATOR : PAY_TO);
    const form = formOf(offerBy(known, twin), { extends: () => false, settler });
    expect(entriesIn(form).map(({ extra }) => extra?.["facilitatorAddress"])).toEqual([FACILITATOR, PAY_TO]);
  });

  test("is the official client's to pay", async () => {
    const [entry] = entriesIn(formOf(offerBy(metered), settledBy(FACILITATOR)));
    const client = new UptoEvmScheme(newAccount());
    const { payload } = await client.createPaymentPayload(2, {
      ...(entry ?? expect.fail()),
      network: NETWORK,
    } as never);
    expect(payload).toMatchObject({
      permit2Authorization: { permitted: { amount: "10000" }, witness: { facilitator: FACILITATOR } },
    });
  });
});
