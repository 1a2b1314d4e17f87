// How long what is sent may be: bodies in both directions, and headers.

import { requestText } from "../load.ts";
import { type Expected, type Measurement, measure, PASSED, refusedWith, SOLD, type Stage } from "../measure.ts";
import { forge } from "../payments.ts";
import { paying, plain } from "../running.ts";
import type { Subject } from "../subjects.ts";
import { CONNECTIONS, type Row, rate, type Section, signed, told, withWarm } from "./section.ts";

const DURATION_MS = 1500;

const MIB = 1024 * 1024;
const BODIES: readonly (readonly [name: string, bytes: number])[] = [
  ["1 KiB", 1024],
  ["64 KiB", 65_536],
  ["1 MiB", MIB],
  ["16 MiB", 16 * MIB],
  ["64 MiB", 64 * MIB],
];
const PAID_BODIES = 200;

export function growBodies(stage: Stage, gate: Subject): Promise<Section> {
  return withWarm(stage, gate, async (running) => {
    const rows: Row[] = [];
    for (const [body, bytes] of BODIES) {
      const throughput = async (
        requests: readonly string[],
        expected: Expected,
        more: { readonly isOnce?: boolean; readonly bodyBytes?: number } = {},
      ): Promise<number | string> => {
        const load = { connections: 1, durationMs: DURATION_MS, requests, isOnce: false, ...more };
        const mebibytes = ({ ratePerSecond }: Measurement): number => (ratePerSecond * bytes) / MIB;
        return told(await measure(stage, running.runtime, load, expected), mebibytes);
      };
      const upload = [requestText("/free", { "content-length": String(bytes) }, "POST")];
      const payments = await paying(running, await signed(PAID_BODIES, 1), { path: `/priced?of=${bytes}` });
      rows.push({
        body,
        "free answer, MiB/s": await throughput(plain(running, `/free?of=${bytes}`), { ...PASSED, bodyBytes: bytes }),
        "free request, MiB/s": await throughput(upload, PASSED, { bodyBytes: bytes }),
        "paid answer, MiB/s": await throughput(payments, { ...SOLD, bodyBytes: bytes }, { isOnce: true }),
        "most memory so far, MB": running.runtime.peakMemoryMb(),
      });
    }
    return { title: "bodies, one after the other: memory stays as it is", rows };
  });
}

const HEADERS_KIB = [1, 4, 8, 12, 16, 24, 32];
/** A payment's own cap; how long other headers may be is the platform's to say. */
const PAYMENT_KIB_MAX = 16;
const FORGED = 500;

export function growHeaders(stage: Stage, gate: Subject): Promise<Section> {
  return withWarm(stage, gate, async (running) => {
    const forged = (await signed(FORGED, 1)).map(forge);
    const rows: Row[] = [];
    for (const kib of HEADERS_KIB) {
      const bytes = kib * 1024;
      const rateOf = async (requests: readonly string[], expected: Expected): Promise<number | string> => {
        const load = { connections: CONNECTIONS, durationMs: DURATION_MS, requests, isOnce: false };
        return told(await measure(stage, running.runtime, load, expected), rate);
      };
      const beside = [requestText("/free", { "x-note": "x".repeat(bytes) })];
      const forgeries = await paying(running, forged, { lengthMin: bytes });
      rows.push({
        "header, KiB": kib,
        "free/s": await rateOf(beside, PASSED),
        "forged payment/s": await rateOf(forgeries, refusedWith(kib > PAYMENT_KIB_MAX ? 431 : 402)),
      });
    }
    return {
      title: "one header of this length: beside a free call, and as a payment that is checked and refused",
      rows,
    };
  });
}
