<?php
// A form behind Laravel's CSRF protection: GET /form gives the token in a cookie, POST /form needs it. For `php -S`;
// SESSIONS is a folder.
error_reporting(E_ALL & ~E_DEPRECATED);
require 'Illuminate/autoload.php';

use Illuminate\Config\Repository;
use Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse;
use Illuminate\Cookie\Middleware\EncryptCookies;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\Request;
use Illuminate\Pipeline\Pipeline;
use Illuminate\Session\Middleware\StartSession;
use Illuminate\Session\TokenMismatchException;
use Illuminate\Support\Facades\Facade;

$app = new Application(sys_get_temp_dir());
$app->instance('env', 'production');
$app->instance('config', new Repository([
    'app' => ['key' => 'base64:' . base64_encode(str_repeat('k', 32)), 'cipher' => 'AES-256-CBC', 'debug' => false],
    'session' => ['driver' => 'file', 'files' => getenv('SESSIONS'), 'lifetime' => 120, 'expire_on_close' => false, 'encrypt' => false, 'cookie' => 'laravel_session', 'path' => '/', 'domain' => null, 'secure' => true, 'http_only' => true, 'same_site' => 'lax', 'lottery' => [0, 100]],
]));
Facade::setFacadeApplication($app);
foreach (['Events\EventServiceProvider', 'Cookie\CookieServiceProvider', 'Encryption\EncryptionServiceProvider', 'Filesystem\FilesystemServiceProvider', 'Session\SessionServiceProvider'] as $provider) {
    $app->register("Illuminate\\$provider");
}
$app->boot();

// The proxy in front says the scheme; Host is the one that was asked for.
Request::setTrustedProxies(['127.0.0.1'], Request::HEADER_X_FORWARDED_PROTO | Request::HEADER_X_FORWARDED_FOR);
$request = Request::capture();
$app->instance('request', $request);

$answer = function (Request $request) {
    if ($request->path() === 'old') {
        return new RedirectResponse($request->getSchemeAndHttpHost() . '/form');
    }
    if ($request->isMethod('POST')) {
        return new JsonResponse(['visits' => $request->session()->get('visits'), 'title' => $request->input('title')]);
    }
    $request->session()->put('visits', 1 + $request->session()->get('visits', 0));
    return new JsonResponse(['token' => $request->session()->token(), 'url' => $request->url()]);
};
try {
    $response = (new Pipeline($app))->send($request)
        ->through([EncryptCookies::class, AddQueuedCookiesToResponse::class, StartSession::class, VerifyCsrfToken::class])->then($answer);
} catch (TokenMismatchException $error) {
    $response = new JsonResponse(['message' => $error->getMessage()], 419);
}
$response->send();
