// The machine's own clock, the same in every process: what one wrote down another may subtract from.

/** Milliseconds since some moment. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
