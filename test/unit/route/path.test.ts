import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalPath, fold, type PathFlaw } from "../../../src/route/path.ts";

describe("canonicalPath keeps", () => {
  test.each<[string, string, readonly string[]]>([
    ["the root", "/", []],
    ["a plain path", "/v1/quotes", ["v1", "quotes"]],
    ["a trailing slash, which the key leaves out", "/v1/quotes/", ["v1", "quotes"]],
    ["letter case, which the key leaves out", "/V1/Quotes", ["v1", "quotes"]],
    ["unreserved characters", "/a-b_c~d.e/0", ["a-b_c~d.e", "0"]],
    ["sub-delimiters, colon and at", "/!$&'()*+,=:@", ["!$&'()*+,=:@"]],
    ["sub-delimiters beside what is encoded", "/%22!$&'()*+,=:@", ["\"!$&'()*+,=:@"]],
    ["dots inside a segment and before it", "/.well-known/a..b/...c", [".well-known", "a..b", "...c"]],
    ["encoded letters beyond ASCII", "/caf%C3%A9", ["café"]],
    ["an encoded space inside a segment", "/a%20b", ["a b"]],
    ["an encoded quote", "/a%22b", ['a"b']],
    ["an encoded zero-width joiner", "/a%E2%80%8Db", ["a\u200db"]],
    ["a segment that looks like a drive letter", "/C:/x", ["c:", "x"]],
    ["a long path", `/${"a/".repeat(4000)}`, Array(4000).fill("a")],
  ])("%s", (_, raw, segments) => {
    const names = raw.split("/").filter(Boolean).map(decodeURIComponent);
    expect(canonicalPath(raw)).toEqual({ ok: true, value: { text: raw, segments, spelling: { names, oddity: null } } });
  });
});

describe("canonicalPath writes in one way", () => {
  test.each([
    ["encoded letters", "/%76%31/q%75otes", "/v1/quotes"],
    ["an encoded unreserved character", "/%7Ea%2Db%5Fc", "/~a-b_c"],
    ["an encoded dot inside a segment", "/a%2Eb", "/a.b"],
    ["encoded sub-delimiters", "/%21%24%26%27%28%29%2A%2B%2C%3D%3A%40", "/!$&'()*+,=:@"],
    ["percent signs with small digits", "/caf%c3%a9", "/caf%C3%A9"],
    ["a raw quote", '/a"b', "/a%22b"],
    ["raw brackets", "/a[0]{1}<2>", "/a%5B0%5D%7B1%7D%3C2%3E"],
    ["a raw bar, circumflex and backtick", "/|^`", "/%7C%5E%60"],
  ])("%s", (_, raw, text) => {
    expect(canonicalPath(raw)).toMatchObject({ ok: true, value: { text } });
  });
});

describe("canonicalPath folds", () => {
  test.each([
    ["encoded and plain letters", "/%70aid", "/PAID"],
    ["capital and small letters beyond ASCII", "/%C3%89T%C3%89", "/%C3%A9t%C3%A9"],
    ["a sharp s and a double s", "/stra%C3%9Fe", "/STRASSE"],
    ["the two small sigmas", "/%CF%83", "/%CF%82"],
    ["the dotless i and the plain one", "/%C4%B1", "/I"],
    ["the dotted capital I and the plain one", "/%C4%B0", "/i"],
    ["the capital sharp s and a double s", "/%E1%BA%9E", "/ss"],
  ])("%s into one key", (_, one, other) => {
    const [a, b] = [canonicalPath(one), canonicalPath(other)];
    expect(a).toMatchObject({ ok: true });
    expect(a.ok && a.value.segments).toEqual(b.ok && b.value.segments);
  });

  test("every letter of every script as each of its forms", () => {
    const letters = Array.from({ length: 0x11_0000 }, (_, code) => code)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => String.fromCodePoint(code))
      .filter((letter) => letter === letter.normalize("NFKC"));
    const forms = (letter: string): readonly string[] => [letter.toLowerCase(), letter.toUpperCase(), fold(letter)];
    const apart = letters.filter((letter) => forms(letter).some((form) => fold(form) !== fold(letter)));
    expect(apart).toEqual([]);
  });

  test("a word as each of its forms", () => {
    const word = fc.string({ unit: fc.constantFrom(..."aIiıİsSßẞσςΣ'.x") });
    fc.assert(
      fc.property(word, (text) => {
        for (const form of [text.toLowerCase(), text.toUpperCase(), fold(text)]) expect(fold(form)).toBe(fold(text));
      }),
      { numRuns: 1000 },
    );
  });
});

