// Payments verified and settled without a third party: over JSON-RPC, with a relayer's own key that pays for the gas
// (`exact` on eip155:*, EIP-3009). It keeps the promises of the facilitator over HTTP: nothing is called a failure that
// may have been mined.

import { type Facilitator, inTurn, Supported } from "../facilitator/index.ts";
import type { Abilities, LateSettlement, Settlement } from "../x402/index.ts";
import { buildDesk } from "./desk.ts";
import { DIRECT_DEFAULTS, type DirectChoice, type DirectParts } from "./settings.ts";
import { settle } from "./settlement.ts";
import { verify } from "./verdict.ts";

const abilitiesOn = (network: string): Abilities => ({
  kinds: [{ x402Version: 2, scheme: "exact", network }],
  // Nobody's allowance is paid for where Permit2 moves nothing.
  extensions: [],
  signers: {},
});
/** What it can do is known here, and need not be told to other isolates. */
const NO_NOTES = { read: async () => null, write: async () => undefined };

/** @param chosen what is left out is usual */
export function buildDirect(chosen: DirectChoice, parts: DirectParts): Facilitator {
  const settings = { ...DIRECT_DEFAULTS, ...chosen };
  const desk = buildDesk(settings, parts);
  const name = nameOf(settings.network, parts.account.address);
  return {
    name,
    publicName: name,
    confirmations: settings.confirmations,
    breaker: inTurn(desk.breaker, desk.breaker),
    supported: new Supported(name, async () => abilitiesOn(settings.network), NO_NOTES, parts.nowMs),
    verify: (body) => verify(desk, body),
    settle: (body) => settle(desk, body),
    settleAgain: async (body) => late(await settle(desk, body)),
  };
}

/** A payment is pinned to the account that may have sent it: another one knows nothing of it. */
const nameOf = (network: string, relayer: string): string => `direct:${network}:${relayer.toLowerCase()}`;

/** An earlier attempt may have settled it, here or with another relayer's key: after it no failure is a rejection. */
const late = (settlement: Settlement): LateSettlement =>
  settlement.kind === "rejected" ? { kind: "unknown", detail: settlement.reason, transaction: null } : settlement;
