// A request's body that is read whole before anything is done with it, so that what was read is what is forwarded.

import type { ComputedAccess, PaidAccess } from "../config/index.ts";
import type { Problem } from "../problem.ts";
import { err, ok, type Result, readWithin } from "../std/index.ts";
import type { Call, Gate } from "./gate.ts";

type Access = Pick<PaidAccess | ComputedAccess, "bodyBytesMax" | "upstream">;

/** Of the route, and of what is read whole anywhere. */
const bytesMaxOf = ({ config }: Gate, { bodyBytesMax }: Access): number =>
  Math.min(bodyBytesMax ?? config.bufferBytesMax, config.bufferBytesMax);

/** Whether it declares a length that is read. */
export function isDeclaredShort(gate: Gate, { request }: Call, access: Access): boolean {
  const length = request.headers.get("content-length");
  return length !== null && !(Number(length) > bytesMaxOf(gate, access));
}

export async function readWhole(
  gate: Gate,
  { request, trace }: Call,
  body: ReadableStream<Uint8Array>,
  access: Access,
): Promise<Result<Uint8Array, Problem>> {
  const bytesMax = bytesMaxOf(gate, access);
  const length = request.headers.get("content-length");
  if (Number(length) > bytesMax) return err({ reason: "body_too_large", bytesMax });
  const bytes = await trace.measure("body", readWithin(body, bytesMax, access.upstream.timeoutMs));
  if (!bytes.ok && bytes.error === "too_large") return err({ reason: "body_too_large", bytesMax });
  const isWhole = bytes.ok && (length === null || bytes.value.byteLength === Number(length));
  return isWhole ? ok(bytes.value) : err({ reason: "body_incomplete" });
}
