// Coverage proof: nothing starts while an operation is undecided, every problem is reported at once and with its place.
// Rooms: doc openapi policy

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Authority, Folder, Issuer, assertGolden, deskApi, deskConfiguration, unlessBuilt } from './harness.mjs';

const api = `openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{key: []}]
paths:
  /items:
    get: {operationId: listItems, security: [{}], responses: {"200": {description: ok}}}
    post:
      operationId: addItem
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {"200": {description: ok}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
`;

const configuration = `openapi: [api.yaml]
threat_model: {exposure: partner, data: internal}
listen: {https: "127.0.0.1:0", admin: "127.0.0.1:0"}
tls: {certificate: server.crt, private_key: file:server.key}
store: sqlite:state.db
upstreams:
  shop: {url: "http://127.0.0.1:3000"}
authenticators:
  key: {type: api_key}
roles:
  anonymous: [items:read]
  partner: [items:write]
limits:
  per_ip: {per: ip, rate: 60/min, burst: 10}
defaults: {limits: [per_ip], upstream: shop, body: 64KiB, timeout: 10s}
operations:
  listItems: {permission: items:read, public: "the shop window"}
  addItem: {permission: items:write}
log: [stdout]
`;

describe('check', unlessBuilt, () => {
  let folder;
  before(() => {
    folder = new Folder();
    new Authority(folder.path).issue('server');
  });
  after(() => folder?.remove());

  const check = async (changedConfiguration, changedApi = api, command = 'check') => {
    folder.write('api.yaml', changedApi);
    folder.write('gatehouse.yaml', changedConfiguration);
    return folder.run(command, '-c', 'gatehouse.yaml');
  };

  it('names an answer 101, which no client gets', async () => {
    for (const status of ['"101"', '1XX']) {
      const { status: ended, stdout } = await check(configuration, api.replace('{"200": {description: ok}}}\n    post', `{"200": {description: ok}, ${status}: {description: switching}}}\n    post`));
      assert.equal(ended, 0);
      assert.match(stdout, /^api\.yaml:6:\d+: listItems declares an answer 101, which no client gets: a request with `Upgrade` is refused/m);
    }
    assert.doesNotMatch((await check(configuration)).stdout, /101/);
  });

  it('accepts a complete configuration', async () => {
    const { status, stderr } = await check(configuration);
    assert.equal(status, 0, stderr);
  });

  it('prints each operation with its path as served, and counts the schemas that are closed or capped by default', async () => {
    folder.write('served.yaml', configuration.replace('[api.yaml]', '{file: api.yaml, strip: /shop, prefix: /v1}'));
    const { status, stdout } = await folder.run('check', '-c', 'served.yaml');
    assert.equal(status, 0);
    assert.match(stdout, /^GET +\/shop\/v1\/items +listItems +upstream shop as \/v1\/items$/m);
    assert.match(stdout, /^POST +\/shop\/v1\/items +addItem /m);
    assert.match(stdout, /^closed by default: 1 object schema, no other members than the declared ones \(api\.yaml:9:\d+\)$/m);
    assert.match(stdout, /^default caps: 1 bound, 1 by defaults\.caps\.string \(api\.yaml:9:\d+\)$/m);
    const said = JSON.parse((await folder.run('check', '-c', 'served.yaml', '--json')).stdout);
    assert.deepEqual(said.served[0], { operation: 'listItems', method: 'GET', path: '/shop/v1/items', hosts: [], answered_by: 'upstream shop', path_behind: '/v1/items' });
    assert.deepEqual([said.closed_by_default.length, said.default_caps.map((one) => one.keyword)], [1, ['maxLength']]);
  });

  it('refuses a file of authorities that holds none: it does not stand for the system\'s', async () => {
    for (const text of ['', '# to be mounted\n']) {
      folder.write('peers.pem', text);
      const { status, stderr } = await check(configuration.replace('"http://127.0.0.1:3000"', '"https://127.0.0.1:3000", ca: peers.pem'));
      assert.equal(status, 1);
      assert.match(stderr, /^gatehouse\.yaml:7:\d+: upstreams\.shop\.ca: /m);
    }
  });

  const lineOf = (text, part) => text.slice(0, text.indexOf(part)).split('\n').length;

  for (const [what, from, to, place] of [
    ['an operation without a decision', '  addItem: {permission: items:write}\n', '', /api\.yaml:7:\d+: .*addItem/],
    ['an operation without a permission', '  addItem: {permission: items:write}', '  addItem: {}', /gatehouse\.yaml:18:\d+: /],
    ['a public operation without a reason', ', public: "the shop window"', '', /(gatehouse\.yaml:17|api\.yaml:6):\d+: /],
    ['a public operation with an empty reason', '"the shop window"', '""', /gatehouse\.yaml:17:\d+: /],
    ['a public operation that anonymous may not call', '[items:read]', '[]', /gatehouse\.yaml:\d+:\d+: /],
    ['a reason for being public where nothing is', 'addItem: {permission: items:write}', 'addItem: {permission: items:write, public: "why not"}', /gatehouse\.yaml:18:\d+: /],
    ['an operation that the document does not have', '  addItem:', '  dropItem: {permission: items:write}\n  addItem:', /gatehouse\.yaml:18:\d+: .*dropItem/],
    ['a key that it does not know', 'store:', 'stroe:', /gatehouse\.yaml:5:1: .*stroe/],
    ['a key that comes twice', 'store: sqlite:state.db', 'store: sqlite:state.db\nstore: sqlite:other.db', /gatehouse\.yaml:6:1: /],
    ['a limit that nobody defined', 'limits: [per_ip]', 'limits: [per_moon]', /gatehouse\.yaml:15:\d+: .*per_moon/],
    ['an upstream that nobody defined', 'upstream: shop', 'upstream: moon', /gatehouse\.yaml:15:\d+: .*moon/],
    ['a scheme without an authenticator', '  key: {type: api_key}', '  other: {type: api_key}', /(gatehouse|api)\.yaml:\d+:\d+: .*key/],
    ['a duration without a unit', 'timeout: 10s', 'timeout: 10', /gatehouse\.yaml:15:\d+: .*10/],
    ['a size that is none', 'body: 64KiB', 'body: lots', /gatehouse\.yaml:15:\d+: .*lots/],
    ['a rate that is none', 'rate: 60/min', 'rate: 60', /gatehouse\.yaml:14:\d+: .*60/],
    ['a private key in the file', 'private_key: file:server.key', 'private_key: "-----BEGIN PRIVATE KEY-----"', /gatehouse\.yaml:4:\d+: /],
    ['a TLS version that is too old', 'private_key: file:server.key', 'private_key: file:server.key, minimum: "1.1"', /gatehouse\.yaml:4:\d+: .*1\.[123]/],
    ['a certificate that is not there', 'certificate: server.crt', 'certificate: missing.crt', /gatehouse\.yaml:4:\d+: .*missing\.crt/],
    ['a certificate that is none', 'certificate: server.crt', 'certificate: api.yaml', /gatehouse\.yaml:4:\d+: /],
    ['a certificate that is a folder', 'certificate: server.crt', 'certificate: .', /gatehouse\.yaml:4:\d+: .*a folder.*name a file/],
    ['a store that is a folder', 'sqlite:state.db', 'sqlite:.', /gatehouse\.yaml:5:\d+: store: .*name a file/],
    ['a document that is a folder', '[api.yaml]', '[.]', /gatehouse\.yaml:1:\d+: .*a folder.*name a file/],
    ['a document that is not there', '[api.yaml]', '[missing.yaml]', /gatehouse\.yaml:1:\d+: .*missing\.yaml/],
    ['a condition with an unknown name', 'addItem: {permission: items:write}', 'addItem: {permission: items:write, when: "principle.id == \'a\'"}', /gatehouse\.yaml:18:\d+: .*principle/],
    ['a condition with a type error', 'addItem: {permission: items:write}', 'addItem: {permission: items:write, when: "principal.id + 1 == 2"}', /gatehouse\.yaml:18:\d+: /],
    ['a condition that is no yes or no', 'addItem: {permission: items:write}', 'addItem: {permission: items:write, when: "principal.id"}', /gatehouse\.yaml:18:\d+: .*bool/],
    ['a condition over an undeclared field', 'addItem: {permission: items:write}', 'addItem: {permission: items:write, when: "request.body.nome == \'a\'"}', /gatehouse\.yaml:18:\d+: .*nome/],
    ['a condition over an object that is not looked up', 'addItem: {permission: items:write}', 'addItem: {permission: items:write, when: "resource.owner == principal.id"}', /gatehouse\.yaml:18:\d+: .*resource/],
    ['YAML that is none', 'operations:', 'operations: [', /gatehouse\.yaml:\d+:\d+: /],
    ['an admin listener that shares its port', 'https: "127.0.0.1:0", admin: "127.0.0.1:0"', 'https: "0.0.0.0:8443", admin: "127.0.0.1:8443"', /gatehouse\.yaml:3:\d+: .*admin/],
    ['a plaintext listener that shares its port', 'https: "127.0.0.1:0"', 'https: "127.0.0.1:8443", http: {address: "[::]:8443", do: reject}', /gatehouse\.yaml:3:\d+: .*http/],
    ['tokens for nobody', '  key: {type: api_key}', '  key: {type: jwt, issuer: "https://idp.example", audience: [], jwks: "https://idp.example/keys", algorithms: [ES256]}', /gatehouse\.yaml:9:\d+: .*audience/],
    ['an upstream that is no URL', 'http://127.0.0.1:3000', '127.0.0.1:3000', /gatehouse\.yaml:7:\d+: .*URL/],
    ['the admin port open to the world', 'admin: "127.0.0.1:0"', 'admin: "127.0.0.1"', /gatehouse\.yaml:3:\d+: /],
  ]) {
    it(`refuses ${what}`, async () => {
      assert.ok(configuration.includes(from));
      for (const command of ['check', 'serve']) {
        const { status, stdout, stderr } = await check(configuration.replace(from, to), api, command);
        assert.equal(status, 1, `${command}: ${stdout}${stderr}`);
        assert.match(stderr, place);
      }
    });
  }

  for (const [what, from, to, place] of [
    ['two operations with one name', 'operationId: addItem', 'operationId: listItems', /api\.yaml:\d+:\d+: .*listItems/],
    ['templates that cannot be told apart', 'components:', '  /items/{a}:\n    get: {operationId: a, parameters: [{name: a, in: path, required: true, schema: {type: string}}], responses: {"200": {description: ok}}}\n  /items/{b}:\n    get: {operationId: b, parameters: [{name: b, in: path, required: true, schema: {type: string}}], responses: {"200": {description: ok}}}\ncomponents:', /api\.yaml:\d+:\d+: /],
    ['a template whose parameter is not declared', '  /items:', '  /items/{id}:', /api\.yaml:\d+:\d+: .*id/],
    ['a pattern that takes more than linear time', 'name: {type: string}', 'name: {type: string, pattern: "^(a+)\\\\1$"}', /api\.yaml:9:\d+: /],
    ['a reference to nowhere', 'schema: {type: object', 'schema: {$ref: "#/components/schemas/Nothing", type: object', /api\.yaml:9:\d+: .*Nothing/],
    ['a reference over the network', 'schema: {type: object', 'schema: {$ref: "https://evil.example/s.json", type: object', /api\.yaml:9:\d+: /],
    ['a reference out of the folder', 'schema: {type: object', 'schema: {$ref: "../../etc/passwd", type: object', /api\.yaml:9:\d+: /],
    ['uploads, which do not exist yet', 'application/json:', 'multipart/form-data:', /api\.yaml:9:\d+: .*multipart/],
    ['a version that it does not know', 'openapi: 3.1.0', 'openapi: "2.0"', /api\.yaml:1:\d+: /],
    ['policy in two places', 'operationId: addItem', 'operationId: addItem\n      x-gatehouse: {permission: items:write}', /(api\.yaml:9|gatehouse\.yaml:18):\d+: /],
  ]) {
    it(`refuses a document with ${what}`, async () => {
      assert.ok(api.includes(from));
      const { status, stderr } = await check(configuration, api.replace(from, to));
      assert.equal(status, 1);
      assert.match(stderr, place);
    });
  }

  it('refuses operations of two documents with one name', async () => {
    folder.write('other.yaml', api.replace('/items:', '/things:').replace('operationId: addItem', 'operationId: addThing'));
    const { status, stderr } = await check(configuration.replace('[api.yaml]', '[api.yaml, other.yaml]').replace('  addItem:', '  addThing: {permission: items:write}\n  addItem:'));
    assert.equal(status, 1);
    assert.match(stderr, /^other\.yaml:6:\d+: `listItems` also names the operation at api\.yaml:6;/m);
  });

  it('takes policy from the document', async () => {
    const { status, stderr } = await check(configuration.replace('  addItem: {permission: items:write}\n', ''),
      api.replace('operationId: addItem', 'operationId: addItem\n      x-gatehouse: {permission: items:write}'));
    assert.equal(status, 0, stderr);
  });

  it('reports every problem at once, each on a line of its own', async () => {
    const wrong = configuration.replace('60/min', '60').replace('10s', 'soon').replace('  addItem: {permission: items:write}\n', '').replace('store:', 'stroe:');
    const { stderr } = await check(wrong);
    const places = stderr.split('\n').filter((line) => /^\S+\.yaml:\d+:\d+: ./.test(line));
    assert.ok(places.length >= 4, stderr);
    assert.ok(places.some((line) => line.startsWith(`gatehouse.yaml:${lineOf(wrong, 'stroe')}:`)), stderr);
    assertGolden('undecided/problems.txt', stderr);
  });

  it('writes JSON for programs, on standard output', async () => {
    folder.write('gatehouse.yaml', configuration);
    folder.write('api.yaml', api);
    const good = await folder.run('check', '-c', 'gatehouse.yaml', '--json');
    assert.equal(good.status, 0);
    const { served, closed_by_default, default_caps, ...rest } = JSON.parse(good.stdout);
    assert.deepEqual(rest, { starts: true, operations: 2, problems: [], notes: [] });
    assert.deepEqual([served.length, closed_by_default.length, default_caps.length], [2, 1, 1]);
    const { status, stdout } = await check(configuration.replace('10s', 'soon'), api).then(() => folder.run('check', '--json'));
    assert.equal(status, 1);
    const { starts, problems: [{ file, line, what }, ...more] } = JSON.parse(stdout);
    assert.deepEqual([starts, file, line, more], [false, 'gatehouse.yaml', 15, []]);
    assert.match(what, /soon/);
  });

  it('lets no document write to the terminal', async () => {
    const { stderr } = await check(configuration, api.replaceAll('addItem', '"\\e[31mx\\nfake.yaml:1:1: all is well"'));
    assert.match(stderr, /\\u001b\[31m/);
    assert.doesNotMatch(stderr, /\x1b|^fake/m);
  });

  it('ends with 2 for wrong usage and with help for --help', async () => {
    assert.equal((await folder.run('check', '--nonsense')).status, 2);
    assert.equal((await folder.run('nonsense')).status, 2);
    for (const command of ['serve', 'check', 'review', 'init', 'key', 'log', 'why', 'demo']) {
      const { status, stdout } = await folder.run(command, '--help');
      assert.equal(status, 0, command);
      assert.match(stdout, new RegExp(`gatehouse ${command}`), 'an example');
    }
  });
});

describe('review', unlessBuilt, () => {
  let folder;
  before(async () => {
    folder = new Folder();
    new Authority(folder.path).issue('server');
    new Authority(folder.path, 'clients');
    folder.write('keys.json', (await Issuer.create()).jwks);
    folder.write('api.json', deskApi());
    folder.write('gatehouse.yaml', { ...deskConfiguration({ https: 8443, admin: 9443, upstream: 'http://127.0.0.1:3000' }), threat_model: { exposure: 'public', data: 'sensitive' } });
  });
  after(() => folder?.remove());

  it('holds every operation against every layer', async () => {
    const { status, stdout } = await folder.run('review', '-c', 'gatehouse.yaml', '--format', 'json');
    assert.equal(status, 0);
    const operations = new Set(JSON.stringify(JSON.parse(stdout)).match(/"(list|create|get|replace|delete|export|add|send)\w+"/g));
    assert.ok(operations.size >= 11, [...operations].join());
  });

  it('is a table for people and Markdown for documents', async () => {
    const table = (await folder.run('review', '-c', 'gatehouse.yaml')).stdout;
    assert.match(table, /listCatalogue/);
    assert.doesNotMatch(table, /\x1b\[/, 'no colour where nobody looks');
    const markdown = (await folder.run('review', '-c', 'gatehouse.yaml', '--format', 'markdown')).stdout;
    assert.match(markdown, /^\|.*\|$/m);
  });

  it('prints weaknesses and their reasons, with the id of a rule', async () => {
    const { stdout } = await folder.run('review', '-c', 'gatehouse.yaml', '--format', 'json');
    const text = JSON.stringify(JSON.parse(stdout));
    assert.match(text, /"(rule|id)":"[a-z0-9-]+"/);
    assert.match(text, /q|title|string/);
  });
});

describe('init', unlessBuilt, () => {
  it('writes a configuration that names every operation and the missing decisions', async () => {
    const folder = new Folder();
    folder.write('api.yaml', api);
    const { status, stderr } = await folder.run('init', '--openapi', 'api.yaml', '--upstream', 'http://127.0.0.1:3000');
    assert.equal(status, 0, stderr);
    const written = folder.read('gatehouse.yaml');
    for (const word of ['listItems', 'addItem', 'http://127.0.0.1:3000', 'api.yaml']) assert.ok(written.includes(word), word);
    assert.equal((await folder.run('init', '--openapi', 'api.yaml', '--upstream', 'http://127.0.0.1:3000')).status, 1, 'it overwrites nothing');
    folder.remove();
  });
});
