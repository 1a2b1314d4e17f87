// The seller's books as rows: from D1 through wrangler, from a file that such a command wrote, or from the state
// directory of a local stack.

import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import type { BookRow } from "./reconciliation.ts";
import { projectRoot } from "./stack/gate.ts";
import { isObject } from "./stack/json.ts";

const COLUMNS = "id, network, asset, payer, pay_to, amount, pay, tx, created_at";
/** D1 answers no more than so much at once. */
const PAGE_ROWS = 5000;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** Of the environment that is deployed; wrangler has to be logged in. */
export async function readRemote(env: string | undefined): Promise<readonly BookRow[]> {
  const rows: BookRow[] = [];
  for (let last = ""; ; ) {
    const page = parseDump(await execute(pageQuery(last), env));
    rows.push(...page);
    if (page.length < PAGE_ROWS) return rows;
    last = page.at(-1)?.id ?? "";
  }
}

/** Ids are written by the gate, of letters, digits, ":", "|" and "-"; one that could end the text is refused. */
function pageQuery(last: string): string {
  if (/['\\]/.test(last)) throw new Error(`The books hold a payment whose id cannot be one: ${last}`);
  return `SELECT ${COLUMNS} FROM payments WHERE id > '${last}' ORDER BY id LIMIT ${PAGE_ROWS}`;
}

async function execute(query: string, env: string | undefined): Promise<string> {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
  const args = ["d1", "execute", "BOOKS", "--remote", "--json", "--env", env ?? "", "--command", query];
  try {
    const environment = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
    const options = { cwd: projectRoot, env: environment, maxBuffer: OUTPUT_BYTES_MAX };
    return (await promisify(execFile)(process.execPath, [wrangler, ...args], options)).stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as Error & { stdout?: string; stderr?: string };
    // The gate makes the table with the first payment that it reports.
    if ((stdout + stderr).includes("no such table: payments")) return "[]";
    throw new Error(`The books cannot be read with wrangler:\n${(stderr || stdout || message).trim()}`);
  }
}

/** @param path a file with that command's JSON, or the directory that `npm start -- --state` kept */
export function readKept(path: string): readonly BookRow[] {
  if (!existsSync(path)) throw new Error(`There are no books at ${path}.`);
  return statSync(path).isDirectory() ? readState(path) : parseDump(readFileSync(path, "utf8"));
}

/** What `wrangler d1 execute --json` prints, or the rows alone. */
export function parseDump(text: string): readonly BookRow[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error("The books are not the JSON of `wrangler d1 execute --json`.");
  }
  const parts = Array.isArray(json) ? json : [json];
  return parts.flatMap((part) => (isObject(part) && Array.isArray(part.results) ? part.results : [part])).map(rowOf);
}

function rowOf(row: unknown): BookRow {
  const { id, network, asset, payer, pay_to, amount, pay, tx, created_at } = isObject(row) ? row : {};
  const texts = [id, network, asset, payer, pay_to, pay];
  const isRow =
    texts.every((text) => typeof text === "string") &&
    /^\d+$/.test(String(amount)) &&
    (typeof tx === "string" || tx === null) &&
    typeof created_at === "number";
  if (!isRow) throw new Error(`The books hold what is no payment: ${JSON.stringify(row)}`);
  const [ofId = "", ofNetwork = "", ofAsset = "", ofPayer = "", payTo = "", ofPay = ""] = texts as string[];
  return {
    ...{ id: ofId, network: ofNetwork, asset: ofAsset, payer: ofPayer, payTo, pay: ofPay },
    amount: BigInt(String(amount)),
    transaction: tx as string | null,
    createdAtMs: created_at as number,
  };
}

/** Books that were never written are empty. */
function readState(directory: string): readonly BookRow[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) =>
    /(^|[\\/])d1[\\/].*\.sqlite$/.test(file),
  );
  if (files.length === 0) throw new Error(`${directory} holds no books: it is not the state of a local stack.`);
  return files.flatMap((file) => readDatabase(join(directory, file)));
}

function readDatabase(file: string): readonly BookRow[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'payments'").all();
    return tables.length === 0 ? [] : db.prepare(`SELECT ${COLUMNS} FROM payments ORDER BY id`).all().map(rowOf);
  } finally {
    db.close();
  }
}
