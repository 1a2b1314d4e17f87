<?php
// Every script of the document root: what it is stands in its name, and PATH_INFO may follow. A header's "-" and "_" are
// one here, as under CGI.

$name = basename($_SERVER["SCRIPT_FILENAME"], ".php");
$method = strtoupper(
    $_SERVER["HTTP_X_HTTP_METHOD_OVERRIDE"] ?? $_SERVER["HTTP_X_METHOD_OVERRIDE"] ??
    $_SERVER["HTTP_X_HTTP_METHOD"] ?? $_SERVER["REQUEST_METHOD"]
);
$url = $_SERVER["HTTP_X_ORIGINAL_URL"] ?? $_SERVER["HTTP_X_REWRITE_URL"] ?? null;
if ($url !== null) {
    $name = basename(strtok(strtok($url, "?"), "/"), ".php");
}
$forwarded = preg_match('/host="?([^;,"]+)/i', $_SERVER["HTTP_FORWARDED"] ?? "", $found) ? $found[1] : null;
$host = $forwarded ?? $_SERVER["HTTP_X_FORWARDED_HOST"] ?? $_SERVER["HTTP_HOST"] ?? "";
$host = strtolower(rtrim(preg_replace('/:\d*$/', "", trim(explode(",", $host)[0])), "."));
switch ($name) {
    case "paid":
    case "sold":
    case "closed":
    case "Gold":
    case "index":
        $what = "paid";
        break;
    case "jobs":
        $what = $method === "POST" ? "paid" : "free";
        break;
    case "vhost":
        $what = $host === "paid.example" ? "paid" : "free";
        break;
    default:
        $what = $name;
}
file_put_contents(getenv("ORIGIN_LOG"), ($_SERVER["HTTP_X_PROBE"] ?? "-") . " $what\n", FILE_APPEND);
echo $what;
