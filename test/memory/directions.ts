// The ways that a body takes through the gate, each of which is code of its own: free bodies are handed on as they are,
// sold ones are piped to hear of their end, and what arrives with no length where the table has a limit is counted.

export interface Direction {
  readonly name: string;
  readonly path: "/free" | "/paid" | "/counted" | "/paid-counted";
  readonly way: "download" | "upload";
  readonly isDeclared: boolean;
  readonly stops: boolean;
}

/** What is sold costs one cent. */
export const ROUTES = {
  "/free/*": "free",
  "/paid": "$0.01",
  "/counted/*": { price: "free", bodyBytesMax: 500_000_000 },
  "/paid-counted": { price: "$0.01", bodyBytesMax: 500_000_000 },
} as const;

export const AMOUNT = "10000";

/** The longest that an authorization of five minutes leaves room for, on a machine that has other things to do. */
export const UPSTREAM_SECONDS = 240;

/** Below the most that a table may allow a body: no larger one can be counted. */
export const COUNTED_BYTES_MAX = 476 * 1024 * 1024;

export const isCounted = ({ path }: Direction): boolean => path.endsWith("counted");
export const isPaid = ({ path }: Direction): boolean => path.startsWith("/paid");

const going = { isDeclared: false, stops: false } as const;

export const directions: readonly Direction[] = [
  { name: "free download, length declared", path: "/free", way: "download", ...going, isDeclared: true },
  { name: "free download, chunked", path: "/free", way: "download", ...going },
  { name: "free download, reader stops", path: "/free", way: "download", ...going, stops: true },
  { name: "free upload, length declared", path: "/free", way: "upload", ...going, isDeclared: true },
  { name: "free upload, chunked", path: "/free", way: "upload", ...going },
  { name: "free upload, chunked and counted", path: "/counted", way: "upload", ...going },
  { name: "free upload, counted, upstream stops", path: "/counted", way: "upload", ...going, stops: true },
  { name: "priced download, length declared", path: "/paid", way: "download", ...going, isDeclared: true },
  { name: "priced download, chunked", path: "/paid", way: "download", ...going },
  { name: "priced download, reader stops", path: "/paid", way: "download", ...going, stops: true },
  {
    ...{ name: "priced download, length declared, reader stops", path: "/paid", way: "download" },
    ...{ isDeclared: true, stops: true },
  },
  { name: "priced upload, length declared", path: "/paid", way: "upload", ...going, isDeclared: true },
  { name: "priced upload, chunked", path: "/paid", way: "upload", ...going },
  { name: "priced upload, chunked and counted", path: "/paid-counted", way: "upload", ...going },
  { name: "priced upload, chunked, upstream stops", path: "/paid", way: "upload", ...going, stops: true },
];
