import { expect, test, vi } from "vitest";
import { ask } from "../worker/client.ts";

test("a gate whose signing keys are wrong answers 500, and its log says which, without a letter of them", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  for (const path of ["/free/x", "/unsigned/ok", "/.faregate/keys"]) {
    expect((await ask(path)).status).toBe(500);
  }
  const said = String(log.mock.calls[0]?.[0]);
  expect(JSON.parse(said).mistakes).toEqual([
    'the secret of the signing key new is no Ed25519 private key: write PKCS#8 in base64, or a JWK with "d"',
    "the secret of the signing key shared is no key for HMAC: write base64 of at least 32 random bytes",
  ]);
  expect(said).not.toMatch(/to-be-told|bm90/);
});
