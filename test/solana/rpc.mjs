// Solana's JSON-RPC over the validator, as a real server: the methods that the official client, the reference facilitator
// and the gate ask, each as a validator answers it, and no others.

import { readText, startServer } from "../support/server.ts";
import { GENESIS } from "./accounts.mjs";

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export async function startRpc(validator) {
  const methods = methodsOf(validator);
  const answer = ({ id, method, params = [] }) => {
    try {
      if (!Object.hasOwn(methods, method)) throw new Refusal(-32601, "Method not found");
      return { jsonrpc: "2.0", id, result: methods[method](...params) };
    } catch (error) {
      if (error instanceof Refusal) return { jsonrpc: "2.0", id, error: { code: error.code, message: error.message } };
      throw error;
    }
  };
  let isDown = false;
  /** The methods that were asked for, in their order. */
  const asked = [];
  const server = await startServer(async (request, response) => {
    const calls = JSON.parse(await readText(request));
    asked.push(...[calls].flat().map(({ method }) => method));
    if (isDown) return response.writeHead(503).end();
    const said = Array.isArray(calls) ? calls.map(answer) : answer(calls);
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  });
  return {
    ...server,
    asked,
    down(value) {
      isDown = value;
    },
  };
}

function methodsOf(validator) {
  const at = (value) => ({ context: { apiVersion: "3.0.0", slot: validator.slot }, value });
  const slotAt = ({ commitment = "finalized" } = {}) =>
    commitment === "finalized" ? validator.finalSlot : validator.slot;
  const statusOf = ({ slot }) => (slot <= validator.finalSlot ? "finalized" : "confirmed");
  const isSeen = (one, options) => one !== null && one.slot <= slotAt(options);
  return {
    getGenesisHash: () => GENESIS,
    getSlot: slotAt,
    getFirstAvailableBlock: () => validator.firstSlot,
    getBlocks: (from, to, options) => {
      const last = Math.min(to, slotAt(options));
      return Array.from({ length: Math.max(last - from + 1, 0) }, (_, i) => from + i);
    },
    getBlocksWithLimit: (from, limit) =>
      Array.from({ length: Math.max(Math.min(limit, validator.slot - from + 1), 0) }, (_, i) => from + i),
    getBlockTime: (slot) => {
      if (slot > validator.slot) throw new Refusal(-32004, `Block not available for slot ${slot}`);
      return validator.timeOf(slot);
    },
    getLatestBlockhash: () =>
      at({ blockhash: validator.svm.latestBlockhash(), lastValidBlockHeight: validator.slot + 150 }),
    getAccountInfo: (address, { encoding = "base64" } = {}) => {
      if (encoding !== "base64") throw new Refusal(-32602, `Invalid params: the encoding ${encoding} is not served`);
      const { exists, data, executable, lamports, programAddress } = validator.svm.getAccount(address);
      if (!exists) return at(null);
      const text = Buffer.from(data).toString("base64");
      const owned = { executable, owner: programAddress, rentEpoch: 0, space: data.length };
      return at({ data: [text, "base64"], lamports: Number(lamports), ...owned });
    },
    getTokenAccountBalance: (address) => {
      const held = validator.tokensIn(address);
      if (held === null) throw new Refusal(-32602, "Invalid param: could not find account");
      return at({ amount: String(held.amount), decimals: 6 });
    },
    getTokenAccountsByOwner: (owner, { mint }) => at(validator.heldBy(owner, mint).map((pubkey) => ({ pubkey }))),
    simulateTransaction: (wire) => {
      const { err, logs, units } = validator.simulate(wire);
      return at({ err, logs, accounts: null, returnData: null, unitsConsumed: units });
    },
    sendTransaction: (wire) => validator.send(wire),
    getSignatureStatuses: (signatures) =>
      at(
        signatures.map((signature) => {
          const one = validator.landed(signature);
          return one && { slot: one.slot, confirmations: 1, err: one.err, confirmationStatus: statusOf(one) };
        }),
      ),
    getTransaction: (signature, options) => {
      const one = validator.landed(signature);
      return isSeen(one, options) ? shown(one, validator.timeOf(one.slot), options) : null;
    },
    getSignaturesForAddress: (account, { limit = 1000, before, minContextSlot = 0, ...options } = {}) => {
      if (slotAt(options) < minContextSlot) throw new Refusal(-32016, "Minimum context slot has not been reached");
      const all = validator.naming(account).filter((one) => isSeen(one, options));
      const from = before === undefined ? 0 : all.findIndex(({ signature }) => signature === before) + 1;
      return all.slice(from, from + limit).map((one) => ({
        signature: one.signature,
        slot: one.slot,
        err: one.err,
        memo: null,
        blockTime: validator.timeOf(one.slot),
        confirmationStatus: statusOf(one),
      }));
    },
  };
}

function shown({ wire, slot, err, logs, units, before, after }, blockTime, { encoding = "json" } = {}) {
  if (encoding !== "base64") throw new Refusal(-32602, `Invalid params: the encoding ${encoding} is not served`);
  const tokens = (balances) =>
    balances.tokens.map(({ amount, ...one }) => ({ ...one, uiTokenAmount: { amount: String(amount), decimals: 6 } }));
  const meta = {
    err,
    fee: before.lamports[0] - after.lamports[0],
    preBalances: before.lamports,
    postBalances: after.lamports,
    preTokenBalances: tokens(before),
    postTokenBalances: tokens(after),
    logMessages: logs,
    computeUnitsConsumed: units,
    innerInstructions: [],
  };
  return { slot, blockTime, transaction: [wire, "base64"], meta, version: 0 };
}
