// `npm run test:origins -- [--quick]`: installs the Debian packages that the origins are made of, where this runs as root,
// and then sends the corpus. The short form takes less than a minute.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installPackages } from "./packages.ts";

const [...args] = process.argv.slice(2);
const unknown = args.find((arg) => arg !== "--quick");
if (unknown !== undefined) {
  console.error(`"${unknown}" is not an option.\nnpm run test:origins -- [--quick]`);
  process.exit(2);
}
installPackages();
const config = join(import.meta.dirname, "vitest.config.ts");
const env = { ...process.env, ...(args.includes("--quick") && { FAREGATE_ORIGINS_QUICK: "1" }) };
const { status } = spawnSync("npx", ["vitest", "run", "--config", config], { stdio: "inherit", env });
process.exit(status ?? 1);
