// Authorization in the forms that vendors' documents declare: HTTP Basic with an API key as the password (case 07), and apiKey
// schemes whose header is Authorization (case 06).
// Rooms: gate policy app trial

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, assertRefused, response, unlessBuilt } from './harness.mjs';

const done = { 200: { description: 'Done' } };
const basic = (user, key) => ({ authorization: `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}` });
const refused = (reason) => ({ status: 401, error: 'authentication_required', reason, stage: 'authenticate' });

describe('Authorization', unlessBuilt, () => {
  let desk, key, id;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        Object.assign(api.components.securitySchemes, {
          account: { type: 'http', scheme: 'Basic' },
          legacyToken: { type: 'apiKey', in: 'header', name: 'authorization' },
          legacyKey: { type: 'apiKey', in: 'header', name: 'Authorization' },
          tokenKey: { type: 'apiKey', in: 'header', name: 'Authorization' },
          jwtWord: { type: 'apiKey', in: 'header', name: 'Authorization' },
        });
        const { userToken } = configuration.authenticators;
        Object.assign(configuration.authenticators, {
          account: { type: 'basic', prefix: 'partner:' },
          legacyKey: { type: 'api_key', prefix: 'partner:' },
          legacyToken: { ...userToken, same_people_as: 'userToken' },
          tokenKey: { type: 'api_key', prefix: 'partner:', auth_scheme: 'Token' },
          jwtWord: { ...userToken, same_people_as: 'userToken', auth_scheme: 'JWT' },
        });
        const paths = {
          '/account': ['account', [{ account: [] }]],
          '/either': ['either', [{ account: [] }, { userToken: [] }]],
          '/both': ['both', [{ account: [], partnerKey: [] }]],
          '/legacy/token': ['byLegacyToken', [{ legacyToken: [] }]],
          '/legacy/key': ['byLegacyKey', [{ legacyKey: [] }]],
          '/token': ['byTokenKey', [{ tokenKey: [] }]],
          '/jwt': ['byJwtWord', [{ jwtWord: [] }]],
          '/words': ['byWords', [{ tokenKey: [] }, { jwtWord: [] }, { legacyKey: [] }]],
          '/legacy/any': ['byAny', [{ legacyKey: [] }, { legacyToken: [] }, { account: [] }]],
        };
        for (const [path, [name, security]] of Object.entries(paths)) {
          api.paths[path] = { get: { operationId: name, security, responses: done } };
          configuration.operations[name] = { permission: 'orders:read', ...(name === 'both' && { principal: 'account' }) };
        }
      },
    });
    const made = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'account', '--authenticator', 'legacyKey', '--authenticator', 'partnerKey', '--authenticator', 'tokenKey');
    ({ key, id } = made);
  });
  after(() => desk?.close());

  describe('Basic (case 07)', () => {
    it('proves the key that is its password, for the key’s principal or id', async () => {
      for (const user of ['partner:acme', id]) {
        const answer = await desk.get('/account', basic(user, key));
        assert.equal(answer.status, 200, user);
        const { headers } = desk.upstream.last;
        assert.deepEqual([headers['gatehouse-principal'], headers['gatehouse-scheme'], headers.authorization], ['partner:acme', 'account', undefined]);
        const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
        assert.deepEqual([event['user.id'], event['auth.scheme'], event['auth.credential.id']], ['partner:acme', 'account', id]);
      }
      assert.equal((await desk.get('/account', { authorization: basic('partner:acme', key).authorization.replace('Basic ', 'bASIC   ') })).status, 200);
    });

    it('asks for it with a challenge of its own', async () => {
      assert.equal((await desk.get('/account', {})).headers['www-authenticate'], 'Basic realm="api"');
      assert.equal((await desk.get('/either', {})).headers['www-authenticate'], 'Basic realm="api", Bearer');
    });

    it('proves nothing for another user, and nothing that is not of its form', async () => {
      for (const user of ['acme', 'partner:ACME', 'partner:acme ', '', 'anonymous', id.toUpperCase(), 'partner:acme\u0000']) {
        const event = await assertRefused(desk.gatehouse, await desk.get('/account', basic(user, key)), refused('credential_unknown'));
        assert.equal(event['user.id'], null);
        assert.equal(event.detail, 'the user is neither the key\'s principal nor its id');
      }
      const other = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
      for (const [authorization, reason] of [
        [basic('partner:acme', other).authorization, undefined], [basic('partner:acme', '').authorization, 'credential_malformed'],
        [`Basic ${Buffer.from(key).toString('base64')}`, 'credential_malformed'], [`Basic ${key}`, 'credential_malformed'],
        [`${basic('partner:acme', key).authorization} x`, 'credential_malformed'], [`${basic('partner:acme', key).authorization}=`, 'credential_malformed'],
        [basic('partner:acme', key).authorization.replace('Basic ', 'Basic\t'), 'credential_malformed'],
        [`Bearer ${key}`, 'credential_malformed'], [key, 'credential_malformed'], ['Basic', 'credential_malformed'], [`Digest ${key}`, 'credential_malformed'],
      ]) {
        const answer = await desk.get('/account', { authorization });
        assert.equal(answer.status, 401, authorization);
        if (reason) assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id'])).reason, reason, authorization);
      }
    });

    it('stands beside bearer tokens, each read by its own scheme', async () => {
      assert.equal((await desk.get('/either', basic('partner:acme', key))).status, 200);
      assert.equal((await desk.get('/either')).status, 200);
      for (const authorization of [`Basic ${desk.token}`, `Bearer ${key}`, `Bearer ${basic('partner:acme', key).authorization.slice(6)}`, desk.token]) {
        assert.equal((await desk.get('/either', { authorization })).status, 401, authorization.slice(0, 12));
      }
    });

    it('is one proof with the key that it holds, however that is sent beside it', async () => {
      for (const user of ['partner:acme', id]) {
        const event = await assertRefused(desk.gatehouse, await desk.get('/both', { ...basic(user, key), 'x-api-key': key }), refused('credential_missing'));
        assert.match(event.detail, /one credential is one proof/);
      }
      const second = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'partnerKey');
      assert.equal((await desk.get('/both', { ...basic('partner:acme', key), 'x-api-key': second.key })).status, 200);
    });

    it('takes no key of another authenticator, none that is revoked, and tells none', async () => {
      const foreign = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'partnerKey');
      await assertRefused(desk.gatehouse, await desk.get('/account', basic('partner:acme', foreign.key)), refused('credential_unknown'));
      const ended = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'account');
      assert.equal((await desk.folder.run('key', 'revoke', '-c', 'gatehouse.yaml', ended.id)).status, 0);
      await assertRefused(desk.gatehouse, await desk.get('/account', basic('partner:acme', ended.key)), refused('credential_revoked'));
      // An upstream that tells what it was sent, decoded or not.
      desk.upstream.answer = () => response(400, `${key} ${basic('partner:acme', key).authorization}`, { 'Content-Type': 'text/plain' });
      const answer = await desk.get('/account', basic('partner:acme', key));
      desk.upstream.answer = () => response(200);
      const { stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', answer.headers['x-request-id']);
      for (const secret of [key, basic('partner:acme', key).authorization.slice(6)]) assert.ok(!stdout.includes(secret));
      assert.ok(!desk.gatehouse.events().some((event) => JSON.stringify(event).includes(key)));
    });

    it('is understood by `explain`', async () => {
      const { stdout } = await desk.folder.run('explain', '-c', 'gatehouse.yaml', 'GET /account', '--as', 'partner');
      assert.match(stdout, /^GET \/account: admitted/);
    });
  });

  describe('as an apiKey scheme declares it (case 06)', () => {
    it('takes a token with `Bearer` and without', async () => {
      for (const authorization of [`Bearer ${desk.token}`, `bearer  ${desk.token}`, desk.token]) {
        assert.equal((await desk.get('/legacy/token', { authorization })).status, 200);
        assert.deepEqual([desk.upstream.last.headers['gatehouse-principal'], desk.upstream.last.headers.authorization], ['ann', undefined]);
      }
      for (const authorization of [`Token ${desk.token}`, `JWT ${desk.token}`, `Basic ${desk.token}`, `Bearer\t${desk.token}`, `Bearer Bearer ${desk.token}`, `${desk.token} `.repeat(2).trim(), 'Bearer']) {
        assert.equal((await desk.get('/legacy/token', { authorization })).status, 401, authorization.slice(0, 12));
      }
    });

    it('takes a key so too, and each scheme of an operation what is its own', async () => {
      for (const authorization of [key, `Bearer ${key}`]) assert.equal((await desk.get('/legacy/key', { authorization })).status, 200);
      await assertRefused(desk.gatehouse, await desk.get('/legacy/key', basic('partner:acme', key)), refused('credential_malformed'));
      for (const authorization of [key, `Bearer ${key}`, desk.token, `Bearer ${desk.token}`, basic('partner:acme', key).authorization]) {
        assert.equal((await desk.get('/legacy/any', { authorization })).status, 200, authorization.slice(0, 12));
      }
      assert.equal((await desk.get('/legacy/key', {})).headers['www-authenticate'], 'Bearer');
    });

    it('is for schemes that say so alone', async () => {
      assert.equal((await desk.get('/orders/1', { authorization: desk.token })).status, 401);
    });
  });

  describe('with a word of its own (`auth_scheme`)', () => {
    it('takes the credential behind that word, in any case, and asks for it by that word', async () => {
      for (const authorization of [`Token ${key}`, `token ${key}`, `TOKEN   ${key}`]) {
        const answer = await desk.get('/token', { authorization });
        assert.equal(answer.status, 200, authorization);
        const { headers } = desk.upstream.last;
        assert.deepEqual([headers['gatehouse-principal'], headers['gatehouse-scheme'], headers.authorization], ['partner:acme', 'tokenKey', undefined]);
      }
      assert.equal((await desk.get('/jwt', { authorization: `JWT ${desk.token}` })).status, 200);
      assert.equal((await desk.get('/token', {})).headers['www-authenticate'], 'Token');
    });

    it('takes it in no other form, and each scheme only behind its own word', async () => {
      const wrong = [key, `Bearer ${key}`, `JWT ${key}`, `Tokens ${key}`, `Toke ${key}`, `Token\t${key}`, `Token: ${key}`, `Token Token ${key}`, `Token ${key} x`, `Token ${key},Token ${key}`, 'Token', 'Token ', `"Token" ${key}`, basic('partner:acme', key).authorization];
      for (const authorization of wrong) assert.equal((await desk.get('/token', { authorization })).status, 401, authorization);
      for (const authorization of [desk.token, `Bearer ${desk.token}`, `Token ${desk.token}`, `JWT ${key}`]) {
        assert.equal((await desk.get('/jwt', { authorization })).status, 401, authorization.slice(0, 12));
      }
      for (const [path, authorization] of [['/legacy/key', `Token ${key}`], ['/account', `Token ${key}`], ['/legacy/token', `JWT ${desk.token}`], ['/orders/1', `JWT ${desk.token}`]]) {
        await assertRefused(desk.gatehouse, await desk.get(path, { authorization }), refused('credential_malformed'));
      }
      for (const authorization of [`Token ${key}`, `JWT ${desk.token}`, key]) assert.equal((await desk.get('/words', { authorization })).status, 200, authorization.slice(0, 12));
      for (const authorization of [`Token ${desk.token}`, `JWT ${key}`, desk.token]) assert.equal((await desk.get('/words', { authorization })).status, 401, authorization.slice(0, 12));
    });

    it('is understood by `explain`', async () => {
      const { stdout } = await desk.folder.run('explain', '-c', 'gatehouse.yaml', 'GET /token', '--as', 'partner');
      assert.match(stdout, /^GET \/token: admitted/);
    });
  });

  it('has a message for schemes that nothing proves', async () => {
    const of = async (scheme, authenticator) => {
      const api = { openapi: '3.1.0', info: { title: 't', version: '1' }, paths: { '/t': { get: { operationId: 'op', security: [{ a: [] }], responses: done } } }, components: { securitySchemes: { a: scheme } } };
      desk.folder.write('t.json', api);
      desk.folder.write('t.yaml', { ...desk.configuration, openapi: ['t.json'], authenticators: authenticator ? { a: authenticator } : {}, operations: { op: { permission: 'orders:read' } }, defaults: { ...desk.configuration.defaults, principal: undefined } });
      return (await desk.folder.run('check', '-c', 't.yaml')).stderr;
    };
    assert.match(await of({ type: 'http', scheme: 'basic' }), /has none for the security scheme `a`, which op requires; add `a: {type: basic}`, which takes API keys as passwords/);
    assert.match(await of({ type: 'http', scheme: 'digest' }), /there is none for HTTP digest: .*let the document ask for apiKey, http bearer or basic/);
    assert.match(await of({ type: 'http', scheme: 'basic' }, { type: 'api_key' }), /HTTP Basic goes with `type: basic`, which takes an API key as the password/);
    for (const scheme of [{ type: 'apiKey', in: 'header', name: 'X-Key' }, { type: 'apiKey', in: 'query', name: 'Authorization' }, { type: 'http', scheme: 'bearer' }])
      assert.match(await of(scheme, { type: 'api_key', auth_scheme: 'Token' }), /a: auth_scheme goes with a security scheme of type: apiKey whose header is Authorization; remove it/);
    for (const word of ['Bearer', 'basic', 'two words', 'a:', 'x'.repeat(65), 'Tokén'])
      assert.match(await of({ type: 'apiKey', in: 'header', name: 'Authorization' }, { type: 'api_key', auth_scheme: word }), /auth_scheme: must be a word such as Token/, word);
    assert.match(await of({ type: 'mutualTLS' }, { type: 'mtls', auth_scheme: 'Token' }), /auth_scheme goes with/);
    assert.match(await of({ type: 'apiKey', in: 'header', name: 'X-Key' }, { type: 'basic' }), /basic goes with type: http, scheme: basic/);
  });
});

