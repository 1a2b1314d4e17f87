// What a facilitator says that it can do (`/supported`, core specification section 7.3). It is asked behind answers, never
// in a request's way, and seldom: what one isolate has read the others find in the notes. While it is down, what it said
// last holds.

import { isObject, parseJson } from "../std/index.ts";
import { type Kind, type PaymentRequirements, readKinds } from "../x402/index.ts";

/** What a list is about. */
export type Listed = Pick<PaymentRequirements, "scheme" | "network">;

/** Texts that any isolate may know, and none can rely on. */
export interface Notes {
  /** Never rejects. */
  readonly read: (key: string) => Promise<string | null>;
  readonly write: (key: string, text: string) => Promise<void>;
}

const FRESH_MS = 600_000;
const JSON_LIMITS = { depthMax: 16, nodesMax: 4096 };

export class Supported {
  readonly #name: string;
  readonly #ask: () => Promise<readonly Kind[] | null>;
  readonly #notes: Notes;
  readonly #nowMs: () => number;
  #kinds: readonly Kind[] | null = null;
  /** When it was looked up last; what is looked up at the moment is not looked up twice. */
  #lookedUpMs = Number.NEGATIVE_INFINITY;

  /** @param ask null where the facilitator does not say */
  constructor(name: string, ask: () => Promise<readonly Kind[] | null>, notes: Notes, nowMs: () => number) {
    this.#name = name;
    this.#ask = ask;
    this.#notes = notes;
    this.#nowMs = nowMs;
  }

  /** Null while nobody knows. */
  lists({ scheme, network }: Listed): boolean | null {
    if (this.#kinds === null) return null;
    return this.#kinds.some(
      (kind) => kind.x402Version === 2 && kind.scheme === scheme && covers(kind.network, network),
    );
  }

  isStale(): boolean {
    return this.#nowMs() - this.#lookedUpMs >= FRESH_MS;
  }

  /** Never rejects. */
  async refresh(): Promise<void> {
    this.#lookedUpMs = this.#nowMs();
    // Some stores take no slash in a key.
    const key = `supported|${encodeURIComponent(this.#name)}`;
    const noted = readNote(await this.#notes.read(key));
    this.#kinds = noted?.kinds ?? this.#kinds;
    if (noted && this.#nowMs() - noted.atMs < FRESH_MS) return;
    const kinds = await this.#ask();
    if (kinds === null) return;
    this.#kinds = kinds;
    await this.#notes.write(key, JSON.stringify({ atMs: this.#nowMs(), kinds }));
  }
}

/** `eip155:*` stands for every network of its family. */
const covers = (listed: string, network: string): boolean =>
  listed === network || (listed.endsWith(":*") && network.startsWith(listed.slice(0, -1)));

function readNote(text: string | null): { readonly atMs: number; readonly kinds: readonly Kind[] } | null {
  const json = text === null ? null : parseJson(text, JSON_LIMITS);
  if (!json?.ok || !isObject(json.value)) return null;
  const { atMs } = json.value;
  const kinds = readKinds({ status: 200, json: json.value });
  return kinds !== null && typeof atMs === "number" ? { atMs, kinds } : null;
}
