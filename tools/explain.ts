// `npm run explain -- METHOD URL`: what one request would get from the pricing table, and why. It exits with 0 where
// the request would be served or sold, with 1 where it would be refused, and with 2 where that cannot be said.

import { relative } from "node:path";
import type { Config } from "../src/config/index.ts";
import { PRICE_QUOTE } from "../src/x402/index.ts";
import { parseHeaders, parseOptions, parsePath, runCommand, UsageError } from "./command-line.ts";
import { align, priceText } from "./compiled-table.ts";
import { followsText } from "./computed-price.ts";
import { type Candidate, type Explanation, explain } from "./explanation.ts";
import type { Sent } from "./gate-in-node.ts";
import { formatChallenge } from "./pay-report.ts";
import { compileFile, formatMistakes, pricingFile } from "./pricing-file.ts";

const usage =
  "npm run explain -- METHOD URL [--header 'NAME: VALUE']… [--body TEXT] [--pricing FILE]     (URL may be a path)";
const optionTypes = {
  pricing: { type: "string" },
  header: { type: "string", multiple: true },
  body: { type: "string" },
} as const;

await runCommand(usage, async () => {
  const { values, positionals } = parseOptions({ options: optionTypes }, process.argv.slice(2));
  const [method, target, ...rest] = positionals;
  if (method === undefined || target === undefined || rest.length > 0) throw new UsageError("Name a method and a URL.");
  if (!/^[A-Za-z]+$/.test(method)) throw new UsageError(`"${method}" is not a method, such as GET.`);
  const file = parsePath(values.pricing) ?? pricingFile;
  const config = compileFile(file);
  if (!config.ok) {
    console.error(formatMistakes(relative(process.cwd(), file), config.error));
    return 2;
  }
  const explanation = await explain(
    config.value,
    method.toUpperCase(),
    requestUrl(config.value, target),
    sentOf(values),
  );
  console.log(format(explanation));
  return explanation.upstream === null ? 1 : 0;
});

function sentOf({ header = [], body }: { readonly header?: string[]; readonly body?: string }): Sent {
  const headers = parseHeaders(header, body);
  if (body !== undefined) headers.set("content-length", String(Buffer.byteLength(body)));
  return { headers, body: body ?? null };
}

/** As the Worker gets it: what `new URL()` would tidy up stays as it was written. */
function requestUrl({ hosts }: Config, text: string): string {
  const [first] = hosts ?? [];
  if (text.startsWith("/"))
    return first ? `${first.proto ?? "https"}://${first.host}${text}` : `http://localhost${text}`;
  const [, scheme = "", host = "", target = ""] = /^(https?):\/\/([^/?#]*)(.*)$/is.exec(text) ?? [];
  if (host === "") throw new UsageError(`URL is a path, or an http or https URL, not "${text}".`);
  // Every client asks for "/" where a URL has no path.
  return `${scheme.toLowerCase()}://${host}${target.startsWith("/") ? "" : "/"}${target}`;
}

function format({ method, url, status, outcome, why, candidates, upstream, challenge, added }: Explanation): string {
  const parts = [
    `${method} ${url}`,
    `${upstream !== null && challenge === null ? "Passes" : `${status} ${outcome}`}. ${why.join("\n")}`,
    candidates.length > 0 && `The keys that cover it, in the order in which they are looked at:\n${rows(candidates)}`,
    upstream !== null && `${challenge === null ? "Fetched" : "Fetched, once it is paid"}: ${upstream}`,
    challenge !== null && `PAYMENT-REQUIRED, ${challenge.length} bytes:\n${formatChallenge(challenge)}`,
    added.length > 0 &&
      `A running gate adds extensions, by what cannot be known here:\n${added.map(extensionLine).join("\n")}`,
  ];
  return parts.filter(Boolean).join("\n\n");
}

function extensionLine(name: string): string {
  return `  ${name}, ${name === PRICE_QUOTE ? "which its own key signs" : "where its facilitator lists it (/supported)"}`;
}

function rows(candidates: readonly Candidate[]): string {
  const cells = candidates.map(({ route: { key, access }, note }) => {
    const [terms] = access.kind === "paid" ? access.offer.terms : [];
    const price = access.kind === "computed" ? followsText(access) : access.kind;
    return ["", key, terms ? priceText(terms) : price, note];
  });
  return align(cells).join("\n");
}
