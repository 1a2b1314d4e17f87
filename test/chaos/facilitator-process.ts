// The reference facilitator as a process of its own, which can be killed: `node facilitator-process.ts RPC`.

import { startFacilitator } from "../../tools/stack/facilitator.ts";

const [, , rpc = ""] = process.argv;
const { url } = await startFacilitator({ rpc, port: 0 });
console.log(`ready ${url}`);
