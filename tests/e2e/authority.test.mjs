// The host that a request names: the served hosts, the forwarded host, and the senders that the server
// believes about the host, early data and the trace.
// Rooms: docs http gate policy server target

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Desk, Wire, assertOneEvent, assertRefused, response, unlessBuilt } from './harness.mjs';

// Sends a request line, a Host and further lines as they stand; resolves to the answer.
const rawTo = (desk) => async (host, lines = [], line = 'GET /catalogue HTTP/1.1', options = {}) => {
  const wire = await Wire.open(desk.port, { ...desk.tls, ...options });
  const method = line.split(' ')[0];
  const [answer] = await wire.send(`${line}\r\nHost: ${host}\r\n${lines.map((one) => `${one}\r\n`).join('')}\r\n`).responses(1, [method]);
  wire.destroy();
  return answer;
};
const misdirected = { status: 421, error: 'misdirected_request', reason: 'host_not_served', stage: 'http' };
const trust = (configuration) => (configuration.trusted_proxies = ['127.0.0.1/32']);
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `traceparent: 00-${trace}-00f067aa0ba902b7-01`;

describe('a request names a host of this server', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open();
    raw = rawTo(desk);
  });
  beforeEach(() => (desk.upstream.requests.length = 0));
  after(() => desk?.close());

  for (const [host, heard] of Object.entries({
    localhost: 'localhost', 'LocalHost': 'localhost', 'localhost.': 'localhost', '127.0.0.1': '127.0.0.1', 'localhost:443': 'localhost', 'localhost:6666': 'localhost',
  })) {
    it(`of its certificate: ${host}`, async () => {
      assert.equal((await raw(host)).status, 200);
      assert.equal(desk.upstream.last.headers['x-forwarded-host'], heard);
      assert.equal(desk.upstream.last.headers.host, `127.0.0.1:${desk.upstream.port}`);
    });
  }

  it('with the port on which it listens, which is forwarded', async () => {
    assert.equal((await raw(`localhost:${desk.port}`)).status, 200);
    assert.equal(desk.upstream.last.headers['x-forwarded-host'], `localhost:${desk.port}`);
  });

  for (const host of ['evil.example', 'localhost.evil.example', 'evil.localhost', 'xlocalhost', '127.0.0.2', '127.1.example', '[::1]', `evil.example:443`, 'localhost.example', 'api_example']) {
    it(`and no other: ${host}`, async () => {
      const answer = await raw(host);
      const event = await assertRefused(desk.gatehouse, answer, misdirected);
      assertOneEvent(desk.gatehouse, answer.headers['x-request-id']);
      assert.deepEqual([event.operation, event['user.id'], event.rule], [null, null, 'listen.names']);
      assert.equal(desk.upstream.requests.length, 0);
      const why = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
      assert.match(why.stdout, /host_not_served/);
    });
  }

  it('before any gate: an unknown path and a credential change nothing', async () => {
    for (const lines of [[], [`Authorization: Bearer ${desk.token}`], ['X-API-Key: wrong']]) {
      await assertRefused(desk.gatehouse, await raw('evil.example', lines, 'GET /nothing HTTP/1.1'), misdirected);
      await assertRefused(desk.gatehouse, await raw('evil.example', lines, 'DELETE /orders/1 HTTP/1.1'), misdirected);
    }
  });

  it('in the request line too, where that is the same one (RFC 9112 section 3.2.2)', async () => {
    for (const [target, host] of [['https://localhost/catalogue', 'localhost'], ['HTTPS://LocalHost:443/catalogue', 'localhost.'], [`https://127.0.0.1:${desk.port}/catalogue`, `127.0.0.1:${desk.port}`]]) {
      const answer = await raw(host, [], `GET ${target} HTTP/1.1`);
      assert.equal(answer.status, 200, target);
      assert.match(desk.upstream.last.head, /^GET \/catalogue HTTP\/1\.1\r\n/, 'the upstream gets the path');
      assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id'])).operation, 'listCatalogue');
    }
    const arrived = desk.upstream.requests.length;
    for (const [target, host] of [['https://evil.example/catalogue', 'localhost'], ['https://localhost/catalogue', 'evil.example'], ['https://evil.example/catalogue', 'evil.example'], ['https://localhost:444/catalogue', 'localhost'],
      ['https://localhost/catalogue', `localhost:${desk.port}`], ['http://localhost/catalogue', 'localhost'], ['http://localhost:443/catalogue', 'localhost:443']])
      await assertRefused(desk.gatehouse, await raw(host, [], `GET ${target} HTTP/1.1`), misdirected);
    for (const target of ['ftp://localhost/catalogue', 'localhost/catalogue', 'https:/localhost/catalogue', 'https://user@localhost/catalogue', 'https:///catalogue', 'https://localhost?a=1', 'https://localhost//catalogue', 'https://localhost/../catalogue', 'https://localhost\\@evil.example/catalogue'])
      await assertRefused(desk.gatehouse, await raw('localhost', [], `GET ${target} HTTP/1.1`), { status: 400, error: 'invalid_request', reason: 'malformed_http' });
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('in every form of the request line, with the path of this host alone', async () => {
    let seed = 3, arrived = 0;
    const pick = (list) => list[(seed = (seed * 1664525 + 1013904223) % 4294967296) % 65536 % list.length];
    for (let count = 0; count < 300; ++count) {
      const mostly = (good, odd) => pick(pick([0, 1, 1]) ? good : odd);
      const parts = [mostly(['https://', 'HTTPS://'], ['http://', 'https:/', 'https:', '//', '']), mostly([''], ['localhost@', 'evil.example:1@', '@']), mostly(['localhost', 'LOCALHOST.', '127.0.0.1'], ['[::1]', 'evil.example', 'localhost%2eevil.example', 'localhost.evil.example', '']),
        mostly(['', ':443', `:${desk.port}`], [':80', ':', ':0']), mostly(['/catalogue'], ['/catalogue?a=b', '', '?a', '/', '//catalogue', '/../catalogue', '/%2fcatalogue', '\\catalogue', '@evil.example/catalogue'])];
      const host = mostly([`${parts[2]}${parts[3]}`], ['localhost', 'LocalHost.', 'localhost:443', `localhost:${desk.port}`, '127.0.0.1', 'evil.example', '[::1]']);
      const before = desk.upstream.requests.length;
      const answer = await raw(host, [], `GET ${parts.join('')} HTTP/1.1`);
      const what = `${parts.join('')} of ${host}: ${answer.status}`;
      if (desk.upstream.requests.length === before) {
        assert.ok([400, 404, 421].includes(answer.status), what);
        continue;
      }
      arrived += 1;
      assert.match(desk.upstream.last.head, /^GET \/catalogue HTTP\/1\.1\r\n/, what);
      assert.match(desk.upstream.last.headers['x-forwarded-host'], /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/, what);
      assert.doesNotMatch(what, /evil|@/);
    }
    assert.ok(arrived > 10, `${arrived} arrived`);
  });

  it('and in no other field', async () => {
    for (const line of ['X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example', 'X-Host: evil.example', 'X-Original-Host: evil.example', 'X-Forwarded-Host: \x80']) {
      assert.equal((await raw('localhost', [line])).status, 200, line);
      assert.equal(desk.upstream.last.headers['x-forwarded-host'], 'localhost');
      assert.doesNotMatch(desk.upstream.last.head, /evil/);
      await assertRefused(desk.gatehouse, await raw('evil.example', [line.replace('evil.example', 'localhost')]), misdirected);
    }
  });

  it('with any name in the handshake', async () => {
    const name = { servername: 'evil.example', checkServerIdentity: () => undefined };
    assert.equal((await raw('localhost', [], undefined, name)).status, 200, 'there is one certificate, and one rule for those of clients');
    await assertRefused(desk.gatehouse, await raw('evil.example', [], undefined, name), misdirected);
    await assertRefused(desk.gatehouse, await raw('evil.example'), misdirected);
  });

  it('on a connection that stays open', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    const ask = (host) => `GET /catalogue HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const answers = await wire.send(ask('localhost') + ask('evil.example') + ask('localhost')).responses(3);
    assert.deepEqual(answers.map(({ status }) => status), [200, 421, 200]);
    wire.destroy();
  });
});

describe('listen.names', unlessBuilt, () => {
  it('are served in place of those of the certificate', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.listen.names = ['api.example.com', '*.shop.example', 'one.example:9000', '192.0.2.7']) });
    const raw = rawTo(desk);
    for (const [host, heard] of Object.entries({ 'API.example.com': 'api.example.com', 'a.shop.example': 'a.shop.example', 'one.example:9000': 'one.example:9000', '192.0.2.7': '192.0.2.7' })) {
      assert.equal((await raw(host)).status, 200, host);
      assert.equal(desk.upstream.last.headers['x-forwarded-host'], heard);
    }
    for (const host of ['localhost', '127.0.0.1', 'shop.example', 'a.b.shop.example', 'one.example', 'one.example:9001'])
      assert.equal((await raw(host)).status, 421, host);
    await desk.close();
  });

  it('must be said where the certificate has none', async () => {
    const desk = await Desk.open();
    desk.authority.issue('server', { names: 'email:a@example.com' });
    const checked = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(checked.status, 1);
    assert.match(checked.stderr, /listen: the certificate names no host, so every request would be refused; set listen\.names/);
    desk.configuration.listen.names = ['localhost'];
    desk.writeFiles();
    assert.equal((await desk.folder.run('check', '-c', 'gatehouse.yaml')).status, 0);
    await desk.close();
  });
});

describe('listen.health', unlessBuilt, () => {
  it('answers 204 under any name, with one event a minute', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.listen.health = '/healthz') });
    const raw = rawTo(desk);
    for (const host of ['10.4.0.7:8443', 'localhost', 'evil.example']) {
      const answer = await raw(host, [], 'GET /healthz HTTP/1.1');
      assert.deepEqual([answer.status, answer.body.length], [204, 0]);
      assert.match(answer.headers['strict-transport-security'], /^max-age/);
    }
    assert.equal((await raw('10.4.0.7', [], 'HEAD /healthz HTTP/1.1')).status, 204);
    for (const target of ['/healthz?x=1', '/healthz/', '//healthz', '/%68ealthz']) assert.notEqual((await raw('localhost', [], `GET ${target} HTTP/1.1`)).status, 204, target);
    assert.equal((await raw('evil.example', [], 'POST /healthz HTTP/1.1')).status, 421);
    const last = await raw('evil.example');
    await desk.gatehouse.eventOf(last.headers['x-request-id']);
    const events = desk.gatehouse.events().filter((event) => event['event.name'] === 'health');
    assert.equal(events.length, 1);
    assert.deepEqual([events[0].outcome, events[0]['http.response.status_code'], events[0].detail], ['allowed', 204, '1 of these since the last event']);
    assert.equal(desk.upstream.requests.length, 0);
    await desk.close();
  });
});

describe('a trusted proxy', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open({ change: (configuration) => {
      trust(configuration);
      configuration.listen.names = ['api.example.com', 'api.example.com:8443', 'other.example'];
    } });
    raw = rawTo(desk);
  });
  after(() => desk?.close());

  it('says which host was asked for, in its first value', async () => {
    for (const [line, heard] of [['X-Forwarded-Host: api.example.com:8443', 'api.example.com:8443'], ['X-Forwarded-Host: api.example.com, evil.example', 'api.example.com'], ['Forwarded: for=1.2.3.4;host=other.example;proto=https, host=evil.example', 'other.example'], ['Forwarded: host="API.example.com:8443"', 'api.example.com:8443']]) {
      assert.equal((await raw('internal:8443', [line])).status, 200, line);
      assert.equal(desk.upstream.last.headers['x-forwarded-host'], heard);
    }
    await assertRefused(desk.gatehouse, await raw('internal:8443'), misdirected);
  });

  it('cannot name one that is not served, with any Host', async () => {
    for (const line of ['X-Forwarded-Host: evil.example', 'X-Forwarded-Host: evil.example, api.example.com', 'Forwarded: host=evil.example', 'Forwarded: for=1.2.3.4, host=evil.example'])
      await assertRefused(desk.gatehouse, await raw('api.example.com', [line]), misdirected);
  });

  it('is refused if it cannot be read, or names two', async () => {
    for (const lines of [['X-Forwarded-Host: '], ['X-Forwarded-Host: a/b'], ['Forwarded: host='], ['Forwarded: host=api.example.com:8443'], ['X-Forwarded-Host: api.example.com', 'Forwarded: host=other.example']])
      await assertRefused(desk.gatehouse, await raw('api.example.com', lines), { status: 400, error: 'invalid_request', reason: 'malformed_http' });
  });

  it('may pass on early data with safe methods', async () => {
    const auth = `Authorization: Bearer ${desk.token}`;
    for (const line of ['Early-Data: 1', 'early-data: 0', 'Early-Data: x']) {
      assert.equal((await raw('api.example.com', [line])).status, 200);
      assert.equal(desk.upstream.last.headers['early-data'], '1', 'any value counts as 1 (RFC 8470 section 5.1)');
      const arrived = desk.upstream.requests.length;
      await assertRefused(desk.gatehouse, await raw('api.example.com', [line, auth], 'DELETE /orders/1 HTTP/1.1'), { status: 425, error: 'too_early', reason: 'early_data', stage: 'http' });
      await assertRefused(desk.gatehouse, await raw('api.example.com', [line, auth, 'Content-Length: 0'], 'POST /orders HTTP/1.1'), { status: 425, error: 'too_early', reason: 'early_data', stage: 'http' });
      assert.equal(desk.upstream.requests.length, arrived);
    }
  });

  it('begins traces, which are continued with their baggage', async () => {
    const answer = await raw('api.example.com', [traceparent, 'tracestate: rojo=1, ${x}', 'baggage: tenant=7, ${jndi:ldap://x}', 'baggage: plan=gold;p=1']);
    const { headers } = desk.upstream.last;
    assert.match(headers.traceparent, new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    assert.deepEqual([headers.tracestate, headers.baggage], ['rojo=1', 'tenant=7, plan=gold;p=1']);
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.deepEqual([event['trace.id'], event['trace.caller.id']], [trace, undefined]);
  });

  it('passes no baggage without a trace', async () => {
    for (const line of [[], ['traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01']]) {
      await raw('api.example.com', [...line, 'tracestate: rojo=1', 'baggage: tenant=7']);
      for (const name of ['tracestate', 'baggage']) assert.equal(desk.upstream.last.headers[name], undefined, name);
    }
  });
});

describe('any other sender', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open();
    raw = rawTo(desk);
  });
  after(() => desk?.close());

  it('begins a new trace, which the event links to its own', async () => {
    const answer = await raw('localhost', [traceparent, 'tracestate: rojo=1', 'baggage: tenant=7', 'b3: 1', 'X-B3-TraceId: 463ac35c9f6413ad', 'X-B3-Sampled: 1', 'uber-trace-id: 1:1:0:1', 'sentry-trace: 1-1-1']);
    const { headers } = desk.upstream.last;
    assert.match(headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/, 'not sampled by the caller');
    assert.ok(!headers.traceparent.includes(trace));
    for (const name of ['tracestate', 'baggage', 'b3', 'x-b3-traceid', 'x-b3-sampled', 'uber-trace-id', 'sentry-trace']) assert.equal(headers[name], undefined, name);
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.equal(event['trace.id'], headers.traceparent.slice(3, 35));
    assert.equal(event['trace.caller.id'], trace);
    for (const name of ['tracestate', 'baggage', 'b3', 'sentry-trace']) assert.ok(event['http.request.dropped'].includes(name), name);
  });

  it('has no early data', async () => {
    assert.equal((await raw('localhost', ['Early-Data: 1'])).status, 200);
    assert.equal(desk.upstream.last.headers['early-data'], undefined);
    const answer = await desk.send('DELETE', '/orders/1', { headers: { ...(await desk.bearerOf({ roles: ['admin'] })), 'early-data': '1' } });
    assert.equal(answer.status, 200);
    assert.equal(desk.upstream.last.headers['early-data'], undefined);
  });
});

describe('tracing.continue', unlessBuilt, () => {
  for (const [setting, continued] of [['all', true], ['none', false]]) {
    it(`${setting} holds whoever sends`, async () => {
      const desk = await Desk.open({ change: (configuration) => {
        configuration.tracing = { continue: setting };
        if (setting === 'none') trust(configuration);
        configuration.fields = { forward: ['b3', 'sentry-trace'] };
      } });
      await rawTo(desk)('localhost', [traceparent, 'baggage: a=1', 'b3: 1', 'sentry-trace: 2']);
      const { headers } = desk.upstream.last;
      assert.equal(headers.traceparent.includes(trace), continued);
      assert.equal(headers.baggage, continued ? 'a=1' : undefined);
      assert.deepEqual([headers.b3, headers['sentry-trace']], ['1', '2'], 'by name they go on');
      await desk.close();
    });
  }
});

describe('an upstream that is told the host', unlessBuilt, () => {
  it('gets the checked one as Host with `host: original`', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.upstreams.orders.host = 'original') });
    const raw = rawTo(desk);
    await raw(`LOCALHOST:${desk.port}`);
    assert.equal(desk.upstream.last.headers.host, `localhost:${desk.port}`);
    await raw('localhost:6666');
    assert.equal(desk.upstream.last.headers.host, 'localhost', 'no port of the caller’s');
    desk.upstream.requests.length = 0;
    assert.equal((await raw('evil.example')).status, 421);
    assert.equal(desk.upstream.requests.length, 0);
    await desk.close();
  });

  it('may lead back to it: its own base path is left out', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      configuration.upstreams.orders.url += '/base';
      api.paths['/catalogue'].get.responses = { 200: { description: 'ok' }, 303: { description: 'there' } };
    } });
    for (const [where, seen] of [['/base/orders/7?a=1', '/orders/7?a=1'], ['/base', '/'], ['/other', '/other']]) {
      desk.upstream.answer = ({ headers }) => response(303, '', { Location: `${headers['x-forwarded-proto']}://${headers['x-forwarded-host']}${where}` });
      assert.equal((await rawTo(desk)(`localhost:${desk.port}`)).headers.location, seen);
    }
    await desk.close();
  });
});

