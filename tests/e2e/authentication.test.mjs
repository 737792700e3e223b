// Authentication: API keys, tokens, certificates, anonymous; and attempts to get in without a valid credential.
// Rooms: client core crypto gate store

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { exportSPKI, importJWK } from 'jose';

import { Authority, Desk, Issuer, Wire, assertRefused, eventually, handmadeToken, serveJwks, undiciClient, unlessBuilt, audience, issuerName } from './harness.mjs';

const denied = (reason) => ({ status: 401, error: 'authentication_required', reason, stage: 'authenticate' });
const now = () => Math.floor(Date.now() / 1000);

describe('tokens', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open({ algorithms: ['ES256', 'RS256', 'PS256', 'EdDSA'] })));
  after(() => desk?.close());

  const refuse = async (token, reason) => assertRefused(desk.gatehouse, await desk.get('/orders/1', { authorization: `Bearer ${token}` }), denied(reason));

  it('are accepted under every configured algorithm, first and from memory', async () => {
    for (const { kid } of desk.issuer.jwks.keys) {
      const headers = await desk.bearerOf({ sub: kid }, { kid });
      for (let turn = 0; turn < 2; ++turn) {
        const answer = await desk.get('/orders/1', headers);
        assert.equal(answer.status, 200, `${kid}: ${answer.text}`);
        assert.equal(desk.upstream.last.headers['gatehouse-principal'], kid);
      }
    }
  });

  it('are needed: without one the answer names the schemes and nothing else', async () => {
    const answer = await desk.get('/orders/1', {});
    await assertRefused(desk.gatehouse, answer, denied('credential_missing'));
    assert.match(answer.headers['www-authenticate'], /Bearer/);
    assert.doesNotMatch(answer.headers['www-authenticate'], /error/);
  });

  it('are refused when they are over, to the second that clocks may differ', async () => {
    await refuse(await desk.issuer.token({ exp: now() - 120 }), 'credential_expired');
  });

  it('are refused before their time', async () => {
    await refuse(await desk.issuer.token({ nbf: now() + 300 }), 'credential_not_yet_valid');
  });

  for (const [what, claims] of Object.entries({
    'for another audience': { aud: 'other-api' },
    'without an audience': { aud: undefined },
    'of another issuer': { iss: 'https://evil.example/' },
    'of an issuer that begins alike': { iss: `${issuerName}x` },
    'without an issuer': { iss: undefined },
    'without an end': { exp: undefined },
    'whose end is text': { exp: '9999999999' },
    'without a subject': { sub: undefined },
    'whose subject is a number': { sub: 7 },
  })) {
    it(`are refused ${what}`, async () => refuse(await desk.issuer.token(claims), 'credential_claims'));
  }

  it('may name several audiences', async () => {
    assert.equal((await desk.get('/orders/1', await desk.bearerOf({ aud: ['other', audience] }))).status, 200);
  });

  it('are refused with another signature', async () => {
    const [head, claims, signature] = (await desk.issuer.token()).split('.');
    const bytes = Buffer.from(signature, 'base64url');
    bytes[10] ^= 1;
    await refuse(`${head}.${claims}.${bytes.toString('base64url')}`, 'credential_signature');
  });

  it('are refused when one claim was changed behind the signature, though the token was seen before', async () => {
    const token = await desk.issuer.token({ sub: 'bob' });
    assert.equal((await desk.get('/orders/1', { authorization: `Bearer ${token}` })).status, 200);
    const [head, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ iss: issuerName, aud: audience, sub: 'bob', exp: now() + 600, roles: ['admin'] }));
    await refuse(`${head}.${claims.toString('base64url')}.${signature}`, 'credential_signature');
  });

  it('do not leave a bad signature behind for the next connection', async () => {
    await refuse(`${(await desk.issuer.token()).slice(0, -8)}AAAAAAAA`, 'credential_signature');
    assert.equal((await desk.get('/orders/1')).status, 200);
  });

  const claims = () => ({ iss: issuerName, aud: audience, sub: 'ann', exp: now() + 600, roles: ['admin'] });

  for (const algorithm of ['none', 'None', 'NONE', '']) {
    it(`are refused with the algorithm '${algorithm}'`, async () => refuse(handmadeToken({ alg: algorithm, typ: 'JWT' }, claims()), 'credential_signature'));
  }

  it('are refused when an HMAC was made with the public key', async () => {
    const publicKey = await exportSPKI(await importJWK(desk.issuer.jwks.keys[1]));
    const token = handmadeToken({ alg: 'HS256', typ: 'JWT', kid: desk.issuer.jwks.keys[1].kid }, claims());
    const signed = token.slice(0, token.lastIndexOf('.'));
    await refuse(`${signed}.${createHmac('sha256', publicKey).update(signed).digest('base64url')}`, 'credential_signature');
  });

  it('are refused when the algorithm is not that of the key', async () => {
    const [, rsa, pss] = desk.issuer.jwks.keys;
    await refuse(await desk.issuer.token({}, { kid: rsa.kid, header: { kid: pss.kid } }), 'credential_unknown');
  });

  it('are refused with a key that came along', async () => {
    const stranger = await Issuer.create('ES256');
    const jwk = stranger.jwks.keys[0];
    await refuse(await stranger.token({}, { header: { jwk, kid: undefined } }), 'credential_signature');
    await refuse(await stranger.token({}, { header: { jku: 'https://evil.example/jwks.json', kid: 'unknown' } }), 'credential_unknown');
    await refuse(await stranger.token({}, { header: { jwk, kid: desk.issuer.jwks.keys[0].kid } }), 'credential_signature');
  });

  it('are refused with a critical extension that is not understood', async () => {
    await refuse(await desk.issuer.token({}, { header: { crit: ['x'], x: 1 } }).catch(() => handmadeToken({ alg: 'ES256', crit: ['x'], x: 1 }, claims(), 'x')), 'credential_malformed');
  });

  it('of another kind are refused by their typ', async () => {
    await refuse(await desk.issuer.token({}, { header: { typ: 'logout+jwt' } }), 'credential_claims');
  });

  it('are of the types that the configuration names, where it names them', async () => {
    const strict = await Desk.open({ change: (configuration) => (configuration.authenticators.userToken.types = ['at+jwt']) });
    for (const [typ, status] of [['at+jwt', 200], ['JWT', 401], [undefined, 401]]) {
      const answer = await strict.get('/orders/1', { authorization: `Bearer ${await strict.issuer.token({}, { header: { typ } })}` });
      assert.equal(answer.status, status, typ);
    }
    await strict.close();
  });

  for (const [what, token] of Object.entries({
    'that are empty': '', 'of one part': 'abc', 'of two parts': 'abc.def', 'of four parts': 'a.b.c.d',
    'with padding': 'eyJhbGciOiJFUzI1NiJ9=.e30=.AA==', 'with a space': 'a.b .c', 'of standard base64': 'ab+/.ab+/.ab+/',
    'of 100 KiB': 'a'.repeat(20_000) + '.b.c',
  })) {
    it(`are refused ${what}`, async () => {
      const answer = await desk.get('/orders/1', { authorization: `Bearer ${token}` });
      assert.ok([401, 431].includes(answer.status), answer.text);
      if (answer.status === 401) await assertRefused(desk.gatehouse, answer, denied('credential_malformed'));
    });
  }

  it('are refused twice at once', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    const field = `Authorization: Bearer ${desk.token}\r\n`;
    const [answer] = await wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\n${field}${field}\r\n`).responses();
    assert.ok([400, 401].includes(answer.status));
    if (answer.status === 401) await assertRefused(desk.gatehouse, answer, denied('credential_repeated'));
    wire.destroy();
  });

  it('that are bad refuse even where a key that is good stands beside them', async () => {
    const { key } = await desk.createKey();
    const answer = await desk.get('/orders/1', { 'x-api-key': key, authorization: 'Bearer abc' });
    assert.equal(answer.status, 401);
  });

  it('get the same answer for every error', async () => {
    const tokens = [await desk.issuer.token({ exp: now() - 999 }), await desk.issuer.token({ aud: 'x' }), 'garbage', 'a.b.c'];
    const faces = new Set();
    for (const token of tokens) {
      const answer = await desk.get('/orders/1', { authorization: `Bearer ${token}` });
      const { correlation_id: _, ...body } = answer.json();
      faces.add(JSON.stringify([answer.status, body, answer.headers['www-authenticate']]));
    }
    assert.equal(faces.size, 1);
  });
});

describe('key sets from a provider', unlessBuilt, () => {
  it('are fetched, refetched for an unknown key with a cap, and kept while the provider is down', async () => {
    let service;
    const desk = await Desk.open({
      change: async (configuration, _, { issuer, authority }) => {
        service = await serveJwks(() => issuer.jwks, authority.issue('provider'));
        Object.assign(configuration.authenticators.userToken, { jwks: service.url, jwks_ca: 'ca.crt' });
      },
    });
    await eventually(() => service.fetched > 0, 'fetch of the key set');
    await eventually(async () => (await desk.get('/orders/1')).status === 200, 'answer with the fetched keys');

    const fetched = service.fetched;
    const stranger = await Issuer.create('ES256');
    for (let count = 0; count < 50; ++count) {
      const token = await stranger.token({ sub: `s${count}` }, { header: { kid: `unknown-${count}` } });
      assert.equal((await desk.get('/orders/1', { authorization: `Bearer ${token}` })).status, 401);
    }
    assert.ok(service.fetched - fetched <= 2, `an unknown key may not make Gatehouse fetch at will: ${service.fetched - fetched}`);

    service.up = false;
    assert.equal((await desk.get('/orders/1', await desk.bearerOf({ sub: 'later' }))).status, 200);
    await service.close();
    await desk.close();
  });

  it('that never came answer 503, and do not keep Gatehouse from starting', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.authenticators.userToken.jwks = 'https://127.0.0.1:9/jwks.json') });
    const answer = await desk.get('/orders/1');
    await assertRefused(desk.gatehouse, answer, { status: 503, error: 'unavailable', reason: 'keys_unavailable' });
    assert.equal((await desk.get('/catalogue', {})).status, 200);
    await desk.close();
  });
});

describe('API keys', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const withKey = (key) => desk.get('/orders/1', { 'x-api-key': key });

  it('open the door for the one they were made for', async () => {
    const { key } = await desk.createKey('partner:acme');
    assert.match(key, /^gh_[A-Za-z0-9]+_[A-Za-z0-9]+$/);
    assert.equal((await withKey(key)).status, 200);
    assert.equal(desk.upstream.last.headers['gatehouse-principal'], 'partner:acme');
    assert.equal(desk.upstream.last.headers['x-api-key'], undefined, 'the upstream does not need the key');
  });

  it('are refused when any one character differs', async () => {
    const { key } = await desk.createKey();
    for (const at of [4, key.indexOf('_', 4) + 1, key.length - 1]) {
      const other = key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1);
      assert.equal((await withKey(other)).status, 401, other.length);
    }
  });

  it('are refused when they are not of their shape', async () => {
    for (const key of ['gh_', 'gh_x_y', 'secret', 'gh_' + 'a'.repeat(500)]) {
      await assertRefused(desk.gatehouse, await withKey(key), denied('credential_malformed'));
    }
  });

  it('that were never made are unknown', async () => {
    const elsewhere = await Desk.open();
    const { key } = await elsewhere.createKey();
    await elsewhere.close();
    await assertRefused(desk.gatehouse, await withKey(key), denied('credential_unknown'));
  });

  it('are refused everywhere as soon as they are revoked', async () => {
    const { id, key } = await desk.createKey();
    const clients = Array.from({ length: 8 }, () => undiciClient({ ca: desk.authority.certificate, connections: 1 }));
    const ask = (client) => desk.send('GET', '/orders/1', { headers: { 'x-api-key': key }, client });
    for (const client of clients) assert.equal((await ask(client)).status, 200);
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id)).status, 0);
    for (const client of clients) await assertRefused(desk.gatehouse, await ask(client), denied('credential_revoked'));
    clients.forEach((client) => client.close());
  });

  it('are refused when they are over', async () => {
    const { key } = await desk.createKey('partner:brief', ['partner'], '--expires', '1s');
    await eventually(async () => (await withKey(key)).status === 401, 'end of the key');
    await assertRefused(desk.gatehouse, await withKey(key), denied('credential_expired'));
  });

  it('are refused from another address than theirs', async () => {
    const { key } = await desk.createKey('partner:far', ['partner'], '--address', '203.0.113.0/24');
    await assertRefused(desk.gatehouse, await withKey(key), denied('credential_address'));
    const { key: near } = await desk.createKey('partner:near', ['partner'], '--address', '127.0.0.0/8');
    assert.equal((await withKey(near)).status, 200);
  });

  it('rotate with an overlap', async () => {
    const { id, key } = await desk.createKey('partner:turning');
    const rotated = JSON.parse((await desk.folder.run('key', 'rotate', '-c', 'gatehouse.yaml', id, '--overlap', '1h', '--json')).stdout);
    assert.notEqual(rotated.key, key);
    assert.equal((await withKey(key)).status, 200);
    assert.equal((await withKey(rotated.key)).status, 200);
  });

  it('are not in the store, nor in any event', async () => {
    const { key } = await desk.createKey('partner:quiet');
    await withKey(key);
    await withKey(`${key.slice(0, -1)}x`);
    const secret = key.slice(key.indexOf('_', 3) + 1);
    for (const file of ['state.db', 'events.jsonl']) assert.ok(!desk.folder.read(file).includes(secret), file);
    assert.ok(!desk.gatehouse.output.includes(secret));
  });

  it('are refused twice at once, the same and two, in any case of the name', async () => {
    const [{ key }, { key: other }] = [await desk.createKey(), await desk.createKey()];
    for (const second of [key, other, '']) {
      const wire = await Wire.open(desk.port, desk.tls);
      const [answer] = await wire.send(`GET /orders/1 HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\nx-api-KEY: ${second}\r\n\r\n`).responses();
      await assertRefused(desk.gatehouse, answer, denied('credential_repeated'));
      wire.destroy();
    }
  });

  it('and tokens are not taken for one another', async () => {
    const { key } = await desk.createKey();
    await assertRefused(desk.gatehouse, await desk.get('/orders/1', { authorization: `Bearer ${key}` }), denied('credential_malformed'));
    await assertRefused(desk.gatehouse, await withKey(desk.token), denied('credential_malformed'));
    for (const authorization of [`Basic ${Buffer.from(`x:${key}`).toString('base64')}`, `ApiKey ${key}`, key, 'Bearer', `Bearer ${desk.token}, Bearer ${desk.token}`, `Bearer\t${desk.token}`]) {
      assert.equal((await desk.get('/orders/1', { authorization })).status, 401, authorization.slice(0, 20));
    }
    assert.equal((await desk.get('/orders/1', { authorization: `bEaReR ${desk.token}` })).status, 200, 'the scheme has no case');
    assert.equal((await desk.get('/orders/1', { authorization: `Bearer   ${desk.token}` })).status, 200, 'one space or more');
  });

  it('that hold do not help where the document asks for something else', async () => {
    const { key } = await desk.createKey('partner:root', ['admin', 'clerk']);
    await assertRefused(desk.gatehouse, await desk.get('/users', { 'x-api-key': key }), denied('credential_missing'));
    await assertRefused(desk.gatehouse, await desk.get('/settlements', { 'x-api-key': key }), denied('credential_missing'));
  });

  it('that are bad refuse even where a token that is good stands beside them', async () => {
    for (const key of ['x', 'gh_x_y', `gh_${'a'.repeat(12)}_${'b'.repeat(40)}`]) {
      assert.equal((await desk.get('/orders/1', { ...desk.bearer, 'x-api-key': key })).status, 401, key);
    }
  });

  it('in a cookie are one cookie, and the upstream gets the others', async () => {
    const cookies = await Desk.open({ change: (configuration, api) => {
      const { authenticators } = configuration;
      configuration.fields = { cookies: { forward: ['a', 'b', 'sessions'] } };
      api.components.securitySchemes.sessionKey = { type: 'apiKey', in: 'cookie', name: 'session' };
      authenticators.sessionKey = { type: 'api_key', prefix: 'partner:' };
      api.paths['/orders/{id}'].get.security = [{ sessionKey: [] }];
    } });
    const { key } = await cookies.createKey('partner:acme', ['partner'], '--authenticator', 'sessionKey');
    const get = (cookie) => cookies.get('/orders/1', { cookie });
    for (const [sent, arrives] of [[`session=${key}`, undefined], [`a=1; session=${key}; b="2"`, 'a=1; b=2'], [`session="${key}"; sessions=3`, 'sessions=3']]) {
      assert.equal((await get(sent)).status, 200, sent.length);
      assert.equal(cookies.upstream.last.headers.cookie, arrives);
    }
    await assertRefused(cookies.gatehouse, await get(`session=${key}; session=${key}`), denied('credential_repeated'));
    await assertRefused(cookies.gatehouse, await get(`Session=${key}`), denied('credential_missing'));
    assert.ok(!cookies.folder.read('events.jsonl').includes(key));
    await cookies.close();
  });

  describe('in the query', () => {
    let queries;
    let key;
    before(async () => {
      queries = await Desk.open({ change: ({ authenticators }, api) => {
        api.components.securitySchemes.queryKey = { type: 'apiKey', in: 'query', name: 'api_key' };
        authenticators.queryKey = { type: 'api_key', prefix: 'partner:' };
        api.paths['/orders'].get.security = [{ queryKey: [] }];
        // Any name is a filter here: nothing is undeclared.
        api.paths['/orders/{id}'].get.security = [{ queryKey: [] }];
        api.paths['/orders/{id}'].get.parameters = [{ name: 'filter', in: 'query', schema: { type: 'object', additionalProperties: { type: 'string', maxLength: 100 } } }];
      } });
      ({ key } = await queries.createKey('partner:acme', ['partner'], '--authenticator', 'queryKey'));
    });
    after(() => queries?.close());
    const get = (target) => queries.get(target.replaceAll('KEY', key), {});

    for (const [what, sent, arrives] of [
      ['alone', '/orders?api_key=KEY', '/orders'],
      ['before others', '/orders?api_key=KEY&limit=5&status=open', '/orders?limit=5&status=open'],
      ['between others', '/orders?limit=5&api_key=KEY&status=open', '/orders?limit=5&status=open'],
      ['behind others', '/orders?limit=5&status=open&api_key=KEY', '/orders?limit=5&status=open'],
      ['between two of one name', '/orders?tag=a&api_key=KEY&tag=b', '/orders?tag=a&tag=b'],
      ['beside what is written in its own way', '/orders?%71=a%2Fb%20%c3%A9&api_key=KEY&li%6dit=5', '/orders?q=a%2Fb%20%C3%A9&limit=5'],
      ['beside a value that looks like it', '/orders?q=api_key=1&api_key=KEY', '/orders?q=api_key=1'],
      ['beside longer names', '/orders/1?api_key2=x&api_key=KEY&my_api_key=y', '/orders/1?api_key2=x&my_api_key=y'],
    ]) {
      it(`${what} are taken out, and nothing else is touched`, async () => {
        const answer = await get(sent);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(queries.upstream.last.target, arrives);
        assert.equal(queries.upstream.last.headers['gatehouse-principal'], 'partner:acme');
        assert.ok(!queries.upstream.last.head.includes(key), 'no byte of the key arrives, in no header either');
      });
    }

    const refused = async (target, expected) => {
      const before = queries.upstream.requests.length;
      await assertRefused(queries.gatehouse, await get(target), expected);
      assert.equal(queries.upstream.requests.length, before, 'nothing arrives');
    };

    for (const target of ['/orders?api_key=KEY&api_key=KEY', '/orders?api_key=KEY&limit=5&api_key=x', '/orders?api_key=&api_key=KEY', '/orders/1?api_key=KEY&api_key']) {
      it(`are none when they are repeated: ${target}`, () => refused(target, denied('credential_repeated')));
    }

    for (const name of ['%61pi_key', 'api%5Fkey', 'api%5fkey', '%61%70%69%5F%6B%65%79', 'API_KEY', 'api_key%00']) {
      it(`are none under a name in disguise: ${name}`, async () => {
        await refused(`/orders?${name}=KEY`, denied('credential_missing'));
        await refused(`/orders/1?${name}=KEY`, denied('credential_missing'));
        await refused(`/orders?api_key=KEY&${name}=KEY`, { status: 400, error: 'invalid_request', reason: 'parameters_invalid', stage: 'validate' });
      });
    }

    it('come once: a second one in disguise does not get through where every name is allowed', async () => {
      for (const name of ['%61pi_key', 'api%5Fkey', 'api%5fkey', '%61%70%69%5F%6B%65%79']) {
        for (const query of [`api_key=KEY&${name}=KEY`, `${name}=other&api_key=KEY`, `a=1&api_key=KEY&${name}`]) {
          await refused(`/orders/1?${query}`, { status: 400, error: 'invalid_request', reason: 'parameters_invalid', stage: 'validate' });
        }
      }
    });

    it('that are not of their shape as they are written are none', async () => {
      await refused(`/orders?api_key=${key.replace('_', '%5F')}`, denied('credential_malformed'));
      await refused('/orders?api_key=KEY%20', denied('credential_malformed'));
      await refused('/orders?api_key=', denied('credential_missing'));
      await refused('/orders?api_key', denied('credential_missing'));
    });

    it('leave no trace in any event', async () => {
      await get('/orders?limit=5&api_key=KEY');
      await get('/orders?limit=500&api_key=KEY');
      assert.ok(!queries.folder.read('events.jsonl').includes(key));
      assert.ok(!queries.gatehouse.output.includes(key));
    });
  });

  it('are looked for where the document says, and nowhere else', async () => {
    const { key } = await desk.createKey();
    for (const [target, headers] of [[`/orders/1?X-API-Key=${key}`, {}], ['/orders/1', { authorization: `Bearer ${key}` }], ['/orders/1', { cookie: `X-API-Key=${key}` }]]) {
      assert.notEqual((await desk.get(target, headers)).status, 200);
    }
  });
});

describe('client certificates', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const withCertificate = async (pair, target = '/settlements', headers = {}) => {
    const client = undiciClient({ ca: desk.authority.certificate, ...pair });
    try {
      return await desk.send('GET', target, { headers, client });
    } finally {
      client.close();
    }
  };

  it('admit callers with a certificate of the authority', async () => {
    const answer = await withCertificate(desk.clients.issue('acme', { subject: '/O=Acme/CN=acme', use: 'clientAuth' }));
    assert.equal(answer.status, 200, answer.text);
    assert.match(desk.upstream.last.headers['gatehouse-principal'], /acme/);
  });

  it('are needed where the operation says so, not elsewhere', async () => {
    await assertRefused(desk.gatehouse, await desk.get('/settlements'), denied('credential_missing'));
    assert.equal((await desk.get('/catalogue', {})).status, 200);
  });

  it('of another authority do not open it', async () => {
    const stranger = new Authority(desk.folder.path, 'stranger');
    await assert.rejects(withCertificate(stranger.issue('mallory', { use: 'clientAuth' })).then(({ status }) => assert.equal(status, 200)));
  });

  it('for servers do not open it', async () => {
    await assert.rejects(withCertificate(desk.clients.issue('server-only', { use: 'serverAuth' })).then(({ status }) => assert.equal(status, 200)));
  });

  it('and a token are both needed where the document joins them', async () => {
    const pair = desk.clients.issue('both', { subject: '/CN=both', use: 'clientAuth' });
    assert.equal((await withCertificate(pair, '/transfers', desk.bearer)).status, 200);
    assert.equal((await withCertificate(pair, '/transfers')).status, 401);
    assert.equal((await desk.get('/transfers')).status, 401);
  });
});

describe('anonymous', unlessBuilt, () => {
  it('is a principal where the document admits it, and a bad credential is still refused there', async () => {
    const desk = await Desk.open({ change: (_, api) => (api.paths['/catalogue'].get.security = [{}, { userToken: [] }]) });
    assert.equal((await desk.get('/catalogue', {})).status, 200);
    assert.equal(desk.upstream.last.headers['gatehouse-principal'], undefined);
    assert.equal((await desk.get('/catalogue', { authorization: 'Bearer abc' })).status, 401);
    await desk.close();
  });
});
