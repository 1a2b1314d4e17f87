import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readParameter } from "../../../src/tariff/parameter.ts";

const read = (query: string): string => {
  const found = readParameter(query, "model");
  return found.kind === "value" ? `= ${found.value}` : found.kind;
};

describe("a parameter of the query", () => {
  test.each([
    ["?model=small", "= small"],
    ["?x=1&model=small&y=2", "= small"],
    ["?&&model=small&", "= small"],
    ["?%6dodel=sm%61ll", "= small"],
    ["?model=a+b%20c", "= a b c"],
    ["?model=a=b", "= a=b"],
    ["?model=caf%C3%A9", "= café"],
    ["?q=1;2&model=small", "= small"],
    ["", "missing"],
    ["?", "missing"],
    ["?models=small&mode=small", "missing"],
    ["?x=model", "missing"],
    ["?filter[model]=small", "missing"],
    ["?x=%ff", "missing"],
  ])("of %s is %s", (query, said) => {
    expect(read(query)).toBe(said);
  });

  test.each([
    ["twice", "?model=small&model=large"],
    ["twice alike", "?model=small&model=small"],
    ["twice, once encoded", "?model=small&%6dodel=large"],
    ["in another letter case", "?Model=small"],
    ["beside another letter case", "?model=small&MODEL=large"],
    ["as a list", "?model[]=small"],
    ["as a list, encoded", "?model%5B%5D=small"],
    ["as a member of a list", "?model=small&model[x]=large"],
    ["behind a space, which PHP drops", "?+model=small"],
    ["with a full-width letter", "?%EF%BD%8Dodel=small"],
    ["behind a semicolon, which some split at", "?x=1;model=large"],
    ["behind a semicolon, too", "?x=1;model=large&model=small"],
    ["before a semicolon", "?model=small;x=1"],
    ["with a semicolon in its name", "?mo;del=small"],
    ["empty", "?model="],
    ["without a value", "?model"],
    ["badly encoded", "?model=%zz"],
    ["not in UTF-8", "?model=%ff"],
    ["as a list whose member is not in UTF-8, as PHP reads it", "?model%5B%ff%5D=large"],
    ["beside such a list", "?model=small&model%5B%ff%5D=large"],
    ["beside a list with what PHP drops behind its bracket", "?model=small&model%5B%5D%ff=large"],
    ["with a letter that IIS alone decodes", "?mod%u0065l=large"],
    ["beside such a letter", "?model=small&mod%u0065l=large"],
    ["beside such a letter behind a semicolon", "?model=small&x=1;mod%u0065l=large"],
  ])("is ambiguous where it stands there %s", (_, query) => {
    expect(read(query)).toBe("ambiguous");
  });

  test("is read as every parser reads it, or has no price", () => {
    const piece = fc.constantFrom(
      "model",
      "%6Dodel",
      "Model",
      "x",
      "model[]",
      "=",
      "&",
      ";",
      "a",
      "%20",
      "+",
      "%",
      "b=",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const query = `?${pieces.join("")}`;
        const found = readParameter(query, "model");
        // Of parsers that split at "&", at ";" too, or ignore letter case, and take the first or the last.
        const readings = [/&/, /[&;]/].flatMap((separator) => {
          const parts = query.slice(1).split(separator).map(pairOf);
          return ["model", "Model", "model[]"].flatMap((name) => parts.filter(([own]) => own === name));
        });
        const values = new Set(readings.map(([, value]) => value));
        if (found.kind === "value") expect([...values]).toEqual([found.value]);
        if (found.kind === "missing") expect(values.size).toBe(0);
      }),
      { numRuns: 3000 },
    );
  });
});

/** As WHATWG's parser reads one. */
function pairOf(text: string): readonly [name: string, value: string] {
  const [pair = ["", ""]] = new URLSearchParams(`?${text.replaceAll("&", "%26")}`);
  return pair as [string, string];
}
