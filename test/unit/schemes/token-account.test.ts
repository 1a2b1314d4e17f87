import { expect, test } from "vitest";
import { ASSOCIATED_TOKEN, tokenAccountOf } from "../../../src/schemes/token-account.ts";
import { encodeBase58 } from "../../../src/std/index.ts";
import type { TokenProgram } from "../../../src/x402/index.ts";
import { bytesOf } from "../../support/solana-payment.ts";

const WALLET = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
const OTHER = "EwWqGE4ZFKLofuestmU4LDdK7XM1N4ALgdZccwYugwGd";
const USDC = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
const MAINNET_USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
const PYUSD = "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo";

// Derived by @solana-program/token-2022 0.10; the first address off the curve is the 1st, 2nd, 3rd, 4th and 1st of them.
test.each<[string, string, TokenProgram, string]>([
  [WALLET, USDC, "spl-token", "A6cvo72FWB5PKDznP79KJv64DbT1aw7YbEfCm4AALHg8"],
  [WALLET, MAINNET_USDC, "spl-token", "3XZXfFJHF5ox3yPop16oqYfSWxLpkjsEuvTe2S67G2rj"],
  [WALLET, PYUSD, "token-2022", "AkqGfrjxdpdpmVSdZzN3iehHUmhQshWiBbN45vQvu4to"],
  [OTHER, USDC, "spl-token", "4vnnp3TcBJPmdoEmaBF8q4ba2qugqktpnEA2f4wtRGCZ"],
  [OTHER, PYUSD, "token-2022", "FrCsUJrVipHufVwCzMvW79i9kbTpDjCJB2TwNdtiS6ez"],
])("the wallet %s keeps %s of %s at %s", (wallet, mint, program, account) => {
  expect(encodeBase58(tokenAccountOf(bytesOf(wallet), bytesOf(mint), program))).toBe(account);
});

test("the program that derives it is the one of that name", () => {
  expect(encodeBase58(Buffer.from(ASSOCIATED_TOKEN, "hex"))).toBe("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
});
