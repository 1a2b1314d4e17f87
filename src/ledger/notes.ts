// Texts in KV that any isolate may read, and none can rely on: what is not there is looked up elsewhere.

export interface Notes {
  /** Never rejects: a KV that fails has nothing. */
  readonly read: (key: string) => Promise<string | null>;
  readonly write: (key: string, text: string) => Promise<void>;
}

/** No payment's name begins so: both lie in one namespace. */
const PREFIX = "note|";
const TTL_SECONDS = 30 * 86_400;

export const buildNotes = (kv: KVNamespace): Notes => ({
  read: (key) => kv.get(PREFIX + key).catch(() => null),
  write: (key, text) => kv.put(PREFIX + key, text, { expirationTtl: TTL_SECONDS }).catch(() => undefined),
});