describe('a key in the query', unlessBuilt, () => {
  const members = { name: 'filter', in: 'query', schema: { type: 'object', additionalProperties: { type: 'string', maxLength: 100 } } };
  let desk, key;
  before(async () => {
    desk = await Desk.open({ change: (configuration, api) => {
      api.components.securitySchemes.queryKey = { type: 'apiKey', in: 'query', name: 'api_key' };
      configuration.authenticators.queryKey = { type: 'api_key', prefix: 'partner:' };
      api.paths['/keyed'] = { get: { operationId: 'keyed', security: [{ queryKey: [] }], parameters: [members], responses: done } };
      api.paths['/open'] = { get: { operationId: 'open', security: [{}], parameters: [members], responses: done } };
      configuration.operations.keyed = { permission: 'orders:read' };
      configuration.operations.open = { permission: 'catalogue:read', public: 'a test' };
    } });
    ({ key } = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'queryKey'));
  });
  after(() => desk?.close());

  it('goes on under no name that an upstream reads as its own, where the names are free', async () => {
    for (const target of ['/open?', `/keyed?api_key=${key}&`]) {
      for (const name of ['api.key', 'api%2Ekey', 'api%20key', '%20api_key', 'api_key[]', 'api_key[a]', '[api_key]', 'API_KEY', 'Api.Key', 'api[key']) {
        const heard = desk.upstream.requests.length;
        const answer = await desk.get(`${target}a=1&${name}=${key}`, {});
        await assertRefused(desk.gatehouse, answer, { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
        assert.match(answer.text, /alias/, name);
        assert.equal(desk.upstream.requests.length, heard, name);
      }
      for (const name of ['apikey', 'api-key', 'api__key', 'x[api_key]']) {
        assert.equal((await desk.get(`${target}a=1&${name}=7`, {})).status, 200, name);
        assert.ok(desk.upstream.last.target.endsWith(`?a=1&${name}=7`), desk.upstream.last.target);
      }
    }
    assert.equal((await desk.get(`/open?a=1&%61pi_key=${key}`, {})).status, 200);
    assert.equal(desk.upstream.last.target, '/open?a=1', 'the name itself is left out, as ever');
  });

  it('has no parameter beside it that is one name with it', async () => {
    const of = async (name) => {
      const api = structuredClone(desk.api);
      api.paths['/keyed'].get.parameters = [{ name, in: 'query', schema: { type: 'string', maxLength: 9 } }];
      desk.folder.write('other.json', api);
      desk.folder.write('other.yaml', { ...desk.configuration, openapi: ['other.json'] });
      return desk.folder.run('check', '-c', 'other.yaml');
    };
    for (const name of ['API_KEY', 'api.key']) assert.ok((await of(name)).stderr.includes(`the parameter \`${name}\` and \`api_key\`, which carries a credential, are one name`), name);
    for (const name of ['api_key', 'apikey']) assert.equal((await of(name)).status, 0, name);
  });
});
