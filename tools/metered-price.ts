// A price that follows use, in words for people: what a call costs beside the most.

import { decimalText, type Meter } from "../src/metering/index.ts";

/** Such as `$0.001 + usage.total_tokens at $0.60/1M, at least $0.01`. */
export function meterText({ fixed, rates, min }: Meter): string {
  const parts = [...(fixed.digits > 0n ? [`$${decimalText(fixed)}`] : []), ...rates.map(({ title }) => title)];
  return parts.join(" + ") + (min.digits > 0n ? `, at least $${decimalText(min)}` : "");
}
