// The Debian packages that the origins are made of. Where this runs as root they are installed, once and quietly; what
// cannot be had is told by name.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";

/** By the file that says that a package is there. */
const PACKAGES: { readonly [name: string]: string } = {
  "nginx-light": "/usr/sbin/nginx",
  "apache2-bin": "/usr/sbin/apache2",
  "libapache2-mod-php": "/usr/lib/apache2/modules/libphp*.so",
  "python3-flask": "/usr/lib/python3/dist-packages/flask",
  gunicorn: "/usr/bin/gunicorn",
  "libtomcat10-java": "/usr/share/java/tomcat10-catalina.jar",
  "default-jdk-headless": "/usr/bin/javac",
  "golang-go": "/usr/bin/go",
};

/** Of a pattern with one star in its last part, the first file that fits. */
export function findFile(pattern: string): string | null {
  if (!pattern.includes("*")) return existsSync(pattern) ? pattern : null;
  const at = pattern.lastIndexOf("/");
  const [folder, [before = "", after = ""]] = [pattern.slice(0, at), pattern.slice(at + 1).split("*")];
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const found = names.find((name) => name.startsWith(before) && name.endsWith(after));
  return found === undefined ? null : `${folder}/${found}`;
}

export const missingPackages = (): readonly string[] =>
  Object.keys(PACKAGES).filter((name) => findFile(PACKAGES[name] ?? "") === null);

/** Debian's own switch that keeps an installation from starting services: only what a test starts may run. */
const POLICY = "/usr/sbin/policy-rc.d";

export function installPackages(): void {
  const missing = missingPackages();
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return;
  const isOurs = !existsSync(POLICY);
  if (isOurs) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  const names = missing.map((name) => (name === "libapache2-mod-php" ? phpModule() : name));
  try {
    apt("update", "-qq");
    apt("install", "-y", "-qq", "--no-install-recommends", ...names);
  } finally {
    if (isOurs) rmSync(POLICY);
  }
}

/** The module of a version by its own name, because the nameless one brings a running Apache. */
function phpModule(): string {
  const { stdout } = spawnSync("apt-cache", ["depends", "libapache2-mod-php"], { encoding: "utf8" });
  return /libapache2-mod-php[\d.]+/.exec(stdout)?.[0] ?? "libapache2-mod-php";
}

function apt(...args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stderr, stdout } = spawnSync("apt-get", args, { encoding: "utf8", env });
  if (status !== 0) console.error(`apt-get ${args.join(" ")} failed:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
}
