// Identity: withdrawn keys, revocation while a request is under way, caches, and the identity in requests to upstreams and in events.
// Rooms: gate client crypto core store policy server app target

import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';

import { Desk, Issuer, Wire, assertRefused, eventually, serveJwks, undiciClient, unlessBuilt, issuerName } from './harness.mjs';

const denied = (reason) => ({ status: 401, error: 'authentication_required', reason, stage: 'authenticate' });
const unavailable = { status: 503, error: 'unavailable', reason: 'keys_unavailable' };

const metric = async (desk, name) => {
  const text = await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))[1]);
};

// A desk whose issuer's keys come from a server of the test's.
async function deskWithProvider(settings = {}) {
  let service;
  const desk = await Desk.open({
    change: async (configuration, _, { issuer, authority }) => {
      service = await serveJwks(() => issuer.jwks, authority.issue('provider'));
      Object.assign(configuration.authenticators.userToken, { jwks: service.url, jwks_ca: 'ca.crt', ...settings });
    },
  });
  await eventually(async () => (await desk.get('/orders/1')).status === 200, 'answer with the fetched keys');
  return { desk, service, close: () => Promise.all([service.close(), desk.close()]) };
}

describe("an issuer's keys", unlessBuilt, () => {
  it('are fetched anew by a reload: a key that was withdrawn ends', async () => {
    const { desk, close } = await deskWithProvider();
    const [{ kid }] = desk.issuer.jwks.keys;
    await desk.issuer.addKey('ES256');
    desk.issuer.removeKey(kid);
    assert.equal((await desk.get('/orders/1')).status, 200, 'nobody has looked yet');
    desk.gatehouse.signal('SIGHUP');
    await eventually(async () => (await desk.get('/orders/1')).status === 401, 'end of the withdrawn key');
    await close();
  });

  it('of a file that cannot be read fail a reload, and nothing changes', async () => {
    const desk = await Desk.open();
    desk.folder.write('keys.json', 'no keys');
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('the configuration is unchanged'), 'refused reload');
    assert.equal((await desk.get('/orders/1')).status, 200);
    await desk.close();
  });

  it('end without a successful fetch for so long, and each failure is an event and counted', async () => {
    const desk = await Desk.open({ change: ({ authenticators }) => (authenticators.userToken.stale = '3s') });
    assert.equal((await desk.get('/orders/1')).status, 200);
    rmSync(`${desk.folder.path}/keys.json`);
    await eventually(async () => (await desk.get('/orders/1')).status === 503, 'end of the keys');
    await assertRefused(desk.gatehouse, await desk.get('/orders/1'), unavailable);
    const event = await desk.gatehouse.event((one) => one['event.name'] === 'keys' && one.detail.includes('keys.json'), 'event of a failure');
    assert.deepEqual([event.outcome, event.reason, event.rule], ['failed', 'keys_unavailable', 'userToken']);
    assert.ok(await metric(desk, 'gatehouse_issuer_key_failures_total') > 0);
    assert.ok(await metric(desk, 'gatehouse_issuer_key_age_seconds') >= 2);
    assert.equal(desk.gatehouse.output.match(/keys\.json/g).length, 1, 'the operator hears the same once');
    desk.writeFiles();
    await eventually(async () => (await desk.get('/orders/1')).status === 200, 'keys that are read again');
    assert.match(desk.gatehouse.output, /the keys of userToken: the keys were fetched again/);
    await desk.close();
  });

  it('that are fresh decide about an unknown key at once, however slow the provider is', async () => {
    const { desk, service, close } = await deskWithProvider();
    const stranger = await Issuer.create('ES256');
    let letGo;
    service.hold = new Promise((resolve) => (letGo = resolve));
    const fetched = service.fetched;
    await eventually(async () => {
      const token = await stranger.token({}, { header: { kid: `unknown-${Math.random()}` } });
      const begun = performance.now();
      assert.equal((await desk.get('/orders/1', { authorization: `Bearer ${token}` })).status, 401);
      assert.ok(performance.now() - begun < 1000, 'the answer does not wait for the provider');
      return service.fetched > fetched;
    }, 'fetch for an unknown key');
    letGo();
    await close();
  });

  it('are fetched no more when no authenticator asks for them', async () => {
    const { desk, service, close } = await deskWithProvider();
    desk.configuration.authenticators.userToken.jwks = 'file:keys.json';
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('reloaded'), 'reload');
    const fetched = service.fetched;
    const stranger = await Issuer.create('ES256');
    assert.equal((await desk.get('/orders/1', { authorization: `Bearer ${await stranger.token({}, { header: { kid: 'x' } })}` })).status, 401);
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.match(/reloaded/g).length === 2, 'second reload');
    assert.equal(service.fetched, fetched);
    await close();
  });
});

