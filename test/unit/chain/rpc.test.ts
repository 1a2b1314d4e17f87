import { describe, expect, test } from "vitest";
import { readBatch, readReplies } from "../../../src/chain/rpc.ts";

const reply = (id: unknown, result: unknown = "0x1") => ({ jsonrpc: "2.0", id, result });
const refusal = (error: unknown, id: unknown = 0) => ({ jsonrpc: "2.0", id, error });

test.each([
  ["in order", [reply(0, "a"), reply(1, "b")]],
  ["in another order", [reply(1, "b"), reply(0, "a")]],
])("results that come %s are each call's own", (_, json) => {
  expect(readBatch(json, 2)).toEqual({ ok: true, value: ["a", "b"] });
});

test("a result that is null is a result", () => {
  expect(readBatch([reply(0, null)], 1)).toEqual({ ok: true, value: [null] });
});

test.each([
  ["one call", [reply(0), refusal({ code: -32000, message: "no" }, 1)]],
  ["the whole batch at once", refusal({ code: -32000, message: "no" }, null)],
])("an error in place of %s is a refusal with its code, and without its words", (_, json) => {
  expect(readBatch(json, 2)).toEqual({ ok: false, error: { kind: "refused", detail: "refused with code -32000" } });
});

test.each([
  ["words", "https://key@rpc.example"],
  ["no whole number", 1.5],
  ["nothing", undefined],
])("a code that is %s is not repeated", (_, code) => {
  expect(readBatch([refusal({ code })], 1)).toMatchObject({ error: { detail: "refused with code unknown" } });
});

describe("where each call may be refused by itself", () => {
  const reverted = refusal({ code: 3, message: "execution reverted: no" }, 1);

  test("each has its own result, or the code of its refusal", () => {
    const json = [reverted, reply(0, "a"), reply(2, null)];
    expect(readReplies(json, 3)).toEqual({
      ok: true,
      value: [
        { ok: true, value: "a" },
        { ok: false, error: "3" },
        { ok: true, value: null },
      ],
    });
  });

  test.each([
    ["the batch as a whole", refusal({ code: -32000 }, null)],
    ["one call, and leaves another out", [refusal({ code: -32000 }, 0)]],
  ])("an RPC that refuses %s has refused all", (_, json) => {
    expect(readReplies(json, 2)).toMatchObject({ ok: false, error: { kind: "refused" } });
  });

  test("an answer beside the refusal does not count", () => {
    expect(readReplies([{ ...reply(0), error: { code: 3 } }], 1)).toMatchObject({ value: [{ error: "3" }] });
  });

  test("nothing is believed that is not whole", () => {
    expect(readReplies([reply(0), reply(0)], 2)).toMatchObject({ ok: false, error: { kind: "broken" } });
  });
});

describe("answers are not believed", () => {
  test.each([
    ["that are nothing", null],
    ["that are text", "0x1"],
    ["that are one object for two calls", reply(0)],
    ["that are too few", [reply(0)]],
    ["that are too many", [reply(0), reply(1), reply(2)]],
    ["that answer one call twice", [reply(0), reply(0)]],
    ["of another id", [reply(0), reply(7)]],
    ["of an id in words", [reply(0), reply("1")]],
    ["of another protocol", [reply(0), { ...reply(1), jsonrpc: "1.0" }]],
    ["without a result", [reply(0), { jsonrpc: "2.0", id: 1 }]],
    ["with an error in words and no result", [reply(0), refusal("no", 1)]],
    ["that hold something else", [reply(0), null]],
  ])("%s", (_, json) => {
    expect(readBatch(json, 2)).toMatchObject({ ok: false, error: { kind: "broken" } });
  });
});
