// The listener: TLS versions, keep-alive and pipelining, the plaintext port, proxies, slow callers, the admin port.
// Rooms: base http net server

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { request as requestPlain } from 'node:http';

import { Desk, Wire, assertOneEvent, axiosClient, curlClient, eventually, freePort, response, responsesIn, undiciClient, unlessBuilt } from './harness.mjs';

const get = (target, fields = '') => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;

const plainGet = (port, path, headers = {}) => new Promise((resolve, reject) => {
  requestPlain({ port, host: '127.0.0.1', path, headers, agent: false }, (answer) => {
    let text = '';
    answer.on('data', (bytes) => (text += bytes)).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
  }).on('error', reject).end();
});

describe('the TLS listener', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    it(`speaks ${version}`, async () => {
      const wire = await Wire.open(desk.port, { ...desk.tls, minVersion: version, maxVersion: version });
      assert.equal(wire.socket.getProtocol(), version);
      assert.equal((await wire.send(get('/catalogue')).responses())[0].status, 200);
      wire.destroy();
    });
  }

  it('does not speak TLS 1.1', async () => {
    const old = { ...desk.tls, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await assert.rejects(Wire.open(desk.port, old));
  });

  it('does not take ciphers without forward secrecy', async () => {
    await assert.rejects(Wire.open(desk.port, { ...desk.tls, maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' }));
  });

  it('survives bytes that are not TLS, and records them', async () => {
    const wire = await Wire.open(desk.port, { tls: false });
    await wire.send(get('/catalogue')).closedByServer();
    const event = await desk.gatehouse.event(({ reason }) => reason === 'handshake_failed', 'handshake_failed');
    assert.deepEqual([event['event.name'], event.outcome, event.stage], ['connection', 'refused', 'transport']);
    assert.equal((await desk.get('/catalogue', {})).status, 200);
  });

  it('answers on a connection that is kept', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    for (let count = 1; count <= 5; ++count) {
      const answers = await wire.send(get('/catalogue')).responses(count);
      assert.equal(answers[count - 1].status, 200);
    }
    wire.destroy();
  });

  it('closes when it is asked to', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    await wire.send(get('/catalogue', 'Connection: close\r\n')).closedByServer();
    const [answer] = responsesIn(wire.received);
    assert.equal(answer.headers.connection, 'close');
  });

  it('answers what is pipelined behind a chunked body that came apart from its head', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    const order = JSON.stringify({ title: 'a', quantity: 1 });
    const text = () => wire.received.toString('latin1');
    wire.send(`POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n`);
    await eventually(async () => text().includes('100 Continue'), '100 Continue');
    wire.send(`${order.length.toString(16)}\r\n${order}\r\n0\r\n\r\n${get('/catalogue')}${get('/nothing')}`);
    await eventually(async () => text().match(/HTTP\/1\.1 [2-5]\d\d/g)?.length === 3, 'three answers');
    assert.deepEqual(text().match(/HTTP\/1\.1 [2-5]\d\d/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 404']);
    wire.destroy();
  });

  it('answers pipelined requests in their order', async () => {
    desk.upstream.answer = async ({ target }) => response(200, { target });
    const wire = await Wire.open(desk.port, desk.tls);
    const fields = `Authorization: Bearer ${desk.token}\r\n`;
    const answers = await wire.send([1, 2, 3].map((number) => get(`/orders/${number}`, fields)).join('')).responses(3);
    assert.deepEqual(answers.map((answer) => answer.json().target), ['/orders/1', '/orders/2', '/orders/3']);
    desk.upstream.answer = () => response(200);
    wire.destroy();
  });

  it('serves undici, axios and curl alike', async () => {
    const ca = desk.authority.certificate;
    for (const client of [undiciClient({ ca }), axiosClient({ ca }), curlClient({ caFile: `${desk.folder.path}/ca.crt` })]) {
      const body = '{"title":"pen","quantity":1}';
      const answer = await desk.send('POST', '/orders', { client, body, headers: { ...desk.bearer, 'content-type': 'application/json' } });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(desk.upstream.last.body.toString(), body);
      client.close();
    }
  });

  it('has health and metrics on the admin port, and not on the public one', async () => {
    await eventually(async () => (await plainGet(desk.adminPort, '/health')).status === 200, 'readiness');
    const health = await plainGet(desk.adminPort, '/health');
    assert.equal(health.status, 200);
    const metrics = await plainGet(desk.adminPort, '/metrics');
    assert.equal(metrics.status, 200);
    assert.match(metrics.text, /^# TYPE gatehouse_\w+ counter$/m);
    for (const path of ['/health', '/metrics']) assert.equal((await desk.get(path, {})).status, 404);
  });
});

describe('the plaintext listener', unlessBuilt, () => {
  const open = async (what) => {
    const plain = await freePort();
    const desk = await Desk.open({ change: (configuration) => (configuration.listen.http = { address: `127.0.0.1:${plain}`, do: what }) });
    return { desk, plain };
  };

  it('redirects, without a word of the API', async () => {
    const { desk, plain } = await open('redirect');
    const answer = await plainGet(plain, '/orders/7?limit=1', { host: `localhost:${plain}` });
    assert.equal(answer.status, 308);
    assert.equal(answer.headers.location, `https://localhost:${desk.port}/orders/7?limit=1`);
    await desk.close();
  });

  it('redirects a request line with its own scheme and host, and no other', async () => {
    const { desk, plain } = await open('redirect');
    const { headers, status } = await plainGet(plain, `http://localhost:${plain}/orders/7?limit=1`, { host: `localhost:${plain}` });
    assert.deepEqual([status, headers.location], [308, `https://localhost:${desk.port}/orders/7?limit=1`]);
    for (const target of [`https://localhost:${plain}/`, `http://evil.example:${plain}/`, `http://localhost:${plain + 1}/`]) {
      const refused = await plainGet(plain, target, { host: `localhost:${plain}` });
      assert.ok(refused.status >= 400 && !refused.headers.location, `${target}: ${refused.status}`);
    }
    await desk.close();
  });

  it('does not redirect to where the Host field was made to point', async () => {
    const { desk, plain } = await open('redirect');
    const answer = await plainGet(plain, '/', { host: 'evil.example@localhost' });
    assert.equal(answer.status, 400);
    await desk.close();
  });

  it('refuses an address that is blocked, or not allowed, as the TLS listener does', async () => {
    for (const [rule, admission] of [['blocked.addresses', { blocked: { addresses: ['10.6.6.0/24'] } }], ['allowed.addresses', { allowed: { addresses: ['127.0.0.0/8', '10.1.0.0/16'] } }]]) {
      const plain = await freePort();
      const desk = await Desk.open({ change: (configuration) => {
        Object.assign(configuration, admission, { trusted_proxies: ['127.0.0.1'] });
        configuration.listen.http = { address: `127.0.0.1:${plain}`, do: 'redirect' };
      } });
      const { id, key } = await desk.createKey();
      const from = (address, more = {}) => plainGet(plain, '/orders/7', { host: `localhost:${plain}`, 'x-forwarded-for': address, ...more });
      assert.equal((await from('10.1.1.1')).status, 308);
      const refused = await from('10.6.6.9');
      assert.deepEqual([refused.status, refused.headers.location], [403, undefined]);
      assert.equal((await desk.gatehouse.event(({ reason }) => reason === 'address_blocked', 'the refusal')).rule, rule);
      assert.equal((await from('10.6.6.9', { 'x-api-key': key })).status, 403);
      assert.equal((await desk.gatehouse.event(({ reason }) => reason === 'credential_in_plaintext', 'the alarm'))['auth.credential.id'], id);
      await desk.close();
    }
  });

  it('rejects', async () => {
    const { desk, plain } = await open('reject');
    const answer = await plainGet(plain, '/catalogue');
    assert.equal(answer.status, 403);
    await desk.gatehouse.event((event) => event.reason === 'plaintext', 'event of the plaintext request');
    assert.equal(desk.upstream.requests.length, 0);
    await desk.close();
  });

  it('raises the alarm for a credential at any place, also in malformed requests', async () => {
    const { desk, plain } = await open('redirect');
    const { id, key } = await desk.createKey();
    const sent = {
      'in the path': [`/orders/${key}`], 'in the query': [`/orders?q=${key}`], 'percent-encoded': [`/orders?q=${key.replaceAll('_', '%5F')}`, '', null], 'under another spelling': ['/orders', `x_api_key: ${key}`], 'in a cookie': ['/orders', `Cookie: a=1; b=${key}`],
      'in two fields': ['/orders', `Authorization: Bearer ${desk.token}\r\nAuthorization: Bearer x`, null], 'of another scheme': ['/orders', 'Authorization: Basic eDp5', null], 'in a malformed field': ['/orders', `X-API-Key : ${key}`],
    };
    for (const [where, [target, line = '', named = id]] of Object.entries(sent)) {
      const wire = await Wire.open(plain, { tls: false });
      const [answer] = await wire.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${line && `${line}\r\n`}\r\n`).responses();
      assert.equal(answer.status, 403, where);
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual([event.reason, event['auth.credential.id']], ['credential_in_plaintext', named], where);
      assert.equal(event['http.response.body.size'], Number(answer.headers['content-length']), where);
      wire.destroy();
    }
    assert.equal((await plainGet(plain, '/orders?q=open', { host: 'localhost', 'x-other': 'a-long-and-plain-one' })).status, 308, 'what is no credential is redirected');
    assert.ok(!desk.folder.read('events.jsonl').includes(key));
    await desk.close();
  });

  it('raises it for a credential that comes behind a malformed byte, in another segment', async () => {
    const { desk, plain } = await open('reject');
    const { id, key } = await desk.createKey();
    for (const begun of ['GET / HTTP/1.1\r\nBad Name: x\r\n', 'GET /a b HTTP/9\r\n', '\0\r\n', 'GET / HTTP/1.1\nHost: localhost\n']) {
      const wire = await Wire.open(plain, { tls: false });
      await new Promise((resolve) => wire.socket.write(begun, resolve));
      await new Promise((resolve) => setTimeout(resolve, 60));
      await new Promise((resolve) => wire.socket.write('X-API-', resolve));
      await new Promise((resolve) => setTimeout(resolve, 60));
      const [answer] = await wire.send(`Key: ${key}\r\n\r\n`).responses();
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.deepEqual([answer.status, event.reason, event['auth.credential.id']], [403, 'credential_in_plaintext', id], begun);
      wire.destroy();
    }
    const hello = await Wire.open(plain, { tls: false });
    const sent = performance.now();
    const [answer] = await hello.send(Buffer.from('16030100050100000100', 'hex')).responses();
    assert.equal(answer.status, 400, 'TLS is not waited for');
    assert.ok(performance.now() - sent < 1000);
    hello.destroy();
    await desk.close();
  });

  it('names the key that came in plaintext, and not its value', async () => {
    const { desk, plain } = await open('reject');
    const { id, key } = await desk.createKey();
    await plainGet(plain, '/orders', { 'x-api-key': key });
    const event = await desk.gatehouse.event(({ reason }) => reason === 'credential_in_plaintext', 'event of the credential');
    assert.equal(event['auth.credential.id'], id);
    assertOneEvent(desk.gatehouse, event['request.id']);
    assert.ok(!desk.folder.read('events.jsonl').includes(key));
    await desk.close();
  });
});

describe('the plaintext listener, for callers that do not finish', unlessBuilt, () => {
  it('waits no longer than for others, and records the received bytes', async () => {
    const plain = await freePort();
    const desk = await Desk.open({ change: (configuration) => {
      configuration.listen.http = { address: `127.0.0.1:${plain}`, do: 'reject' };
      configuration.deadlines = { head: '300ms' };
    } });
    const late = await Wire.open(plain, { tls: false });
    await late.send('GET / HTTP/1.1\r\nX-Other: gh_').closedByServer();
    await desk.gatehouse.event(({ reason }) => reason === 'request_late', 'request_late');
    const lateWithKey = await Wire.open(plain, { tls: false });
    await lateWithKey.send('GET / HTTP/1.1\r\nX-API-Key: gh_').closedByServer();
    await desk.gatehouse.event(({ reason }) => reason === 'credential_in_plaintext', 'credential_in_plaintext');
    const gone = await Wire.open(plain, { tls: false });
    await new Promise((resolve) => gone.socket.write('GET / HT', resolve));
    gone.socket.end();
    await desk.gatehouse.event(({ reason }) => reason === 'client_gone', 'client_gone');
    await desk.close();
  });
});

describe('slow and gone callers', unlessBuilt, () => {
  let desk;
  before(async () => {
    desk = await Desk.open({ change: (configuration) => (configuration.deadlines = { head: '300ms', body: '300ms', idle: '600ms', handshake: '600ms' }) });
  });
  after(() => desk?.close());

  it('does not wait for ever for a head', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    await wire.send('GET /catalogue HTTP/1.1\r\nHost: loc').closedByServer();
    await desk.gatehouse.event(({ reason }) => reason === 'request_late', 'request_late');
  });

  it('does not wait for ever for a body', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(`POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n{"tit`);
    await wire.closedByServer();
    const event = await desk.gatehouse.event(({ reason }) => reason === 'body_late', 'body_late');
    assert.equal(event['http.request.body.size'], 5, 'what arrived');
  });

  it('counts the received bytes of a body that is too large', async () => {
    const head = `POST /orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\nContent-Type: application/json\r\n`;
    const piece = `4000\r\n${'x'.repeat(16384)}\r\n`;
    for (const [body, least, most] of [['Content-Length: 99999999\r\n\r\n{"tit', 5, 5], [`Transfer-Encoding: chunked\r\n\r\n${piece.repeat(128)}0\r\n\r\n`, 1 << 16, 2 << 20]]) {
      const wire = await Wire.open(desk.port, desk.tls);
      const [answer] = await wire.send(head + body).responses();
      assert.equal(answer.status, 413);
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      const size = event['http.request.body.size'];
      assert.ok(event.reason === 'body_too_large' && size >= least && size <= most, `${size}`);
      wire.destroy();
    }
  });

  it('closes idle connections without a word', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    await wire.closedByServer();
    assert.equal(wire.received.length, 0);
  });

  it('does not wait for ever for a handshake', async () => {
    const wire = await Wire.open(desk.port, { tls: false });
    await wire.closedByServer();
  });

  it('drops the work for a caller that has disconnected, and records it', async () => {
    let asked = 0;
    desk.upstream.answer = () => void (asked += 1);
    const wire = await Wire.open(desk.port, desk.tls);
    wire.send(get('/orders/9', `Authorization: Bearer ${desk.token}\r\n`));
    await eventually(() => asked, 'request at the upstream');
    wire.destroy();
    const event = await desk.gatehouse.event(({ reason, operation }) => reason === 'client_gone' && operation === 'getOrder', 'client_gone');
    assert.equal(event.outcome, 'failed');
    desk.upstream.answer = () => response(200);
  });
});

describe('a full house', unlessBuilt, () => {
  it('refuses connections beyond its limit and continues to serve the others', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.listen.connections = 4) });
    const wires = [];
    for (let count = 0; count < 4; ++count) wires.push(await Wire.open(desk.port, desk.tls));
    const late = await Wire.open(desk.port, desk.tls).catch(() => null);
    if (late) await late.send(get('/catalogue')).closedByServer();
    assert.equal((await wires[0].send(get('/catalogue')).responses())[0].status, 200);
    await desk.gatehouse.event(({ reason }) => reason === 'too_many_connections', 'too_many_connections');
    wires.forEach((wire) => wire.destroy());
    await desk.close();
  });
});

