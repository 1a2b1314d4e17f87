// The configurations of nginx and Apache, as their users write them, with what those are known to write wrongly.

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFile } from "./packages.ts";

const isRoot = process.getuid?.() === 0;

export interface NginxPorts {
  /** Locations of its own. */
  readonly own: number;
  /** In front of other origins: the port to listen on, and the origin's URL. */
  readonly proxies: readonly (readonly [port: number, url: string])[];
}

/** @returns the command that runs it */
export function nginx(folder: string, log: string, { own, proxies }: NginxPorts): readonly string[] {
  for (const [name, text] of [
    ["static/hello.txt", "free"],
    ["vault/secret.txt", "paid"],
  ] as const) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const say = (what: string): string => `set $ran ${what}; return 200 ${what};`;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  // With a path behind the origin nginx forwards what it decoded and resolved, not what it got.
  const servers = proxies.map(
    ([port, url]) => `server { listen 127.0.0.1:${port}; location / { proxy_pass ${url}/; } }`,
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    `${isRoot ? "user root;" : ""}
daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 512; }
http {
  ${temporary.join(" ")}
  underscores_in_headers on;
  access_log off;
  log_format probe '$http_x_probe $ran';
  map $request_filename $of_file { ~/static/\\.\\./vault/ paid; default free; }
  map $http_x_forwarded_host $of_host { ~*^paid\\.example\\.?(:\\d*)?(,|$) paid; default free; }
  map $request_method $of_method { POST paid; default free; }
  server {
    listen 127.0.0.1:${own};
    access_log ${log} probe;
    set $ran none;
    location = /paid/report { ${say("paid")} }
    location /paid/report/ { ${say("paid")} }
    location /sold/ { ${say("paid")} }
    location = /closed { ${say("paid")} }
    location = /jobs { set $ran $of_method; return 200; }
    location /vhost/ { set $ran $of_host; return 200; }
    location /free/ { ${say("free")} }
    location /open/ { ${say("open")} }
    location = /Case/Gold { ${say("paid")} }
    location = /Case/gold { ${say("free")} }
    location /vault/ { set $ran paid; alias ${folder}/vault/; }
    # Without its last slash: /static../vault/secret.txt is the file beside it.
    location /static { set $ran $of_file; alias ${folder}/static/; }
  }
  ${servers.join("\n  ")}
}
`,
  );
  return ["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", join(folder, "nginx.conf")];
}

const SCRIPTS = ["paid", "sold", "closed", "jobs", "vhost", "free", "open", "vault/index", "Case/Gold", "Case/gold"];

/** @returns the command that runs it */
export function apache(folder: string, script: string, port: number): readonly string[] {
  for (const name of SCRIPTS) {
    mkdirSync(join(folder, "www", name, ".."), { recursive: true });
    copyFileSync(script, join(folder, "www", `${name}.php`));
  }
  const modules = "/usr/lib/apache2/modules";
  const load = ["mpm_prefork", "authz_core", "dir", "env", "rewrite"].map(
    (name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`,
  );
  writeFileSync(
    join(folder, "httpd.conf"),
    `${load.join("\n")}
LoadModule php_module ${findFile(`${modules}/libphp*.so`)}
ServerRoot ${folder}
DefaultRuntimeDir ${folder}
PidFile ${folder}/httpd.pid
ErrorLog ${folder}/error.log
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
${isRoot ? "User www-data\nGroup www-data" : ""}
# One for each connection that the gate keeps open.
StartServers 24
MaxRequestWorkers 64
KeepAliveTimeout 1
DocumentRoot ${folder}/www
PassEnv ORIGIN_LOG
AllowEncodedSlashes On
<Directory ${folder}/www>
  Require all granted
  AcceptPathInfo On
  DirectoryIndex index.php
</Directory>
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
RewriteEngine On
RewriteRule ^/pretty/(.*)$ /paid.php/$1 [PT]
`,
  );
  return ["/usr/sbin/apache2", "-d", folder, "-f", join(folder, "httpd.conf"), "-DFOREGROUND"];
}
