// The upstream: its requests, and the parts of its answers that leave.
// Rooms: client docs http target

import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';

import { jwtVerify } from 'jose';

import { Desk, Wire, assertRefused, assertSecurityHeaders, eventually, response, unlessBuilt } from './harness.mjs';

const unavailable = (status, reason) => ({ status, error: 'unavailable', reason, stage: 'call', outcome: 'failed' });

describe('the upstream\'s request', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  it('has the caller, from Gatehouse only', async () => {
    const answer = await desk.get('/orders/1', { ...desk.bearer, 'gatehouse-principal': 'root', 'Gatehouse-Anything': 'x', 'x-forwarded-for': '1.2.3.4', 'x-forwarded-host': 'evil', 'x-forwarded-proto': 'http', 'x-real-ip': '1.2.3.4', forwarded: 'for=1.2.3.4', 'x-request-id': 'mine' });
    const { headers } = desk.upstream.last;
    assert.equal(headers['gatehouse-principal'], 'ann');
    assert.equal(headers['gatehouse-roles'], 'clerk');
    assert.equal(headers['x-request-id'], answer.headers['x-request-id']);
    assert.notEqual(headers['x-request-id'], 'mine');
    assert.match(headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    assert.equal(headers['gatehouse-anything'], undefined);
    assert.equal(headers.authorization, undefined, 'the token is for Gatehouse');
    for (const [name, value] of Object.entries(headers)) assert.doesNotMatch(value, /1\.2\.3\.4|evil/, name);
  });

  it('has no malformed trace', async () => {
    await desk.get('/orders/1', { ...desk.bearer, traceparent: '00-00000000000000000000000000000000-00f067aa0ba902b7-01' });
    assert.doesNotMatch(desk.upstream.last.headers.traceparent, /-0{32}-/);
  });

  // Sends the fields, as they stand, with a token that holds; resolves to the answer.
  const raw = async (fields, line = 'GET /orders/1 HTTP/1.1') => {
    const wire = await Wire.open(desk.port, desk.tls);
    const [answer] = await wire.send(`${line}\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\n${fields}\r\n`).responses();
    wire.destroy();
    return answer;
  };

  it('has no hop-by-hop field', async () => {
    const answer = await raw('Connection: keep-alive, TE\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\nProxy-Authorization: Basic x\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\n');
    assert.equal(answer.status, 200);
    const { headers } = desk.upstream.last;
    for (const name of ['te', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'upgrade']) assert.equal(headers[name], undefined, name);
  });

  it('loses no field because Connection names it', async () => {
    const arrived = desk.upstream.requests.length;
    for (const name of ['X-Drop', 'Gatehouse-Principal', 'X-Forwarded-For', 'Host', 'Content-Length', 'Authorization', 'traceparent']) {
      const answer = await raw(`Connection: keep-alive, ${name}\r\nX-Drop: 1\r\n`);
      await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'malformed_http', stage: 'http' });
    }
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('has no field that only looks like one of Gatehouse’s, or that chooses another request', async () => {
    const arrived = desk.upstream.requests.length;
    for (const name of ['Gatehouse_Principal', 'GATEHOUSE.ROLES', 'gatehouse~assertion', 'X_Forwarded_For', 'X_Real_IP', 'X_Request_Id', 'Content_Length', 'Transfer_Encoding', 'X_HTTP_Method_Override', 'x_original_url', 'Client_Cert', 'True.Client.IP']) {
      await assertRefused(desk.gatehouse, await raw(`${name}: 1\r\n`), { status: 400, error: 'invalid_request', reason: 'malformed_http', stage: 'http' });
    }
    assert.equal(desk.upstream.requests.length, arrived);
    const names = ['GATEHOUSE-PRINCIPAL', 'X-HTTP-Method-Override', 'X-Original-URL', 'X-Rewrite-URL', 'X-FORWARDED-Prefix', 'X-Forwarded', 'Max-Forwards', 'Via', 'Client-Cert', 'Client-Cert-Chain', 'X-Client-IP', 'True-Client-IP', 'Gatehouse', 'Proxy', 'Remote-User'];
    assert.equal((await raw(names.map((name) => `${name}: root\r\n`).join(''))).status, 200);
    for (const [name, value] of Object.entries(desk.upstream.last.headers)) assert.doesNotMatch(value, /root/, name);
  });

  it('has the principal in one line, with any name in the token', async () => {
    for (const sub of ['ann\r\nGatehouse-Roles: admin', 'ann\n', 'ann, bob', 'änn', 'a%0d%0ab', '\u2028']) {
      assert.equal((await desk.get('/orders/1', await desk.bearerOf({ sub }))).status, 200, JSON.stringify(sub));
      const { headers, rawHeaders } = desk.upstream.last;
      assert.equal(decodeURIComponent(headers['gatehouse-principal']), sub);
      assert.equal(headers['gatehouse-roles'], 'clerk');
      assert.equal(rawHeaders.filter((line) => /^gatehouse-/i.test(line)).length, 4); // with the scheme and the issuer
    }
  });

  it('is the request that was checked, and none that hides in its body', async () => {
    const arrived = desk.upstream.requests.length;
    const hidden = 'GET /users HTTP/1.1\r\nHost: x\r\nGatehouse-Principal: root\r\n\r\n';
    const note = { headers: { ...desk.bearer, 'content-type': 'text/plain' }, body: hidden };
    assert.equal((await desk.send('POST', '/notes', note)).status, 200);
    assert.deepEqual(desk.upstream.requests.slice(arrived).map(({ target }) => target), ['/notes']);
    assert.equal(desk.upstream.last.body.toString(), hidden);
    // A body of an operation without one is never read as the next request.
    const answer = await raw(`Content-Length: ${hidden.length}\r\n\r\n${hidden}`.replace(/\r\n$/, ''), 'GET /orders/1 HTTP/1.1');
    await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'body_unexpected' });
    assert.equal(desk.upstream.requests.length, arrived + 1);
  });

  it('is one request for one request, on connections that are kept', async () => {
    const { connections, requests } = desk.upstream;
    const before = requests.length;
    for (let count = 0; count < 20; ++count) await desk.get('/orders/1');
    assert.equal(requests.length, before + 20);
    assert.ok(desk.upstream.connections - connections <= 2, `${desk.upstream.connections - connections} new connections`);
  });

  describe('is an assertion where the operation asserts', () => {
    let asserting;
    let key;
    before(async () => {
      asserting = await Desk.open({ change: ({ operations }) => {
        for (const operation of ['getOrder', 'listCatalogue']) operations[operation].assert = true;
      } });
      key = createPublicKey(asserting.folder.read('state.assertion.pem'));
    });
    after(() => asserting?.close());

    const claimsFor = async (target, headers) => {
      const answer = await asserting.get(target, headers);
      assert.equal(answer.status, 200, answer.text);
      const { payload } = await jwtVerify(asserting.upstream.last.headers['gatehouse-assertion'], key, { algorithms: ['ES256'], issuer: 'gatehouse', audience: 'orders' });
      assert.equal(payload.jti, answer.headers['x-request-id']);
      return payload;
    };

    it('that it can verify: the caller and the operation, for a minute', async () => {
      const { sub, kind, roles, operation, iat, exp } = await claimsFor('/orders/1', await asserting.bearerOf({ sub: 'ann', roles: ['clerk'] }));
      assert.deepEqual({ sub, kind, roles, operation, seconds: exp - iat }, { sub: 'ann', kind: 'token', roles: ['clerk'], operation: 'getOrder', seconds: 60 });
    });

    it('without a subject if there is no principal, and no principal is called `anonymous`', async () => {
      const nobody = await claimsFor('/catalogue', {});
      assert.equal('sub' in nobody, false, 'no text that could be a name');
      assert.deepEqual([nobody.kind, nobody.roles, nobody.operation], ['anonymous', [], 'listCatalogue']);
      assert.equal(asserting.upstream.last.headers['gatehouse-principal'], undefined);

      assert.equal((await asserting.get('/orders/1', await asserting.bearerOf({ sub: 'anonymous' }))).status, 401);
    });

    it('and none that the caller sends', async () => {
      const mine = (await asserting.get('/orders/1'), asserting.upstream.last.headers['gatehouse-assertion']);
      assert.notEqual((await claimsFor('/catalogue', { 'Gatehouse-Assertion': mine })).sub, 'ann');
      await asserting.get('/orders', { ...asserting.bearer, 'Gatehouse-Assertion': mine });
      assert.equal(asserting.upstream.last.headers['gatehouse-assertion'], undefined, 'this operation asserts nothing');
    });
  });
});

