// What the gate does not offer yet cannot be asked for either: a table that tries is refused with the place, so nobody
// believes that it works.

import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/index.ts";
import { transferChecked } from "../../src/schemes/index.ts";
import { PAY_TO } from "../support/payment.ts";

const table = {
  upstream: "https://upstream.example",
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: ["https://facilitator.example"],
  routes: { "/a": "$0.01" },
};

const placesOf = (changes: object): readonly string[] => {
  const parsed = parseConfig({ ...table, ...changes }, [transferChecked]);
  return parsed.ok ? [] : parsed.error.map(({ path }) => path);
};
const route = (changes: object) => ({ routes: { "/a": { price: "$0.01", ...changes } } });
const facilitator = (changes: object) => ({ facilitators: [{ url: "https://facilitator.example", ...changes }] });

test("the table without any of it is taken", () => {
  expect(placesOf({})).toEqual([]);
});

test.each<[string, object, string]>([
  ["escrow", { settle: "escrow" }, "settle"],
  ["escrow on one route", route({ settle: "escrow" }), 'routes["/a"].settle'],
  ["a payment flow by its name", route({ paymentFlow: "upfront" }), 'routes["/a"].paymentFlow'],
  ["another scheme", route({ scheme: "upto" }), 'routes["/a"].scheme'],
  [
    "another transfer method",
    { accepts: [{ network: "base-sepolia", assetTransferMethod: "erc7710" }] },
    "accepts[0].assetTransferMethod",
  ],
  ["Sui", { accepts: ["sui:mainnet"] }, "accepts[0]"],
  [
    "a memo on Solana",
    {
      accepts: [{ network: "solana", payTo: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4", memo: "pi_3abc123def456" }],
    },
    "accepts[0].memo",
  ],
  ["a service's name", route({ serviceName: "Quotes" }), 'routes["/a"].serviceName'],
  ["tags", route({ tags: ["quotes"] }), 'routes["/a"].tags'],
  ["an icon", route({ iconUrl: "https://h/icon.png" }), 'routes["/a"].iconUrl'],
  ["WebSockets", route({ webSocket: true }), 'routes["/a"].webSocket'],
  ["credentials for the facilitator", facilitator({ headers: { authorization: "x" } }), "facilitators[0].headers"],
])("a table that asks for %s is refused", (_, changes, place) => {
  expect(placesOf(changes)).toEqual([place]);
});
