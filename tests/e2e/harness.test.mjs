// The harness itself: a harness that reads wrongly would pass faulty code.
// Rooms: http

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

import { createLocalJWKSet, jwtVerify } from 'jose';

import { Authority, Folder, Issuer, Upstream, Wire, response, responsesIn, takeMessage, audience, issuerName } from './harness.mjs';

test('responses are taken apart by length, by chunks and by the end', () => {
  const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nhiHTTP/1.1 201 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\nHTTP/1.1 400 No\r\n\r\nrest');
  assert.deepEqual(responsesIn(bytes).map(({ status, body }) => [status, body.toString()]), [[200, 'hi'], [201, 'abc'], [400, 'rest']]);
  assert.equal(responsesIn(bytes)[0].headers['x-a'], '1, 2');
});

test('half a response is not a response', () => {
  assert.throws(() => responsesIn(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi')));
  assert.equal(takeMessage(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n')), null);
});

test('an upstream keeps the bytes that arrived and answers in order', async () => {
  const upstream = await Upstream.start();
  upstream.answer = ({ target }) => response(200, target);
  const wire = await Wire.open(upstream.port, { tls: false });
  wire.send('GET /a%2F HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\n\x00\xff!');
  const answers = await wire.responses(2);
  assert.deepEqual(answers.map(({ body }) => body.toString()), ['/a%2F', '/b']);
  assert.deepEqual([...upstream.last.body], [0, 255, 33]);
  wire.destroy();
  await upstream.close();
});

test('tokens of every algorithm verify, and the issuer can leave claims out', async () => {
  const issuer = await Issuer.create('ES256', 'RS256', 'EdDSA', 'PS256');
  for (const { kid } of issuer.jwks.keys) {
    const token = await issuer.token({ sub: undefined }, { kid });
    const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks), { audience, issuer: issuerName });
    assert.equal('sub' in payload, false);
  }
});

test('certificates chain to the authority that issued them', () => {
  const folder = new Folder();
  const authority = new Authority(folder.path);
  authority.issue('partner', { subject: '/O=Acme/CN=partner', use: 'clientAuth' });
  const verdict = execFileSync('openssl', ['verify', '-CAfile', 'ca.crt', '-purpose', 'sslclient', 'partner.crt'], { cwd: folder.path, encoding: 'utf8' });
  assert.match(verdict, /OK/);
  folder.remove();
});
