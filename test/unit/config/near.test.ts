import { expect, test } from "vitest";
import { didYouMean } from "../../../src/config/advice.ts";

const WORDS = ["price", "mimeType", "timeoutSeconds", "maxTimeoutSeconds", "by", "base", "sei", "base-sepolia"];

test.each([
  ["prize", "price"],
  ["PRICE", "price"],
  ["pirce", "price"],
  ["mime-type", "mimeType"],
  ["mimType", "mimeType"],
  ["timeout", "timeoutSeconds"],
  ["maxTimoutSecond", "maxTimeoutSeconds"],
  ["By", "by"],
  ["bse", "base"],
  ["base sepolla", "base-sepolia"],
])("%s is near %s", (written, word) => {
  expect(didYouMean(written, WORDS)).toBe(`did you mean "${word}"?`);
});

test.each(["sui", "sei", "my", "cost", "", "max", "xyprice", "prices-of-all", "p".repeat(10_000)])(
  "%s is near none",
  (written) => {
    expect(didYouMean(written, WORDS)).toBeNull();
  },
);

test("the nearest of several is meant, and of equally near ones the first", () => {
  expect(didYouMean("acceps", ["access", "accepts"])).toBe('did you mean "access"?');
  expect(didYouMean("accept", ["access", "accepts"])).toBe('did you mean "accepts"?');
});

test("a beginning that two words have in common is neither", () => {
  expect(didYouMean("allow", ["allowSemicolon", "allowDoubleSlash"])).toBeNull();
});
