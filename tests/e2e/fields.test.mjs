// Header fields and cookies at the border: credentials that are not forwarded, names that another server
// would fold onto a declared one, and the parts of an upstream's answer that leave.
// Rooms: docs http target

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';

import { Desk, Wire, assertRefused, response, unlessBuilt } from './harness.mjs';

const header = (name) => ({ name, in: 'header', schema: { type: 'string', maxLength: 20 } });
const cookie = (name) => ({ name, in: 'cookie', schema: { type: 'string', maxLength: 20 } });

// The desk with a scheme for each carrier, and a public operation that declares fields and cookies.
const schemes = (configuration, api) => {
  configuration.fields = { forward: ['X-API-Keys'], cookies: { forward: ['a', 'b'] } };
  Object.assign(api.components.securitySchemes, {
    hookKey: { type: 'apiKey', in: 'query', name: 'hook' },
    browserKey: { type: 'apiKey', in: 'cookie', name: 'sid' },
    oldKey: { type: 'apiKey', in: 'header', name: 'api_key' },
  });
  Object.assign(configuration.authenticators, { hookKey: { type: 'api_key', prefix: 'partner:' }, browserKey: { type: 'api_key', prefix: 'partner:' }, oldKey: { type: 'api_key', prefix: 'partner:' } });
  const { get } = api.paths['/catalogue'];
  get.parameters = [header('X-Tenant'), header('X_Region'), cookie('theme')];
  get.responses = { 200: { description: 'ok', headers: { 'X-Total-Count': { schema: { type: 'integer' } } } }, 418: { description: 'tea', content: { 'application/json': { schema: { type: 'object' } } } } };
  api.paths['/orders'].get.security = [{ hookKey: [] }, { partnerKey: [] }, { userToken: [] }];
  api.paths['/open'] = { get: { operationId: 'open', security: [{}], parameters: [{ name: 'hook', in: 'query', schema: { type: 'string', maxLength: 100 } }], responses: { 200: { description: 'ok' } } } };
  configuration.operations.open = { permission: 'catalogue:read', public: 'a test' };
};