describe('certificates that are taken back', unlessBuilt, () => {
  const open = async (options = {}) => {
    let pairs;
    const desk = await Desk.open({ change: (configuration, _, { clients }) => {
      pairs = ['good', 'bad'].map((name) => clients.issue(name, { subject: `/CN=${name}`, use: 'clientAuth' }));
      clients.takeBack([], options);
      configuration.tls.client_crl = 'clients.crl';
    } });
    const [good, bad] = pairs.map((pair) => undiciClient({ ca: desk.authority.certificate, connections: 1, ...pair }));
    const ask = (client) => desk.send('GET', '/settlements', { headers: {}, client });
    return { desk, pairs, good, bad, ask, close: () => { good.close(); bad.close(); return desk.close(); } };
  };

  it('are refused as soon as the list says so, on connections that are open too', async () => {
    const { desk, pairs, good, bad, ask, close } = await open();
    for (const client of [good, bad]) assert.equal((await ask(client)).status, 200);
    desk.clients.takeBack([pairs[1]]);
    await eventually(async () => (await ask(bad)).status === 401, 'end of the certificate');
    await assertRefused(desk.gatehouse, await ask(bad), denied('credential_revoked'));
    assert.equal((await ask(good)).status, 200);
    await close();
  });

  it('are not known from an outdated list: every certificate is refused', async () => {
    const { desk, good, ask, close } = await open({ seconds: 4 });
    assert.equal((await ask(good)).status, 200);
    await eventually(async () => (await ask(good)).status === 503, 'end of the list');
    await assertRefused(desk.gatehouse, await ask(good), unavailable);
    desk.clients.takeBack([]);
    await eventually(async () => (await ask(good)).status === 200, 'the next list');
    await close();
  });

  it('stay as the last good list says when a bad one is written', async () => {
    const { desk, pairs, bad, ask, close } = await open();
    desk.clients.takeBack([pairs[1]]);
    await eventually(async () => (await ask(bad)).status === 401, 'end of the certificate');
    desk.folder.write('clients.crl', 'no list');
    await eventually(() => desk.gatehouse.output.includes('the changed revocation list is not used'), 'word to the operator');
    assert.equal((await ask(bad)).status, 401);
    await close();
  });

  it('need a list that the authorities have signed', async () => {
    const { desk, close } = await open();
    desk.authority.takeBack([]);
    desk.folder.write('clients.crl', readFileSync(`${desk.folder.path}/ca.crl`, 'utf8'));
    const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /tls\.client_crl: clients\.crl: the list of `CN=Test ca` is not signed by one of the authorities/);
    await close();
  });
});

