// Rules about objects whose attributes come from an upstream: the request, the meaning of its answers, and
// attempts to bypass them.
// Rooms: cel target

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, response, unlessBuilt } from './harness.mjs';

const notFound = (reason) => ({ status: 404, error: 'not_found', reason, stage: 'authorise' });
const anything = (name, where = 'query') => ({ name, in: where, required: true, schema: { type: 'string', maxLength: 200 } });

// getOrder looks its order up; listNotes looks up by free text; getLine has attributes with types.
function addLookups(configuration, api, desk) {
  const security = [{ userToken: [] }];
  const responses = { 200: { description: 'Done' } };
  Object.assign(configuration.operations.getOrder, {
    resource: { upstream: { path: '/internal/orders/{path.id}' } },
    when: 'resource.customer == principal.id || "auditor" in principal.roles',
  });
  configuration.roles.auditor = ['orders:read'];
  api.paths['/boxes'] = { get: { operationId: 'getBox', security, parameters: [anything('name')], responses } };
  configuration.operations.getBox = {
    permission: 'orders:read', resource: { upstream: { name: 'boxes', path: '/tenants/{principal.id}/boxes/{query.name}/state' } },
    when: 'resource.open == true',
  };
  api.paths['/lines'] = { get: { operationId: 'getLine', security, parameters: [anything('name')], responses } };
  configuration.operations.getLine = {
    permission: 'orders:read', hide: false, assert: true,
    resource: { upstream: { path: '/lines/{query.name}' }, attributes: { price: 'double', due: 'timestamp', tags: 'list(string)', owner: 'wrapper(string)' } },
    when: 'resource.price * 2.0 < 10.0 && resource.due < timestamp("2030-01-01T00:00:00Z") && "x" in resource.tags && resource.owner == null',
  };
  const schema = { type: 'object', properties: { text: { type: 'string', maxLength: 20 } } };
  api.paths['/notes'] = { post: { operationId: 'addNote', security, requestBody: { required: true, content: { 'application/json': { schema } } }, responses } };
  configuration.operations.addNote = { permission: 'orders:write', resource: { upstream: { path: '/internal/orders/1' } }, when: 'resource.customer == principal.id' };
  configuration.upstreams.boxes = { url: `${desk.upstream.url}/base/`, connect_timeout: '1s', timeout: '500ms', failures: 1000 };
}

