// What a facilitator says that it can do (`/supported`, core specification section 7.3). It is asked behind answers, never
// in a request's way, and seldom: what one isolate has read the others find in the notes. While it is down, what it said
// last holds.

import { readAddress } from "../schemes/index.ts";
import { attempted, isObject, parseJson } from "../std/index.ts";
import { type Abilities, isSolana, type PaymentRequirements, readAbilities, readPublicKey } from "../x402/index.ts";

/** What a list is about. */
export type Listed = Pick<PaymentRequirements, "scheme" | "network">;

interface Heard {
  readonly atMs: number;
  readonly said: Abilities;
}

/** Texts that any isolate may know, and none can rely on. */
export interface Notes {
  /** Never rejects. */
  readonly read: (key: string) => Promise<string | null>;
  readonly write: (key: string, text: string) => Promise<void>;
}

/** Accounts that it settles with, as the table has them; null where they are the facilitator's to say. */
export interface Accounts {
  /** On Solana the one that pays the gas. */
  readonly feePayer: string | null;
  /** By `upto` the one that calls the proxy. */
  readonly facilitatorAddress: string | null;
}

const FRESH_MS = 600_000;
/** Where nothing was ever said it is asked again soon, and then less and less often: something is not offered for as long. */
const UNKNOWN_MS = 5_000;
/** What others have heard is waited for no longer than this. */
const RECALL_MS = 500;
const JSON_LIMITS = { depthMax: 16, nodesMax: 4096 };

export class Supported {
  readonly #name: string;
  readonly #ask: () => Promise<Abilities | null>;
  readonly #notes: Notes;
  readonly #nowMs: () => number;
  readonly #written: Partial<Accounts>;
  #said: Abilities | null = null;
  #saidMs = Number.NEGATIVE_INFINITY;
  /** Its accounts by scheme and network, of what it said: to read a long list takes long. */
  readonly #settlers = new Map<string, readonly string[]>();
  /** How often it said nothing. */
  #misses = 0;
  /** When it was looked up last; what is looked up at the moment is not looked up twice. */
  #lookedUpMs = Number.NEGATIVE_INFINITY;
  /** When it was last waited for what others noted. */
  #recalledMs = Number.NEGATIVE_INFINITY;

  /** @param ask null where the facilitator does not say */
  constructor(
    name: string,
    ask: () => Promise<Abilities | null>,
    notes: Notes,
    nowMs: () => number,
    written: Partial<Accounts> = {},
  ) {
    this.#name = name;
    this.#ask = ask;
    this.#notes = notes;
    this.#nowMs = nowMs;
    this.#written = written;
  }

  /** Whether it ever said anything, to this isolate or to one that noted it. */
  get isHeard(): boolean {
    return this.#said !== null;
  }

  /** Null while nobody knows. */
  lists({ scheme, network }: Listed): boolean | null {
    if (this.#said === null) return null;
    return this.#said.kinds.some(
      (kind) => kind.x402Version === 2 && kind.scheme === scheme && covers(kind.network, network),
    );
  }

  /** Whether it does what this x402 extension promises; null while nobody knows. */
  extends(extension: string): boolean | null {
    return this.#said?.extensions.includes(extension) ?? null;
  }

  /** The account for which payers are to sign, in its one spelling; null where nobody knows one. */
  settler(payment: Listed): string | null {
    const listed = this.#settlersOf(payment);
    const written = this.#written[keyOf(payment)] ?? null;
    // The table's own word holds while it is not contradicted.
    const isWritten = listed === null || listed.length === 0 || listed.includes(written ?? "");
    return (isWritten ? written : null) ?? listed?.[0] ?? null;
  }