describe('revocation', unlessBuilt, () => {
  // A request whose body stands still half-way.
  const halfOf = async (desk, headers) => {
    const wire = await Wire.open(desk.port, desk.tls);
    const body = JSON.stringify({ title: 'pen', quantity: 1 });
    const fields = Object.entries({ host: 'localhost', 'content-type': 'application/json', 'content-length': body.length, ...headers });
    wire.send(`POST /orders HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body.slice(0, 5)}`);
    return { rest: async () => (await wire.send(body.slice(5)).responses())[0], close: () => wire.destroy() };
  };

  it('holds for a request whose body is still arriving', async () => {
    const desk = await Desk.open();
    const { id, key } = await desk.createKey();
    const half = await halfOf(desk, { 'x-api-key': key });
    // The key is good by now: another request that was sent later has passed the gates.
    assert.equal((await desk.get('/orders/1', { 'x-api-key': key })).status, 200);
    const arrived = desk.upstream.requests.length;
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id)).status, 0);
    const event = await assertRefused(desk.gatehouse, await half.rest(), denied('credential_revoked'));
    assert.equal(event['user.id'], 'partner:acme', 'who it was is known');
    assert.equal(desk.upstream.requests.length, arrived, 'nothing reaches the upstream');
    half.close();
    await desk.close();
  });

  it('does not refuse the others whose bodies take their time', async () => {
    const desk = await Desk.open();
    const { key } = await desk.createKey();
    const { id } = await desk.createKey('partner:other');
    const half = await halfOf(desk, { 'x-api-key': key });
    assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', id)).status, 0);
    assert.equal((await half.rest()).status, 200);
    half.close();
    await desk.close();
  });
});

describe('keys', unlessBuilt, () => {
  const open = () => Desk.open({ change: ({ authenticators }, api) => {
    api.components.securitySchemes.hookKey = { type: 'apiKey', in: 'header', name: 'X-Hook-Key' };
    authenticators.hookKey = { type: 'api_key', prefix: 'hook:' };
    api.paths['/orders'].get.security = [{ hookKey: [] }];
  } });

  it('are made for an authenticator, which the operator names where there are several', async () => {
    const desk = await open();
    const create = (...words) => desk.folder.run('key', 'create', '-c', 'gatehouse.yaml', '--role', 'partner', ...words);
    for (const [words, expected] of [
      [['--principal', 'partner:x'], /choose one with --authenticator: hookKey, partnerKey/],
      [['--principal', 'partner:x', '--authenticator', 'userToken'], /no authenticator `userToken` of type api_key/],
      [['--principal', 'ann', '--authenticator', 'partnerKey'], /write --principal partner:ann/],
    ]) {
      const { status, stderr } = await create(...words);
      assert.equal(status, 1);
      assert.match(stderr, expected);
    }
    const { key } = await desk.createKey('hook:acme', ['partner'], '--authenticator', 'hookKey');
    assert.equal((await desk.get('/orders', { 'x-hook-key': key })).status, 200);
    await assertRefused(desk.gatehouse, await desk.get('/orders/1', { 'x-api-key': key }), denied('credential_unknown'));
    await desk.close();
  });
});

describe('a credential', unlessBuilt, () => {
  it('has one allowance, whichever authenticator takes it', async () => {
    const desk = await Desk.open({ change: ({ authenticators, limits, operations }, api) => {
      api.components.securitySchemes.hookKey = { type: 'apiKey', in: 'header', name: 'X-Hook-Key' };
      authenticators.hookKey = { type: 'api_key', prefix: 'partner:' };
      limits.per_key = { per: 'key', rate: '1/h', burst: 2 };
      Object.assign(operations.listOrders, { limits: ['per_ip', 'per_key'] });
      api.paths['/orders'].get.security = [{ hookKey: [] }, { partnerKey: [] }];
    } });
    const { key } = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'hookKey', '--authenticator', 'partnerKey');
    assert.equal((await desk.get('/orders', { 'x-hook-key': key })).status, 200);
    assert.equal((await desk.get('/orders', { 'x-api-key': key })).status, 200);
    for (const field of ['x-hook-key', 'x-api-key']) assert.equal((await desk.get('/orders', { [field]: key })).status, 429, field);
    const other = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'partnerKey');
    assert.equal((await desk.get('/orders', { 'x-api-key': other.key })).status, 200);
    await desk.close();
  });

  it('gives an id that its event names whole, or none', async () => {
    const desk = await Desk.open();
    const get = async (sub) => desk.get('/orders/1', await desk.bearerOf({ sub }));
    const answer = await get('n'.repeat(1024));
    assert.equal(answer.status, 200);
    assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['user.id'], 'n'.repeat(1024));
    await assertRefused(desk.gatehouse, await get('n'.repeat(1025)), denied('credential_claims'));
    await desk.close();
  });
});

