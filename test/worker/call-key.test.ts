import { describe, expect, test } from "vitest";
import { readCallKey } from "../../src/gateway/order.ts";

const id = "pay_7d5d747be160e280";
const named = (value: unknown = id) => ({ "payment-identifier": { info: { required: false, id: value } } });
const keyed = (key?: string) => new Headers(key === undefined ? {} : { "idempotency-key": key });
const key = (value: string | null) => ({ ok: true, value });
const flaw = (error: string) => ({ ok: false, error });

const FORM = "the id of payment-identifier is not 16 to 128 letters, digits, - or _";
const LENGTH = "Idempotency-Key is not 1 to 256 characters long";

describe("a call is known by", () => {
  test.each<[string, Headers, object, "off" | "optional" | "required", string | null]>([
    ["nothing", keyed(), {}, "optional", null],
    ["its Idempotency-Key", keyed("order 17"), {}, "optional", "order 17"],
    ["its payment identifier", keyed(), named(), "optional", id],
    ["its payment identifier, where it has both", keyed("order 17"), named(), "optional", id],
    ["its payment identifier, where it has to have one", keyed(), named(), "required", id],
    ["its Idempotency-Key, where identifiers are off", keyed("order 17"), named(), "off", "order 17"],
    ["nothing, where identifiers are off", keyed(), named(17), "off", null],
    ["a key of one character", keyed("k"), {}, "off", "k"],
    ["a key of 256 characters", keyed("k".repeat(256)), {}, "off", "k".repeat(256)],
  ])("%s", (_, headers, extensions, identifier, value) => {
    expect(readCallKey(headers, extensions as Record<string, unknown>, identifier)).toEqual(key(value));
  });
});

describe("a call is not understood", () => {
  test.each<[string, Headers, object, "off" | "optional" | "required", string]>([
    [
      "without an identifier where it has to have one",
      keyed(),
      {},
      "required",
      "this route asks for an id of payment-identifier",
    ],
    [
      "with a key alone where it has to have an identifier",
      keyed("k".repeat(32)),
      {},
      "required",
      "this route asks for an id of payment-identifier",
    ],
    ["with an identifier that is none", keyed(), named("short"), "optional", FORM],
    ["with an identifier that is none beside a key", keyed("order 17"), named(""), "optional", FORM],
    ["with an empty key", keyed(""), {}, "optional", LENGTH],
    ["with a key that is too long", keyed("k".repeat(257)), {}, "off", LENGTH],
    ["with a key that is too long beside an identifier", keyed("k".repeat(257)), named(), "optional", LENGTH],
  ])("%s", (_, headers, extensions, identifier, error) => {
    expect(readCallKey(headers, extensions as Record<string, unknown>, identifier)).toEqual(flaw(error));
  });
});
