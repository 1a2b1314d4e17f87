import { describe, expect, test } from "vitest";
import { readMessage } from "../../../src/tariff/message.ts";

const NAMED = new Set(["tools/call", "prompts/get"]);
const read = (message: unknown): unknown => {
  const text = typeof message === "string" ? message : JSON.stringify(message);
  const said = readMessage(new TextEncoder().encode(text), NAMED);
  return said.kind === "call" ? said.names : said.kind;
};
const call = (method: unknown, params?: unknown): object => ({ jsonrpc: "2.0", id: 1, method, params });

describe("a message", () => {
  test.each<[string, unknown, unknown]>([
    ["a method", call("eth_call", [{ to: "0x" }]), ["eth_call"]],
    ["a tool", call("tools/call", { name: "search", arguments: { name: "x" } }), ["tools/call search", "tools/call"]],
    ["a prompt", call("prompts/get", { name: "a b" }), ["prompts/get a b", "prompts/get"]],
    ["no tool", call("tools/call", { arguments: {} }), ["tools/call"]],
    ["a tool without params", call("tools/call"), ["tools/call"]],
    ["a tool by params that are a list", call("tools/call", ["search"]), ["tools/call"]],
    ["what has a name that costs nothing of its own", call("initialize", { name: 7, Name: 8 }), ["initialize"]],
    ["a notification", { jsonrpc: "2.0", method: "notifications/initialized" }, ["notifications/initialized"]],
  ])("calls %s", (_, message, names) => {
    expect(read(message)).toEqual(names);
  });

  test.each([
    ["a result", { jsonrpc: "2.0", id: 1, result: {} }],
    ["an error", { jsonrpc: "2.0", id: 1, error: { code: 1 } }],
  ])("answers with %s", (_, message) => {
    expect(read(message)).toBe("response");
  });

  test.each<[string, unknown]>([
    ["a batch", [call("tools/list")]],
    ["an empty batch", []],
    ["text", '"tools/call"'],
    ["nothing that calls", { jsonrpc: "2.0", id: 1 }],
    ["no JSON", "{"],
    ["a method that is a number", call(7)],
    ["a method that is null", call(null)],
    ["two methods", '{"method":"tools/list","method":"tools/call"}'],
    ["a method in another letter case", { Method: "tools/call" }],
    ["a method in another letter case beside an answer", { result: {}, Method: "tools/call" }],
    ["two tools", '{"method":"tools/call","params":{"name":"echo","name":"search"}}'],
    ["a tool twice, once escaped", '{"method":"tools/call","params":{"name":"echo","n\\u0061me":"search"}}'],
    ["a tool in other params", '{"method":"tools/call","params":{"name":"echo"},"params":{"name":"search"}}'],
    ["a tool that is a number", call("tools/call", { name: 7 })],
  ])("is ambiguous with %s", (_, message) => {
    expect(read(message)).toBe("ambiguous");
  });
});
