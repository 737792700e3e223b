// A request that two servers could read differently is refused with 400, closes the connection, reaches no
// upstream, and is an event.
// Rooms: http json

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, responsesIn, sendUntilClosed, unlessBuilt } from './harness.mjs';

const host = 'Host: localhost\r\n';
const get = (target, headers = host) => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;
const withField = (field) => get('/catalogue', `${host}${field}\r\n`);
const post = (fields, body = '') => `POST /orders HTTP/1.1\r\n${host}Content-Type: application/json\r\n${fields}\r\n${body}`;
// A chunked body is read once its sender is known: TOKEN stands for one that holds.
const chunked = (body) => post('Authorization: Bearer TOKEN\r\nTransfer-Encoding: chunked\r\n', body);

const ambiguous = {
  lengths: {
    'a length and a transfer coding': post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    'a transfer coding and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n'),
    'two different lengths': post('Content-Length: 2\r\nContent-Length: 3\r\n', '{}}'),
    'the same length twice': post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}'),
    'a list of lengths': post('Content-Length: 2, 2\r\n', '{}'),
    'a length with a sign': post('Content-Length: +2\r\n', '{}'),
    'a negative length': post('Content-Length: -2\r\n', '{}'),
    'a hexadecimal length': post('Content-Length: 0x2\r\n', '{}'),
    'a length with a space inside': post('Content-Length: 2 2\r\n', '{}'),
    'an empty length': post('Content-Length: \r\n', '{}'),
    'a length beyond 64 bits': post('Content-Length: 18446744073709551618\r\n', '{}'),
    'a length in quotes': post('Content-Length: "2"\r\n', '{}'),
    'a length in other digits': post('Content-Length: \u00b2\r\n', '{}'),
  },
  codings: {
    'chunked that is not last': post('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n'),
    'a coding before chunked': post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    'chunked twice': post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'),
    'chunked in two fields': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    identity: post('Transfer-Encoding: identity\r\n', '{}'),
    'a coding nearly called chunked': post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    'chunked with a parameter': post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'),
    'chunked behind a vertical tab': post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'),
    'an empty coding': post('Transfer-Encoding: \r\n', '0\r\n\r\n'),
    'a transfer coding in HTTP/1.0': `POST /orders HTTP/1.0\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  chunks: {
    'a size that is no number': chunked('g\r\n{}\r\n0\r\n\r\n'),
    'a size with 0x': chunked('0x2\r\n{}\r\n0\r\n\r\n'),
    'a negative size': chunked('-2\r\n{}\r\n0\r\n\r\n'),
    'an empty size': chunked('\r\n{}\r\n0\r\n\r\n'),
    'a size beyond 64 bits': chunked('10000000000000002\r\n{}\r\n0\r\n\r\n'),
    'a space before the size': chunked(' 2\r\n{}\r\n0\r\n\r\n'),
    'a bare LF behind the size': chunked('2\n{}\r\n0\r\n\r\n'),
    'data longer than its size': chunked('2\r\n{}}\r\n0\r\n\r\n'),
    'a bare LF behind the data': chunked('2\r\n{}\n0\r\n\r\n'),
    'a trailer that is no field': chunked('2\r\n{}\r\n0\r\nno colon\r\n\r\n'),
  },
  fields: {
    'a folded line': get('/catalogue', `${host}X-A: 1\r\n 2\r\n`),
    'a folded first line': get('/catalogue', ` X-A: 1\r\n${host}`),
    'a space before the colon': withField('X-A : 1'),
    'a tab before the colon': withField('X-A\t: 1'),
    'no colon': withField('X-A'),
    'no name': withField(': 1'),
    'a name that is no token': withField('X(A): 1'),
    'a name beyond ASCII': withField('X-\u00c4: 1'),
    'a bare LF between fields': get('/catalogue', `${host.replace('\r\n', '\n')}X-A: 1\r\n`),
    'bare LFs throughout': 'GET /catalogue HTTP/1.1\nHost: localhost\n\n',
    'a bare CR in a value': withField('X-A: 1\rX-B: 2'),
    'NUL in a value': withField('X-A: 1\0'),
    'NUL in a name': withField('X\0A: 1'),
    'a control character in a value': withField('X-A: \x01'),
    'DEL in a value': withField('X-A: \x7f'),
  },
  hosts: {
    'no Host': get('/catalogue', ''),
    'two Hosts': get('/catalogue', host + host),
    'two different Hosts': get('/catalogue', `${host}Host: example.com\r\n`),
    'a Host with a path': get('/catalogue', 'Host: localhost/catalogue\r\n'),
    'a Host with user information': get('/catalogue', 'Host: ann@localhost\r\n'),
    'a Host with a bad port': get('/catalogue', 'Host: localhost:99999\r\n'),
    'a Host with a space': get('/catalogue', 'Host: local host\r\n'),
    'a list of Hosts': get('/catalogue', 'Host: localhost, example.com\r\n'),
    'an absolute target without a path': get('https://localhost?limit=1'),
    'an absolute target without a host': get('https:///catalogue'),
    'an absolute target with dot segments': get('https://localhost/x/../catalogue'),
    'an absolute target for another scheme': get('ftp://localhost/catalogue'),
    'an absolute target with user information': get('https://ann@localhost/catalogue'),
  },
  'request lines': {
    'two spaces': `GET  /catalogue HTTP/1.1\r\n${host}\r\n`,
    'a tab': `GET\t/catalogue HTTP/1.1\r\n${host}\r\n`,
    'a space in front': ` GET /catalogue HTTP/1.1\r\n${host}\r\n`,
    'a space behind': `GET /catalogue HTTP/1.1 \r\n${host}\r\n`,
    'no version': `GET /catalogue\r\n${host}\r\n`,
    'HTTP/2.0 in clear': `GET /catalogue HTTP/2.0\r\n${host}\r\n`,
    'HTTP/1.10': `GET /catalogue HTTP/1.10\r\n${host}\r\n`,
    'a version in small letters': `GET /catalogue http/1.1\r\n${host}\r\n`,
    'a method that is no token': `GE(T /catalogue HTTP/1.1\r\n${host}\r\n`,
    'no method': `/catalogue HTTP/1.1\r\n${host}\r\n`,
    'the HTTP/2 preface': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a TLS hello inside TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  },
  targets: {
    'a dot segment': get('/orders/../catalogue'),
    'a single dot segment': get('/./catalogue'),
    'a dot segment at the end': get('/catalogue/..'),
    'an encoded dot segment': get('/orders/%2e%2e/catalogue'),
    'a half-encoded dot segment': get('/orders/.%2E/catalogue'),
    'an encoded slash': get('/orders%2f1'),
    'an encoded slash in capitals': get('/orders%2F1'),
    'an encoded backslash': get('/orders%5c1'),
    'a backslash': get('/orders\\1'),
    'a double slash': get('//catalogue'),
    'a double slash inside': get('/orders//1'),
    'a double slash at the end': get('/catalogue//'),
    'percent without digits': get('/catalogue%'),
    'percent with one digit': get('/catalogue%4'),
    'percent with no hexadecimal digits': get('/catalogue%zz'),
    'an encoded NUL': get('/catalogue%00'),
    'an encoded line end': get('/catalogue%0d%0a'),
    'encoded bytes that are no UTF-8': get('/orders/%c3%28'),
    'an overlong slash': get('/orders%c0%af1'),
    'bytes beyond ASCII': get('/caf\xe9'),
    'a fragment': get('/catalogue#top'),
    'no slash in front': get('catalogue'),
    'an asterisk for GET': get('*'),
    'percent without digits in the query': get('/catalogue?a=%'),
  },
};

describe('strictness', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  for (const [group, cases] of Object.entries(ambiguous)) {
    for (const [what, bytes] of Object.entries(cases)) {
      it(`refuses ${group}: ${what}`, async () => {
        const arrived = desk.upstream.requests.length;
        // The following bytes must never count as a request of their own.
        const answers = await sendUntilClosed(desk.port, bytes.replace('TOKEN', desk.token) + get('/catalogue'), desk.tls);
        assert.equal(answers.length, 1, 'one answer, then the end');
        await assertRefused(desk.gatehouse, answers[0], { status: 400, error: 'invalid_request', reason: 'malformed_http', stage: 'http' });
        assert.equal(answers[0].headers.connection, 'close');
        assert.equal(desk.upstream.requests.length, arrived);
      });
    }
  }

  it('refuses a target that is too long with 414', async () => {
    const [answer] = await sendUntilClosed(desk.port, get(`/catalogue?${'a'.repeat(70_000)}`), desk.tls);
    await assertRefused(desk.gatehouse, answer, { status: 414, error: 'too_large', reason: 'target_too_long' });
  });

  it('refuses header fields that are too large with 431', async () => {
    const [answer] = await sendUntilClosed(desk.port, withField(`X-A: ${'a'.repeat(100_000)}`), desk.tls);
    await assertRefused(desk.gatehouse, answer, { status: 431, error: 'too_large', reason: 'head_too_large' });
  });

  it('refuses too many header fields with 431', async () => {
    const fields = Array.from({ length: 2000 }, (_, index) => `X-${index}: 1`).join('\r\n');
    const [answer] = await sendUntilClosed(desk.port, withField(fields), desk.tls);
    await assertRefused(desk.gatehouse, answer, { status: 431, error: 'too_large', reason: 'head_too_large' });
  });

  it('answers the requests before the malformed one, in order', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    const answers = await wire.send(get('/catalogue') + withField('X-A : 1')).responses(2);
    assert.deepEqual(answers.map(({ status }) => status), [200, 400]);
    await wire.closedByServer();
  });

  it('reads a request that comes byte by byte the same way', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    for (const byte of get('/catalogue')) wire.send(byte);
    const [answer] = await wire.responses();
    assert.equal(answer.status, 200);
    wire.destroy();
  });

  it('does not speak of CONNECT, and upgrades nothing', async () => {
    const [connect] = await sendUntilClosed(desk.port, 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n', desk.tls);
    assert.ok([400, 404, 405, 501].includes(connect.status), `${connect.status}`);
    const wire = await Wire.open(desk.port, desk.tls);
    const [upgrade] = await wire.send(get('/catalogue', `${host}Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n`)).responses();
    assert.notEqual(upgrade.status, 101);
    assert.equal(desk.upstream.last.headers.upgrade, undefined);
    wire.destroy();
  });

  it('never takes a body that it did not want for a request', async () => {
    const arrived = desk.upstream.requests.length;
    const hidden = get('/catalogue');
    for (const framing of [`Content-Length: ${hidden.length}\r\n`, 'Transfer-Encoding: chunked\r\n']) {
      const body = framing.startsWith('C') ? hidden : `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
      // Refused while the body is on its way, and with all of it there.
      const slow = await Wire.open(desk.port, desk.tls);
      await slow.send(post(framing)).responses();
      await slow.send(body).closedByServer();
      const whole = await sendUntilClosed(desk.port, post(`${framing}Connection: close\r\n`, body), desk.tls);
      for (const answers of [responsesIn(slow.received), whole]) assert.deepEqual(answers.map(({ status }) => status), [401], framing);
    }
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('says 100 only when it wants the body', async () => {
    const refused = await Wire.open(desk.port, desk.tls);
    const head = (token) => `POST /orders HTTP/1.1\r\n${host}${token}Content-Type: application/json\r\nContent-Length: 28\r\nExpect: 100-continue\r\n\r\n`;
    const [answer] = await refused.send(head('')).responses();
    assert.equal(answer.status, 401, 'refused before a body byte is read');
    refused.destroy();
    const wanted = await Wire.open(desk.port, desk.tls);
    wanted.send(head(`Authorization: Bearer ${desk.token}\r\n`));
    await wanted.until(({ received }) => received.includes('HTTP/1.1 100'), '100 Continue');
    wanted.send('{"title":"pen","quantity":1}');
    await wanted.until(({ received }) => received.includes('HTTP/1.1 200'), 'answer');
    wanted.destroy();
  });

  it('refuses an expectation that it does not know', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    const [answer] = await wire.send(withField('Expect: miracles')).responses();
    assert.ok([400, 417].includes(answer.status));
    wire.destroy();
  });
});
