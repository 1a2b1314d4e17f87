import { expect, test } from "vitest";
import { sentence } from "../../../src/config/index.ts";
import { pathText } from "../../../src/config/mistake.ts";

test.each<[readonly PropertyKey[], string]>([
  [[], ""],
  [["payTo"], "payTo"],
  [["accepts", 0], "accepts[0]"],
  [["facilitators", 0, "url"], "facilitators[0].url"],
  [["routes", "GET /v1", "price"], 'routes["GET /v1"].price'],
  [["routes", '/"'], 'routes["/\\""]'],
  [["", "$schema"], '[""].$schema'],
  [["x-y"], '["x-y"]'],
])("the place %j reads as JavaScript would write it", (keys, text) => {
  expect(pathText(keys)).toBe(text);
});

test("a mistake is a sentence that begins with its place", () => {
  expect(sentence({ path: "payTo", remedy: "write your own" })).toBe("payTo: write your own");
});

test("a mistake of the whole file names the file", () => {
  expect(sentence({ path: "", remedy: "write an object" })).toBe("the file: write an object");
});
