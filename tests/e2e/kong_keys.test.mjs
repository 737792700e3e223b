// The keys of the configuration that a team leaving another gateway needs: exclude, set, errors_from_upstream,
// allowed and blocked, maintenance, and respond.
// Rooms: gate http openapi policy target review app

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, eventually, response, unlessBuilt } from './harness.mjs';

const done = { 200: { description: 'Done' } };
const bearer = [{ userToken: [] }];
const notFound = { status: 404, error: 'not_found', reason: 'no_such_operation', stage: 'route' };

const reload = async (desk, change) => {
  change(desk.configuration);
  desk.writeFiles();
  const count = () => desk.gatehouse.output.split('gatehouse: reloaded').length;
  const before = count();
  desk.gatehouse.signal('SIGHUP');
  await eventually(() => count() > before, 'reload');
};

describe('exclude', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        // None of these could be served: a body that is not checked, a schema that leads nowhere, a parameter that is none.
        api.paths['/uploads'] = { post: { operationId: 'upload', security: bearer, requestBody: { content: { 'multipart/form-data': { schema: { $ref: '#/nowhere' } } } }, responses: done } };
        api.paths['/orders/{id}'].patch = { operationId: 'patchOrder', security: [{ unheardOf: [] }], parameters: [{ name: 'x', in: 'nowhere' }], responses: done };
        api.paths['/orders/mine'] = { get: { operationId: 'mine', security: bearer, responses: done } };
        api.paths['/legacy'] = { get: { security: bearer, responses: done, 'x-gatehouse': { exclude: 'nobody calls it any more' } }, post: { operationId: 'addLegacy', security: bearer, responses: done } };
        Object.assign(configuration.operations, { upload: { exclude: 'comes with uploads' }, patchOrder: { exclude: 'not written yet' }, mine: { exclude: 'the service answers it for everybody', permission: 'orders:read' }, addLegacy: { permission: 'orders:write' } });
      },
    });
  });
  after(() => desk?.close());

  it('is a 404 like that of any unknown path, and nobody behind hears of it', async () => {
    const heard = desk.upstream.requests.length;
    for (const [method, target] of [['POST', '/uploads'], ['GET', '/uploads'], ['PATCH', '/orders/7'], ['GET', '/orders/mine'], ['HEAD', '/orders/mine'], ['GET', '/legacy'], ['HEAD', '/legacy'], ['OPTIONS', '/uploads']]) {
      const answer = await desk.send(method, target);
      assert.equal(answer.status, 404, `${method} ${target}`);
      assert.equal(answer.headers.allow, undefined);
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual([event.reason, event.operation], ['no_such_operation', null]);
    }
    assert.equal(desk.upstream.requests.length, heard);
    const event = await assertRefused(desk.gatehouse, await desk.send('PATCH', '/orders/7'), notFound);
    assert.equal(event.rule, 'patchOrder.exclude', 'operators see which');
  });

  it('leaves its path to no other operation, however it is spelled', async () => {
    const heard = desk.upstream.requests.length;
    for (const target of ['/orders/mine', '/orders/Mine', '/orders/mine;x', '/orders/mine.json', '/orders/mine%20', '/orders/%256dine', '/orders/mine/']) {
      assert.equal((await desk.get(target)).status, 404, target);
    }
    assert.equal(desk.upstream.requests.length, heard);
    assert.equal((await desk.get('/orders/7')).status, 200);
  });

  it('is not among the methods of a path', async () => {
    assert.equal((await desk.send('DELETE', '/legacy')).headers.allow, 'POST');
    assert.equal((await desk.send('OPTIONS', '/legacy')).headers.allow, 'POST, OPTIONS');
    assert.equal((await desk.send('POST', '/legacy')).status, 200);
  });

  it('stands in the review, with its reason', async () => {
    const { stdout } = await desk.folder.run('review', '-c', 'gatehouse.yaml');
    for (const text of ['operation-excluded', 'POST /uploads', 'comes with uploads', 'GET /legacy', 'nobody calls it any more']) assert.ok(stdout.includes(text), text);
  });

  it('needs a reason, and an operation that is there', async () => {
    const problem = async (operations) => {
      desk.folder.write('other.yaml', { ...desk.configuration, operations: { ...desk.configuration.operations, ...operations } });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1);
      return stderr;
    };
    assert.match(await problem({ upload: { exclude: '' } }), /operations\.upload\.exclude: /);
    assert.match(await problem({ upload: { exclude: true } }), /operations\.upload\.exclude: /);
    assert.match(await problem({ uploads: { exclude: 'no such' } }), /operations\.uploads: no OpenAPI document has an operation/);
  });
});

