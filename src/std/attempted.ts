// A call of somebody else, such as a Durable Object: what it answers, or that it did not in time.

import { err, ok, type Result } from "./result.ts";

/** An object that does not answer for this long is as good as gone; what it commits later stands. */
const DEADLINE_MS = 10_000;

export async function attempted<T>(
  call: () => Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Result<T, "unavailable">> {
  const late = Promise.withResolvers<Result<T, "unavailable">>();
  const timer = setTimeout(() => late.resolve(err("unavailable")), deadlineMs);
  const answered = call().then(ok, () => err("unavailable" as const));
  return Promise.race([answered, late.promise]).finally(() => clearTimeout(timer));
}