describe('a header parameter `Referer`', unlessBuilt, () => {
  const declared = (configuration, api) => (api.paths['/catalogue'].get.parameters = [{ name: 'referer', in: 'header', schema: { type: 'string', maxLength: 60 } }]);
  const note = 'the header parameter `referer` is checked and does not go on to an upstream';
  it('is checked, is forwarded by `fields.referer` alone, and `check` says so', async () => {
    const desk = await Desk.open({ change: declared });
    assert.equal((await rawTo(desk)('localhost', ['Referer: https://a.test/x?secret=1'])).status, 200);
    assert.equal(desk.upstream.last.headers.referer, undefined);
    assert.equal((await rawTo(desk)('localhost', [`Referer: https://a.test/${'x'.repeat(60)}`])).status, 400);
    assert.ok((await desk.folder.run('check', '-c', 'gatehouse.yaml')).stdout.includes(note));
    await desk.close();
  });
  it('is forwarded as far as the configuration says', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      declared(configuration, api);
      configuration.fields = { referer: 'origin' };
    } });
    assert.equal((await rawTo(desk)('localhost', ['Referer: https://a.test/x?secret=1'])).status, 200);
    assert.equal(desk.upstream.last.headers.referer, 'https://a.test/');
    assert.ok(!(await desk.folder.run('check', '-c', 'gatehouse.yaml')).stdout.includes(note));
    await desk.close();
  });
});

