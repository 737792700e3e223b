"""A form behind Django's CSRF protection: GET /form gives the token, POST /form needs it. Prints `port N`."""

from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=['localhost'],
    SECRET_KEY='of a test',
    ROOT_URLCONF=__name__,
    SESSION_ENGINE='django.contrib.sessions.backends.signed_cookies',
    SECURE_PROXY_SSL_HEADER=('HTTP_X_FORWARDED_PROTO', 'https'),
    SESSION_COOKIE_SECURE=True,
    CSRF_COOKIE_SECURE=True,
    MIDDLEWARE=['django.contrib.sessions.middleware.SessionMiddleware', 'django.middleware.csrf.CsrfViewMiddleware'],
)


def form(request):
    if request.method == 'POST':
        return JsonResponse({'visits': request.session.get('visits'), 'title': request.POST['title']})
    request.session['visits'] = request.session.get('visits', 0) + 1
    return JsonResponse({'token': get_token(request), 'url': request.build_absolute_uri('/form')})


urlpatterns = [path('form', form), path('old', lambda request: HttpResponseRedirect(request.build_absolute_uri('/form')))]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


django.setup()
server = make_server('127.0.0.1', 0, get_wsgi_application(), handler_class=Quiet)
print(f'port {server.server_port}', flush=True)
server.serve_forever()
