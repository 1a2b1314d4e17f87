// The pricing table as a file: read where the operator keeps it, and lent to the build where it was fitted.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readText } from "../pricing-file.ts";
import { atExit } from "./at-exit.ts";

export interface PricingSource {
  file: string;
  text: string;
  /** Undefined where the text is not JSON; then it passes through as it is, for the build's own check to report. */
  json: unknown;
}

/** An error's message is for the operator as it is. */
export function readPricing(file: string): PricingSource {
  const text = readText(file);
  try {
    return { file, text, json: JSON.parse(text) };
  } catch {
    return { file, text, json: undefined };
  }
}

/** Lends `use` a temporary file with this text. */
export async function withTableFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "faregate-table-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const forget = atExit(remove);
  try {
    const path = join(folder, "pricing.json");
    writeFileSync(path, text);
    return await use(path);
  } finally {
    remove();
    forget();
  }
}