describe('header parameters that OpenAPI ignores', unlessBuilt, () => {
  it('check nothing, and `check` names them', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      api.paths['/catalogue'].get.parameters = ['Authorization', 'ACCEPT', 'content-type'].map((name) => ({ name, in: 'header', required: true, schema: { type: 'string', const: 'x' } }));
    } });
    assert.equal((await rawTo(desk)('localhost', ['Accept: a/b'])).status, 200);
    const checked = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(checked.status, 0);
    for (const [name, mend] of [['Authorization', '`security`'], ['ACCEPT', 'the media types of `responses`'], ['content-type', 'the media types of `requestBody`']])
      assert.ok(checked.stdout.includes(`the header parameter \`${name}\` is ignored, as OpenAPI requires: its schema has no effect; use ${mend} instead`), checked.stdout);
    const { starts, problems, notes } = JSON.parse((await desk.folder.run('check', '-c', 'gatehouse.yaml', '--json')).stdout);
    assert.deepEqual([starts, problems.length, notes.length], [true, 0, 3]);
    assert.match(notes[0].file, /api\.json$/);
    await desk.close();
  });

  it('have names without case: one of the path is overridden by one of the operation', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      const header = (name, value) => ({ name, in: 'header', schema: { type: 'string', const: value } });
      api.paths['/catalogue'].parameters = [header('X-Region', 'north')];
      api.paths['/catalogue'].get.parameters = [header('x-REGION', 'south')];
    } });
    const raw = rawTo(desk);
    assert.equal((await raw('localhost', ['X-region: south'])).status, 200);
    assert.equal((await raw('localhost', ['X-Region: north'])).status, 400);
    await desk.close();
  });
});