// Sends the lines as they stand, without a credential of its own.
const rawTo = (desk) => async (lines, target = '/catalogue', method = 'GET') => {
  const wire = await Wire.open(desk.port, desk.tls);
  const [answer] = await wire.send(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`).responses();
  wire.destroy();
  return answer;
};

describe('a credential', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open({ change: schemes });
    raw = rawTo(desk);
  });
  after(() => desk?.close());

  const carried = ['Authorization: Basic secret', 'Authorization: Bearer secret', 'authorization: Digest secret', 'X-API-Key: secret', 'x-api-KEY: secret', 'API_KEY: secret', 'Cookie: sid=secret', 'Cookie: a=1; sid=secret; b=2', 'Cookie: sid =secret', 'Cookie: a="; sid=secret; "', 'Cookie: a=b sid=secret', 'Cookie: a=b\tsid=secret', 'Cookie: a=b,sid=secret', 'Cookie: a="b; sid=secret"', 'Cookie: other=b sid=secret', 'Cookie: a=b;sid=secret', 'Proxy-Authorization: Basic secret', 'DPoP: secret'];
  for (const line of carried) {
    it(`ends here on a public operation that asks for none: ${line}`, async () => {
      const answer = await raw([line], '/open');
      assert.equal(answer.status, 200);
      assert.doesNotMatch(desk.upstream.last.head, /secret/);
    });
  }

  it('leaves the other pairs', async () => {
    await raw(['Cookie: a=1; sid=secret; b=2', 'X-API-Keys: mine'], '/open');
    assert.equal(desk.upstream.last.headers.cookie, 'a=1; b=2');
    assert.equal(desk.upstream.last.headers['x-api-keys'], 'mine');
  });

  it('is not among the dropped names, which the event and `why` list', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `X-Many-${index}: 1`);
    const key = 'gh_0123456789AB_23456789ABCDEFGHIJKLMNOPQRSTUVWXY4BKzet';
    for (const [lines, dropped] of [
      [['X-Tenants: mine', 'Cookie: a=1; theme=2; sid=secret; other=3; other=4', 'x-tenants: again', 'Client-IP: 1.2.3.4', 'API_KEY: secret', 'Authorization: Bearer secret'], ['X-Tenants', 'cookie:theme', 'cookie:other']],
      [['Referer: https://a.test/', 'DNT: 1', 'Upgrade-Insecure-Requests: 1', 'Sec-CH-UA: "x"', 'Pragma: no-cache', 'Accept: */*'], undefined],
      [['Cookie: a=b c; b=1'], ['cookie:a']],
      [['Cookie: a=1; b=1; a=2'], ['cookie:a']],
      [['Cookie: a=1; mysecret; =x; b=1;theme=2;'], ['cookie:(unnamed)', 'cookie:theme']],
      [['Cookie: a b=c; '], ['cookie:(unnamed)']],
      [['Cookie: a=1;sid=secret'], undefined],
      [[`${key}: 1`], ['[redacted]']],
      [[`Cookie: ${key}=1`], ['cookie:[redacted]']],
      [names, [...names.slice(0, 16).map((line) => line.slice(0, -3)), 'and 4 more']],
      [[...names, 'x-many-19: 2', 'Cookie: many=1; MANY=1'], [...names.slice(0, 16).map((line) => line.slice(0, -3)), 'and 5 more']],
      [['Sec-CH-UA-Platform: "x"', 'Sec-Purpose: prefetch', 'Sec-Session-Id: 1', 'Sec-CH-UA-Model: "y"', 'Sec-Token: t'], ['Sec-Session-Id', 'Sec-CH-UA-Model', 'Sec-Token']],
    ]) {
      const { headers } = await raw(lines, '/open');
      const event = await desk.gatehouse.eventOf(headers['x-request-id']);
      assert.deepEqual(event['http.request.dropped'], dropped, lines.join());
    }
    const { headers } = await raw(['X-Tenants: mine'], '/open');
    await desk.gatehouse.eventOf(headers['x-request-id']);
    assert.match((await desk.folder.run('why', '-c', 'gatehouse.yaml', headers['x-request-id'])).stdout, /Not forwarded to the upstream.*: X-Tenants$/m);
    const refused = await raw(['X-Tenants: mine'], '/orders/1');
    assert.equal((await desk.gatehouse.eventOf(refused.headers['x-request-id']))['http.request.dropped'], undefined, 'nothing was to go on');
  });

  it('of the standard is forwarded as far as it parses, and otherwise its name is listed', async () => {
    for (const [lines, reached, dropped] of [
      [['Accept: text/html, ${jndi:ldap://x}, */*;q=0.1'], { accept: 'text/html, */*;q=0.1' }],
      [['User-Agent: ${jndi:ldap://x/a}'], { 'user-agent': undefined }, ['User-Agent']],
      [['User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)'], { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)' }],
      [['Range: bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8'], { range: undefined }, ['Range']],
      [['Accept-Language: de', 'accept-language: ../../etc, en;q=0.5'], { 'accept-language': 'de, en;q=0.5' }],
      [['Sec-Fetch-Site: same-origin', 'Origin: https://a.test/'], { 'sec-fetch-site': 'same-origin', origin: undefined }, ['Origin']],
    ]) {
      const answer = await raw(lines, '/open');
      assert.equal(answer.status, 200, lines.join());
      for (const [name, value] of Object.entries(reached)) assert.equal(desk.upstream.last.headers[name], value, name);
      assert.deepEqual((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['http.request.dropped'], dropped, lines.join());
    }
    const arrived = desk.upstream.requests.length;
    await assertRefused(desk.gatehouse, await raw(['Content-Digest: sha-256=x'], '/open'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('that the configuration names is forwarded once: readers would use different lines', async () => {
    const other = await Desk.open({ change: (configuration, api) => {
      schemes(configuration, api);
      configuration.fields.forward = ['X-API-Keys', 'X-Marks', 'x-listed', 'Idempotency-Key', 'Preference-Applied', 'User-Agent'];
      api.paths['/open'].get.parameters.push({ name: 'X-Listed', in: 'header', schema: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 9 } } });
    } });
    const ask = rawTo(other);
    for (const lines of [['X-API-Keys: a', 'X-API-Keys: b'], ['x-api-keys: a', 'X-Other: 1', 'X-Api-Keys: a'], ['X-API-Keys: a', 'X-API-Keys:'], ['Idempotency-Key: a', 'idempotency-key: b'], ['X-Marks: 1', 'X-MARKS: 2', 'X-Marks: 3']]) {
      const arrived = other.upstream.requests.length;
      const answer = await ask(lines, '/open');
      await assertRefused(other.gatehouse, answer, lines[0].startsWith('Idempotency') ? { status: 400, error: 'invalid_request', reason: 'malformed_http' } : { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
      if (!lines[0].startsWith('Idempotency')) assert.match((await other.gatehouse.eventOf(answer.headers['x-request-id'])).detail, /^header\/(X-API-Keys|X-Marks): repeated$/i);
      assert.equal(other.upstream.requests.length, arrived, lines.join());
    }
    const head = async (...lines) => {
      assert.equal((await ask(lines, '/open')).status, 200, lines.join());
      return other.upstream.last.head;
    };
    assert.match(await head('X-API-Keys: a, b', 'X-Marks: 1'), /^X-API-Keys: a, b\r\n(?:.*\r\n)*X-Marks: 1\r?$/im);
    assert.match(await head('X-Listed: a', 'X-Listed: b'), /^X-Listed: a\r\nX-Listed: b\r?$/im, 'an array that the document declares');
    assert.match(await head('Preference-Applied: a=1', 'Preference-Applied: b=2'), /^Preference-Applied: a=1\r\nPreference-Applied: b=2\r?$/im, 'a list by its standard');
    assert.match(await head('Idempotency-Key: a'), /^Idempotency-Key: a\r?$/im);
    assert.match(await head('User-Agent: ${jndi:x}'), /^User-Agent: \$\{jndi:x\}\r?$/im, 'named, and so as it was sent');
    await other.close();
  });

  it('cannot be named among the fields that go on', async () => {
    const other = await Desk.open({ change: schemes });
    Object.assign(other.configuration, { fields: { forward: ['x-api-key', 'API_KEY', 'Authorization', 'Cookie', 'Gatehouse-Roles', 'Client-IP', 'a b', 'Referer', 'X_API_Key', 'Gatehouse_Principal', 'Content_Length', 'X.Real.IP', 'Remote_User', 'X_HTTP_Method_Override', 'X_Forwarded_Foo', 'X-Amz-Meta_a', 'X_Own'], cookies: { forward: ['sid', 'a;b', 'theme', 'SID', 's%69d', 'sid['] } } });
    other.writeFiles();
    const { status, stdout, stderr } = await other.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    const said = stdout + stderr;
    for (const name of ['x-api-key', 'API_KEY']) assert.match(said, new RegExp(`fields.forward: \`${name}\` carries the credential of`));
    for (const name of ['Authorization', 'Cookie', 'Gatehouse-Roles', 'Client-IP']) assert.match(said, new RegExp(`fields.forward: \`${name}\` is never forwarded as a client sent it`));
    assert.match(said, /fields\.forward: `a b` is not the name of a header field/);
    assert.match(said, /fields\.cookies\.forward: `sid` carries the credential of `browserKey`/);
    assert.match(said, /fields\.cookies\.forward: `a;b` is not the name of a cookie/);
    assert.match(said, /fields\.forward: `X_API_Key` can be confused with `x-api-key`, which carries the credential of/);
    for (const name of ['Gatehouse_Principal', 'Content_Length', 'X.Real.IP', 'Remote_User', 'X_HTTP_Method_Override', 'X_Forwarded_Foo', 'X-Amz-Meta_a']) assert.ok(said.includes(`fields.forward: \`${name}\` can be confused with a field that Gatehouse knows`), name);
    for (const name of ['SID', 's%69d']) assert.ok(said.includes(`fields.cookies.forward: \`${name}\` can be confused with \`sid\`, which carries the credential of \`browserKey\``), name);
    assert.match(said, /fields\.forward: `Referer` is forwarded by the setting `referer`/);
    assert.doesNotMatch(said, /theme|X_Own/);
    await other.close();
  });

  it('in the query ends here, however its name is spelled, where the operation declares the name', async () => {
    for (const query of ['hook=secret', 'h%6Fok=secret', '%68%6f%6f%6b=secret']) {
      assert.equal((await raw([], `/open?${query}`)).status, 200);
      assert.equal(desk.upstream.last.target, '/open');
    }
  });

  it('in the query is refused where the operation knows nothing of it', async () => {
    const arrived = desk.upstream.requests.length;
    await assertRefused(desk.gatehouse, await raw([], '/catalogue?hook=secret'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('of another scheme ends here beside the one that was proven', async () => {
    const answer = await raw([`Authorization: Bearer ${desk.token}`, 'Cookie: sid=secret', 'api_key: secret'], '/orders/1');
    assert.equal(answer.status, 200);
    assert.doesNotMatch(desk.upstream.last.head, /secret|Bearer/);
  });
});

describe('`fields` at its three levels', unlessBuilt, () => {
  let desk, raw, proxied;
  before(async () => {
    desk = await Desk.open({ change: (configuration, api) => {
      schemes(configuration, api);
      api.paths['/strict'] = { get: { ...api.paths['/open'].get, operationId: 'strict', 'x-gatehouse': { permission: 'catalogue:read', public: 'a test', fields: { undeclared: 'refuse', referer: 'origin' } } } };
      api.paths['/lax'] = { get: { ...api.paths['/open'].get, operationId: 'lax' } };
      configuration.trusted_proxies = ['127.0.0.0/8'];
      configuration.fields = {
        forward: ['X-Plain', { name: 'X-Tenant', schema: { type: 'string', pattern: '^[a-z0-9-]{1,8}$' } }, { name: 'X-Count', schema: { type: 'integer', maximum: 9 } }, { name: 'CF-IPCountry', from: 'trusted_proxies', schema: { type: 'string', maxLength: 2 } }],
        user_agent: 'drop',
      };
      configuration.upstreams.orders.fields = { forward: ['X-Of-Upstream'], user_agent: 'forward' };
      configuration.operations.lax = { permission: 'catalogue:read', public: 'a test', fields: { undeclared: 'forward', user_agent: 'drop', cookies: { forward: ['theme'] } }, when: ["!('X-Tenant' in request.header) || request.header['X-Tenant'] != 'blocked'"] };
    } });
    raw = rawTo(desk);
  });
  after(() => desk?.close());
  const reached = async (lines, target = '/open') => {
    const answer = await raw(lines, target);
    assert.equal(answer.status, 200, answer.body);
    return desk.upstream.last.headers;
  };

  it('adds the entries of all, and the narrower of the others wins', async () => {
    const open = await reached(['X-Plain: 1', 'X-Of-Upstream: 2', 'X-Tenant: a', 'User-Agent: curl/8', 'X-New: 3']);
    assert.deepEqual([open['x-plain'], open['x-of-upstream'], open['x-tenant'], open['user-agent'], open['x-new']], ['1', '2', 'a', 'curl/8', undefined]);
    const lax = await reached(['X-Plain: 1', 'X-Of-Upstream: 2', 'User-Agent: curl/8', 'X-New: 3', 'Cookie: theme=1; other=2', 'API_KEY: secret', 'Client-IP: 1'], '/lax');
    assert.deepEqual([lax['x-plain'], lax['x-of-upstream'], lax['user-agent'], lax['x-new'], lax.cookie, lax.api_key, lax['client-ip']], ['1', '2', undefined, '3', 'theme=1; other=2', undefined, undefined]);
    const strict = await reached(['X-Plain: 1', 'DNT: 1', 'Referer: https://a.test/x?y'], '/strict');
    assert.deepEqual([strict['x-plain'], strict.referer], ['1', 'https://a.test/']);
    for (const line of ['X-New: 3', 'Cookie: other=2']) await assertRefused(desk.gatehouse, await raw([line], '/strict'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
  });

  it('checks an entry by its schema, and conditions see it', async () => {
    for (const line of ['X-Tenant: Acme!', 'x-tenant: 123456789', 'X-Count: 10', 'X-Count: many', 'X_Tenant: a'])
      await assertRefused(desk.gatehouse, await raw([line], '/open'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    assert.equal((await reached(['X-Tenant: fine', 'X-Count: 9'], '/lax'))['x-count'], '9');
    await assertRefused(desk.gatehouse, await raw(['X-Tenant: blocked'], '/lax'), { status: 403, error: 'forbidden', reason: 'condition_false' });
  });

  it('checks a value by the schemas of all levels and of the operation', async () => {
    const other = await Desk.open({ change: (configuration, api) => {
      schemes(configuration, api);
      api.paths['/open'].get.parameters.push(header('X-Ct'));
      configuration.fields = { forward: [{ name: 'X-Ct', schema: { enum: ['good', 'better'] } }, { name: 'X-Level', schema: { enum: ['a', 'b', 'c'] } }] };
      configuration.upstreams.orders.fields = { forward: [{ name: 'X-Level', schema: { enum: ['b', 'c', 'd'] } }] };
      configuration.operations.open.fields = { forward: [{ name: 'x-level', schema: { type: 'string', pattern: '^[^c]$' } }] };
    } });
    for (const line of ['X-Ct: evil', 'X-Level: a', 'X-Level: c', 'X-Level: d', 'x-level: e'])
      await assertRefused(other.gatehouse, await rawTo(other)([line], '/open'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    assert.equal((await rawTo(other)(['X-Ct: good', 'X-Level: b'], '/open')).status, 200);
    assert.deepEqual([other.upstream.last.headers['x-ct'], other.upstream.last.headers['x-level']], ['good', 'b']);
    await other.close();
  });

  it('refuses names that are one to an upstream, and conditions on what never goes on', async () => {
    const other = await Desk.open({ change: schemes });
    const check = async (status) => {
      other.writeFiles();
      const answer = await other.folder.run('check', '-c', 'gatehouse.yaml');
      assert.equal(answer.status, status, answer.stdout + answer.stderr);
      return answer.stdout + answer.stderr;
    };
    const { get } = other.api.paths['/catalogue'];
    get.parameters.push(header('X-Forwarded-For'));
    assert.match(await check(0), /^api\.\w+:\d+:\d+: the header parameter `X-Forwarded-For` is checked, and an upstream never receives this field as the client sent it; use `request\.ip`$/m);
    other.configuration.fields.forward.push('X_Tenant', 'X-Fwd');
    other.configuration.fields.cookies.forward.push('Theme');
    Object.assign(other.configuration.operations.open, { when: ["!('X-Fwd' in request.header)", 'size(request.header) == 0'] });
    Object.assign(other.configuration.operations.listCatalogue, { when: ["request.header['X-Forwarded-For'] == '10.0.0.1'"] });
    const said = await check(1);
    for (const text of [/the parameter `X-Tenant` \(api\.\w+:\d+\) and the entry `X_Tenant` of `forward` \(gatehouse\.yaml:\d+\) are one name/, /the parameter `theme` .*the entry `Theme` .* are one name to upstreams that find cookies/, /request\.header has no .*; declare it as a header parameter/, /request\.header shows declared members only, so it cannot be used as a whole/, /`X-Forwarded-For`: an upstream never receives this field as the client sent it; use `request\.ip`/])
      assert.match(said, text);
    await other.close();
  });

  it('believes `from: trusted_proxies` of those only', async () => {
    assert.equal((await reached(['CF-IPCountry: CH']))['cf-ipcountry'], 'CH', 'this test is one');
    await assertRefused(desk.gatehouse, await raw(['CF-IPCountry: Switzerland'], '/open'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    const other = await Desk.open({ change: (configuration, api) => {
      schemes(configuration, api);
      configuration.trusted_proxies = ['192.0.2.0/24'];
      configuration.fields = { undeclared: 'forward', forward: [{ name: 'CF-IPCountry', from: 'trusted_proxies', schema: { type: 'string', maxLength: 2 } }, { name: 'X-Zone', from: 'trusted_proxies' }, { name: 'Origin', from: 'trusted_proxies' }] };
    } });
    for (const line of ['X_Zone: evil', 'X.Zone: evil', 'CF_IPCountry: CH']) await assertRefused(other.gatehouse, await rawTo(other)([line], '/open'), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
    assert.equal((await rawTo(other)(['Origin: https://evil.test', 'X-Zone: evil', 'X-New: 1'], '/open')).status, 200);
    assert.deepEqual(['origin', 'x-zone', 'x-new'].map((name) => other.upstream.last.headers[name]), [undefined, undefined, '1']);
    const answer = await rawTo(other)(['CF-IPCountry: Switzerland'], '/open');
    assert.equal(answer.status, 200);
    assert.equal(other.upstream.last.headers['cf-ipcountry'], undefined);
    assert.deepEqual((await other.gatehouse.eventOf(answer.headers['x-request-id']))['http.request.dropped'], ['CF-IPCountry']);
    await other.close();
  });

  it('is read strictly', async () => {
    const other = await Desk.open();
    const check = async () => {
      other.writeFiles();
      const { status, stdout, stderr } = await other.folder.run('check', '-c', 'gatehouse.yaml');
      assert.equal(status, 1);
      return stdout + stderr;
    };
    other.configuration.fields = { undeclared: 'allow', referer: 'yes', user_agent: 'maybe', forward: [{ name: 'X-A', schema: { type: 'string', pattern: '(' } }, { nam: 'X-B' }, { name: 'X-C', from: 'anybody' }, { name: 'X-E', schema: 7 }] };
    const first = await check();
    for (const text of [/fields\.undeclared: must be `drop`, `refuse` or `forward`/, /fields\.referer: must/, /fields\.user_agent: must/, /^gatehouse\.yaml:\d+:\d+: schema: pattern cannot be used/m, /no key `nam`/, /fields\.forward\[2\]\.from/, /^gatehouse\.yaml:\d+:\d+: schema: a schema must be an object or a boolean/m])
      assert.match(first, text);
    assert.equal(first.match(/pattern cannot be used/g).length, 1, 'told once, not for each operation');
    other.configuration.fields = { forward: [{ name: 'X-D', from: 'trusted_proxies' }] };
    other.configuration.upstreams.orders.fields = { forward: ['Gatehouse-Roles', 'Content-Type'] };
    const second = await check();
    for (const text of [/`X-D` is from: trusted_proxies, and there are none/, /upstreams\.orders\.fields\.forward: `Gatehouse-Roles` is never forwarded/, /upstreams\.orders\.fields\.forward: `Content-Type` is never forwarded/])
      assert.match(second, text);
    assert.equal(second.match(/Gatehouse-Roles/g).length, 1, 'told once');
    await other.close();
  });
});

describe('Content-Type', unlessBuilt, () => {
  it('has the parameters that the document or the type defines, and is written anew', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      const version = (letter) => ({ schema: { type: 'object', required: [letter], properties: { [letter]: { type: 'string', maxLength: 9 } } } });
      const operation = (operationId, content) => ({ post: { operationId, security: [{}], requestBody: { content }, responses: { 200: { description: 'ok' } } } });
      api.paths['/versions'] = operation('versions', { 'application/json; version=1': version('a'), 'Application/JSON;Version="2"': version('b') });
      api.paths['/image'] = operation('image', { 'image/png': { schema: {} } });
      api.paths['/plain'] = operation('plain', { 'application/json; charset=utf-8': version('a') });
      for (const name of ['versions', 'image', 'plain']) configuration.operations[name] = { permission: 'catalogue:read', public: 'a test' };
    } });
    const post = async (path, type, body = '{"a":"1"}') => {
      const wire = await Wire.open(desk.port, desk.tls);
      const [answer] = await wire.send(`POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`).responses();
      wire.destroy();
      return answer;
    };
    for (const [path, type, body, reached] of [
      ['/versions', 'application/json;version=1', '{"a":"1"}', 'application/json; version=1'],
      ['/versions', 'APPLICATION/json ; VERSION=2; Charset="utf-8"', '{"b":"1"}', 'application/json; version=2; charset="utf-8"'],
      ['/plain', 'application/json', '{"a":"1"}', 'application/json'],
      ['/plain', 'application/json; charset=UTF-8', '{"a":"1"}', 'application/json; charset=UTF-8'],
      ['/image', 'image/png', 'x', 'image/png'],
    ]) {
      const answer = await post(path, type, body);
      assert.equal(answer.status, 200, `${type}: ${answer.body}`);
      assert.equal(desk.upstream.last.headers['content-type'], reached);
    }
    const arrived = desk.upstream.requests.length;
    for (const [path, type] of [['/versions', 'application/json'], ['/versions', 'application/json;version=3'], ['/versions', 'application/json;version=1;x=y'], ['/plain', 'application/json; boundary=x; a=b'], ['/plain', 'application/json; version=1'], ['/image', 'image/png; charset=utf-8']])
      await assertRefused(desk.gatehouse, await post(path, type), { status: 415, error: 'unsupported_media_type', reason: 'media_type_unsupported' });
    await assertRefused(desk.gatehouse, await post('/versions', 'application/json;version=1', '{"b":"1"}'), { status: 400, error: 'invalid_request', reason: 'body_invalid' });
    assert.equal(desk.upstream.requests.length, arrived);
    await desk.close();
  });
});

describe('a credential that says forward: true', unlessBuilt, () => {
  it('is forwarded as sent if it proved the principal, and only then', async () => {
    const desk = await Desk.open({ change: (configuration, api) => {
      schemes(configuration, api);
      for (const name of ['userToken', 'browserKey', 'hookKey']) configuration.authenticators[name].forward = true;
      api.paths['/orders'].get.security.push({ browserKey: [] });
    } });
    const { key } = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'browserKey');
    const hook = await desk.createKey('partner:acme', ['partner'], '--authenticator', 'hookKey');
    const passed = async (lines, target) => {
      const answer = await rawTo(desk)(lines, target);
      assert.equal(answer.status, 200, answer.body);
      const { headers: { authorization, cookie }, target: sent } = desk.upstream.last;
      return { authorization, cookie, sent };
    };
    const bearer = `Bearer ${desk.token}`;
    assert.deepEqual(await passed([`Authorization: ${bearer}`, `Cookie: sid=${key}; a=1`, 'X-API-Key: secret'], `/open?hook=${hook.key}`),
      { authorization: undefined, cookie: 'a=1', sent: '/open' }, 'nobody looked at them');
    assert.deepEqual(await passed(['Authorization: Bearer mine', 'Cookie: sid=mine; a=1'], '/open'), { authorization: undefined, cookie: 'a=1', sent: '/open' });
    assert.deepEqual(await passed([`Authorization: ${bearer}`, 'Cookie: a=1'], '/orders'), { authorization: bearer, cookie: 'a=1', sent: '/orders' });
    assert.deepEqual(await passed([`Cookie: a=1; sid=${key}`], '/orders'), { authorization: undefined, cookie: `sid=${key}; a=1`, sent: '/orders' });
    assert.deepEqual(await passed([], `/orders?hook=${hook.key}`), { authorization: undefined, cookie: undefined, sent: `/orders?hook=${hook.key}` });
    const both = await passed([`Authorization: ${bearer}`, `Cookie: sid=${key}`], '/orders');
    assert.equal([both.authorization, both.cookie].filter(Boolean).length, 1, 'the one that acts');
    await desk.close();
  });

  it('is a problem of `check` where another scheme in the same place does not', async () => {
    const desk = await Desk.open();
    desk.api.components.securitySchemes.otherToken = { type: 'http', scheme: 'bearer' };
    desk.configuration.authenticators.otherToken = { ...desk.configuration.authenticators.userToken, forward: true };
    desk.writeFiles();
    const { status, stdout, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stdout + stderr, /otherToken: has forward: true, but `userToken`/);
    await desk.close();
  });
});

describe('a name that another server takes for a declared one', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open({ change: schemes });
    raw = rawTo(desk);
  });
  after(() => desk?.close());
  const refusal = { status: 400, error: 'invalid_request', reason: 'parameters_invalid', stage: 'validate' };

  for (const name of ['X_Tenant', 'x_tenant', 'X.Tenant', 'X~Tenant', "X'Tenant", 'X-Region', 'x.region', 'X_API_Key', 'X_Api-Key', 'Api-Key', 'API.KEY']) {
    it(`is refused as a header field: ${name}`, async () => {
      const arrived = desk.upstream.requests.length;
      const answer = await raw([`${name}: 1`]);
      await assertRefused(desk.gatehouse, answer, refusal);
      assert.equal(answer.json().details[0].rule, 'alias');
      assert.equal(desk.upstream.requests.length, arrived);
    });
  }
  for (const name of ['Theme', 'THEME', 't%68eme', '%74heme', 'SID', 's%69d', 'si%64']) {
    it(`is refused as a cookie: ${name}`, async () => {
      const arrived = desk.upstream.requests.length;
      for (const value of [`${name}=1`, `theme=2; ${name}=1`, `${name}=1; theme=2`]) {
        await assertRefused(desk.gatehouse, await raw([`Cookie: ${value}`]), refusal);
      }
      assert.equal(desk.upstream.requests.length, arrived);
    });
  }
  it('has no alias without a similar declaration', async () => {
    assert.equal((await raw(['X_Tenant: 1', 'Cookie: Theme=1'], '/open')).status, 200);
  });
  it('is not the name itself', async () => {
    assert.equal((await raw(['x-tenant: 1', 'x_region: 2', 'Cookie: theme=1; other=2'])).status, 200);
  });
});

describe('an answer', unlessBuilt, () => {
  let desk, raw;
  before(async () => {
    desk = await Desk.open({ change: schemes });
    raw = rawTo(desk);
  });
  after(() => desk?.close());
  beforeEach(() => (desk.upstream.answer = () => response(200)));

  const inside = { 'CDN-Cache-Control': 'secret', 'Surrogate-Control': 'secret', 'Server-Timing': 'db;desc="secret"', 'X-Served-By': 'secret', 'Alt-Svc': 'h3="secret:443"', Refresh: '0; url=http://secret/', Link: '<http://secret/>; rel=next', 'X-Stack': 'secret', 'Set-Cookie': 'JSESSIONID=secret' };
  it('has the fields of the table and those that the document declares, and no other', async () => {
    desk.upstream.answer = () => response(200, {}, { ...inside, 'X-Total-Count': 7, ETag: '"1"' });
    const answer = await raw([]);
    assert.doesNotMatch(answer.head, /secret/);
    assert.equal(answer.headers['x-total-count'], '7');
    assert.equal(answer.headers.etag, '"1"');
  });
  it('has no others on a declared 4xx either', async () => {
    desk.upstream.answer = () => response(418, {}, inside);
    const answer = await raw([]);
    assert.equal(answer.status, 418);
    assert.doesNotMatch(answer.head, /secret/);
  });
  it('loses what its Connection names, and sets declared and forwarded cookies only', async () => {
    for (const [cookie, leaves] of [['theme=dark; Path=/', true], ['a=1; Path=/', true], ['sid=1', false], ['A=1', false]]) {
      desk.upstream.answer = () => response(200, {}, { Connection: 'keep-alive, X-Total-Count', 'X-Total-Count': 7, 'Set-Cookie': cookie });
      const answer = await raw([]);
      assert.equal(answer.headers['x-total-count'], undefined);
      assert.equal(answer.headers['set-cookie'], leaves ? `${cookie}; Secure; HttpOnly; SameSite=Lax` : undefined);
    }
  });

  it('of 405 names the methods that the document and the upstream both allow', async () => {
    const allowed = async (fields, method = 'PUT') => {
      desk.upstream.answer = () => response(405, 'no', fields);
      const answer = await desk.send(method, '/orders/1', { headers: { ...(await desk.bearerOf({ roles: ['admin', 'clerk'] })), 'content-type': 'application/json' }, body: JSON.stringify({ title: 'a', quantity: 1 }) });
      await assertRefused(desk.gatehouse, answer, { status: 405, error: 'method_not_allowed', reason: 'upstream_refusal', outcome: 'upstream' });
      return answer.headers.allow;
    };
    assert.equal(await allowed({}), 'GET, HEAD, DELETE');
    assert.equal(await allowed({ Allow: 'GET, HEAD, PURGE' }), 'GET, HEAD');
    assert.equal(await allowed({ Allow: 'PUT, PURGE' }), '');
  });
  it('of another status names only methods of the document', async () => {
    desk.upstream.answer = () => response(200, {}, { Allow: 'GET, PURGE, DELETE' });
    assert.equal((await desk.get('/orders/1')).headers.allow, 'GET, DELETE');
  });
  it('to OPTIONS * is that there is no such operation', async () => {
    const arrived = desk.upstream.requests.length;
    await assertRefused(desk.gatehouse, await raw([], '*', 'OPTIONS'), { status: 404, error: 'not_found', reason: 'no_such_operation' });
    assert.equal(desk.upstream.requests.length, arrived);
  });
});
