import { describe, expect, test } from "vitest";
import { echoedOf, isFaithfulEcho } from "../../../src/x402/extensions.ts";
import { gasSponsoring, isGasSponsoring, signedInfo } from "../../../src/x402/gas-sponsoring.ts";
import { signAllowance, signApproval } from "../../support/gas-sponsoring.ts";

const names = ["eip2612GasSponsoring", "erc20ApprovalGasSponsoring"] as const;
const infos = { eip2612GasSponsoring: await signAllowance("1"), erc20ApprovalGasSponsoring: await signApproval() };

describe.each(names)("what is advertised (%s)", (name) => {
  const { info, schema } = gasSponsoring[name] as { info: object; schema: { required: readonly string[] } };

  test("asks for every member of the extension's info, and for no other", () => {
    expect(schema.required.toSorted()).toEqual(Object.keys(infos[name]).toSorted());
  });

  test("is echoed by a client that adds to the info, and by one that writes it anew", () => {
    const advertised = { [name]: gasSponsoring[name] };
    for (const echoed of [{ ...info, ...infos[name] }, infos[name]]) {
      expect(isFaithfulEcho(advertised, { [name]: { info: echoed } })).toBe(true);
    }
    expect(isFaithfulEcho(advertised, { [name]: { info: { ...infos[name], version: "2" } } })).toBe(false);
  });

  test("goes to no facilitator in our words: what was signed is all that it can use", () => {
    expect(echoedOf({ [name]: gasSponsoring[name], other: {} }, { [name]: {}, other: {} })).toEqual({ other: {} });
  });
});

test("a name that objects inherit is none of them", () => {
  expect([isGasSponsoring("toString"), isGasSponsoring("eip2612GasSponsoring")]).toEqual([false, true]);
});

describe("what a client signed", () => {
  test.each(names)("is found in the info (%s)", (name) => {
    expect(signedInfo({ [name]: { info: infos[name], schema: {} } }, name)).toBe(infos[name]);
  });

  test.each<[string, unknown]>([
    ["is missing", undefined],
    ["is null", null],
    ["is a list", []],
    ["has no info", {}],
    ["has an info that is null", { info: null }],
    ["was echoed as it is", gasSponsoring.eip2612GasSponsoring],
    ["has what was signed beside the info", { info: {}, signature: "0x" }],
  ])("is nothing where the extension %s", (_, extension) => {
    expect(signedInfo({ eip2612GasSponsoring: extension }, "eip2612GasSponsoring")).toBeNull();
  });
});