describe('proxies', unlessBuilt, () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.8', forwarded: 'for=203.0.113.7' };

  it('are not believed unless they are trusted', async () => {
    const desk = await Desk.open();
    const answer = await desk.get('/orders/1', { ...desk.bearer, ...forwarded });
    assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['client.address'], '127.0.0.1');
    for (const [name, value] of Object.entries(forwarded)) assert.ok(!(desk.upstream.last.headers[name] ?? '').includes(value), name);
    await desk.close();
  });

  it('are believed when they are trusted, and only for the hop that they add', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.trusted_proxies = ['127.0.0.0/8']) });
    const answer = await desk.get('/orders/1', { ...desk.bearer, 'x-forwarded-for': '198.51.100.1, 203.0.113.9' });
    assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['client.address'], '203.0.113.9');
    await desk.close();
  });

  const proxied = (change = () => {}) => Desk.open({ change: (configuration) => {
    configuration.listen.proxy_protocol = 'required';
    configuration.trusted_proxies = ['127.0.0.0/8'];
    change(configuration);
  } });
  const header = (...source) => {
    const addresses = Buffer.from([...source, 127, 0, 0, 1, 0x30, 0x39, 0x20, 0xfb]);
    return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), Buffer.from([0x21, 0x11, 0, addresses.length]), addresses]);
  };

  it('speak PROXY protocol version 2 when they are trusted', async () => {
    const desk = await proxied();
    const wire = await Wire.open(desk.port, { tls: false });
    wire.send(header(203, 0, 113, 9));
    const tls = await Wire.open(desk.port, { ...desk.tls, socket: wire.socket, port: undefined, host: undefined });
    const [answer] = await tls.send(get('/catalogue')).responses();
    assert.equal(answer.status, 200);
    assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['client.address'], '203.0.113.9');
    tls.destroy();
    await desk.close();
  });

  it('that name no source in their PROXY header are not believed about it in a field either', async () => {
    for (const [command, family, size] of [[0x20, 0x00, 12], [0x20, 0x11, 12], [0x21, 0x00, 0]]) {
      const desk = await proxied();
      const wire = await Wire.open(desk.port, { tls: false });
      const nobody = header(203, 0, 113, 9).subarray(0, 16 + size);
      nobody[12] = command;
      nobody[13] = family;
      nobody[15] = size;
      wire.send(nobody);
      const tls = await Wire.open(desk.port, { ...desk.tls, socket: wire.socket, port: undefined, host: undefined });
      const [answer] = await tls.send('GET /catalogue HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.1\r\nForwarded: for=198.51.100.1\r\n\r\n').responses();
      assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['client.address'], '127.0.0.1');
      assert.equal(desk.upstream.last.headers['x-forwarded-for'], '127.0.0.1');
      tls.destroy();
      await desk.close();
    }
  });

  it('name a source that may be a trusted proxy itself, and is believed then', async () => {
    for (const [source, client] of [[[127, 0, 0, 9], '198.51.100.1'], [[203, 0, 113, 9], '203.0.113.9']]) {
      const desk = await proxied();
      const wire = await Wire.open(desk.port, { tls: false });
      wire.send(header(...source));
      const tls = await Wire.open(desk.port, { ...desk.tls, socket: wire.socket, port: undefined, host: undefined });
      const [answer] = await tls.send('GET /catalogue HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 198.51.100.1\r\n\r\n').responses();
      assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['client.address'], client);
      tls.destroy();
      await desk.close();
    }
  });

  it('that send no PROXY header, or are not trusted to, are not served', async () => {
    for (const [opening, change] of [['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaa'], ['PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n'], [header(203, 0, 113, 9), (configuration) => (configuration.trusted_proxies = ['10.0.0.0/8'])]]) {
      const desk = await proxied(change);
      const wire = await Wire.open(desk.port, { tls: false });
      await wire.send(opening).closedByServer();
      const event = await desk.gatehouse.event(({ reason }) => reason === 'proxy_header', 'proxy_header');
      assert.deepEqual([event['event.name'], event.outcome, event.stage], ['connection', 'refused', 'transport']);
      await desk.close();
    }
  });
});
