// Payments that are known to be spent: a small list in the isolate, and KV beside the ledger. They only ever refuse.
// KV has no compare-and-set, is stale for a minute and more, and may fail: it can grant nothing.

const LISTED_MAX = 1024;
/** KV's own least lifetime. */
const TTL_SECONDS_MIN = 60;
/** An authorization whose time is over cannot be spent again; the margin covers clocks. */
const MARGIN_SECONDS = 3600;
const TTL_SECONDS_MAX = 30 * 86_400;

export interface SpentPayments {
  /** The transaction that spent it, from the isolate's list. No I/O. */
  readonly recall: (id: string) => string | null;
  /** The same from KV. Never rejects: a KV that fails knows nothing. */
  readonly read: (id: string) => Promise<string | null>;
  /** Whether the isolate has not heard of the transaction for another payment; it is this one's from then on. No I/O. */
  readonly isFirst: (id: string, transaction: string) => boolean;
  /** For this isolate alone, until it is written or forgotten. No I/O. */
  readonly note: (id: string, transaction: string) => void;
  readonly forget: (id: string) => void;
  readonly write: (id: string, transaction: string, validBeforeMs: number, nowMs: number) => Promise<void>;
}

/** @param listed kept by the caller for as long as the isolate lives */
export function buildSpentPayments(kv: KVNamespace, listed: Map<string, string>): SpentPayments {
  const spentBy = new Map<string, string>();
  const list = (of: Map<string, string>, key: string, value: string): void => {
    of.set(key, value);
    const [oldest] = of.keys();
    if (of.size > LISTED_MAX && oldest !== undefined) of.delete(oldest);
  };
  return {
    recall: (id) => listed.get(id) ?? null,
    read: (id) => kv.get(id).catch(() => null),
    isFirst(id, transaction) {
      if (!spentBy.has(transaction)) list(spentBy, transaction, id);
      return spentBy.get(transaction) === id;
    },
    note: (id, transaction) => list(listed, id, transaction),
    forget: (id) => void listed.delete(id),
    async write(id, transaction, validBeforeMs, nowMs) {
      list(listed, id, transaction);
      const lifetime = Math.ceil((validBeforeMs - nowMs) / 1000) + MARGIN_SECONDS;
      const expirationTtl = Math.min(Math.max(lifetime, TTL_SECONDS_MIN), TTL_SECONDS_MAX);
      await kv.put(id, transaction, { expirationTtl }).catch(() => undefined);
    },
  };
}