describe('objects that an upstream knows', unlessBuilt, () => {
  let desk;
  let lookUp;  // (request) => bytes; other requests are answered with 200
  before(async () => {
    desk = await Desk.open({ change: addLookups });
    desk.upstream.answer = (request, socket) => (/^\/(internal|base|lines)\//.test(request.target) ? lookUp(request, socket) : response(200));
  });
  beforeEach(() => {
    lookUp = () => response(200, { customer: 'ann' });
    desk.upstream.requests.length = 0;
  });
  after(() => desk?.close());

  const box = (name) => desk.get(`/boxes?name=${encodeURIComponent(name)}`);
  const targets = () => desk.upstream.requests.map(({ target }) => target);

  it('are refused 20 ms after they began to be looked for, by whenever the body ends', async () => {
    lookUp = () => response(404);
    const body = '{"text":"x"}';
    for (const late of [6, 9, 12, 15, 18]) {
      const wire = await Wire.open(desk.port, desk.tls);
      wire.send(`POST /notes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`);
      await new Promise((resolve) => setTimeout(resolve, late));
      const sent = performance.now();  // no lookup begins before: a slow machine delays the refusal too
      wire.send(body);
      await wire.until(() => wire.received.length > 0, 'answer');
      const passed = performance.now() - sent;
      assert.equal((await wire.responses())[0].status, 404);
      assert.ok(passed > 19, `the refusal came ${passed} ms after the body, with a body ${late} ms late`);
      wire.destroy();
    }
  });

  it('are served to callers that the condition admits', async () => {
    assert.equal((await desk.get('/orders/7')).status, 200);
    assert.deepEqual(targets(), ['/internal/orders/7', '/orders/7']);
    lookUp = () => response(200, { customer: 'bob' });
    assert.equal((await desk.get('/orders/7', await desk.bearerOf({ roles: ['auditor'] }))).status, 200);
  });

  it('of others cannot be distinguished from missing ones, and are not requested', async () => {
    lookUp = () => response(200, { customer: 'bob' });
    const foreign = await desk.get('/orders/7');
    const event = await assertRefused(desk.gatehouse, foreign, notFound('condition_false'));
    assert.equal(event.rule, 'getOrder.when');
    const faces = [foreign];
    for (const status of [404, 410]) {
      lookUp = () => response(status, { secret: 'there was one' });
      faces.push(await desk.get('/orders/7'));
      assert.equal((await assertRefused(desk.gatehouse, faces.at(-1), notFound('object_missing'))).rule, 'getOrder.resource');
    }
    const face = ({ text, headers }) => text.replaceAll(headers['x-request-id'], '');
    assert.equal(new Set(faces.map(face)).size, 1);
    assert.ok(!targets().includes('/orders/7'));
  });

  it('are asked for in Gatehouse’s own words, on behalf of the caller', async () => {
    await desk.get('/orders/7', { ...desk.bearer, 'x-tenant': 'evil', 'gatehouse-principal': 'root', cookie: 'a=b', 'x-http-method-override': 'DELETE' });
    const [asked, called] = desk.upstream.requests;
    assert.equal(asked.method, 'GET');
    assert.deepEqual(Object.keys(asked.headers).sort(), ['accept', 'gatehouse-issuer', 'gatehouse-principal', 'gatehouse-roles', 'gatehouse-scheme', 'host', 'traceparent', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-request-id']);
    assert.equal(asked.headers['gatehouse-principal'], 'ann');
    assert.equal(asked.headers['x-request-id'], called.headers['x-request-id']);
    assert.equal(asked.body.length, 0);
  });

  it('are asked for with an assertion where the operation asserts', async () => {
    lookUp = () => response(200, { price: 1, due: '2026-01-01T00:00:00Z', tags: ['x'], owner: null });
    assert.equal((await desk.get('/lines?name=a')).status, 200);
    const claims = JSON.parse(Buffer.from(desk.upstream.requests[0].headers['gatehouse-assertion'].split('.')[1], 'base64url'));
    assert.deepEqual([claims.sub, claims.operation, claims.aud], ['ann', 'getLine', 'orders']);
  });

  it('have names that stay within their segment of the path', async () => {
    lookUp = () => response(200, { open: true });
    for (const [name, written] of Object.entries({
      'a b': 'a%20b', 'x&y=z': 'x%26y%3Dz', '100%': '100%25', 'é': '%C3%A9', '{path.id}': '%7Bpath.id%7D', '*': '%2A', '...': '...', '1e2': '1e2',
    })) {
      desk.upstream.requests.length = 0;
      assert.equal((await box(name)).status, 200, name);
      assert.equal(desk.upstream.requests[0].target, `/base/tenants/ann/boxes/${written}/state`);
    }
  });

  it('that have no name fit for a path are not asked for, and are not there', async () => {
    for (const name of ['..', '.', '../../admin', 'a/b', '/', 'a\\b', '', 'x?admin=1', 'x#y', '%2f..%2f', '%2e%2e', '..;', 'a;x', ' a', 'a ']) {
      const answer = await box(name);
      await assertRefused(desk.gatehouse, answer, notFound('object_missing'));
    }
    for (const raw of ['a%0d%0aHost:%20evil', 'a%00', 'a%0a']) {
      const answer = await desk.get(`/boxes?name=${raw}`);
      assert.ok([400, 404].includes(answer.status), `${raw}: ${answer.status}`);
    }
    assert.deepEqual(targets(), []);
    lookUp = () => response(200, { open: true });
    for (const sub of ['..', 'a/b', 'a\r\nHost: evil', 'ann;x', 'ann%20', '%61nn', 'ann#', 'ann ']) assert.equal((await desk.get('/boxes?name=a', await desk.bearerOf({ sub }))).status, 404, sub);
    assert.deepEqual(targets(), []);
  });

  it('say when to ask again if the upstream does', async () => {
    for (const [value, said] of [['17', '17'], ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT'], ['soon', undefined], ['1\u0000', undefined]]) {
      lookUp = () => response(503, { customer: 'ann' }, { 'Retry-After': value });
      const refused = await desk.get('/orders/7');
      if (value.includes('\u0000')) assert.equal(refused.status, 502);
      else assert.deepEqual([refused.status, refused.headers['retry-after']], [503, said], value);
      assert.equal(refused.text?.includes('ann') ?? false, false);
    }
    // Of an answer that is not about the load, nothing leaves.
    lookUp = () => response(500, {}, { 'Retry-After': '17' });
    assert.equal((await desk.get('/orders/7')).headers['retry-after'], undefined);
  });

  for (const [what, answer, status, error, reason] of [
    ['a server error', () => response(500, { customer: 'ann' }), 502, 'unavailable', 'upstream_error'],
    ['overload', () => response(503, { customer: 'ann' }), 503, 'unavailable', 'upstream_overloaded'],
    ['a refusal of Gatehouse', () => response(403, { customer: 'ann' }), 502, 'unavailable', 'upstream_error'],
    ['a redirection', () => response(302, { customer: 'ann' }, { Location: '/internal/orders/8' }), 502, 'unavailable', 'upstream_error'],
    ['another success', () => response(203, { customer: 'ann' }), 502, 'unavailable', 'upstream_error'],
    ['nothing', () => response(204, '', { 'Content-Length': undefined, 'Content-Type': undefined }), 502, 'unavailable', 'upstream_error'],
    ['no JSON', () => response(200, '<html>customer: ann</html>'), 502, 'unavailable', 'upstream_malformed'],
    ['an empty body', () => response(200, ''), 502, 'unavailable', 'upstream_malformed'],
    ['a list', () => response(200, [{ customer: 'ann' }]), 502, 'unavailable', 'upstream_malformed'],
    ['one member twice', () => response(200, '{"customer":"bob","customer":"ann"}'), 502, 'unavailable', 'upstream_malformed'],
    ['two objects', () => response(200, '{"customer":"ann"}{"customer":"bob"}'), 502, 'unavailable', 'upstream_malformed'],
    ['deep nesting', () => response(200, `{"customer":"ann","a":${'['.repeat(50)}${']'.repeat(50)}}`), 502, 'unavailable', 'upstream_malformed'],
    ['too much', () => response(200, { customer: 'ann', more: 'x'.repeat(100_000) }), 502, 'unavailable', 'upstream_malformed'],
    ['too much in chunks', () => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'), ...Array.from({ length: 200 }, () => Buffer.from(`400\r\n${' '.repeat(1024)}\r\n`))]), 502, 'unavailable', 'upstream_malformed'],
    ['malformed HTTP', () => Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}'), 502, 'unavailable', 'upstream_malformed'],
    ['half an answer', (request, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"customer":"ann"'), 502, 'unavailable', 'upstream_malformed'],
    ['a closed connection', (request, socket) => void socket.destroy(), 502, 'unavailable', 'upstream_unreachable'],
  ]) {
    it(`are refused to all when the upstream answers with ${what}`, async () => {
      lookUp = answer;
      const refused = await desk.get('/orders/7');
      const event = await assertRefused(desk.gatehouse, refused, { status, error, reason, stage: 'call', outcome: 'failed' });
      assert.equal(event.rule, 'getOrder.resource');
      assert.equal(event.upstream ?? event['upstream.name'] ?? 'orders', 'orders');
      assert.doesNotMatch(refused.text, /customer|ann|html/);
      assert.ok(!targets().includes('/orders/7'), 'the target was called');
    });
  }

  it('are refused when the upstream is late', async () => {
    lookUp = () => undefined;
    const begun = Date.now();
    await assertRefused(desk.gatehouse, await box('a'), { status: 504, error: 'unavailable', reason: 'upstream_late', stage: 'call', outcome: 'failed' });
    assert.ok(Date.now() - begun < 3000);
    lookUp = (request, socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{');
    await assertRefused(desk.gatehouse, await box('a'), { status: 504, error: 'unavailable', reason: 'upstream_late', stage: 'call', outcome: 'failed' });
  });

  it('come whole in an answer that ends with its connection', async () => {
    lookUp = (request, socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\n{"customer":"ann"}');
    assert.equal((await desk.get('/orders/7')).status, 200);
  });

  it('are refused when a condition reads an attribute that the answer lacks', async () => {
    for (const attributes of [{}, { owner: 'ann' }, { Customer: 'ann' }]) {
      lookUp = () => response(200, attributes);
      await assertRefused(desk.gatehouse, await desk.get('/orders/7'), notFound('condition_error'));
    }
    for (const customer of [null, 7, ['ann'], { id: 'ann' }]) {
      lookUp = () => response(200, { customer });
      await assertRefused(desk.gatehouse, await desk.get('/orders/7'), notFound('condition_false'));
    }
  });

  it('have the types that the configuration promises, or are refused', async () => {
    const good = { price: 4, due: '2026-01-01T00:00:00Z', tags: ['x'], owner: null, more: true };
    const line = async (change) => {
      lookUp = () => response(200, { ...good, ...change });
      return desk.get('/lines?name=a');
    };
    assert.equal((await line({})).status, 200);
    assert.equal((await line({ price: 4.5 })).status, 200);
    const forbidden = (reason) => ({ status: 403, error: 'forbidden', reason, stage: 'authorise' });
    for (const change of [{ price: 5 }, { due: '2031-01-01T00:00:00+01:00' }, { tags: [] }, { owner: 'bob' }]) {
      await assertRefused(desk.gatehouse, await line(change), forbidden('condition_false'));
    }
    for (const change of [{ price: '4' }, { price: null }, { due: 7 }, { due: 'soon' }, { tags: 'x' }, { tags: null }, { owner: 7 }, { owner: undefined }]) {
      await assertRefused(desk.gatehouse, await line(change), forbidden('condition_error'));
    }
  });

  it('are looked up once the cheaper gates have passed', async () => {
    assert.equal((await desk.get('/orders/7', {})).status, 401);
    assert.equal((await desk.get('/orders/7', await desk.bearerOf({ roles: [] }))).status, 403);
    assert.equal((await desk.get('/orders/x')).status, 400);
    assert.deepEqual(targets(), []);
  });

  it('keep their connections to the upstream', async () => {
    await desk.get('/orders/7');
    const before = desk.upstream.connections;
    for (let i = 0; i < 20; i += 1) assert.equal((await desk.get('/orders/7')).status, 200);
    assert.ok(desk.upstream.connections - before <= 2, `${desk.upstream.connections - before} new connections for 40 requests`);
  });
});

describe('a lookup that is wrong', unlessBuilt, () => {
  const cases = {
    'in its upstream': [{ upstream: { name: 'nobody', path: '/o/{path.id}' } }, /no upstream `nobody`/],
    'in its path': [{ upstream: { path: 'o/{path.id}' } }, /begins with `\/`/],
    'by a query': [{ upstream: { path: '/o?id={path.id}' } }, /there is no query/],
    'by dot segments': [{ upstream: { path: '/o/../{path.id}' } }, /none that is \. or \.\./],
    'by a value that no request has': [{ upstream: { path: '/o/{id}' } }, /is not a value of a request/],
    'by a value that the operation does not declare': [{ upstream: { path: '/o/{path.other}' } }, /declares no such parameter/],
    'by a body that the operation does not take': [{ upstream: { path: '/o/{body.id}' } }, /accepts no body/],
    'by the object itself': [{ upstream: { path: '/o/{resource.id}' } }, /is not a value of a request/],
    'by having none of both': [{}, /one of `sql` and `upstream`/],
    'by having both': [{ sql: 'SELECT 1 AS customer', upstream: { path: '/o/{path.id}' } }, /one of `sql` and `upstream`/],
    'by having no path': [{ upstream: { name: 'orders' } }, /path/],
    'by a type that is none': [{ upstream: { path: '/o/{path.id}' }, attributes: { customer: 'text' } }, /is not a type of a JSON value/],
    'by a type that no JSON has': [{ upstream: { path: '/o/{path.id}' }, attributes: { customer: 'net.IP' } }, /is not a type of a JSON value/],
    'by an attribute that its condition asks for and nobody promised': [{ upstream: { path: '/o/{path.id}' }, attributes: { owner: 'string' } }, /customer/],
    'by a condition of another type': [{ upstream: { path: '/o/{path.id}' }, attributes: { customer: 'int' } }, /customer|int/],
  };
  it('keeps the server from starting, and says where', async () => {
    const desk = await Desk.open();
    for (const [what, [resource, message]] of Object.entries(cases)) {
      desk.configuration.operations.getOrder = { permission: 'orders:read', resource, when: 'resource.customer == principal.id' };
      desk.writeFiles();
      const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
      assert.equal(status, 1, what);
      assert.match(stderr, /gatehouse\.yaml:\d+:\d+: /, what);
      assert.match(stderr, message, what);
    }
    await desk.close();
  });
});