describe('the identity of a proven caller', unlessBuilt, () => {
  const claimsOf = (assertion) => JSON.parse(Buffer.from(assertion.split('.')[1], 'base64url'));

  it('names every principal, the scheme and the issuer: to the upstream, in the assertion, in the event and in why', async () => {
    const desk = await Desk.open({ change: ({ operations }) => (operations.listTransfers.assert = true) });
    const pair = desk.clients.issue('robot', { subject: '/O=Acme, Inc/CN=robot', use: 'clientAuth' });
    const client = undiciClient({ ca: desk.authority.certificate, ...pair });
    const answer = await desk.send('GET', '/transfers', { headers: { ...await desk.bearerOf({ sub: 'ann', jti: 'j1', roles: ['clerk'] }), 'Gatehouse-Beside': 'x=root', 'Gatehouse-Scheme': 'x' }, client });
    assert.equal(answer.status, 200, answer.text);
    const { headers } = desk.upstream.last;
    assert.equal(headers['gatehouse-principal'], 'ann');
    assert.equal(headers['gatehouse-scheme'], 'userToken');
    assert.equal(headers['gatehouse-issuer'], issuerName);
    assert.equal(headers['gatehouse-beside'], 'partnerCertificate=certificate:CN=robot%2CO=Acme\\%2C%20Inc');
    const claims = claimsOf(headers['gatehouse-assertion']);
    assert.deepEqual([claims.sub, claims.scheme, claims.issuer], ['ann', 'userToken', issuerName]);
    assert.deepEqual(claims.beside, [{ sub: 'certificate:CN=robot,O=Acme\\, Inc', scheme: 'partnerCertificate', issuer: 'CN=Test clients' }]);
    const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
    assert.deepEqual([event['user.id'], event['auth.scheme'], event['auth.issuer'], event['auth.credential.id']], ['ann', 'userToken', issuerName, 'j1']);
    assert.equal(event['auth.also'].length, 1);
    assert.equal(event['auth.also'][0]['user.id'], 'certificate:CN=robot,O=Acme\\, Inc');
    assert.equal(event['auth.also'][0]['auth.issuer'], 'CN=Test clients');
    const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
    assert.match(stdout, /ann by userToken of https:.*credential j1; and certificate:CN=robot/);
    client.close();
    await desk.close();
  });

  it('names a caller that lacks a scope, and why says that the caller was proven', async () => {
    const desk = await Desk.open({ change: (_, api) => (api.paths['/orders/{id}'].get.security = [{ userToken: ['orders:read'] }]) });
    const answer = await desk.get('/orders/1', await desk.bearerOf({ sub: 'u1', scope: 'x' }));
    const event = await assertRefused(desk.gatehouse, answer, { status: 403, error: 'forbidden', reason: 'scope_missing', stage: 'authorise' });
    assert.deepEqual([event['user.id'], event['auth.scheme'], event.detail], ['u1', 'userToken', 'the scope `orders:read` is missing']);
    const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
    assert.match(stdout, /authenticate.*passed.*u1 by userToken/);
    assert.match(stdout, /orders:read/);
    await desk.close();
  });
});