describe('set', unlessBuilt, () => {
  const pair = 'gateway:hunter2 & >>??';
  let desk;
  before(async () => {
    desk = await Desk.open({
      environment: { BILLING_TOKEN: 'Bearer service-secret-1' },
      change: (configuration) => {
        configuration.upstreams.orders.set = { Authorization: 'env:BILLING_TOKEN', 'X-Env': 'prod', 'X-Service-Key': 'file:service.key', 'User-Agent': 'gatehouse', 'X-Login': 'file:login' };
        configuration.fields = { undeclared: 'forward', answers: { forward: ['X-Total'], set: { 'X-Env': 'prod', 'X-Total': '7' } } };
      },
      before: ({ folder }) => {
        folder.write('service.key', 'key-of-the-service\n');
        folder.write('login', `Basic ${Buffer.from(pair).toString('base64')}`);
      },
    });
  });
  after(() => desk?.close());
  const told = () => desk.upstream.last.rawHeaders.filter((field) => /^(authorization|x.env|x-service-key|user-agent):/i.test(field));

  it('tells the upstream its own fields, in place of those of callers', async () => {
    const own = ['Authorization: Bearer service-secret-1', 'X-Env: prod', 'X-Service-Key: key-of-the-service', 'User-Agent: gatehouse'];
    for (const headers of [{}, { 'x-env': 'dev', 'X-Service-Key': 'mine', 'user-agent': 'curl/8' }]) {
      assert.equal((await desk.get('/orders/1', { ...desk.bearer, ...headers })).status, 200);
      assert.deepEqual(told(), own);
      assert.equal((await desk.get('/catalogue', headers)).status, 200);
      assert.deepEqual(told(), own);
    }
  });

  it('is taken by no other spelling', async () => {
    for (const name of ['X_Env', 'x_service_key', 'X.Env']) {
      const answer = await desk.get('/orders/1', { ...desk.bearer, [name]: 'dev' });
      assert.equal(answer.status, 400, name);
      assert.deepEqual(answer.json().details[0].rule, 'alias');
    }
  });

  it('is in no record, also where the upstream tells it', async () => {
    desk.upstream.answer = (request) => response(500, `${request.headers.authorization} service-secret-1 ${request.headers['x-service-key']} prod`, { 'Content-Type': 'text/plain' });
    const answer = await desk.get('/orders/1');
    desk.upstream.answer = () => response(200);
    assert.equal(answer.status, 502);
    await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
    assert.doesNotMatch(stdout, /service-secret-1|key-of-the-service/);
    assert.match(stdout, /prod/, 'the rest is kept');
  });

  it('is in no record in the spelling of HTML, and no password of HTTP Basic is', async () => {
    const escaped = (text) => text.replace(/[&<>"'`=/+]/g, (c) => `&#x${c.charCodeAt(0).toString(16).toUpperCase()};`);
    const coded = Buffer.from(pair).toString('base64');
    assert.match(coded, /[+/=]/);
    desk.upstream.answer = () => response(500, `<p>login ${pair} failed: ${pair.slice(8)}, ${pair.replaceAll('&', '&amp;').replaceAll('>', '&gt;')}, ${escaped(coded)}</p> 7 &lt; 9`, { 'Content-Type': 'text/html' });
    const answer = await desk.get('/orders/1');
    desk.upstream.answer = () => response(200);
    await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
    assert.match(stdout, /<p>login \[redacted\] failed: \[redacted\], \[redacted\], \[redacted\]<\/p> 7 &lt; 9/);
  });

  it('says fields of its own to callers, with what an upstream answers and with nothing else', async () => {
    desk.upstream.answer = () => response(200, {}, { 'X-Env': 'inner', 'X-Total': '1' });
    const answer = await desk.get('/orders/1');
    desk.upstream.answer = () => response(200);
    assert.deepEqual([answer.headers['x-env'], answer.headers['x-total']], ['prod', '7']);
    assert.equal((await desk.get('/orders/1', {})).headers['x-env'], undefined);
  });

  it('changes with its file and a reload', async () => {
    await reload(desk, () => desk.folder.write('service.key', 'another-key-of-the-service'));
    assert.equal((await desk.get('/orders/1')).status, 200);
    assert.equal(desk.upstream.last.headers['x-service-key'], 'another-key-of-the-service');
  });

  it('is read strictly', async () => {
    const problem = async (set, more = {}) => {
      desk.folder.write('other.yaml', { ...desk.configuration, ...more, upstreams: { orders: { ...desk.configuration.upstreams.orders, set } } });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml', { BILLING_TOKEN: 'Bearer x', ODD: 'a\nX-Admin: 1' });
      assert.equal(status, 1, JSON.stringify(set));
      return stderr;
    };
    assert.match(await problem({ Authorization: 'Bearer x' }), /upstreams\.orders\.set: `Authorization` names a secret: write env:NAME or file:PATH/);
    assert.match(await problem({ Authorization: 'env:NOWHERE' }), /upstreams\.orders\.set: `Authorization`: the environment has no variable NOWHERE/);
    assert.match(await problem({ 'X-Key': 'env:ODD' }), /the value is none that a header field can have/);
    assert.match(await problem({ 'X-Key': 'file:nowhere.key' }), /`X-Key`: .*nowhere\.key/);
    assert.match(await problem({ 'X-Env': 'a\r\nX-Admin: 1' }), /has a value that no header field can have/);
    for (const name of ['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'X-Forwarded-For', 'Gatehouse-Principal', 'X-Request-Id', 'traceparent', 'Cookie', 'Content-Type', 'If-Match', 'Proxy-Authorization']) {
      assert.match(await problem({ [name]: 'x' }), new RegExp(`\`${name}\` is written by Gatehouse, or belongs to what a client sends`), name);
    }
    assert.match(await problem({ X_Forwarded_For: 'x' }), /can be taken for a field that Gatehouse knows/);
    assert.match(await problem({ 'X Env': 'x' }), /is not the name of a header field/);
    assert.match(await problem({ 'x-env': 'a', 'X-Env': 'b' }), /is there twice; keep one/);
    for (const name of ['Set-Cookie', 'Location', 'Strict-Transport-Security', 'Content-Security-Policy', 'Content-Length', 'Cache-Control', 'X-Request-Id']) {
      assert.match(await problem({}, { fields: { answers: { set: { [name]: 'x' } } } }), /answers\.set: `[\w-]+` is written by Gatehouse|answers\.set: `[\w-]+` can be taken/, name);
    }
  });
});

describe('errors_from_upstream: json', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ change: (configuration) => (configuration.defaults.errors_from_upstream = 'json') })));
  after(() => desk?.close());
  const answered = async (status, body, headers = {}, method = 'GET') => {
    desk.upstream.answer = () => (method === 'HEAD' ? Buffer.from(response(status, body, headers).toString().replace(/\r\n\r\n[^]*/, '\r\n\r\n')) : response(status, body, headers));
    return desk.send(method, '/orders/1');
  };

  it('lets a 4xx in JSON leave as it is', async () => {
    for (const [status, type] of [[400, 'application/json'], [404, 'application/problem+json'], [403, 'application/json; charset=utf-8'], [409, 'application/vnd.x+json'], [422, 'application/json']]) {
      const answer = await answered(status, { problem: 'x', detail: 'y' }, { 'Content-Type': type, 'X-Stack': 'at line 7' });
      assert.deepEqual([answer.status, answer.text, answer.headers['content-type'], answer.headers['x-stack']], [status, '{"problem":"x","detail":"y"}', type, undefined]);
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id'])).outcome, 'allowed');
    }
    const head = await answered(404, { problem: 'x' }, {}, 'HEAD');
    assert.equal(head.status, 404);
  });

  it('lets no other leave', async () => {
    for (const [status, body, headers, shown = status] of [
      [400, '<p>stack</p>', { 'Content-Type': 'text/html' }], [400, '{"a":', {}], [400, '{"a":1}{"b":2}', {}], [400, '', {}], [400, Buffer.from('{"a":"\xff"}', 'latin1'), {}],
      [400, `{"a":"${'x'.repeat(17000)}"}`, {}], [400, { a: 1 }, { 'Content-Encoding': 'gzip' }], [400, { a: 1 }, { 'Content-Type': 'application/json; charset=utf-16' }],
      [401, { a: 1 }, {}, 403], [407, { a: 1 }, {}], [500, { a: 1 }, {}, 502], [503, { a: 1 }, {}],
    ]) {
      const answer = await answered(status, body, headers);
      assert.equal(answer.status, shown, `${status} ${String(body).slice(0, 20)}`);
      assert.ok(answer.json().correlation_id, `${status} ${String(body).slice(0, 20)}`);
    }
  });

  it('is `declared` where nothing is said, and the review finds it', async () => {
    const { stdout } = await desk.folder.run('review', '-c', 'gatehouse.yaml');
    assert.match(stdout, /errors-unchecked/);
    await reload(desk, (configuration) => delete configuration.defaults.errors_from_upstream);
    assert.notEqual((await answered(404, { problem: 'x' })).text, '{"problem":"x"}');
  });
});

