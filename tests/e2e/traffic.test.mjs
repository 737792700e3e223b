// Ordinary traffic that a gateway easily breaks: OPTIONS, bodies of no bytes, codings, upgrades, Retry-After, and upstreams that
// ask for a certificate.
// Rooms: gate http server target net policy app

import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';

import { Authority, Desk, Wire, assertRefused, eventually, response, responsesIn, unlessBuilt } from './harness.mjs';

const done = { 200: { description: 'Done' } };
const bearer = [{ userToken: [] }];
const binary = { content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };

describe('traffic', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        api.paths['/notes'].put = { operationId: 'replaceNotes', security: bearer, requestBody: { content: { 'application/json': { schema: { type: 'object', properties: { n: { type: 'integer' } } } } } }, responses: done };
        api.paths['/notes'].delete = { operationId: 'deleteNotes', security: bearer, responses: done };
        api.paths['/files'] = { put: { operationId: 'putFile', security: bearer, requestBody: binary, responses: done } };
        Object.assign(configuration.operations, { replaceNotes: { permission: 'orders:write' }, deleteNotes: { permission: 'orders:write' }, putFile: { permission: 'orders:write' } });
      },
    });
  });
  after(() => desk?.close());
  const head = (line, ...fields) => `${line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;
  const ask = async (bytes) => {
    const wire = await Wire.open(desk.port, desk.tls);
    const [answer] = await wire.send(bytes).responses();
    wire.destroy();
    return answer;
  };

  describe('OPTIONS (case 25)', () => {
    it('is answered with the methods of the path, without a credential, and no upstream hears of it', async () => {
      const heard = desk.upstream.requests.length;
      for (const [path, allow] of [['/orders', 'GET, HEAD, POST, OPTIONS'], ['/orders/7', 'GET, HEAD, PUT, DELETE, OPTIONS'], ['/notes', 'PUT, POST, DELETE, OPTIONS']]) {
        const answer = await desk.send('OPTIONS', path, { headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' } });
        assert.equal(answer.status, 204, path);
        assert.deepEqual(new Set(answer.headers.allow.split(', ')), new Set(allow.split(', ')));
        assert.equal(answer.text, '');
        assert.equal(answer.headers['access-control-allow-origin'], undefined);
        const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
        assert.deepEqual([event.outcome, event.stage, event.operation, event['http.response.status_code']], ['allowed', 'route', null, 204]);
        const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
        assert.match(stdout, /answered with the methods of the path/);
      }
      assert.equal(desk.upstream.requests.length, heard);
      const { stdout } = await desk.folder.run('explain', '-c', 'gatehouse.yaml', 'OPTIONS /orders');
      assert.equal(stdout, 'OPTIONS /orders: answered with the methods of the path\n');
    });

    it('tells nothing of paths that are not there', async () => {
      await assertRefused(desk.gatehouse, await desk.send('OPTIONS', '/admin', { headers: {} }), { status: 404, error: 'not_found', reason: 'no_such_operation' });
    });
  });

  describe('a body of no bytes, in chunks,', () => {
    const empty = '0\r\n\r\n';
    const chunked = 'Transfer-Encoding: chunked';
    it('is no body: where none is declared, where it may be left out, and whatever its type is', async () => {
      for (const [line, ...fields] of [['DELETE /notes'], ['GET /orders'], ['PUT /notes'], ['PUT /notes', 'Content-Type: application/json'], ['PUT /notes', 'Content-Type: application/json', 'Content-Encoding: identity'], ['PUT /files', 'Content-Type: application/octet-stream']]) {
        const answer = await ask(head(line, chunked, ...fields) + empty);
        assert.equal(answer.status, 200, `${line} ${fields} ${answer.body}`);
        const { headers, body } = desk.upstream.last;
        assert.deepEqual([headers['content-length'], headers['content-type'], headers['transfer-encoding'], headers['content-encoding'], body.length], ['0', undefined, undefined, undefined, 0], `${line} ${fields}`);
      }
    });

    it('is refused where a body is needed', async () => {
      await assertRefused(desk.gatehouse, await ask(head('POST /orders', chunked, 'Content-Type: application/json') + empty), { status: 400, error: 'invalid_request', reason: 'body_missing' });
      await assertRefused(desk.gatehouse, await ask(head('POST /orders', chunked) + empty), { status: 400, error: 'invalid_request', reason: 'body_missing' });
    });

    it('hides no byte: one in chunks where none is taken is refused, and the connection ends', async () => {
      for (const [line, status, reason] of [['DELETE /notes', 400, 'body_unexpected'], ['PUT /notes', 415, 'media_type_unsupported']]) {
        const heard = desk.upstream.requests.length;
        const wire = await Wire.open(desk.port, desk.tls);
        await wire.send(`${head(line, chunked)}1\r\nx\r\n0\r\n\r\n${head('GET /orders/1')}`).closedByServer();
        const answers = responsesIn(wire.received);
        assert.equal(answers.length, 1, line);
        await assertRefused(desk.gatehouse, answers[0], { status, error: status === 400 ? 'invalid_request' : 'unsupported_media_type', reason });
        assert.equal(desk.upstream.requests.length, heard);
      }
    });

    it('ends where its last chunk does: what comes behind is the next request, however it is cut', async () => {
      const next = head('GET /orders/2');
      const bytes = head('DELETE /notes', chunked) + empty + next;
      for (const at of [bytes.length - next.length - 1, bytes.length - next.length - 3, bytes.length - next.length - 5, bytes.length - next.length + 4]) {
        const wire = await Wire.open(desk.port, desk.tls);
        wire.send(bytes.slice(0, at));
        await new Promise((resolve) => setImmediate(resolve));
        const answers = await wire.send(bytes.slice(at)).responses(2);
        wire.destroy();
        assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
        assert.deepEqual(desk.upstream.requests.slice(-2).map(({ method, target }) => `${method} ${target}`), ['DELETE /notes', 'GET /orders/2']);
      }
    });

    it('is not asked for: a client that waits for 100 Continue has one', async () => {
      const answer = await ask(head('DELETE /notes', chunked, 'Expect: 100-continue'));
      await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'body_unexpected' });
    });
  });

  describe('an Upgrade (case 27)', () => {
    const upgrade = (...fields) => ask(head('GET /orders/1', 'Connection: Upgrade', ...fields));
    it('to another protocol is refused, and is no plain GET', async () => {
      const heard = desk.upstream.requests.length;
      for (const fields of [['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='], ['Upgrade: WebSocket'], ['Upgrade: h2c, websocket'], ['Upgrade: h2c', 'Upgrade: connect-udp'], ['Upgrade: IRC/6.9'], ['Upgrade: httpx']]) {
        await assertRefused(desk.gatehouse, await upgrade(...fields), { status: 400, error: 'invalid_request', reason: 'upgrade_unsupported', stage: 'http' });
      }
      // Without `Connection: Upgrade`, which a proxy in between may take off.
      await assertRefused(desk.gatehouse, await ask(head('GET /orders/1', 'Upgrade: websocket')), { status: 400, error: 'invalid_request', reason: 'upgrade_unsupported' });
      assert.equal(desk.upstream.requests.length, heard);
    });

    it('to another form of HTTP is passed over', async () => {
      for (const field of ['Upgrade: h2c', 'Upgrade: HTTP/2.0', 'Upgrade: TLS/1.2, , h2c', 'Upgrade:']) {
        assert.equal((await upgrade(field)).status, 200, field);
        assert.equal(desk.upstream.last.headers.upgrade, undefined);
      }
    });
  });

  describe('a coded body (case 28)', () => {
    const put = (target, type, coding, body) => desk.send('PUT', target, { headers: { ...desk.bearer, 'content-type': type, 'content-encoding': coding }, body });
    const json = '{"n":1}';
    it('that is checked is refused, and the answer says which coding is taken', async () => {
      for (const coding of ['gzip', 'GZIP', 'br', 'identity, gzip', 'x', 'aws-chunked']) {
        const answer = await put('/notes', 'application/json', coding, gzipSync(json));
        await assertRefused(desk.gatehouse, answer, { status: 415, error: 'unsupported_media_type', reason: 'content_coding_unsupported', stage: 'validate' });
        assert.equal(answer.headers['accept-encoding'], 'identity');
      }
      const other = await put('/notes', 'application/xml', 'gzip', gzipSync(json));
      assert.equal(other.headers['accept-encoding'], undefined, 'the type is what is wrong');
    });

    it('of the coding `identity` is not coded', async () => {
      assert.equal((await put('/notes', 'application/json', 'identity', json)).status, 200);
      await assertRefused(desk.gatehouse, await put('/notes', 'application/json', 'identity', '{"n":"x"}'), { status: 400, error: 'invalid_request', reason: 'body_invalid' });
    });

    it('that nothing looks into goes on as it came', async () => {
      const bytes = gzipSync(json);
      assert.equal((await put('/files', 'application/octet-stream', 'gzip', bytes)).status, 200);
      assert.deepEqual(desk.upstream.last.body, bytes);
      assert.equal(desk.upstream.last.headers['content-encoding'], 'gzip');
    });
  });

  describe('Retry-After of an upstream (case 31)', () => {
    const answered = async (status, value) => {
      desk.upstream.answer = () => response(status, 'busy', { 'Content-Type': 'text/plain', 'Retry-After': value });
      const answer = await desk.get('/orders/1');
      desk.upstream.answer = () => response(200);
      return answer;
    };
    it('leaves with its 429, its 503 and what else it refuses, in both forms', async () => {
      const date = 'Fri, 31 Dec 2027 23:59:59 GMT';
      for (const [status, value] of [[429, '7'], [503, '120'], [429, date], [503, date], [413, '60'], [403, '30']]) {
        const answer = await answered(status, value);
        assert.deepEqual([answer.status, answer.headers['retry-after']], [status, value]);
        assert.doesNotMatch(answer.text, /busy/);
      }
    });

    it('stays behind with an error, and where it cannot be read', async () => {
      for (const [status, value] of [[500, '7'], [502, '7'], [504, '7'], [429, '-1'], [429, '1.5'], [429, 'soon'], [503, '7, 8'], [429, '99999999999'], [429, 'Fri, 31 Feb 2027 23:59:59 GMT']]) {
        const answer = await answered(status, value);
        assert.equal(answer.headers['retry-after'], undefined, `${status} ${value}`);
      }
    });
  });
});

describe('an upstream that asks for a certificate (case 29)', unlessBuilt, () => {
  const open = async (identity, { upstreams = {}, issued = 'gateway' } = {}) => {
    const seen = [];
    let server;
    const desk = await Desk.open({
      change: async (configuration, _api, one) => {
        const services = new Authority(one.folder.path, 'services');
        const { cert, key } = services.issue('backend');
        const gateways = new Authority(one.folder.path, 'gateways');
        gateways.issue(issued, { use: 'clientAuth' });
        new Authority(one.folder.path, 'strangers').issue('stranger', { use: 'clientAuth' });
        server = createServer({ cert, key, ca: gateways.certificate, requestCert: true, rejectUnauthorized: true }, (request, to) => {
          seen.push(request.socket.getPeerCertificate().subject.CN);
          to.setHeader('Content-Type', 'application/json').end('{}');
        });
        server.on('tlsClientError', () => {});
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        configuration.upstreams.orders = { url: `https://localhost:${server.address().port}`, ca: 'services.crt', ...identity, ...upstreams };
      },
    });
    const close = async () => {
      await desk.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return { desk, seen, close };
  };

  it('gets the one of the configuration, and what a reload brings', async () => {
    const { desk, seen, close } = await open({ certificate: 'gateway.crt', private_key: 'file:gateway.key' });
    assert.equal((await desk.get('/orders/1')).status, 200);
    assert.deepEqual(seen, ['gateway']);
    desk.folder.write('gateway.crt', desk.folder.read('stranger.crt'));
    desk.folder.write('gateway.key', desk.folder.read('stranger.key'));
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('gatehouse: reloaded'), 'reload');
    assert.equal((await desk.get('/orders/1')).status, 502, 'a stranger to the service');
    assert.deepEqual(seen, ['gateway']);
    await close();
  });

  it('does not answer without', async () => {
    const { desk, seen, close } = await open({});
    await assertRefused(desk.gatehouse, await desk.get('/orders/1'), { status: 502, error: 'unavailable', reason: 'upstream_unreachable', outcome: 'failed' });
    assert.deepEqual(seen, []);
    await close();
  });

  it('is checked before the start: both halves, that fit, over TLS', async () => {
    const { desk, close } = await open({ certificate: 'gateway.crt', private_key: 'file:gateway.key' });
    const problem = async (change) => {
      const upstream = { ...desk.configuration.upstreams.orders, ...change };
      for (const [key, value] of Object.entries(upstream)) if (value === undefined) delete upstream[key];
      desk.folder.write('other.yaml', { ...desk.configuration, upstreams: { orders: upstream } });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1, JSON.stringify(change));
      return stderr;
    };
    assert.match(await problem({ private_key: undefined }), /upstreams\.orders\.certificate: goes with the other half: name both `certificate` and `private_key`/);
    assert.match(await problem({ certificate: undefined }), /upstreams\.orders\.private_key: goes with the other half/);
    assert.match(await problem({ private_key: 'file:stranger.key' }), /upstreams\.orders: gateway\.crt: /);
    assert.match(await problem({ certificate: 'nowhere.crt' }), /upstreams\.orders\.certificate: nowhere\.crt: /);
    assert.match(await problem({ private_key: 'gateway.key' }), /names a secret: write `file:gateway.key`/);
    assert.match(await problem({ url: 'http://127.0.0.1:3000', ca: undefined }), /upstreams\.orders\.certificate: is shown over TLS only/);
    await close();
  });
});
