// Compiles the test contracts into contracts.json, which is kept in the repository: neither the local stack
// nor a test compiles anything. Run it after a change to a .sol file; the same source gives the same file.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const solc = createRequire(import.meta.url)("solc");
/** By the file where it stands. */
const contracts = {
  TestUSDC: "TestUSDC",
  TestMulticall3: "TestMulticall3",
  TestPermit2: "TestPermit2",
  TestExactPermit2Proxy: "TestExactPermit2Proxy",
  TestUptoPermit2Proxy: "TestUptoPermit2Proxy",
  TestWalletFactory: "TestWallet",
};
/** Of what they call. */
const interfaces = ["IPermit2"];

type Diagnostic = { severity: string; formattedMessage: string };

/** What solc is asked: bytecode without a metadata hash, so that it depends on nothing but the source. */
function buildInput(): object {
  return {
    language: "Solidity",
    sources: Object.fromEntries(
      [...Object.values(contracts), ...interfaces].map((file) => [file, { content: readSource(file) }]),
    ),
    settings: {
      evmVersion: "cancun",
      optimizer: { enabled: true, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: "none" },
      outputSelection: { "*": { "*": ["abi", "evm.deployedBytecode.object"] } },
    },
  };
}

function readSource(file: string): string {
  return readFileSync(join(import.meta.dirname, `${file}.sol`), "utf8");
}

function compile(): Record<string, { abi: unknown; deployedBytecode: string }> {
  const output = JSON.parse(solc.compile(JSON.stringify(buildInput())));
  const errors = (output.errors ?? []).filter((entry: Diagnostic) => entry.severity === "error");
  if (errors.length > 0) {
    throw new Error(errors.map((entry: Diagnostic) => entry.formattedMessage).join("\n"));
  }
  return Object.fromEntries(
    Object.entries(contracts).map(([name, file]) => {
      const { abi, evm } = output.contracts[file][name];
      return [name, { abi, deployedBytecode: `0x${evm.deployedBytecode.object}` }];
    }),
  );
}

writeFileSync(join(import.meta.dirname, "contracts.json"), `${JSON.stringify(compile(), null, 2)}\n`);
