// The record: one event for each request, with any outcome, and no value in it that must not be there.
// Rooms: audit base core

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertOneEvent, assertRefused, eventually, lockDatabase, response, sendUntilClosed, unlessBuilt } from './harness.mjs';

describe('events', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  it('have the members that docs/events.md lists', async () => {
    const answer = await desk.get('/orders/42');
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.match(event['trace.id'], /^[0-9a-f]{32}$/);
    assert.ok(event.duration_ms >= 0);
    const { time, duration_ms: duration, 'request.id': id, 'trace.id': trace, ...rest } = event;
    assert.deepEqual({
      'event.name': rest['event.name'], 'client.address': rest['client.address'], method: rest['http.request.method'], route: rest['http.route'], operation: rest.operation,
      resource: rest.resource, user: rest['user.id'], scheme: rest['auth.scheme'], outcome: rest.outcome, status: rest['http.response.status_code'], sent: rest['http.response.body.size'],
    }, {
      'event.name': 'request', 'client.address': '127.0.0.1', method: 'GET', route: '/orders/{id}', operation: 'getOrder',
      resource: { id: '42' }, user: 'ann', scheme: 'userToken', outcome: 'allowed', status: 200, sent: answer.text.length,
    });
    assert.ok(time && duration !== undefined && id && trace);
  });

  it('are one for each request, refused, malformed or allowed', async () => {
    const ids = [];
    for (const target of ['/orders/1', '/orders/x', '/nothing', '/catalogue']) ids.push((await desk.get(target)).headers['x-request-id']);
    ids.push((await desk.get('/orders/1', {})).headers['x-request-id']);
    const [malformed] = await sendUntilClosed(desk.port, 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', desk.tls);
    ids.push(malformed.headers['x-request-id']);
    for (const id of ids) {
      await desk.gatehouse.eventOf(id);
      assertOneEvent(desk.gatehouse, id);
    }
    assert.equal(new Set(ids).size, ids.length);
  });

  it('never have a credential, a cookie, a body or a query value', async () => {
    const { key } = await desk.createKey();
    const secrets = { body: 'b0dy-s3cr3t', pin: 'p1n-s3cr3t', query: 'qu3ry-s3cr3t', cookie: 'c00kie-s3cr3t', path: 'p4th-s3cr3t' };
    await desk.get(`/orders?q=${secrets.query}&status=open`, { ...desk.bearer, cookie: `a=${secrets.cookie}` });
    await desk.post('/orders', { title: secrets.body, quantity: 1, pin: secrets.pin });
    await desk.post('/orders', { title: secrets.body, quantity: 'x', pin: secrets.pin });
    await desk.get(`/unknown/${secrets.path}`, { 'x-api-key': key });
    await desk.get(`/orders/${secrets.path}`);
    const last = await desk.get('/orders/1', { 'x-api-key': key });
    await desk.gatehouse.eventOf(last.headers['x-request-id']);
    const written = desk.folder.read('events.jsonl') + desk.gatehouse.output;
    for (const secret of [...Object.values(secrets), key, desk.token, desk.token.split('.')[2]]) assert.ok(!written.includes(secret), secret);
  });

  it('and what is kept of an upstream\'s error have neither the credentials and cookies of the request nor any other by its form', async () => {
    const open = await Desk.open({ change: (configuration) => (configuration.fields = { cookies: { forward: ['session'] } }) });
    const { key } = await open.createKey();
    const foreign = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzZXJ2aWNlIn0.c2lnbmF0dXJlLW9mLWEtc2VydmljZQ';
    const session = 'a-session-of-the-upstream';
    open.upstream.answer = () => response(500, { stack: `at line 7: ${foreign} ${session} ${key}`, again: Array(80).fill(open.token) }, { 'X-Debug': `${open.token} ${foreign}`, 'X-Kept': 'line 9' });
    const { status, headers } = await open.get('/orders/1', { ...open.bearer, cookie: `session=${session}` });
    assert.equal(status, 502);
    const id = headers['x-request-id'];
    const { originals: [original] } = await eventually(async () => {
      const said = JSON.parse((await open.folder.run('why', '-c', 'gatehouse.yaml', '--json', id)).stdout || '{}');
      return said.originals?.length && said;
    }, 'original');
    assert.match(original.head, /X-Kept: line 9/);
    assert.match(original.body, /at line 7: \[redacted\] \[redacted\] \[redacted\]/);
    for (const secret of [key, open.token.slice(0, 40), foreign.slice(0, 40), session]) assert.ok(!JSON.stringify(original).includes(secret), secret);
    await open.close();
  });

  it('and what is kept of an upstream\'s error have no value that the document marks as secret, whatever its type and place', async () => {
    const open = await Desk.open({ change: (configuration, api) => {
      configuration.defaults.body = '256KiB';
      const { post } = api.paths['/orders'];
      post.parameters = [
        { name: 'code', in: 'query', 'x-sensitive': true, schema: { type: 'integer' } },
        { name: 'X-Answers', in: 'header', schema: { type: 'array', items: { type: 'string', maxLength: 20, format: 'password' } } },
        { name: 'door', in: 'query', schema: { type: 'string', maxLength: 20 } },
      ];
      const word = { type: 'string', maxLength: 70000 };
      post.requestBody.content['application/json'].schema = { type: 'object', properties: {
        title: word, number: { type: 'integer', writeOnly: true },
        card: { type: 'object', properties: { owner: word, digits: { type: 'number', 'x-sensitive': true } } },
        codes: { type: 'array', maxItems: 9, items: { type: 'array', maxItems: 9, items: { ...word, format: 'password' } } },
        all: { type: 'object', maxProperties: 5, additionalProperties: word, 'x-sensitive': true },
      } };
      api.paths['/forms'].post.requestBody.content['application/x-www-form-urlencoded'].schema.properties.name = { type: 'string', maxLength: 20, writeOnly: true };
    } });
    const originalOf = (answer) => eventually(async () => {
      const said = JSON.parse((await open.folder.run('why', '-c', 'gatehouse.yaml', '--json', answer.headers['x-request-id'])).stdout || '{}');
      return said.originals?.length && said.originals[0];
    }, 'original');
    open.upstream.answer = (request) => response(500, { said: `${request.head} ${request.body}` });
    const body = { title: 'a-plain-title', number: 7781234, card: { owner: 'a-plain-owner', digits: 4111.5 }, codes: [['c0de-one'], ['c0de-two']], all: { any: 'anything-here' } };
    const secrets = ['66778899', 'answ3r-a', 'answ3r-b', '7781234', '4111.5', 'c0de-one', 'c0de-two', 'anything-here'];
    const answer = await open.post('/orders?code=66778899&door=plain-door', body, { ...open.bearer, 'X-Answers': 'answ3r-a,answ3r-b' });
    assert.equal(answer.status, 502);
    const kept = JSON.stringify(await originalOf(answer));
    for (const secret of secrets) assert.ok(!kept.includes(secret), secret);
    for (const plain of ['a-plain-title', 'a-plain-owner', 'plain-door']) assert.ok(kept.includes(plain), plain);

    const form = await open.send('POST', '/forms', { headers: { ...open.bearer, 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=a%20f0rm-secret&count=4' });
    assert.equal(form.status, 502);
    assert.ok(!JSON.stringify(await originalOf(form)).includes('f0rm'));

    const many = await open.post('/orders', { codes: [['x'.repeat(60000), 'y'.repeat(60000)]] });
    assert.match((await originalOf(many)).body, /^\[not kept: the request had more secrets than are searched for\]$/);
    await open.close();
  });

  it('name the object, with any other input of the caller', async () => {
    const id = '550e8400-e29b-41d4-a716-446655440000';
    const text = (name, where) => ({ name, in: where, required: where === 'path', schema: { type: 'string', maxLength: 80 }, ...(where === 'query' && { 'x-gatehouse': { log: true } }) });
    const open = await Desk.open({ change: (configuration, api) => {
      const secret = { name: 'X-Pin', in: 'header', schema: { type: 'string', maxLength: 80, format: 'password' } };
      api.components.securitySchemes.browserKey = { type: 'apiKey', in: 'cookie', name: 'sid' };
      configuration.authenticators.browserKey = { type: 'api_key', prefix: 'partner:' };
      api.paths['/things/{thing}'] = { get: { operationId: 'thing', security: [{}], parameters: [text('thing', 'path'), text('q', 'query'), secret], responses: { 200: { description: 'ok' } } } };
      api.paths['/all'] = { get: { operationId: 'all', security: [{ browserKey: [] }], responses: { 200: { description: 'ok' } } } };
      configuration.operations.thing = { permission: 'catalogue:read', public: 'a test', sensitive: 'export' };
      configuration.operations.all = { permission: 'orders:read' };
    } });
    for (const value of [id, '42']) {
      for (const beside of [{ 'proxy-authorization': `x ${value}` }, { authorization: `Bearer ${value}` }, { 'x-api-key': value }, { cookie: `a=${value}` }, { cookie: `sid=${value}` }, { dpop: value }, { 'x-pin': value }, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', cookie: 'sid=0af7651916cd43dd8448eb211c80319c' }]) {
        const { status, headers } = await open.get(`/things/${value}?q=${value}`, beside);
        assert.equal(status, 200);
        const event = await open.gatehouse.eventOf(headers['x-request-id']);
        const events = open.gatehouse.events().filter((one) => one['request.id'] === event['request.id']);
        assert.deepEqual(events.map((one) => one['event.name']).sort(), ['intent', 'request']);
        for (const one of events) {
          assert.deepEqual([one.resource.thing, one.query.q], [value, value], JSON.stringify(beside));
          assert.match(one['trace.id'], /^[0-9a-f]{32}$/);
        }
      }
    }
    await open.close();
  });

  it('never have a value whose schema is secret behind a reference or a composition', async () => {
    const schemas = { Secret: { type: 'string', maxLength: 40, format: 'password' }, Chain: { allOf: [{ $ref: '#/components/schemas/Secret' }] } };
    const change = (configuration, api) => {
      api.components.schemas = schemas;
      const parameter = (place, name, schema) => ({ name, in: place, required: true, schema });
      api.paths['/resets/{code}/{step}'] = { get: { operationId: 'reset', security: [{ userToken: [] }], responses: { 200: { description: 'Done' } },
        parameters: [parameter('path', 'code', { $ref: '#/components/schemas/Chain' }), parameter('path', 'step', { type: 'integer' }), parameter('query', 'pin', { anyOf: [{ $ref: '#/components/schemas/Secret' }, { type: 'integer' }] })] } };
      configuration.operations.reset = { permission: 'orders:read' };
    };
    const other = await Desk.open({ change });
    try {
      const answer = await other.get('/resets/p4th-s3cr3t/7?pin=p1n-s3cr3t');
      assert.equal(answer.status, 200);
      const event = await other.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual(event.resource, { step: '7' });
      const written = other.folder.read('events.jsonl') + other.gatehouse.output;
      for (const secret of ['p4th-s3cr3t', 'p1n-s3cr3t']) assert.ok(!written.includes(secret), secret);
      // Nor where the upstream repeats it in an error that is kept for operators.
      other.upstream.answer = () => response(500, 'no code p4th-s3cr3t, no pin p1n-s3cr3t');
      const failed = await other.get('/resets/p4th-s3cr3t/7?pin=p1n-s3cr3t');
      assert.equal(failed.status, 502);
      let stdout = '';
      await eventually(async () => {
        ({ stdout } = await other.folder.run('why', '-c', 'gatehouse.yaml', failed.headers['x-request-id']));
        return /no code .*, no pin /.test(stdout);
      }, 'what the upstream said');
      for (const secret of ['p4th-s3cr3t', 'p1n-s3cr3t']) assert.ok(!stdout.includes(secret), stdout);
    } finally {
      await other.close();
    }
  });

  it('have no bytes of a refused head', async () => {
    const before = desk.gatehouse.events().length;
    const secret = 's3cr3t-of-the-malformed';
    const fields = `Authorization: Bearer ${secret}\r\nX-API-Key: ${secret}\r\nCookie: a=${secret}\r\n`;
    const attempts = [`GET /orders?q=${secret} HTTP/1.1\r\nHost : localhost\r\n${fields}\r\n`, `GET /orders?q=${secret} HTTP/1.1\r\nHost: localhost\r\n${fields}${fields}\r\n`,
      `GET /${secret}/../${secret} HTTP/1.1\r\nHost: localhost\r\n\r\n`, `${secret} / HTTP/1.1\r\n\r\n`, `POST /orders HTTP/1.1\r\nHost: ${secret}\r\nTransfer-Encoding: ${secret}\r\n\r\n${secret}`, `GET /?${secret.repeat(5000)}`];
    for (const attempt of attempts) {
      const [answer] = await sendUntilClosed(desk.port, attempt, desk.tls);
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
      await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    }
    assert.equal(desk.gatehouse.events().length, before + attempts.length);
    assert.ok(!(desk.folder.read('events.jsonl') + desk.gatehouse.output).includes(secret));
  });

  it('are one for a caller that leaves, at any moment', async () => {
    const before = desk.gatehouse.events().length;
    const head = `POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n`;
    let asked = 0;
    desk.upstream.answer = () => void (asked += 1);
    for (const bytes of [head.slice(0, 30), head, `${head}{"title":`, `${head}{"title":"pen","quantity":1}`]) {
      const wire = await Wire.open(desk.port, desk.tls);
      await new Promise((resolve) => wire.socket.write(bytes, resolve));
      if (bytes.endsWith('1}')) await eventually(() => asked, 'request at the upstream');
      wire.destroy();
    }
    desk.upstream.answer = () => response(200);
    const gone = () => desk.gatehouse.events().slice(before);
    await eventually(() => gone().length >= 4, 'four events');
    const last = await desk.get('/orders/1');
    await desk.gatehouse.eventOf(last.headers['x-request-id']);
    assert.deepEqual(gone().slice(0, -1).map(({ reason }) => reason), Array(4).fill('client_gone'));
  });

  it('have the query values of parameters with log: true', async () => {
    const answer = await desk.get('/orders?status=open&limit=7');
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.ok(JSON.stringify(event).includes('"open"'));
    assert.ok(!Object.values(event).some((value) => JSON.stringify(value).includes('"7"')));
  });

  it('have no credential even where it was sent in a place that is logged', async () => {
    const id = '424242';
    const answer = await desk.get(`/orders/${id}`, { authorization: `Bearer ${id}` });
    const event = await desk.gatehouse.eventOf(answer.json().correlation_id);
    assert.doesNotMatch(JSON.stringify({ ...event, 'request.id': '', 'trace.id': '', time: '', duration_ms: 0 }), /424242/);
  });

  it('cannot be forged by line ends or quotes in the input', async () => {
    const before = desk.gatehouse.events().length;
    await desk.get('/orders/1', { ...desk.bearer, 'user-agent': '"} {"event.name":"forged"', traceparent: '"}' });
    await desk.get('/catalogue%22%7d', {});
    const last = await desk.get('/orders/1');
    await desk.gatehouse.eventOf(last.headers['x-request-id']);
    // Another worker's event may be written after the last one's.
    const events = await eventually(() => { const all = desk.gatehouse.events().slice(before); return all.length >= 3 && all; }, 'three events');
    assert.equal(events.length, 3);
    assert.ok(events.every((event) => event['event.name'] === 'request'));
  });

  it('of sensitive operations begin with an intent that is in the store before the upstream is asked', async () => {
    const headers = await desk.bearerOf({ roles: ['admin'], sub: 'eve' });
    const stored = async () => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--user', 'eve', '--json')).stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
    let atTheUpstream;
    desk.upstream.answer = async () => {
      atTheUpstream = await stored();
      return response(200);
    };
    const answer = await desk.get('/orders/export', headers);
    desk.upstream.answer = () => response(200);
    assert.equal(answer.status, 200);
    const id = answer.headers['x-request-id'];
    assert.deepEqual(atTheUpstream.map((event) => [event['event.name'], event['request.id'], event.sensitive, event.outcome, event['http.response.status_code']]), [['intent', id, 'export', null, null]]);
    await eventually(async () => (await stored()).some((event) => event['event.name'] === 'request' && event.outcome === 'allowed' && event['http.response.body.size'] === answer.text.length), 'completion');
    assert.doesNotMatch((await desk.folder.run('why', '-c', 'gatehouse.yaml', id)).stdout, /no event says/);
  });

  it('of sensitive operations without a recorded end say that they may have been done', async () => {
    const other = await Desk.open();
    const headers = await other.bearerOf({ roles: ['admin'], sub: 'eve' });
    other.upstream.answer = () => {
      other.gatehouse.signal('SIGKILL');
      return new Promise(() => {});
    };
    await other.get('/orders/export', headers).catch(() => {});
    await other.gatehouse.ended();
    const { stdout } = await other.folder.run('log', '-c', 'gatehouse.yaml', '--user', 'eve', '--json');
    const why = await other.folder.run('why', '-c', 'gatehouse.yaml', JSON.parse(stdout)['request.id']);
    assert.match(why.stdout, /^intent .*recorded before the call/);
    assert.match(why.stdout, /may have been called: no event says how the request ended/);
    other.gatehouse.exit.code = 0; // it was meant to
    await other.close();
  });

  it('without a stored intent stop sensitive operations, and no others', async () => {
    const headers = await desk.bearerOf({ roles: ['admin'] });
    const lock = await lockDatabase(desk.folder, 'state.db');
    const arrived = desk.upstream.requests.length;
    const begun = Date.now();
    const answers = await Promise.all(Array.from({ length: 4 }, () => desk.get('/orders/export', headers)));
    assert.ok(Date.now() - begun < 4500, `${Date.now() - begun} ms`);
    assert.equal(desk.upstream.requests.length, arrived, 'nothing was done');
    assert.equal((await desk.get('/orders/1', headers)).status, 200);
    await lock.release();
    for (const answer of answers) {
      await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'record_unavailable', outcome: 'failed' });
      assertOneEvent(desk.gatehouse, answer.headers['x-request-id']);
    }
    assert.equal((await desk.get('/orders/export', headers)).status, 200);
  });
});

describe('the log', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ change: (configuration) => (configuration.log = ['stdout', { file: 'events.jsonl', rotate: '64KiB', keep: 3 }]) })));
  after(() => desk?.close());

  it('goes to standard output too, and the file turns over without losing a line', async () => {
    const ids = new Set();
    for (let count = 0; count < 600; ++count) ids.add((await desk.get('/catalogue', {})).headers['x-request-id']);
    // Each worker's events come in order, but those of another may follow the last, into the next file.
    await eventually(() => [...ids].every((id) => desk.gatehouse.output.includes(id)), 'all events on standard output');
    const kept = [...ids].slice(-200);
    await eventually(() => {
      const text = execFileSync('sh', ['-c', 'cat events.jsonl*'], { cwd: desk.folder.path, encoding: 'utf8', maxBuffer: 1 << 26 });
      return kept.every((id) => text.includes(id));
    }, 'the newest events in the files');
    assert.ok(Number(execFileSync('sh', ['-c', 'ls events.jsonl* | wc -l'], { cwd: desk.folder.path, encoding: 'utf8' })) >= 2);
  });
});