  /** Whether this account is its own; null while nobody knows. */
  settlesAs(account: string, payment: Listed): boolean | null {
    if (account === this.#written[keyOf(payment)]) return true;
    return this.#settlersOf(payment)?.includes(account) ?? null;
  }

  isStale(): boolean {
    const pauseMs =
      this.#said === null ? Math.min(UNKNOWN_MS * 2 ** Math.max(this.#misses - 1, 0), FRESH_MS) : FRESH_MS;
    return this.#nowMs() - this.#lookedUpMs >= pauseMs;
  }

  /** Never rejects. @returns when that was said which others have noted; null where they have nothing */
  async recall(): Promise<number | null> {
    const noted = readNote(await this.#notes.read(this.#key));
    // A store may be behind what was heard here.
    if (noted !== null && noted.atMs > this.#saidMs) this.#hear(noted);
    return noted?.atMs ?? null;
  }

  /**
   * The same in a request's way, for those who come until there is an answer or none in time: then for a while nobody waits
   * for it again. Never rejects.
   */
  async recallSoon(): Promise<void> {
    if (this.#nowMs() - this.#recalledMs < UNKNOWN_MS) return;
    await attempted(() => this.recall(), RECALL_MS);
    this.#recalledMs = this.#nowMs();
  }

  /** Never rejects. */
  async refresh(): Promise<void> {
    this.#lookedUpMs = this.#nowMs();
    const atMs = await this.recall();
    if (atMs !== null && this.#nowMs() - atMs < FRESH_MS) return;
    const said = await this.#ask();
    if (said === null) return void this.#misses++;
    const heard = { atMs: this.#nowMs(), said };
    this.#hear(heard);
    await this.#notes.write(this.#key, JSON.stringify({ atMs: heard.atMs, ...said }));
  }

  #hear({ atMs, said }: Heard): void {
    this.#said = said;
    this.#saidMs = atMs;
    this.#settlers.clear();
  }

  #settlersOf(payment: Listed): readonly string[] | null {
    if (this.#said === null) return null;
    const key = `${payment.scheme} ${payment.network}`;
    const settlers = this.#settlers.get(key) ?? settlersOf(this.#said, payment);
    this.#settlers.set(key, settlers);
    return settlers;
  }

  /** Some stores take no slash in it. */
  get #key(): string {
    return `supported|${encodeURIComponent(this.#name)}`;
  }
}

/** Of one scheme on one network: whoever asks first waits until they are read. */
const SETTLERS_MAX = 256;

/** `eip155:*` stands for every network of its family. */
const covers = (listed: string, network: string): boolean =>
  listed === network || (listed.endsWith(":*") && network.startsWith(listed.slice(0, -1)));

const keyOf = ({ network }: Listed): keyof Accounts => (isSolana(network) ? "feePayer" : "facilitatorAddress");

/**
 * A kind's `extra` names one of its accounts, and `signers` every one of a family: on Solana the one that pays the gas
 * (scheme_exact_svm), by `upto` the one that calls the proxy (scheme_upto_evm, "Facilitator Address Discovery").
 */
function settlersOf({ kinds, signers }: Abilities, payment: Listed): readonly string[] {
  const { scheme, network } = payment;
  const key = keyOf(payment);
  const read = key === "feePayer" ? readKey : readAddress;
  const named = kinds.map((kind) => {
    const isMeant = kind.x402Version === 2 && kind.scheme === scheme && covers(kind.network, network);
    return isMeant && isObject(kind.extra) ? kind.extra[key] : null;
  });
  const others = Object.entries(signers).flatMap(([pattern, list]) => (covers(pattern, network) ? list : []));
  const written = [...new Set([...named, ...others])].filter((one) => one !== null).slice(0, SETTLERS_MAX);
  return [...new Set(written.map(read))].filter((account) => account !== null);
}

const readKey = (value: unknown): string | null =>
  typeof value === "string" && readPublicKey(value) !== null ? value : null;

function readNote(text: string | null): Heard | null {
  const json = text === null ? null : parseJson(text, JSON_LIMITS);
  if (!json?.ok || !isObject(json.value)) return null;
  const { atMs } = json.value;
  const said = readAbilities({ status: 200, json: json.value });
  return said !== null && typeof atMs === "number" ? { atMs, said } : null;
}