describe('the cache of tokens', unlessBuilt, () => {
  it('takes no more memory than it may, however many there are and however large', async () => {
    const desk = await Desk.open({ change: (configuration) => (configuration.workers = 1) });
    const rss = () => Number(readFileSync(`/proc/${desk.gatehouse.process.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
    // 5 KB of claims that take 60 KB as values.
    const large = Array.from({ length: 2400 }, () => 1);
    const ask = async (count) => {
      for (let sent = 0; sent < count; sent += 50) {
        const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) => desk.get('/orders/1', await desk.bearerOf({ sub: `s${sent + index}`, large }))));
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      }
    };
    await ask(200);
    const before = rss();
    await ask(4000);
    assert.ok(await metric(desk, 'gatehouse_token_cache_bytes') <= 64 * 1024 * 1024);
    assert.ok(await metric(desk, 'gatehouse_token_cache_evicted_total') > 1000);
    assert.ok(rss() - before < 120, `${rss() - before} MiB more than before, where ${4000 * 60 / 1024} would be remembered`);
    await desk.close();
  });
});

describe('two sources of ids', unlessBuilt, () => {
  it('have prefixes of their own, or are the same people', async () => {
    const desk = await Desk.open();
    const check = async (change) => {
      const kept = structuredClone(desk.configuration.authenticators);
      change(desk.configuration.authenticators);
      desk.writeFiles();
      desk.configuration.authenticators = kept;
      return desk.folder.run('check', '-c', 'gatehouse.yaml');
    };
    for (const change of [({ partnerKey }) => delete partnerKey.prefix, ({ partnerKey }) => (partnerKey.prefix = 'certificate:')]) {
      const { status, stderr } = await check(change);
      assert.equal(status, 1);
      assert.match(stderr, /could give a caller the principal\.id of a principal that \w+ proves/);
    }
    const same = await check(({ partnerKey }) => { delete partnerKey.prefix; partnerKey.same_people_as = 'userToken'; });
    assert.equal(same.status, 0, same.stderr);
    await desk.close();
  });
});

describe('prefixes that nest within one source', unlessBuilt, () => {
  it('make one id of no two subjects of an issuer', async () => {
    const desk = await Desk.open({ change: ({ authenticators }, api) => {
      authenticators.userToken.prefix = 'user:';
      authenticators.serviceToken = { ...authenticators.userToken, prefix: 'user:svc:', audience: 'services' };
      api.components.securitySchemes.serviceToken = { type: 'http', scheme: 'bearer' };
      api.paths['/orders/{id}'].get.security = [{ userToken: [] }, { serviceToken: [] }];
    } });
    const ask = async (claims) => desk.get('/orders/1', await desk.bearerOf(claims));
    assert.equal((await ask({ sub: 'ann', aud: 'services' })).status, 200);
    assert.equal(desk.upstream.last.headers['gatehouse-principal'], 'user:svc:ann');
    await assertRefused(desk.gatehouse, await ask({ sub: 'svc:ann' }), { status: 401, error: 'authentication_required', reason: 'credential_claims', stage: 'authenticate' });
    assert.equal((await ask({ sub: 'svc' })).status, 200);
    await desk.close();
  });

  it('make one id of no two names of certificates', async () => {
    let ann, other;
    const desk = await Desk.open({ change: ({ authenticators, operations }, api, { clients }) => {
      ann = clients.issue('ann', { subject: '/CN=ops:ann', use: 'clientAuth' });
      other = clients.issue('other', { subject: '/CN=ann', use: 'clientAuth' });
      authenticators.partnerCertificate = { type: 'mtls', prefix: 'machine:', id: 'claims.common_name' };
      authenticators.opsCertificate = { type: 'mtls', prefix: 'machine:ops:', id: 'claims.common_name' };
      api.components.securitySchemes.opsCertificate = { type: 'mutualTLS' };
      api.paths['/users'].get.security = [{ opsCertificate: [] }];
      operations.listUsers = { permission: 'profile:read' };
    } });
    const ask = async (pair, path) => {
      const client = undiciClient({ ca: desk.authority.certificate, ...pair });
      try { return (await desk.send('GET', path, { headers: {}, client })).status; } finally { client.close(); }
    };
    assert.equal(await ask(other, '/users'), 200);
    assert.equal(desk.upstream.last.headers['gatehouse-principal'], 'machine:ops:ann');
    assert.equal(await ask(ann, '/settlements'), 401);
    assert.equal(await ask(other, '/settlements'), 200);
    await desk.close();
  });
});

describe('two documents', unlessBuilt, () => {
  it('that let one scheme travel in two places are no configuration', async () => {
    const desk = await Desk.open();
    const other = { openapi: '3.1.0', info: { title: 'Other', version: '1' }, paths: { '/other': { get: { operationId: 'other', security: [{ partnerKey: [] }], responses: { 200: { description: 'OK' } } } } },
      components: { securitySchemes: { partnerKey: { type: 'apiKey', in: 'header', name: 'X-Other-Key' } } } };
    desk.configuration.openapi.push('other.json');
    desk.configuration.operations.other = { permission: 'orders:read' };
    desk.folder.write('other.json', other);
    desk.writeFiles();
    const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /the security scheme `partnerKey` has another place in .*; let the documents agree/);
    await desk.close();
  });
});

describe('several authorities', unlessBuilt, () => {
  it('for client certificates are named by the authenticator', async () => {
    const desk = await Desk.open();
    const check = () => desk.folder.run('check', '-c', 'gatehouse.yaml');
    desk.folder.write('clients.crt', desk.clients.certificate + desk.authority.certificate);
    const { status, stderr } = await check();
    assert.equal(status, 1);
    assert.match(stderr, /tls\.client_ca holds 2 authorities.*`issuers: \["CN=Test ca", "CN=Test clients"\]`/);
    desk.configuration.authenticators.partnerCertificate.issuers = ['CN=Test clients'];
    desk.writeFiles();
    assert.equal((await check()).status, 0);
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('reloaded'), 'reload');
    const ask = async (authority, expected) => {
      const client = undiciClient({ ca: desk.authority.certificate, ...authority.issue('machine', { subject: '/CN=machine', use: 'clientAuth' }) });
      const answer = await desk.send('GET', '/settlements', { headers: {}, client });
      client.close();
      assert.equal(answer.status, expected, answer.text);
      return answer;
    };
    await ask(desk.clients, 200);
    await assertRefused(desk.gatehouse, await ask(desk.authority, 401), denied('credential_unknown'));
    await desk.close();
  });
});

describe('blocked principals', unlessBuilt, () => {
  it('are named as events name them, also one whose id is a credential', async () => {
    const desk = await Desk.open();
    const { key } = await desk.createKey();
    const careless = await desk.bearerOf({ sub: key });
    const before = await desk.get('/orders/1', careless);
    assert.equal(before.status, 200);
    const name = (await desk.gatehouse.eventOf(before.headers['x-request-id']))['user.id'];
    assert.match(name, /^sha256:/);
    desk.configuration.blocked = { principals: [name] };
    desk.writeFiles();
    desk.gatehouse.signal('SIGHUP');
    await eventually(() => desk.gatehouse.output.includes('reloaded'), 'reload');
    const after = await assertRefused(desk.gatehouse, await desk.get('/orders/1', careless), { status: 403, error: 'forbidden', reason: 'principal_blocked' });
    assert.equal(after.detail, `${name} is blocked`);
    assert.equal((await desk.get('/orders/1')).status, 200);
    await desk.close();
  });

  it('have names that a principal can have', async () => {
    const desk = await Desk.open();
    for (const name of ['anonymous', 'Gatehouse']) {
      desk.folder.write('other.yaml', { ...desk.configuration, blocked: { principals: [name] } });
      const { status, stderr } = await desk.folder.run('check', '-c', 'other.yaml');
      assert.equal(status, 1);
      assert.ok(stderr.includes(`blocked.principals: no principal is called \`${name}\``), stderr);
    }
    await desk.close();
  });
});