describe('allowed and blocked', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration) => {
        configuration.trusted_proxies = ['127.0.0.1'];
        configuration.allowed = { addresses: ['127.0.0.0/8', '10.0.0.0/8', '2001:db8::/32'] };
        configuration.blocked = { addresses: 'file:blocked.txt', principals: ['mallory', 'partner:evil'] };
        configuration.listen.health = '/healthz';
      },
      before: (one) => one.folder.write('blocked.txt', '# a bad day\n10.6.6.0/24   # a network\n\n\t10.7.7.7\r\n2001:db8:6::/48\n'),
    });
  });
  after(() => desk?.close());
  const from = (address, headers = desk.bearer, target = '/orders/1') => desk.get(target, { ...headers, 'x-forwarded-for': address });
  const refused = { status: 403, error: 'forbidden', reason: 'address_blocked', stage: 'http' };

  it('hold before any gate, and say nothing of credentials', async () => {
    const heard = desk.upstream.requests.length;
    for (const [address, rule] of [['10.6.6.9', 'blocked.addresses'], ['10.7.7.7', 'blocked.addresses'], ['2001:db8:6::1', 'blocked.addresses'], ['::ffff:10.6.6.9', 'blocked.addresses'], ['203.0.113.9', 'allowed.addresses'], ['2001:db9::1', 'allowed.addresses']]) {
      for (const [headers, target] of [[desk.bearer, '/orders/1'], [{}, '/nowhere'], [{ authorization: 'Bearer x' }, '/orders/1']]) {
        const answer = await from(address, headers, target);
        const event = await assertRefused(desk.gatehouse, answer, refused);
        assert.deepEqual([event.rule, event['user.id'], event.operation], [rule, null, null], address);
        assert.doesNotMatch(answer.text, /credential/);
      }
    }
    for (const forwarded of ['for=10.6.6.9', 'for="10.6.6.9:80";proto=https', 'for="[::ffff:10.6.6.9]"', 'for=10.1.1.1, for=10.6.6.9', 'for="[2001:db8:6::1]"']) {
      assert.equal((await assertRefused(desk.gatehouse, await desk.get('/orders/1', { ...desk.bearer, forwarded }), refused)).rule, 'blocked.addresses', forwarded);
      const two = await from('10.1.1.1', { ...desk.bearer, forwarded });
      await assertRefused(desk.gatehouse, two, { status: 400, error: 'invalid_request', reason: 'malformed_http' });
    }
    assert.equal(desk.upstream.requests.length, heard);
    assert.equal((await from('10.1.1.1', { ...desk.bearer, forwarded: 'for=10.1.1.1' })).status, 200);
    for (const address of ['10.6.7.1', '10.7.7.8', '2001:db8:7::1']) assert.equal((await from(address)).status, 200, address);
    assert.equal((await desk.get('/orders/1')).status, 200, 'the proxy itself is among the allowed');
  });

  it('leave health checks alone', async () => {
    assert.equal((await from('203.0.113.9', {}, '/healthz')).status, 204);
  });

  it('hold for a principal, however it is proven, on public operations too', async () => {
    for (const target of ['/orders/1', '/catalogue']) {
      const mallory = await desk.bearerOf({ sub: 'mallory' });
      if (target === '/catalogue') {
        assert.equal((await desk.get(target, mallory)).status, 200, 'nobody is proven where no credential is asked for');
        continue;
      }
      const event = await assertRefused(desk.gatehouse, await desk.get(target, mallory), { status: 403, error: 'forbidden', reason: 'principal_blocked', stage: 'authorise' });
      assert.deepEqual([event['user.id'], event.rule], ['mallory', 'blocked.principals']);
    }
    const { key } = await desk.createKey('partner:evil');
    await assertRefused(desk.gatehouse, await desk.get('/orders/1', { 'x-api-key': key }), { status: 403, error: 'forbidden', reason: 'principal_blocked' });
    await assertRefused(desk.gatehouse, await desk.get('/orders/1', { ...desk.bearer, 'x-api-key': key }), { status: 403, error: 'forbidden', reason: 'principal_blocked' }, 'beside a good one');
    const details = desk.gatehouse.events().filter(({ reason }) => reason === 'principal_blocked').map(({ detail }) => detail);
    assert.deepEqual(details, ['mallory is blocked', 'partner:evil is blocked', 'partner:evil is blocked']);
    for (const sub of ['Mallory', 'mallory2', 'partner']) assert.equal((await desk.get('/orders/1', await desk.bearerOf({ sub }))).status, 200, sub);
  });

  it('end answers that go on, with the reload that names their caller', async () => {
    for (const change of [(configuration) => configuration.blocked.principals.push('eve'), () => desk.folder.write('blocked.txt', '10.1.1.1\n')]) {
      let socket;
      desk.upstream.answer = (_, to) => {
        socket = to;
        to.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n');
      };
      const wire = await Wire.open(desk.port, desk.tls);
      const { authorization } = await desk.bearerOf({ sub: change.length ? 'eve' : 'joe' });
      wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 10.1.1.1\r\nAuthorization: ${authorization}\r\n\r\n`);
      await wire.until(({ received }) => received.includes('first'), 'the first piece');
      await reload(desk, change);
      await wire.closedByServer();
      socket.destroy();
    }
    desk.upstream.answer = () => response(200);
  });

  it('are read strictly', async () => {
    const problem = async (change) => {
      desk.folder.write('other.yaml', { ...desk.configuration, ...change });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1, JSON.stringify(change));
      return stderr;
    };
    assert.match(await problem({ allowed: { addresses: [] } }), /allowed\.addresses: is empty, so that no request would be answered/);
    assert.match(await problem({ allowed: {} }), /allowed/);
    assert.match(await problem({ allowed: { addresses: ['10.0.0.1/8'] } }), /`10\.0\.0\.1\/8` is not a network; write it as 10\.0\.0\.0\/8/);
    assert.match(await problem({ blocked: { addresses: 'file:nowhere.txt' } }), /blocked\.addresses: nowhere\.txt: /);
    desk.folder.write('odd.txt', '10.0.0.0/8\n10.0.0.0/8 10.1.0.0/16\n');
    assert.match(await problem({ blocked: { addresses: 'file:odd.txt' } }), /odd\.txt:2:1: blocked\.addresses: `10\.0\.0\.0\/8 10\.1\.0\.0\/16` is not a network/);
    assert.match(await problem({ blocked: { address: ['10.0.0.0/8'] } }), /there is no key `address` here/);
  });
});

describe('maintenance', unlessBuilt, () => {
  let desk;
  const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
  before(async () => (desk = await Desk.open({ change: (configuration) => (configuration.maintenance = { operations: ['getOrder', 'list*'], until, body: 'Back at six.' }) })));
  after(() => desk?.close());

  it('answers 503 with Retry-After and its message, and nobody behind hears of it', async () => {
    const heard = desk.upstream.requests.length;
    for (const [target, headers] of [['/orders/1', desk.bearer], ['/orders', desk.bearer], ['/catalogue', {}], ['/orders/1', {}], ['/orders/1', { authorization: 'Bearer x' }]]) {
      const answer = await desk.get(target, headers);
      const event = await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'maintenance', stage: 'route' });
      assert.equal(answer.json().message, 'Back at six.');
      const seconds = Number(answer.headers['retry-after']);
      assert.ok(seconds > 3000 && seconds <= 3600, `${seconds}`);
      assert.ok(event.operation, 'it is known which operation it was');
    }
    assert.equal(desk.upstream.requests.length, heard);
  });

  it('leaves other operations and paths alone', async () => {
    assert.equal((await desk.post('/orders', { title: 'Tea', quantity: 1 })).status, 200);
    await assertRefused(desk.gatehouse, await desk.get('/nowhere'), notFound);
  });

  it('ends at its time, and with a reload', async () => {
    await reload(desk, (configuration) => (configuration.maintenance.until = new Date(Date.now() - 1000).toISOString()));
    assert.equal((await desk.get('/orders/1')).status, 200);
    await reload(desk, (configuration) => delete configuration.maintenance.until);
    const answer = await desk.get('/orders/1');
    assert.deepEqual([answer.status, answer.headers['retry-after']], [503, undefined]);
    await reload(desk, (configuration) => delete configuration.maintenance);
    assert.equal((await desk.get('/orders/1')).status, 200);
  });

  it('is read strictly', async () => {
    const problem = async (maintenance) => {
      desk.folder.write('other.yaml', { ...desk.configuration, maintenance });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1, JSON.stringify(maintenance));
      return stderr;
    };
    assert.match(await problem({ operations: ['getOrders'] }), /maintenance\.operations: no operation is named `getOrders`/);
    assert.match(await problem({ operations: [] }), /maintenance\.operations: names no operation/);
    assert.match(await problem({ operations: ['*'], until: 'tomorrow' }), /maintenance\.until: must be a date and time of RFC 3339/);
    assert.match(await problem({ until }), /maintenance/);
  });
});

describe('respond', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        const json = { 200: { description: 'ok', content: { 'application/json': {} } } };
        api.paths['/page'] = { get: { operationId: 'page', security: [{}], responses: { 200: { description: 'ok', content: { 'text/html': {} } } } } };
        api.paths['/motd'] = { get: { operationId: 'motd', security: [{}], responses: json }, post: { operationId: 'setMotd', security: bearer, responses: done } };
        Object.assign(configuration.operations, {
          motd: { respond: { type: 'application/json', body: 'file:motd.json' }, permission: 'catalogue:read', public: 'the same text for all callers', cache_control: 'public, max-age=60' },
          page: { respond: { type: 'text/html; charset=utf-8', body: '<!doctype html><style>p{color:red}</style><p>closed' }, permission: 'catalogue:read', public: 'a page for all callers' },
          setMotd: { respond: { status: 202, type: 'text/plain; charset=utf-8', body: 'queued' }, permission: 'orders:write' },
          getOrder: { permission: 'orders:read', respond: { status: 204 } },
        });
      },
      before: (one) => one.folder.write('motd.json', '{"motd":"héllo"}'),
    });
  });
  after(() => desk?.close());

  it('gives a page policies under which it is styled, and runs no script', async () => {
    const page = await desk.get('/page', {});
    assert.deepEqual([page.status, page.headers['content-type'], page.headers['x-content-type-options']], [200, 'text/html; charset=utf-8', 'nosniff']);
    assert.equal(page.headers['content-security-policy'], "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    assert.equal(page.headers['referrer-policy'], 'same-origin');
    const head = await desk.send('HEAD', '/page', { headers: {} });
    assert.equal(head.headers['content-security-policy'], page.headers['content-security-policy']);
    const data = await desk.get('/motd', {});
    assert.deepEqual([data.headers['content-security-policy'], data.headers['referrer-policy']], ["default-src 'none'; frame-ancestors 'none'", 'no-referrer']);
  });

  it('answers whom the gates let through, and no upstream', async () => {
    const heard = desk.upstream.requests.length;
    const motd = await desk.get('/motd', {});
    assert.deepEqual([motd.status, motd.text, motd.headers['content-type'], motd.headers['cache-control']], [200, '{"motd":"héllo"}', 'application/json', 'public, max-age=60']);
    const head = await desk.send('HEAD', '/motd', { headers: {} });
    assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '17']);
    const queued = await desk.send('POST', '/motd');
    assert.deepEqual([queued.status, queued.text, queued.headers['content-type']], [202, 'queued', 'text/plain; charset=utf-8']);
    const none = await desk.get('/orders/1');
    assert.deepEqual([none.status, none.text, none.headers['content-type']], [204, '', undefined]);
    assert.equal((await desk.send('POST', '/motd', { headers: {} })).status, 401);
    assert.equal((await desk.get('/orders/x')).status, 400);
    assert.equal(desk.upstream.requests.length, heard);
    const event = await desk.gatehouse.eventOf(motd.headers['x-request-id']);
    assert.deepEqual([event.outcome, event.operation, event['upstream.name'] ?? null], ['allowed', 'motd', null]);
    const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', motd.headers['x-request-id']);
    assert.match(stdout, /`respond` answered/);
  });

  it('changes with its file and a reload', async () => {
    await reload(desk, () => desk.folder.write('motd.json', '{"motd":"bye"}'));
    assert.equal((await desk.get('/motd', {})).text, '{"motd":"bye"}');
  });

  it('is read strictly', async () => {
    const problem = async (respond, more = {}) => {
      desk.folder.write('other.yaml', { ...desk.configuration, operations: { ...desk.configuration.operations, getOrder: { permission: 'orders:read', respond, ...more } } });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1, JSON.stringify(respond));
      return stderr;
    };
    assert.match(await problem({ status: 500 }), /respond\.status: must be a whole number from 200 to 299, not 500/);
    assert.match(await problem({ type: 'text' }), /respond\.type: must be a media type/);
    assert.match(await problem({ type: 'text/plain; x="a\r\nSet-Cookie: a=b"' }), /respond\.type: must be a media type/);
    assert.match(await problem({ body: 'file:nowhere.json' }), /operations\.getOrder\.respond\.body: nowhere\.json: /);
    assert.match(await problem({}, { upstream: 'orders' }), /has several of sql, upstream, handler and respond|keep one/);
  });
});