describe('the parts of its answers that leave', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());
  beforeEach(() => (desk.upstream.answer = () => response(200)));

  it('are the bytes of a success, under Gatehouse’s fields', async () => {
    const body = '{ "a" : 1.0, "ü":"\\u00fc" }\n';
    desk.upstream.answer = () => response(200, body, { Server: 'Leaky/1.0', 'X-Powered-By': 'PHP/5', Via: '1.1 inside', 'X-AspNet-Version': '4', 'Set-Cookie': 'a=b', ETag: '"7"', 'Cache-Control': 'public' });
    const answer = await desk.get('/orders/1');
    assert.equal(answer.text, body);
    assertSecurityHeaders(answer);
    assert.equal(answer.headers['x-aspnet-version'], undefined);
    assert.equal(answer.headers.etag, '"7"');
  });

  it('are chunked bodies, bodies that end with the connection, and empty ones', async () => {
    desk.upstream.answer = () => Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n');
    assert.equal((await desk.get('/orders/1')).text, '{"a":1}');
    desk.upstream.answer = (_, socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"b":2}');
    assert.equal((await desk.get('/orders/1')).text, '{"b":2}');
    desk.upstream.answer = () => Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
    assert.equal((await desk.send('DELETE', '/orders/1', { headers: await desk.bearerOf({ roles: ['admin'] }) })).status, 204);
  });

  it('pass an interim answer by', async () => {
    desk.upstream.answer = () => Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'), response(200, { late: 1 })]);
    assert.deepEqual((await desk.get('/orders/1')).json(), { late: 1 });
  });

  it('are those of GET for a HEAD', async () => {
    desk.upstream.answer = () => Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\nETag: "7"\r\n\r\n');
    const answer = await desk.send('HEAD', '/orders/1');
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.headers.etag, answer.text], [200, '12', '"7"', '']);
    assert.match(desk.upstream.last.head, /^HEAD \/orders\/1 HTTP/);
    assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id'])).operation, 'getOrder');
    assert.equal((await desk.send('HEAD', '/orders/1', { headers: {} })).status, 401);
  });

  it('are large bodies, complete, to a slow reader', async () => {
    const body = JSON.stringify('x'.repeat(5 << 20));
    desk.upstream.answer = () => response(200, body);
    assert.equal((await desk.get('/orders/1')).text, body);
  });

  it('are redirects, but none to where the upstream stands', async () => {
    const to = async (location) => {
      desk.upstream.answer = () => response(303, '', { Location: location, 'Content-Location': location });
      const { status, headers } = await desk.get('/orders/1');
      assert.deepEqual([status, headers['content-location']], [303, headers.location]);
      return headers.location;
    };
    assert.equal(await to(`${desk.upstream.url}/orders/7?a=1`), '/orders/7?a=1');
    assert.equal(await to(desk.upstream.url), '/');
    assert.equal(await to(`${desk.upstream.url}//evil.example/`), '/', 'no other host for it');
    for (const location of ['/orders/7', 'https://shop.example/7', 'http://127.0.0.1:1/7', `http://evil.example/${desk.upstream.url}`]) assert.equal(await to(location), location);
    const authority = desk.upstream.url.replace('http://', '');
    for (const form of [`HTTP://${authority}`, `//${authority}`, `http://user@${authority}`, `https://${authority}`, `http://localhost:${desk.upstream.port}`]) assert.equal(await to(`${form}/orders/7`), '/orders/7', form);
    for (const form of [`http:${authority}`, `\\\\${authority}`, `/\\${authority}`, `http:\\\\${authority}`]) assert.equal(await to(`${form}/orders/7`), undefined, form);
  });

  it('is nothing of a 5xx body', async () => {
    for (const [status, ...face] of [[500, 502, 'upstream_error'], [501, 502, 'upstream_error'], [502, 502, 'upstream_error'], [503, 503, 'upstream_overloaded'], [504, 504, 'upstream_late'], [507, 502, 'upstream_error']]) {
      desk.upstream.answer = () => response(status, { stack: 'at Orders.java:17', password: 'hunter2' }, { 'X-Debug': 'hunter2' });
      const answer = await desk.get('/orders/1');
      await assertRefused(desk.gatehouse, answer, unavailable(...face));
      assert.doesNotMatch(answer.text + JSON.stringify(answer.headers), /java|hunter2/);
    }
  });

  it('is a 4xx body that matches the declaration, and no other', async () => {
    const send = async (status, body) => {
      desk.upstream.answer = () => response(status, body);
      return desk.post('/orders', { title: 'pen', quantity: 1 });
    };
    const declared = await send(409, { conflict: 'title' });
    assert.equal(declared.status, 409);
    assert.deepEqual(declared.json(), { conflict: 'title' });
    for (const [status, body] of [[409, { conflict: 'title', table: 'orders_v2' }], [409, 'ORA-00001: unique constraint'], [422, { message: 'no column x' }], [404, '<h1>Tomcat</h1>']]) {
      const answer = await send(status, body);
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
      assert.doesNotMatch(answer.text, /orders_v2|ORA|column|Tomcat/);
      assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id'])).reason, 'upstream_refusal');
    }
  });

  const originalOf = (answer) => eventually(async () => {
    const said = JSON.parse((await desk.folder.run('why', '-c', 'gatehouse.yaml', '--json', answer.headers['x-request-id'])).stdout || '{}');
    return said.originals?.length && said.originals[0];
  }, 'original');

  it('has a text that fits its status, and the outcome `upstream` in the record', async () => {
    for (const [status, error] of [[400, 'invalid_request'], [402, 'refused'], [403, 'forbidden'], [404, 'not_found'], [409, 'conflict'], [412, 'precondition_failed'], [418, 'refused'], [422, 'invalid_request'], [423, 'refused'], [428, 'refused']]) {
      desk.upstream.answer = () => response(status, 'no', { 'Content-Type': 'text/plain' });
      const answer = await desk.get('/orders/1');
      await assertRefused(desk.gatehouse, answer, { status, error, reason: 'upstream_refusal', stage: 'call', outcome: 'upstream' });
    }
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--outcome', 'upstream', '--json');
    const listed = stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(listed.length >= 10 && listed.every((event) => event.reason === 'upstream_refusal'), stdout);
  });

  it('of a 401 says that the credential was removed on the way, where it was', async () => {
    const detailOf = async (open) => {
      open.upstream.answer = () => response(401, 'no', { 'Content-Type': 'text/plain' });
      const { headers } = await open.get('/orders/1');
      return (await open.gatehouse.eventOf(headers['x-request-id'])).detail;
    };
    assert.match(await detailOf(desk), /the caller's was removed on the way: .*`forward: true`/);
    const forwarding = await Desk.open({ change: ({ authenticators }) => (authenticators.userToken.forward = true) });
    assert.doesNotMatch(await detailOf(forwarding), /removed on the way/);
    await forwarding.close();
  });

  it('of an error names in `detail` the keyword by which it is not as declared, and nothing else of it', async () => {
    const detailOf = async (status, body, headers) => {
      desk.upstream.answer = () => response(status, body, headers);
      const answer = await desk.post('/orders', { title: 'pen', quantity: 1 });
      return (await desk.gatehouse.eventOf(answer.headers['x-request-id'])).detail;
    };
    assert.match(await detailOf(409, {}), /does not match its declaration: body\/conflict required$/);
    assert.match(await detailOf(409, { conflict: 'x'.repeat(21) }), /: body\/conflict maxLength$/);
    assert.match(await detailOf(409, { conflict: 7, 'secret-name': 1 }), /body\/conflict type/);
    assert.doesNotMatch(await detailOf(409, { conflict: 7, 'secret-name': 1 }), /secret-name/);
    assert.match(await detailOf(409, '{'), /is not JSON$/);
    assert.match(await detailOf(422, {}), /declares no such answer$/);
  });

  it('of an error is kept, at least its first 4 KiB, however large it is', async () => {
    for (const size of [5_000, 60_000, 200_000]) {
      desk.upstream.answer = () => response(409, { conflict: 'é'.repeat(size / 2) });
      const answer = await desk.post('/orders', { title: 'pen', quantity: 1 });
      const { body } = await originalOf(answer);
      assert.ok(Buffer.byteLength(body) >= 4_096 && Buffer.byteLength(body) <= 33_000 && body.startsWith('{"conflict":"ééé'), `${size}: ${Buffer.byteLength(body)} ${body.slice(0, 20)}`);
    }
  });

  it('may have two equal dates, and a field that comes twice otherwise names itself', async () => {
    const lines = (...all) => Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n${all.map((line) => `${line}\r\n`).join('')}\r\nok`);
    const date = 'Date: Sun, 29 Nov 2026 10:00:00 GMT';
    desk.upstream.answer = () => lines(date, 'Server: a', date.replace('Date', 'date'), 'Server: b');
    assert.equal((await desk.get('/orders/1')).status, 200);
    for (const [second, named] of [[[date, date.replace('10:', '11:')], 'date'], [['Content-Type: text/html'], 'content-type'], [['Location: /a', 'Location: /a'], 'location']]) {
      desk.upstream.answer = () => lines(...second);
      const answer = await desk.get('/orders/1');
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual([answer.status, event.reason], [502, 'upstream_malformed'], named);
      assert.match(event.detail, new RegExp(`repeated_field: ${named}$`));
    }
  });

  it('is not kept where a credential in it cannot be found', async () => {
    const { brotliCompressSync, deflateRawSync, gzipSync } = await import('node:zlib');
    const stack = JSON.stringify({ stack: `at ${desk.token}` });
    const sent = {
      'gzip': [gzipSync(stack), 'Content-Encoding: gzip\r\n', /^\[gzip, \d+ bytes, not kept\]$/],
      'two lines of it': [gzipSync(stack), 'content-encoding: identity\r\nContent-Encoding: x-gzip\r\n', /^\[x-gzip, \d+ bytes, not kept\]$/],
      'several': [gzipSync(gzipSync(stack)), 'Content-Encoding: gzip, gzip\r\n', /^\[coded, \d+ bytes, not kept\]$/],
      'gzip that no field names': [gzipSync(stack), '', /^\[not text, \d+ bytes, not kept\]$/],
      'UTF-16': [Buffer.from(stack, 'utf16le'), '', /^\[not text, \d+ bytes, not kept\]$/],
      'brotli that no field names': [brotliCompressSync(stack), '', /^\[not text, \d+ bytes, not kept\]$/],
      'deflate that no field names': [deflateRawSync(stack), '', /^\[not text, \d+ bytes, not kept\]$/],
      'base64': [Buffer.from(JSON.stringify({ stack: Buffer.from(`at the top: ${stack}`).toString('base64') })), '', /^\{"stack":"\w+\[redacted\]\w*=*"\}$/],
      'base64url, in a URL': [Buffer.from(`<a href="/?x=${Buffer.from(`a ${desk.token}`).toString('base64url')}">Zoë</a>`), '', /^<a href="\/\?x=\w+\[redacted\]">Zoë<\/a>$/],
      'identity': [Buffer.from(stack), 'Content-Encoding: Identity\r\n', /^\{"stack":"at \[redacted\]"\}$/],
    };
    for (const [what, [body, coding, kept]] of Object.entries(sent)) {
      desk.upstream.answer = () => Buffer.concat([Buffer.from(`HTTP/1.1 500 No\r\nContent-Type: application/json\r\n${coding}Content-Length: ${body.length}\r\n\r\n`), body]);
      const answer = await desk.get('/orders/1', { ...desk.bearer, 'accept-encoding': 'gzip' });
      assert.equal(answer.status, 502, what);
      assert.match((await originalOf(answer)).body, kept, what);
    }
  });

  it('of a client error that is coded is not passed on, and `detail` says why', async () => {
    const { gzipSync } = await import('node:zlib');
    const body = gzipSync(JSON.stringify({ conflict: 'title' }));
    desk.upstream.answer = () => Buffer.concat([Buffer.from(`HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`), body]);
    const answer = await desk.post('/orders', { title: 'pen', quantity: 1 });
    assert.equal(answer.status, 409);
    assert.equal(answer.json().error, 'conflict');
    assert.equal(answer.headers['content-encoding'], undefined);
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.equal(event.reason, 'upstream_refusal');
    assert.match(event.detail, /coded its answer.*: gzip$/);
  });

  it('to HEAD is the answer to GET without its body', async () => {
    const other = await Desk.open({ change: (_, api) => {
      const conflict = (type) => ({ description: 'no', content: { [type]: { schema: { type: 'object', properties: { conflict: { type: 'string', maxLength: 20 } } } } } });
      const { get } = api.paths['/orders/{id}'];
      get.responses = { ...get.responses, 409: conflict('application/json'), 410: { description: 'gone' }, 422: conflict('text/html') };
    } });
    const ask = async (status, type, more = '') => {
      other.upstream.answer = () => Buffer.from(`HTTP/1.1 ${status} No\r\nContent-Type: ${type}\r\nContent-Length: 19\r\n${more}\r\n`);
      const answer = await other.send('HEAD', '/orders/1');
      return [answer.status, answer.text, answer.headers['content-type'], answer.headers['content-length'], (await other.gatehouse.eventOf(answer.headers['x-request-id'])).reason];
    };
    assert.deepEqual(await ask(409, 'application/json'), [409, '', 'application/json', '19', null]);
    for (const [status, type, more] of [[409, 'text/html'], [422, 'text/html'], [404, 'application/json'], [409, 'application/json', 'Content-Encoding: gzip\r\n']]) {
      assert.equal((await ask(status, type, more)).at(-1), 'upstream_refusal', `${status} ${type} ${more}`);
    }
    assert.equal((await ask(410, 'application/json')).at(-1), null);
    await other.close();
  });

  it('is kept for the operator under the correlation id', async () => {
    desk.upstream.answer = () => response(500, { stack: 'at Orders.java:17' });
    const id = (await desk.get('/orders/1')).json().correlation_id;
    await eventually(async () => {
      const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', id);
      return stdout.includes('Orders.java:17') && stdout.includes('upstream_error');
    }, 'the event and the original in `why`');
  });
});
