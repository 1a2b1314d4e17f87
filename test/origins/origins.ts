// The origins that the gate is put in front of: what each serves where, and how it is started.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "../../tools/stack/at-exit.ts";
import { choosePort } from "../../tools/stack/ports.ts";
import { PAY_TO } from "../support/payment.ts";
import { missingPackages } from "./packages.ts";
import { type ServerProcess, startProcess } from "./server-process.ts";
import { apache, nginx } from "./web-servers.ts";

/** Paths of an origin, by what the table says of them. */
export interface Places {
  /** Priced, and everything below. */
  readonly paid: readonly string[];
  /** Free below. */
  readonly free: readonly string[];
  /** Free and priced below, in every spelling that a route can let through. */
  readonly open: string;
  readonly sold: string;
  readonly closed: string;
  /** GET is free, POST is not. */
  readonly jobs: string;
  /** Free below, but for one host. */
  readonly vhost: string;
  /** A priced and a free one that differ in letter case alone; null where the origin does not tell them apart. */
  readonly cased: readonly [paid: string, free: string] | null;
}

export interface Origin {
  readonly name: string;
  readonly url: string;
  readonly places: Places;
}

export interface Origins {
  readonly all: readonly Origin[];
  /** Lines of `probe what`, one for each handler that ran. */
  readonly log: () => readonly string[];
  readonly stop: () => Promise<void>;
}

const PLACES: Places = {
  paid: ["/paid/report", "/vault"],
  free: ["/free"],
  open: "/open",
  sold: "/sold",
  closed: "/closed",
  jobs: "/jobs",
  vhost: "/vhost",
  cased: ["/Case/Gold", "/Case/gold"],
};
const FOLDING: Places = { ...PLACES, cased: null };
const OF_NGINX: Places = { ...PLACES, free: ["/free", "/static"] };
const OF_PHP: Places = {
  paid: ["/paid.php", "/pretty", "/vault"],
  free: ["/free.php"],
  open: "/open.php",
  sold: "/sold.php",
  closed: "/closed.php",
  jobs: "/jobs.php",
  vhost: "/vhost.php",
  cased: ["/Case/Gold.php", "/Case/gold.php"],
};

const EVERY_SPELLING = { allowEncodedSlash: true, allowSemicolon: true, allowDoubleSlash: true };
const PRICE = "$0.01";

/** What no key names is free: whatever the gate does not recognise reaches the origin. */
export function tableOf({ url, places }: Origin): object {
  const { paid, free, open, sold, closed, jobs, vhost, cased } = places;
  const [gold, brass] = cased ?? [];
  return {
    upstream: url,
    payTo: PAY_TO,
    accepts: ["base-sepolia"],
    facilitators: ["http://127.0.0.1:1"],
    unmatched: "free",
    routes: {
      ...Object.fromEntries(paid.map((path) => [path, PRICE])),
      ...Object.fromEntries(free.map((path) => [`${path}/*`, "free"])),
      [`${open}/*`]: { price: "free", ...EVERY_SPELLING },
      [sold]: { price: PRICE, ...EVERY_SPELLING },
      [closed]: "closed",
      [`GET ${jobs}`]: "free",
      [`POST ${jobs}`]: PRICE,
      [`${vhost}/*`]: "free",
      [`paid.example${vhost}/*`]: PRICE,
      ...(gold !== undefined && { [gold]: { price: PRICE, caseSensitive: true } }),
      ...(brass !== undefined && { [brass]: { price: "free", caseSensitive: true } }),
    },
  };
}

const servers = join(import.meta.dirname, "servers");
const own = (name: string): string => join(servers, name);

