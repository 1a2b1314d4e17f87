// What a table has to respect where it accepts Solana: that a payment there does not last, and that not every bundle has
// what checks it.

import type { FacilitatorSettings } from "../facilitator/index.ts";
import type { SettleMode } from "../schemes/index.ts";
import type { UpstreamSettings } from "../upstream/index.ts";
import { isSolana } from "../x402/index.ts";
import type { Path } from "./mistake.ts";
import type { Entry, Scope } from "./offer.ts";
import type { PricedOption } from "./price.ts";

interface Served {
  readonly settle: SettleMode;
  readonly upstream: UpstreamSettings | null;
  readonly facilitators: readonly FacilitatorSettings[];
}

/** From its block on a transaction lasts for 150 blocks, which is a minute at the least (scheme_exact_svm, "Protocol Flow"). */
const LIFE_MS = 60_000;
/** Of it a wallet, its user and the way to us take some; and at the end a block has to be found for it. */
const TAKEN_MS = 10_000;
const LANDING_MS = 10_000;
/** What is left for all that comes before a settlement begins. That it then takes longer to be confirmed, costs nothing. */
const ROOM_MS = LIFE_MS - TAKEN_MS - LANDING_MS;

/** Those ways to pay that can be offered; what keeps others from it is told. */
export function checkSolana(
  priced: readonly PricedOption[],
  served: Served,
  entry: Entry,
  path: Path,
  { report, rows }: Scope,
): readonly PricedOption[] {
  const solana = priced.filter(({ network }) => isSolana(network));
  if (solana.length === 0) return priced;
  if (rows.length === 0) {
    const at = entry.accepts === undefined ? [] : path;
    report([...at, "accepts"], NO_ROW);
    return priced.filter(({ network }) => !isSolana(network));
  }
  const neededMs = beforeSettlingMs(served);
  if (neededMs > ROOM_MS) {
    const isOwn = [entry.settle, entry.accepts, entry.upstream, entry.facilitators].some((own) => own !== undefined);
    report([...(isOwn ? path : []), "settle"], remedyOf(neededMs, served));
  }
  // Who is paid nowhere is told already.
  return priced.filter(({ network, payTo }) => !isSolana(network) || payTo !== "");
}

const NO_ROW =
  "this bundle was built without what checks payments on Solana: deploy with the build command of wrangler.toml, npm run check -- --quiet";

function beforeSettlingMs({ settle, upstream, facilitators }: Served): number {
  const verifyMs = facilitators.reduce((sum, { verifyTimeoutMs }) => sum + verifyTimeoutMs, 0);
  return verifyMs + (settle === "before" ? 0 : (upstream?.timeoutMs ?? 0));
}

function remedyOf(neededMs: number, { settle }: Served): string {
  const most = `${ROOM_MS / 1000} seconds, not ${neededMs / 1000}`;
  return settle === "before"
    ? `a payment on Solana lives for a minute: shorten verifyTimeoutSeconds, all facilitators may take ${most}`
    : `a payment on Solana lives for a minute: write "before", or let verifying and the upstream take ${most}`;
}