const refusals: { readonly [flaw in PathFlaw]: readonly (readonly [title: string, raw: string])[] } = {
  backslash: [
    ["holds a backslash", "/paid\\report"],
    ["begins with a backslash", "/\\paid"],
    ["ends in a backslash", "/paid\\"],
  ],
  empty_segment: [
    ["begins with two slashes", "//paid"],
    ["holds two slashes", "/v1//paid"],
    ["ends in two slashes", "/paid//"],
    ["is two slashes", "//"],
  ],
  semicolon: [
    ["has a matrix parameter", "/paid;jsessionid=1"],
    ["has a semicolon before its slash", "/free;/../paid"],
    ["ends in a semicolon", "/paid;"],
  ],
  bad_percent_encoding: [
    ["has a percent sign alone", "/100%"],
    ["has a percent sign with one digit", "/a%2"],
    ["has a percent sign with letters", "/%zz"],
    ["has a percent sign before a slash", "/%/2f"],
    ["has the percent-u form", "/%u002e%u002e/paid"],
  ],
  encoded_delimiter: [
    ["holds an encoded slash", "/v1%2Fpaid"],
    ["holds an encoded slash in small digits", "/v1%2fpaid"],
    ["holds an encoded backslash", "/v1%5Cpaid"],
    ["holds an encoded percent sign", "/%25"],
    ["is encoded twice", "/%2570aid"],
    ["has dots that are encoded twice", "/x/%252e%252e/paid"],
    ["holds an encoded semicolon", "/paid%3Bx"],
    ["holds an encoded question mark", "/paid%3Fx"],
    ["holds an encoded hash", "/paid%23x"],
    ["climbs with encoded slashes", "/free/..%2Fpaid"],
  ],
  control_character: [
    ["ends in an encoded line feed", "/paid%0A"],
    ["ends in an encoded carriage return", "/paid%0D"],
    ["holds an encoded tab", "/pa%09id"],
    ["ends in an encoded null", "/paid%00"],
    ["holds an encoded delete", "/pa%7Fid"],
    ["holds an encoded control beyond ASCII", "/pa%C2%85id"],
  ],
  not_utf8: [
    ["has a byte that begins nothing", "/%FF"],
    ["has Latin-1", "/caf%E9"],
    ["has an overlong slash", "/..%C0%AFpaid"],
    ["has an overlong dot", "/%C0%AE%C0%AE/paid"],
    ["has half a surrogate pair", "/%ED%A0%80"],
    ["has a character that is cut short", "/%E2%82"],
    ["has a character beyond Unicode", "/%F4%90%80%80"],
  ],
  not_ascii: [
    ["holds a raw letter beyond ASCII", "/café"],
    ["holds a raw space", "/pa id"],
    ["ends in a raw space", "/paid "],
    ["holds a raw tab", "/pa\tid"],
    ["holds a raw line feed", "/paid\n"],
    ["holds a raw null", "/paid\0"],
    ["holds a raw fullwidth dot", "/．．/paid"],
    ["holds half a surrogate pair", "/\ud800"],
  ],
  not_nfkc: [
    ["has a combining accent that belongs to its letter", "/cafe%CC%81"],
    ["has a fullwidth letter", "/%EF%BD%90aid"],
    ["has a fullwidth slash", "/v1%EF%BC%8Fpaid"],
    ["has a ligature", "/%EF%AC%81le"],
    ["has the Kelvin sign", "/%E2%84%AAelvin"],
    ["has a no-break space inside", "/a%C2%A0b"],
    ["has an ellipsis", "/%E2%80%A6/paid"],
    ["has the long s", "/%C5%BF"],
  ],
  dot_at_segment_end: [
    ["is a dot", "/."],
    ["is two dots", "/.."],
    ["climbs", "/free/../paid"],
    ["stays", "/./paid"],
    ["climbs at its end", "/free/.."],
    ["climbs with encoded dots", "/free/%2e%2e/paid"],
    ["climbs with encoded dots in capitals", "/free/%2E%2E/paid"],
    ["climbs with half encoded dots", "/free/.%2e/paid"],
    ["climbs with dots encoded the other way round", "/free/%2e./paid"],
    ["stays with an encoded dot", "/%2e/paid"],
    ["has a segment that ends in a dot", "/paid."],
    ["has a segment that ends in an encoded dot", "/paid%2E"],
    ["has an inner segment that ends in a dot", "/v1./paid"],
    ["is three dots", "/.../paid"],
    ["has a segment that ends in a dot beside an encoded letter", "/%70aid."],
  ],
  space_at_segment_edge: [
    ["ends in an encoded space", "/paid%20"],
    ["has a segment that begins with an encoded space", "/%20paid"],
    ["has a segment of one space", "/%20"],
    ["has an inner segment that ends in a space", "/v1%20/paid"],
    ["has a segment that ends in a dot and a space", "/paid.%20"],
    ["ends in a no-break space", "/paid%C2%A0"],
    ["ends in a line separator", "/paid%E2%80%A8"],
    ["begins with a byte order mark", "/%EF%BB%BFpaid"],
    ["ends in an ideographic space", "/paid%E3%80%80"],
  ],
};

