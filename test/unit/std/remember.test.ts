import { describe, expect, test } from "vitest";
import { remembering } from "../../../src/std/index.ts";

describe("what is remembered", () => {
  const counting = (max: number) => {
    const asked: string[] = [];
    const length = remembering(max, (text) => {
      asked.push(text);
      return text === "" ? null : text.length;
    });
    return { asked, length };
  };

  test("is worked out once", () => {
    const { asked, length } = counting(2);
    expect(["ab", "c", "ab", "c"].map(length)).toEqual([2, 1, 2, 1]);
    expect(asked).toEqual(["ab", "c"]);
  });

  test("may be nothing", () => {
    const { asked, length } = counting(2);
    expect(["", ""].map(length)).toEqual([null, null]);
    expect(asked).toEqual([""]);
  });

  test("is nothing long", () => {
    const { asked, length } = counting(2);
    const texts = ["a".repeat(256), "b".repeat(257)];
    expect([...texts, ...texts].map(length)).toEqual([256, 257, 256, 257]);
    expect(asked).toEqual([...texts, texts[1]]);
  });

  test("stays right, and few, whoever asks for more", () => {
    const { asked, length } = counting(2);
    for (let round = 0; round < 3; round++) expect(["a", "bb", "ccc"].map(length)).toEqual([1, 2, 3]);
    // Two are kept: the third one begins anew.
    expect(asked).toEqual(["a", "bb", "ccc", "a", "bb", "ccc", "a", "bb", "ccc"]);
  });
});
