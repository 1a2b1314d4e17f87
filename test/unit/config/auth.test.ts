import { describe, expect, test } from "vitest";
import { mistakes, parsed, route } from "./table.ts";

const url = "https://facilitator.example";
const auth = (value: unknown): object => ({ facilitators: [{ url, auth: value }] });
const cdp = { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" };

describe("a facilitator is told who asks", () => {
  test.each<[string, unknown, unknown]>([
    ["by nothing where the table says nothing", undefined, null],
    ["by a bearer's token", { bearer: "{{KEY}}" }, { kind: "headers", headers: [["authorization", "Bearer {{KEY}}"]] }],
    [
      "by headers",
      { headers: { "X-Api-Key": "{{KEY}}", "x-client": "gate" } },
      {
        kind: "headers",
        headers: [
          ["X-Api-Key", "{{KEY}}"],
          ["x-client", "gate"],
        ],
      },
    ],
    ["by a key of Coinbase CDP", { cdp }, { kind: "cdp", ...cdp }],
    [
      "by a key of Coinbase CDP whose name is no secret",
      { cdp: { ...cdp, keyId: "organizations/0e1f/apiKeys/4a5b" } },
      { kind: "cdp", ...cdp, keyId: "organizations/0e1f/apiKeys/4a5b" },
    ],
  ])("%s", (_, written, compiled) => {
    const { facilitators } = parsed(written === undefined ? { facilitators: [url] } : auth(written));
    expect(facilitators.map((one) => one.auth)).toEqual([compiled]);
  });

  test("alike at every route that names it so", () => {
    const facilitators = [{ url, auth: { cdp } }];
    const own = [{ url, auth: { cdp }, settleTimeoutSeconds: 9 }];
    expect(parsed({ facilitators, ...route({ facilitators: own }) }).facilitators).toHaveLength(2);
  });
});

describe("what a table says of it is a mistake", () => {
  const oneOf = 'write an object with one of "bearer", "headers" and "cdp"';
  const noKey = (name: string) => `write a secret's name such as {{${name}}}; no key belongs into this file`;
  const keyId = "write the key's id, or the name of the secret that holds it";

  test.each<[string, unknown, string, string]>([
    ["where it is a text, which is not repeated", "s3cret", "", oneOf],
    ["where it says nothing", {}, "", oneOf],
    ["where it says two things", { bearer: "{{KEY}}", cdp }, "", oneOf],
    [
      "where it says what nobody knows",
      { basic: "{{KEY}}" },
      ".basic",
      "there is no such key; known are bearer, headers, cdp",
    ],
    [
      "where the token itself stands there, which is not repeated",
      { bearer: "s3cret" },
      ".bearer",
      noKey("FACILITATOR_KEY"),
    ],
    ["where something stands beside the secret", { bearer: "s3cret {{KEY}}" }, ".bearer", noKey("FACILITATOR_KEY")],
    ["where no header is named", { headers: {} }, ".headers", "write at least one header"],
    ["where a header has no such name", { headers: { "x y": "1" } }, '.headers["x y"]', "this is not a header's name"],
    ...["Content-Type", "connection", "Transfer-Encoding", "host", "proxy-authorization", "payment-signature"].map(
      (name): [string, unknown, string, string] => [
        `where the gate's own header ${name} is named`,
        { headers: { [name]: "1" } },
        /-/.test(name) ? `.headers["${name}"]` : `.headers.${name}`,
        "the gate sets or removes this header itself",
      ],
    ),
    ["where a header holds more than ASCII", { headers: { "x-a": "ü" } }, '.headers["x-a"]', "write printable ASCII"],
    ["where a key has no secret", { cdp: { keyId: cdp.keyId } }, ".cdp.secret", "this key is missing"],
    ["where a key has no name", { cdp: { ...cdp, keyId: "" } }, ".cdp.keyId", keyId],
    ["where a key's name has two lines", { cdp: { ...cdp, keyId: "a\nb" } }, ".cdp.keyId", keyId],
    [
      "where a key itself stands there, which is not repeated",
      { cdp: { ...cdp, secret: "s3cret" } },
      ".cdp.secret",
      noKey("CDP_KEY_SECRET"),
    ],
  ])("%s", (_, written, path, remedy) => {
    expect(mistakes(auth(written))).toEqual([{ path: `facilitators[0].auth${path}`, remedy }]);
  });

  test("where one facilitator is told it in two ways", () => {
    const remedy = `${url} stands with two kinds of auth; write one`;
    const told = (own: object) =>
      mistakes({ ...auth({ cdp }), ...route({ facilitators: [{ url: `${url}/`, ...own }] }) });
    for (const own of [{}, { auth: { bearer: "{{KEY}}" } }, { auth: { cdp: { ...cdp, keyId: "other" } } }]) {
      expect(told(own)).toEqual([{ path: "facilitators", remedy }]);
    }
  });
});
