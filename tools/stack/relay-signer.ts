// The facilitator's wallet. Many settlements go out at once from one account, so no failed one may leave a gap in the
// account's nonces: every later transaction would wait for it until its time is over.

import { type FacilitatorEvmSigner, toFacilitatorEvmSigner } from "@x402/evm";
import {
  createPublicClient,
  createWalletClient,
  type Hex,
  http,
  parseGwei,
  parseTransaction,
  recoverTransactionAddress,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { createNonceManager, jsonRpc, type NonceManagerSource } from "viem/nonce";
import { localChain, relayer } from "./chain.ts";

/** Shorter than the gate waits for a settle, so that a stuck chain is told as pending, with its hash. */
const confirmationTimeoutMs = 15_000;
/** Given, so that no transaction has to ask; the chain's own base fee is 1 gwei and falls. */
const fees = { maxFeePerGas: parseGwei("20"), maxPriorityFeePerGas: parseGwei("1") };

/** A transaction that somebody signed, or one to sign. */
type Request = Hex | { readonly to: Hex; readonly data: Hex; readonly gas?: bigint };

/** What the reference facilitator asks of who sponsors approvals (`erc20ApprovalGasSponsoring`). */
interface Sponsor {
  readonly sendTransactions: (requests: readonly Request[]) => Promise<readonly Hex[]>;
}

/** A signer for the reference facilitator that pays gas from the relayer's account. */
export function relaySigner(rpc: string): FacilitatorEvmSigner & Sponsor {
  const options = { chain: localChain(rpc), transport: http(rpc), pollingInterval: 20 };
  const nonceManager = createNonceManager({ source: countedNonces() });
  const account = privateKeyToAccount(relayer.privateKey, { nonceManager });
  const reader = createPublicClient(options);
  const wallet = createWalletClient({ ...options, account });
  const client: Parameters<typeof toFacilitatorEvmSigner>[0] = {
    address: account.address,
    getCode: (args) => reader.getCode(args),
    // As whoever will send it: what is paid by `upto` moves for nobody else.
    readContract: (args) => reader.readContract({ ...args, args: args.args ?? [], account: account.address }),
    verifyTypedData: (args) => reader.verifyTypedData(args as Parameters<typeof reader.verifyTypedData>[0]),
    waitForTransactionReceipt: (args) => reader.waitForTransactionReceipt(args),
    sendTransaction: (args) => wallet.sendTransaction({ ...args, ...fees }),
    writeContract: async (call) => {
      // Estimated before a nonce is taken: a call that would revert fails here and leaves no gap.
      const gas = call.gas ?? (await reader.estimateContractGas({ ...call, account: account.address }));
      return wallet.writeContract({ ...call, ...fees, gas });
    },
  };
  /**
   * One after the other. On a public network they have to go through together or not at all, as the extension's document
   * says: whoever gets in between has the gas and pays nothing.
   */
  const sendTransactions: Sponsor["sendTransactions"] = async (requests) => {
    const hashes: Hex[] = [];
    for (const request of requests) hashes.push(await send(request));
    return hashes;
  };
  const send = async (request: Request): Promise<Hex> => {
    if (typeof request !== "string") return wallet.sendTransaction({ ...request, ...fees });
    const { gas = 0n, maxFeePerGas = 0n } = parseTransaction(request as `0x02${string}`);
    const to = await recoverTransactionAddress({ serializedTransaction: request as `0x02${string}` });
    const lacking = gas * maxFeePerGas - (await reader.getBalance({ address: to }));
    if (lacking > 0n) await mined(await wallet.sendTransaction({ to, value: lacking, ...fees }));
    const hash = await reader.sendRawTransaction({ serializedTransaction: request });
    await mined(hash);
    return hash;
  };
  const mined = (hash: Hex) => reader.waitForTransactionReceipt({ hash, timeout: confirmationTimeoutMs });
  return { ...toFacilitatorEvmSigner(client, { confirmationTimeoutMs }), sendTransactions };
}

/**
 * The chain's count, but never a nonce that was handed out before: viem's own memory takes nonce 0 for none and hands it
 * out twice. The memory is this wallet's alone, not shared with that of a chain which was stopped before.
 */
function countedNonces(): NonceManagerSource {
  const chain = jsonRpc();
  let next = 0;
  return {
    get: async (parameters) => Math.max(await chain.get(parameters), next),
    set: (_parameters, nonce) => {
      next = Math.max(next, nonce + 1);
    },
  };
}
