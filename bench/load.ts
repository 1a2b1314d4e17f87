// Load from a process of its own. Every request is recorded, over connections that are kept alive and carry one request
// at a time: a client that cannot keep up shows in the figures of the limit as well.

import { type Child, startChild } from "./child.ts";

export interface Load {
  readonly port: number;
  readonly connections: number;
  /** No request begins after this. */
  readonly durationMs: number;
  /** Whole requests as they go over the wire; heads alone where bodies follow. */
  readonly requests: readonly string[];
  /** Each request is sent once, and the load ends with the last one; else they are sent in turn. */
  readonly isOnce: boolean;
  /** The connections begin one after the other within this, and not all at once: where calls are slow they would stay in step. */
  readonly beginWithinMs?: number;
  /** How many bytes follow each head. */
  readonly bodyBytes?: number;
  /** Measures from when the upstream sent the body's first event, instead of from the request. */
  readonly isStream?: boolean;
}

export interface Answered {
  /** From the first request to the last answer. */
  readonly durationMs: number;
  readonly latenciesMs: Float64Array;
  readonly statuses: { readonly [status: number]: number };
  /** Of all answers together. */
  readonly bodyBytes: number;
  /** Requests whose connection broke. */
  readonly broken: number;
  /** Processor time that the client needed. */
  readonly clientCpuMs: number;
}

export type LoadMaker = Child<Load, Answered>;

export const startLoadMaker = (): LoadMaker => startChild("load-process.ts");

/** The head of a request; one with a body says how long it is. */
export function requestText(path: string, headers: { readonly [name: string]: string } = {}, method = "GET"): string {
  const lines = Object.entries({ host: HOST, accept: "*/*", ...headers }).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** What clients write as the host, whichever port a Worker got: payments are bound to it. */
export const HOST = "bench.example";
