import { beforeEach, describe, expect, test } from "vitest";
import { type Payment, signPayment } from "../../support/payment.ts";
import { endless, openGate, reasonOf, textOf } from "./gate.ts";

let payment: Payment;
beforeEach(async () => {
  payment = await signPayment("10000");
});

describe("an answer to a paid call", () => {
  test.each([
    [200, "sold"],
    [299, "sold"],
    [206, "upstream_not_sellable"],
    [302, "upstream_not_sellable"],
    [399, "upstream_not_sellable"],
    [400, "unsold"],
    [402, "upstream_not_sellable"],
    [404, "unsold"],
    [500, "unsold"],
    [599, "unsold"],
    [600, "upstream_not_sellable"],
  ])("of status %i is %s, and is charged where it is sold", async (status, reason) => {
    const upstream = () => ({ status, headers: { "content-length": "5" }, body: "goods" });
    const { pay, asked, entry } = openGate({}, { upstream });
    expect(reasonOf(await pay("/paid", payment))).toBe(reason);
    expect(asked).toEqual(reason === "sold" ? ["verify", "settle"] : ["verify"]);
    expect(entry(payment)).toBe(reason === "sold" ? "settled, delivered" : "uncharged, none");
  });

  test.each([206, 302, 402])("of status %i, which nobody gets, is not read to its end", async (status) => {
    const { body, reader } = endless();
    const { pay } = openGate({}, { upstream: () => ({ status, body }) });
    await pay("/paid", payment);
    expect(reader.isGone).toBe(true);
  });

  test("that does not come costs nothing", async () => {
    const { pay, asked, entry } = openGate({}, { upstream: () => Promise.reject(new Error("no")) });
    expect(reasonOf(await pay("/paid", payment))).toBe("upstream_unreachable");
    expect(asked).toEqual(["verify"]);
    expect(entry(payment)).toBe("uncharged, none");
  });

  const page = { "content-length": "5" };
  test.each<[string, object, string]>([
    ["is an error's page as it is", { headers: page, body: "sorry" }, "sorry"],
    ["is an error without a page", {}, ""],
    ["is an error's page of a length that nobody says", { body: "sorry" }, "sorry"],
    ["is the start of an endless page", { body: endless().body }, "\0".repeat(64 * 1024)],
  ])("%s", async (_, answer, text) => {
    const { pay } = openGate({}, { upstream: () => ({ status: 500, ...answer }) });
    const outcome = await pay("/paid", payment);
    expect(reasonOf(outcome)).toBe("unsold");
    expect(await textOf(outcome)).toBe(text);
  });
});
