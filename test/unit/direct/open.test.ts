import { describe, expect, test } from "vitest";
import { openDirect } from "../../../src/direct/index.ts";
import type { OpenParts } from "../../../src/direct/open.ts";
import type { OwnSettings } from "../../../src/facilitator/index.ts";
import { missingSecret } from "../../../src/std/index.ts";
import { KEY } from "./fixtures.ts";

const ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const settings: OwnSettings = {
  kind: "direct",
  network: "eip155:84532",
  urls: ["http://127.0.0.1:9/{{RPC_KEY}}"],
  key: "{{ RELAYER_KEY }}",
  confirmations: 3,
  maxFeeGwei: 0.05,
  verifyTimeoutMs: 500,
  settleTimeoutMs: 500,
};
const start = (changes: Partial<OpenParts> = {}): OpenParts => ({
  secrets: { RELAYER_KEY: ` ${KEY}\n`, OTHER_KEY: KEY.slice(2).toUpperCase(), RPC_KEY: "r" },
  accounts: { byAddress: new Map(), secretNames: new Map() },
  open: () => expect.fail("no object is asked for while nothing is settled"),
  nowMs: Date.now,
  random: Math.random,
  ...changes,
});

describe("an account that a table names", () => {
  test("is opened with its secret, and found by its address", () => {
    const parts = start();
    const opened = openDirect(settings, parts);
    expect(opened).toMatchObject({ ok: true, value: { name: `direct:eip155:84532:${ADDRESS.toLowerCase()}` } });
    expect(opened).toMatchObject({ value: { confirmations: 3 } });
    expect([...parts.accounts.byAddress.keys()]).toEqual([ADDRESS]);
  });

  test.each<[string, Partial<OpenParts>, string]>([
    ["without its secret", { secrets: { RPC_KEY: "r" } }, missingSecret("RELAYER_KEY")],
    ["without its RPC's", { secrets: { RELAYER_KEY: KEY } }, missingSecret("RPC_KEY")],
    [
      "whose secret is no key",
      { secrets: { RELAYER_KEY: `${KEY}00`, RPC_KEY: "r" } },
      "the secret RELAYER_KEY is no account's key: write 32 bytes in hexadecimal",
    ],
    ["without an object", { open: null }, "wrangler.toml has to bind RELAYER"],
  ])("is told where it is %s", (_, changes, sentence) => {
    const parts = start(changes);
    expect(openDirect(settings, parts)).toEqual({ ok: false, error: [sentence] });
    expect(parts.accounts.byAddress.size).toBe(0);
  });

  test("has one secret on a network, and may be on others", () => {
    const parts = start();
    expect(openDirect(settings, parts).ok).toBe(true);
    const sentence = "RELAYER_KEY and OTHER_KEY hold one key for eip155:84532; write one of them";
    expect(openDirect({ ...settings, key: "{{OTHER_KEY}}" }, parts)).toEqual({ ok: false, error: [sentence] });
    expect(openDirect({ ...settings, network: "eip155:8453" }, parts).ok).toBe(true);
  });
});