interface Recipe {
  readonly name: string;
  readonly places: Places;
  /** Debian's. */
  readonly packages: readonly string[];
  readonly command: (port: number, folder: string) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const node =
  (script: string): Recipe["command"] =>
  () => [process.execPath, own(script)];

const RECIPES: readonly Recipe[] = [
  {
    name: "Apache with PHP",
    places: OF_PHP,
    packages: ["apache2-bin", "libapache2-mod-php"],
    command: (port, folder) => apache(folder, own("origin.php"), port),
  },
  {
    name: "Flask under gunicorn",
    places: PLACES,
    packages: ["python3-flask", "gunicorn"],
    command: (port) => [
      ...["/usr/bin/python3", "/usr/bin/gunicorn", "--chdir", servers, "--threads", "4", "--log-level", "critical"],
      ...["--bind", `127.0.0.1:${port}`, "flask_origin:app"],
    ],
  },
  {
    name: "Flask's own server",
    places: PLACES,
    packages: ["python3-flask"],
    command: () => ["/usr/bin/python3", own("flask_origin.py")],
  },
  {
    name: "Tomcat",
    places: PLACES,
    packages: ["libtomcat10-java", "default-jdk-headless"],
    command: (_, folder) => ["/usr/bin/java", "-cp", "/usr/share/java/*", own("TomcatOrigin.java"), folder],
  },
  {
    name: "Go net/http",
    places: PLACES,
    packages: ["golang-go"],
    command: (_, folder) => [buildGo(own("origin.go"), folder)],
  },
  { name: "Express 5", places: FOLDING, packages: [], command: node("express.mjs"), env: { EXPRESS: "express" } },
  { name: "Express 4", places: FOLDING, packages: [], command: node("express.mjs"), env: { EXPRESS: "express4" } },
  { name: "Fastify", places: FOLDING, packages: [], command: node("fastify.mjs") },
  { name: "Hono on node-server", places: PLACES, packages: [], command: node("hono.mjs") },
];

const NGINX = "nginx";
/** Which origins nginx stands in front of too. */
const BEHIND_NGINX = ["Express 4", "Tomcat"];

const lacks = (missing: readonly string[], packages: readonly string[]): boolean =>
  packages.some((name) => missing.includes(name));

/** Those that can be started here. */
export function originNames(): readonly string[] {
  const missing = missingPackages();
  const names = RECIPES.filter(({ packages }) => !lacks(missing, packages)).map(({ name }) => name);
  if (missing.includes("nginx-light")) return names;
  return [...names, NGINX, ...BEHIND_NGINX.filter((name) => names.includes(name)).map(behindNginx)];
}

const behindNginx = (name: string): string => `nginx before ${name}`;

function buildGo(source: string, folder: string): string {
  const program = join(folder, "origin");
  const env = { ...process.env, GOCACHE: join(folder, "cache"), GO111MODULE: "off", GOFLAGS: "" };
  const { status, stderr } = spawnSync("/usr/bin/go", ["build", "-o", program, source], { encoding: "utf8", env });
  if (status !== 0) throw new Error(`go build failed:\n${stderr}`);
  return program;
}

export async function startOrigins(): Promise<Origins> {
  const root = mkdtempSync(join(tmpdir(), "faregate-origins-"));
  const log = join(root, "log");
  writeFileSync(log, "");
  // Servers that give up being root write it too.
  chmodSync(root, 0o755);
  chmodSync(log, 0o666);
  const removeRoot = (): void => rmSync(root, { recursive: true, force: true });
  const forget = atExit(removeRoot);
  const started: ServerProcess[] = [];
  const names = originNames();
  const start = async (name: string, command: (port: number, folder: string) => readonly string[], env = {}) => {
    const folder = join(root, name.replace(/\W+/g, "-"));
    mkdirSync(folder);
    const port = await choosePort(0);
    const server = await startProcess(command(port, folder), port, {
      ...env,
      ORIGIN_LOG: log,
      PORT: String(port),
      PYTHONDONTWRITEBYTECODE: "1",
    });
    started.push(server);
    return server.url;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
    removeRoot();
    forget();
  };
  try {
    const recipes = RECIPES.filter(({ name }) => names.includes(name));
    const direct = await Promise.all(
      recipes.map(async ({ name, places, command, env }) => ({ name, places, url: await start(name, command, env) })),
    );
    const behind = names.includes(NGINX) ? await startNginx(start, log, direct) : [];
    return { all: [...direct, ...behind], log: () => linesOf(log), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNginx(
  start: (name: string, command: (port: number, folder: string) => readonly string[]) => Promise<string>,
  log: string,
  direct: readonly Origin[],
): Promise<readonly Origin[]> {
  const inner = direct.filter(({ name }) => BEHIND_NGINX.includes(name));
  const ports = await Promise.all(inner.map(() => choosePort(0)));
  const proxies = inner.map(({ url }, i) => [ports[i] ?? 0, url] as const);
  const url = await start(NGINX, (port, folder) => nginx(folder, log, { own: port, proxies }));
  const outer = inner.map(({ name, places }, i) => ({
    name: behindNginx(name),
    places,
    url: `http://127.0.0.1:${ports[i]}`,
  }));
  return [{ name: NGINX, places: OF_NGINX, url }, ...outer];
}

const linesOf = (log: string): readonly string[] =>
  existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(Boolean) : [];
