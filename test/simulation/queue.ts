// Events in the order of their times; of one time, in the order in which they were announced. A binary heap.

import type { Process } from "./process.ts";

export interface Event {
  readonly atMs: number;
  readonly process: Process;
  readonly label: string;
  readonly run: () => void;
  isOff: boolean;
}

interface Node {
  readonly event: Event;
  readonly order: number;
}

const isBefore = (a: Node, b: Node): boolean =>
  a.event.atMs < b.event.atMs || (a.event.atMs === b.event.atMs && a.order < b.order);

export class Queue {
  readonly #heap: Node[] = [];
  #order = 0;

  push(event: Event): void {
    const heap = this.#heap;
    const node = { event, order: this.#order++ };
    let at = heap.push(node) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || !isBefore(node, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = node;
  }

  pop(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first && last && heap.length > 0) this.#sink(last);
    return first?.event;
  }

  #sink(node: Node): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
      const child = left && right && isBefore(right, left) ? right : left;
      if (!child || !isBefore(child, node)) break;
      heap[at] = child;
      at = child === left ? 2 * at + 1 : 2 * at + 2;
    }
    heap[at] = node;
  }
}
