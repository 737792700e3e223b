// Settings that complete a document, or that HTTP does not define: bodies of GET, media types and their
// ranges, paths that differ in the names of their parameters, security that the configuration states.
// Rooms: gate http openapi policy

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Authority, Desk, Folder, Wire, unlessBuilt } from './harness.mjs';

const ok = { 200: { description: 'ok' } };
const thing = { type: 'object', properties: { n: { type: 'integer' } } };
const content = (...types) => ({ content: Object.fromEntries(types.map((type) => [type, { schema: thing }])) });
const file = { schema: { type: 'string', format: 'binary' } };

// Operations under paths of their own; each with its policy.
const adding = (paths, policies, version = '3.1.0') => (configuration, api) => {
  api.openapi = version;
  for (const [path, methods] of Object.entries(paths)) {
    api.paths[path] = Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, { security: [{ userToken: [] }], responses: ok, ...operation }]));
  }
  for (const [name, policy] of Object.entries(policies)) configuration.operations[name] = { permission: 'orders:read', ...policy };
};

const sending = (desk) => async (method, target, type, body = '{"n":1}') =>
  (await desk.send(method, target, { headers: { ...desk.bearer, 'content-type': type }, body })).status;

describe('a body of GET', unlessBuilt, () => {
  for (const [version, withBody] of [['3.0.3', 400], ['3.1.0', 200]]) {
    it(`is ${withBody === 400 ? 'refused' : 'checked, and goes on,'} in ${version}`, async () => {
      const desk = await Desk.open({
        change: (configuration, api) => {
          if (version === '3.0.3') {
            for (const name of ['partnerCertificate']) delete api.components.securitySchemes[name];
            delete configuration.authenticators.partnerCertificate;
            for (const path of ['/settlements', '/transfers']) delete api.paths[path];
            for (const name of ['listSettlements', 'listTransfers']) delete configuration.operations[name];
          }
          adding({ '/find': { get: { operationId: 'find', requestBody: content('application/json') } } }, { find: {} }, version)(configuration, api);
        },
      });
      const find = async (body) => {
        const wire = await Wire.open(desk.port, desk.tls);
        const [answer] = await wire.send(`GET /find HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${desk.token}\r\n${body === undefined ? '' : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`}\r\n${body ?? ''}`).responses();
        wire.destroy();
        return answer.status;
      };
      assert.equal(await find(undefined), 200);
      assert.equal(await find('{"n":1}'), withBody);
      if (withBody === 200) assert.equal(desk.upstream.last.body.toString(), '{"n":1}');
      assert.equal(await find('{"n":"x"}'), 400);
      await desk.close();
    });
  }
});

describe('a media type', unlessBuilt, () => {
  let desk, send;
  before(async () => {
    desk = await Desk.open({
      change: (configuration, api) => {
        adding({
          '/suffix': { post: { operationId: 'suffix', requestBody: content('application/json', 'text/json', 'application/*+json') } },
          '/any': { post: { operationId: 'any', requestBody: content('*/*') } },
          '/image': { post: { operationId: 'image', requestBody: { content: { 'image/*': file } } } },
          '/beside': { post: { operationId: 'beside', requestBody: { content: { ...content('application/json').content, '*/*': file } } } },
          '/taken': { post: { operationId: 'taken', requestBody: content('multipart/form-data', 'application/xml', 'application/json') } },
          '/upload': { post: { operationId: 'upload', requestBody: { ...content('multipart/form-data'), required: true } } },
        }, { suffix: {}, any: {}, image: {}, beside: {}, taken: {}, upload: { media_types: [] } })(configuration, api);
        configuration.defaults.media_types = ['application/json', 'text/*', 'application/*+json', 'application/x-www-form-urlencoded', 'image/*'];
        for (const name of ['any', 'beside']) configuration.operations[name].media_types = '*/*';
      },
    });
    send = sending(desk);
  });
  after(() => desk?.close());

  it('is among a range, and checked by its schema', async () => {
    for (const type of ['application/json', 'text/json', 'application/vnd.a+json']) {
      assert.equal(await send('POST', '/suffix', type), 200, type);
      assert.equal(desk.upstream.last.headers['content-type'], type);
      assert.equal(await send('POST', '/suffix', type, '{"n":"x"}'), 400, type);
    }
    assert.equal(await send('POST', '/suffix', 'application/+json'), 415);
    assert.equal(await send('POST', '/any', 'application/json'), 200);
    assert.equal(await send('POST', '/any', 'application/json', '{"n":"x"}'), 400);
    assert.equal(await send('POST', '/any', 'application/xml'), 415);
    assert.equal(await send('POST', '/image', 'image/webp', 'anything'), 200);
    assert.equal(await send('POST', '/image', 'text/plain', 'anything'), 415);
  });

  it('that a schema describes does not pass unseen under a range', async () => {
    assert.equal(await send('POST', '/beside', 'image/png', 'anything'), 200);
    for (const type of ['application/json; a=b', 'APPLICATION/JSON;v=1', 'application/x+json', 'text/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=a']) {
      assert.equal(await send('POST', '/beside', type, '{"n":"x"}'), 415, type);
    }
    assert.equal(await send('POST', '/beside', 'application/json', '{"n":"x"}'), 400);
  });

  it('that is not among `media_types` gets 415, and stands in the review', async () => {
    assert.equal(await send('POST', '/taken', 'application/json'), 200);
    for (const type of ['application/xml', 'multipart/form-data; boundary=a', 'text/plain']) {
      assert.equal(await send('POST', '/taken', type), 415, type);
      assert.equal(await send('POST', '/upload', type), 415, type);
    }
    const { findings } = JSON.parse((await desk.folder.run('review', '-c', 'gatehouse.yaml', '--format', 'json')).stdout);
    const left = findings.filter((one) => one.rule === 'media-type-untaken').map((one) => one.what);
    for (const what of ['multipart/form-data', 'application/xml', 'of */* all types except JSON']) assert.ok(left.includes(what), what);
  });
});

describe('paths that differ in the names of their parameters', unlessBuilt, () => {
  it('are one, with the methods of all', async () => {
    const parameter = (name, schema) => ({ parameters: [{ name, in: 'path', required: true, schema }] });
    const desk = await Desk.open({
      change: adding({
        '/things/{thing}': { get: { operationId: 'readThing', ...parameter('thing', { type: 'integer' }) } },
        '/things/{name}': { put: { operationId: 'nameThing', ...parameter('name', { type: 'string', maxLength: 3 }) } },
      }, { readThing: { when: 'request.path.thing > 1' }, nameThing: { when: 'request.path.name != "no"' } }),
    });
    const send = async (method, target) => (await desk.send(method, target)).status;
    assert.deepEqual([await send('GET', '/things/2'), await send('GET', '/things/1'), await send('GET', '/things/abc')], [200, 403, 400]);
    assert.deepEqual([await send('PUT', '/things/abc'), await send('PUT', '/things/no'), await send('PUT', '/things/abcd')], [200, 403, 400]);
    const refused = await desk.send('DELETE', '/things/2');
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.allow, 'GET, HEAD, PUT');
    await desk.close();
  });
});

describe('security that the document does not state', unlessBuilt, () => {
  it('is stated by the configuration, for all and for one', async () => {
    const desk = await Desk.open({
      change: (configuration, api) => {
        for (const path of ['/catalogue', '/settlements', '/transfers', '/forms', '/notes']) delete api.paths[path];
        for (const methods of Object.values(api.paths)) for (const operation of Object.values(methods)) delete operation.security;
        configuration.security_schemes = api.components.securitySchemes;
        delete api.components;
        for (const name of ['listCatalogue', 'listSettlements', 'listTransfers', 'addNote', 'sendForm']) delete configuration.operations[name];
        configuration.defaults.security = [{ userToken: [] }];
        configuration.operations.listOrders.security = [{ partnerKey: [] }];
      },
    });
    const { key } = await desk.createKey();
    const get = async (target, headers) => (await desk.get(target, headers)).status;
    assert.deepEqual([await get('/orders/1'), await get('/orders/1', {}), await get('/orders/1', { 'x-api-key': key })], [200, 401, 401]);
    assert.deepEqual([await get('/orders', { 'x-api-key': key }), await get('/orders'), await get('/orders', {})], [200, 401, 401]);
    await desk.close();
  });
});

describe('init', unlessBuilt, () => {
  it('says for a document without security what to write, and that starts', async () => {
    const folder = new Folder();
    new Authority(folder.path).issue('server');
    folder.write('api.yaml', { openapi: '3.0.0', info: { title: 't', version: '1' }, paths: { '/t': { get: { operationId: 'readT', responses: ok } } } });
    const made = await folder.run('init', '--openapi', 'api.yaml', '--upstream', 'http://127.0.0.1:3000');
    assert.equal(made.status, 0, made.stderr);
    const text = folder.read('gatehouse.yaml');
    const check = () => folder.run('check', '-c', 'gatehouse.yaml');
    assert.match((await check()).stderr, /nothing states its `security`/);
    const answered = text
      .replace(/^# (security_schemes:|authenticators:|  partnerKey: .*)$/gm, '$1')
      .replace('defaults: {', 'defaults: {security: [{partnerKey: []}], ');
    assert.notEqual(answered, text);
    folder.write('gatehouse.yaml', answered);
    const { status, stdout, stderr } = await check();
    assert.equal(status, 0, stdout + stderr);
    folder.remove();
  });
});

describe('a pattern with lookahead', unlessBuilt, () => {
  it('is checked as Pydantic writes it for each Decimal', async () => {
    const schema = { type: 'object', properties: { price: { type: 'string', pattern: '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$' } } };
    const desk = await Desk.open({
      change: adding({ '/price': { post: { operationId: 'price', requestBody: { content: { 'application/json': { schema } } } } } }, { price: {} }),
    });
    const send = async (price) => (await desk.post('/price', { price })).status;
    for (const good of ['1.5', '-0', '+.7', '00012']) assert.equal(await send(good), 200, good);
    for (const bad of ['', '-', '+.', '.', '1.5.2', 'x', '1\n']) assert.equal(await send(bad), 400, bad);
    await desk.close();
  });
});
