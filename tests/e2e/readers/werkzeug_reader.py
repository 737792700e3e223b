# What Werkzeug, on which Flask stands, makes of a request: its routing map, query and cookie parsers, on its own server. With the word
# `http.cookies` cookies are read by the parser of Python's own library, on which Django and aiohttp stood for long.
import json
import sys
from http.cookies import CookieError, SimpleCookie

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

routes = Map([Rule('/docs/admin', endpoint='admin'), Rule('/docs/<doc>', endpoint='doc'),
              Rule('/jobs/<doc>:delete', endpoint='admin'), Rule('/jobs/<doc>:cancel', endpoint='doc')])


def theme_of(request):
    if sys.argv[1:] != ['http.cookies']:
        return request.cookies.get('theme')
    try:
        found = SimpleCookie(request.headers.get('Cookie', '')).get('theme')
    except CookieError:
        return None
    return found and found.value


@Request.application
def app(request):
    values = {}
    try:
        route, values = routes.bind_to_environ(request.environ).match()
    except RequestRedirect as redirect:
        route = 'admin' if redirect.new_url.endswith('/docs/admin') else 'none'
    except HTTPException:
        route = 'none'
    reading = {'route': route, 'doc': values.get('doc'), 'q': request.args.get('q'),
               'tenant': request.headers.get('X-Tenant'), 'theme': theme_of(request),
               'fields': [name.lower() for name in request.headers.keys()]}
    return Response(json.dumps(reading), content_type='application/json')


server = make_server('127.0.0.1', 0, app)
print(f'port {server.server_port}', flush=True)
server.serve_forever()