const cases = Object.entries(refusals).flatMap(([flaw, rows]) =>
  rows.map(([title, raw]) => [title, raw, flaw] as const),
);

describe("canonicalPath refuses a path that", () => {
  test.each(cases)("%s: %j is %s", (_, raw, flaw) => {
    expect(canonicalPath(raw)).toEqual({ ok: false, error: flaw });
  });
});

/** Paths that are mostly accepted, with what origins disagree about strewn in. */
const plain = fc.constantFrom(..."aZ09-_~.!$&'()*+,=:@", '"', "<", "[", "|", "^");
const hexByte = fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
const letter = fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }).map((char) => encodeURIComponent(char));
const strange = fc.constantFrom(
  "%2e",
  "%2E",
  ".",
  "..",
  "%2f",
  "%5C",
  "%25",
  "%20",
  "%3b",
  ";",
  "\\",
  "/",
  "%0a",
  "%",
  "é",
);
const unit = fc.oneof(
  { weight: 20, arbitrary: plain },
  { weight: 4, arbitrary: letter },
  { weight: 1, arbitrary: hexByte },
  { weight: 1, arbitrary: strange },
);
const segment = fc.array(unit, { maxLength: 6 }).map((units) => units.join(""));
const rawPath = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join("/")}`);

/** The rule of what is refused, said once more and in another way. */
function isRefused(path: string): boolean {
  let decoded: string[];
  try {
    decoded = path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return true;
  }
  const inner = decoded.length > 1 && decoded.at(-1) === "" ? decoded.slice(0, -1) : decoded;
  return (
    path.includes("\\") ||
    path.includes(";") ||
    (inner.includes("") && path !== "/") ||
    decoded.some((text) => /[/\\%;?#\p{Cc}]|\.$|^\s|\s$/u.test(text) || text !== text.normalize("NFKC"))
  );
}

describe("for every path that canonicalPath accepts", () => {
  const forAccepted = (check: (value: { text: string; segments: readonly string[] }, raw: string) => void): void => {
    let count = 0;
    fc.assert(
      fc.property(rawPath, (raw) => {
        const result = canonicalPath(raw);
        if (result.ok) check(result.value, raw);
        if (result.ok) count++;
      }),
      { numRuns: 2000 },
    );
    expect(count).toBeGreaterThan(500);
  };

  test("the canonical text is its own canonical text", () => {
    forAccepted((value) => expect(canonicalPath(value.text)).toEqual({ ok: true, value }));
  });

  test("a URL keeps the canonical text", () => {
    forAccepted(({ text }) => expect(new URL(`https://api.example.com${text}?q`).pathname).toBe(text));
  });

  test("a Request keeps the canonical text", () => {
    forAccepted(({ text }) => expect(new Request(`https://h${text}`).url).toBe(`https://h${text}`));
  });

  test("the canonical text holds nothing that is refused", () => {
    forAccepted(({ text }) => {
      expect(text).toMatch(/^(\/(?:[A-Za-z0-9_~!$&'()*+,=:@.-]|%[0-9A-F]{2})*)+$/);
      expect(isRefused(text)).toBe(false);
    });
  });

  test("the canonical text means what was asked", () => {
    forAccepted(({ text }, raw) => expect(decodeURIComponent(text)).toBe(decodeURIComponent(raw)));
  });

  test("the key is the decoded path, folded, without a trailing slash", () => {
    forAccepted(({ segments }, raw) => {
      const path = fold(decodeURIComponent(raw));
      expect(`/${segments.join("/")}`).toBe(path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);
    });
  });
});

test("canonicalPath refuses exactly what the rule names", () => {
  fc.assert(
    fc.property(rawPath, (raw) => {
      // Raw letters beyond ASCII are refused for themselves.
      fc.pre(/^[\x21-\x7e]*$/.test(raw));
      expect(canonicalPath(raw).ok).toBe(!isRefused(raw));
    }),
    { numRuns: 5000 },
  );
});
