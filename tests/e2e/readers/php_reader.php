<?php
// What PHP makes of a request, with a front controller that matches the decoded path without regard to case, as on Windows.
$path = strtolower(urldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?? ''));
$doc = null;
$route = 'none';
if (rtrim($path, '/. ') === '/docs/admin') {
    $route = 'admin';
} elseif (preg_match('~^/jobs/([^/]+):delete$~', $path)) {
    $route = 'admin';
} elseif (preg_match('~^/jobs/([^/]+):cancel$~', $path, $found) || preg_match('~^/docs/([^/]+)$~', $path, $found)) {
    $route = 'doc';
    $doc = rawurldecode(basename(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)));
    if (str_ends_with($doc, ':cancel')) $doc = substr($doc, 0, -7);
}
header('Content-Type: application/json');
echo json_encode(['route' => $route, 'doc' => $doc, 'q' => $_GET['q'] ?? null,
    'tenant' => $_SERVER['HTTP_X_TENANT'] ?? null, 'theme' => $_COOKIE['theme'] ?? null,
    'fields' => array_map(fn ($key) => strtolower(strtr(substr($key, 5), '_', '-')), array_values(array_filter(array_keys($_SERVER), fn ($key) => str_starts_with($key, 'HTTP_'))))]);
