// What was measured as tables: Markdown that can be read in a terminal too, and is written into docs/performance.md.

import type { Comparison } from "./compare.ts";
import type { Row } from "./comparison.ts";
import type { Delays } from "./delays.ts";
import type { Spread } from "./figures.ts";
import type { Section } from "./scale/section.ts";
import { GATE, LIMIT } from "./subjects.ts";

/** Rows of equal length, the first one the heads; columns are made as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const [heads = []] = rows;
  const widths = heads.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  const [first = heads, ...rest] = rows;
  return [line(first), `| ${rule.join(" | ")} |`, ...rest.map(line)].join("\n");
}

export const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
export const digits = (value: number, count: number): string => value.toFixed(count);

/** `6,490 (6,100 to 6,700)`: the median, and from the least to the most. */
export function spreadText({ median, min, max }: Spread, write: (value: number) => string): string {
  return `${write(median)} (${write(min)} to ${write(max)})`;
}

function ratioTo(other: string, subject: string, ratio: Spread | null): string {
  if (ratio === null) return "–";
  return subject === other ? "1" : spreadText(ratio, (value) => digits(value, 2));
}

export function comparisonText({ startMs, rows }: Comparison): string {
  const kinds = Map.groupBy(rows, ({ name, connections }) => `${name}, ${counted(connections, "connection")}`);
  const parts = [...kinds].map(([title, of]) => `**${title}**\n\n${caseTable(of)}`);
  return [...parts, `**bundle and start**\n\n${startTable(startMs)}`].join("\n\n");
}

const HEADS = [
  "",
  "requests/s",
  "of the limit",
  "Faregate to it",
  "p50 ms",
  "beyond the limit's",
  "p99 ms",
  "CPU ms/call",
  "of the limit's",
  "core busy",
];

function caseTable(rows: readonly Row[]): string {
  const isStream = rows.every(({ name }) => name.includes("SSE"));
  const cells = rows.map(({ subject, wrong, ...row }) => {
    if (wrong !== null) return [subject, `wrong: ${wrong}`, ...HEADS.slice(2).map(() => "–")];
    return [
      subject,
      // A stream lasts as long as its upstream lets it.
      isStream ? "–" : spreadText(row.ratePerSecond, whole),
      isStream ? "–" : ratioTo(LIMIT, subject, row.ofLimit),
      isStream ? "–" : ratioTo(GATE, subject, row.gateToIt),
      digits(row.p50Ms.median, 2),
      row.p50BeyondLimitMs ? digits(row.p50BeyondLimitMs.median, 2) : "–",
      digits(row.p99Ms.median, 2),
      digits(row.cpuMsPerCall.median, 3),
      ratioTo(LIMIT, subject, row.cpuOfLimit),
      `${whole(row.busy.median * 100)} %`,
    ];
  });
  return table([HEADS, ...cells]);
}

function startTable(starts: Comparison["startMs"]): string {
  const limit = starts[0]?.startMs.median ?? 0;
  const cells = starts.map(({ subject, startMs, gzipKb }) => [
    subject,
    digits(gzipKb, 1),
    spreadText(startMs, whole),
    whole(startMs.median - limit),
  ]);
  return table([["", "gzip KB", "start to first answer, ms", "beyond the limit's"], ...cells]);
}

export const counted = (count: number, noun: string): string => `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

export function scalingText(sections: readonly Section[]): string {
  return sections.map(({ title, rows }) => `**${title}**\n\n${table(cellsOf(rows))}`).join("\n\n");
}

function cellsOf(rows: Section["rows"]): readonly (readonly string[])[] {
  const heads = Object.keys(rows[0] ?? {});
  const cell = (value: number | string | undefined): string =>
    typeof value === "number"
      ? Number.isInteger(value) || value >= 100
        ? whole(value)
        : digits(value, 2)
      : `${value}`;
  return [heads, ...rows.map((row) => heads.map((head) => cell(row[head])))];
}

export function delaysText({ farMs, rows }: Delays): string {
  const { object, verify, settle, kv } = farMs;
  const far = `Durable Object ${object} ms away, KV ${kv} ms, verify ${verify} ms, settle ${settle} ms`;
  const cells = rows.map(({ subject, connections, measurement, p50AddedMs, p99AddedMs }) => {
    const { wrong, p50Ms, p99Ms } = measurement;
    const figures = [p50Ms, p99Ms, p50AddedMs, p99AddedMs].map((ms) => digits(ms, 1));
    return [subject, whole(connections), ...(wrong === null ? figures : [`wrong: ${wrong}`, "–", "–", "–"])];
  });
  const heads = ["", "connections", "p50 ms", "p99 ms", "p50 beyond verify and settle", "p99"];
  return `**paid call, ${far}**\n\n${table([heads, ...cells])}`;
}
