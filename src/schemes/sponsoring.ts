// What a payment by Permit2 brings so that somebody else pays the gas of its allowance. One is enough, and the reference
// facilitator looks for them in this order.

import { signedInfo } from "../x402/index.ts";
import type { Needed, Sponsored } from "./allowance.ts";
import { checkPermit } from "./eip2612.ts";
import { checkApproval } from "./erc20-approval.ts";
import type { CheckInput } from "./scheme.ts";

export function checkSponsoring(input: CheckInput, needed: Needed): Sponsored {
  const permit = signedInfo(input.extensions, "eip2612GasSponsoring");
  if (permit) return checkPermit(permit, input, needed);
  const approval = signedInfo(input.extensions, "erc20ApprovalGasSponsoring");
  if (approval) return checkApproval(approval, input, needed);
  return { kind: "sponsored", extensions: {}, objection: () => null };
}
