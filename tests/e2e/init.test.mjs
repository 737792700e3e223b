// A configuration to start from: over real documents, with open questions only for the owner's decisions.
// Rooms: app openapi

import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Authority, Folder, Issuer, assertGolden, unlessBuilt } from './harness.mjs';

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
const examples = ['3.0', '3.1'].flatMap((version) => {
  const folder = join(modules, '@readme/oas-examples', version, 'json');
  return readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
});
// The errors of the documents themselves are known. Media types that cannot be checked are not errors: `init`
// leaves them out.
const known = JSON.parse(readFileSync(new URL('../conformance/openapi/expected.json', import.meta.url), 'utf8'));
const isSound = (file) => (known[file.slice(modules.length)] ?? []).every((problem) => problem.includes('state the accepted types'));

const upstream = 'http://127.0.0.1:3000';

// The edit of an owner who reads it: one answer for each DECIDE that `check` requires.
function decided(text) {
  return text
    .replaceAll(/# (issuer|audience): /g, '$1: ')
    .replaceAll(/# jwks: \S+ +# or file:keys\.json/g, 'jwks: file:keys.json')
    .replaceAll(/(# DECIDE: public in the document.*\n.*): \{permission/g, '$1: {public: "a sample", permission');
}

describe('init', unlessBuilt, () => {
  let folder;
  before(async () => {
    folder = new Folder();
    new Authority(folder.path).issue('server');
    new Authority(folder.path, 'clients');
    folder.write('keys.json', (await Issuer.create()).jwks);
  });
  after(() => folder?.remove());

  let number = 0;
  const init = (document, ...words) => folder.run('init', '--openapi', document, '--upstream', upstream, ...words);
  const initTo = async (document) => {
    const name = `${++number}.yaml`;
    cpSync(document, join(folder.path, `${number}.json`));
    const made = await init(`${number}.json`, '-o', name);
    return { name, ...made, text: existsSync(join(folder.path, name)) ? folder.read(name) : '' };
  };

  it('writes a configuration that loads after the decisions, over real documents', async () => {
    const sound = examples.filter(isSound);
    assert.ok(sound.length > 30, `${sound.length} documents`);
    let loaded = 0;
    for (const document of sound) {
      const { name, status, stderr, text } = await initTo(document);
      const wanted = Object.entries(JSON.parse(readFileSync(document, 'utf8')).paths ?? {});
      if (wanted.length === 0) {
        assert.equal(status, 1, document);
        assert.match(stderr, /no operation/);
        continue;
      }
      assert.equal(status, 0, `${document}: ${stderr}`);
      folder.write(name, decided(text));
      const checked = await folder.run('check', '-c', name);
      // A scheme that Gatehouse does not take, and two that cannot be sent together, are questions about the document.
      const open = checked.stderr.split('\n').filter((line) => /^\S+:\d+:\d+: /.test(line) && !/has none for the security scheme|both have the same place/.test(line));
      assert.deepEqual(open, [], `${document}\n${text}`);
      if (checked.status === 0) loaded += 1;
      else if (!/both have the same place/.test(checked.stderr)) assert.match(text, /DECIDE: `.*` is HTTP \w+, which Gatehouse does not support/);
    }
    assert.ok(loaded > 25, `${loaded} of ${sound.length} load`);
  });

  it('names every operation of a large API', async () => {
    const document = join(modules, '@octokit/openapi/generated/api.github.com.json');
    const { status, stderr, text, name } = await initTo(document);
    assert.equal(status, 0, stderr);
    const ids = Object.values(JSON.parse(readFileSync(document, 'utf8')).paths).flatMap(Object.values).map(({ operationId }) => operationId).filter(Boolean);
    assert.ok(ids.length > 900);
    const written = new Set([...text.matchAll(/^ {2}("[^"]+"|[\w./-]+): \{/gm)].map(([, id]) => id.replaceAll('"', '')));
    assert.deepEqual(ids.filter((id) => !written.has(id)), []);
    folder.write(name, decided(text));
    const { stderr: problems } = await folder.run('check', '-c', name);
    assert.deepEqual(problems.split('\n').filter((line) => line.startsWith(name)), [], 'only the document has problems left');
  });

  it('is kept word for word, and so are the missing decisions', async () => {
    const api = readFileSync(join(modules, '@readme/oas-examples/3.0/json/security.json'), 'utf8');
    folder.write('security.json', api);
    const { status, stdout } = await init('security.json', '-o', '-');
    assert.equal(status, 0);
    assertGolden('init/gatehouse.yaml', stdout);
    folder.write('security.yaml', stdout);
    const { stderr } = await folder.run('check', '-c', 'security.yaml');
    assertGolden('init/problems.txt', stderr);
  });

  const small = { openapi: '3.1.0', info: { title: 'T', version: '1' }, paths: { '/a': { get: { operationId: 'a', responses: {} } } } };

  it('puts several documents beside each other, and names what separates them', async () => {
    const ok = { 200: { description: 'ok' } };
    const documentOf = (paths) => ({
      openapi: '3.1.0', info: { title: 'd', version: '1' }, security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
      paths: Object.fromEntries(paths.map(([path, operationId]) => [path, { get: { operationId, responses: ok } }])),
    });
    const several = new Folder();
    new Authority(several.path).issue('server');
    several.write('billing.json', documentOf([['/invoices', 'listInvoices'], ['/health', undefined]]));
    several.write('customers.json', documentOf([['/customers', 'listCustomers'], ['/health', undefined]]));
    several.write('Other Service.json', documentOf([['/others', 'listInvoices']]));
    const words = ['init', '--openapi', 'billing.json', '--openapi', 'customers.json', '--openapi', 'Other Service.json'];
    const ports = [1, 2, 3].map((n) => `http://127.0.0.1:300${n}`);
    const wrong = await several.run(...words, '--upstream', ports[0], '--upstream', ports[1]);
    assert.equal(wrong.status, 2);
    const made = await several.run(...words, ...ports.flatMap((url) => ['--upstream', url]));
    assert.equal(made.status, 0, made.stderr);
    const text = several.read('gatehouse.yaml');
    assert.match(text, /^ {2}- \{file: billing\.json, upstream: billing\}$/m);
    assert.match(text, /DECIDE: it has paths of a document before it[^]*^ {2}- \{file: customers\.json, name: customers, upstream: customers, strip: "\/customers"\}$/m);
    assert.match(text, /^ {2}- \{file: "Other Service\.json", name: other-service, upstream: other-service\}$/m);
    assert.match(text, /^ {2}customers: \{url: "?http:\/\/127\.0\.0\.1:3002"?\}$/m);
    const checked = await several.run('check', '-c', 'gatehouse.yaml');
    assert.equal(checked.status, 0, checked.stderr);
    assert.match(checked.stdout, /GET +\/customers\/health +customers\.GET \/health +upstream customers as \/health/);
    assert.match(checked.stdout, /GET +\/others +other-service\.listInvoices +upstream other-service\n/);
    assert.match(made.stderr, /Gatehouse-Principal[^]*host: original[^]*errors_from_upstream: json/);
    several.remove();
  });

  it('prints with --missing only the operations without an entry', async () => {
    const grown = new Folder();
    new Authority(grown.path).issue('server');
    const documentOf = (...paths) => ({
      openapi: '3.1.0', info: { title: 'd', version: '1' }, security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
      paths: Object.fromEntries(paths.map(([path, operationId]) => [path, { post: { operationId, responses: { 200: { description: 'ok' } } } }])),
    });
    grown.write('api.json', documentOf(['/orders', 'addOrder']));
    assert.equal((await grown.run('init', '--openapi', 'api.json', '--upstream', upstream)).status, 0);
    const none = await grown.run('init', '--missing');
    assert.deepEqual([none.status, none.stdout], [0, '']);
    grown.write('api.json', documentOf(['/orders', 'addOrder'], ['/returns', 'addReturn'], ['/refunds', undefined]));
    const { status, stdout, stderr } = await grown.run('init', '--missing');
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout, /addOrder/);
    assert.match(stdout, /^operations:\n {2}addReturn: \{permission: returns:write\}.*\n {2}"POST \/refunds": \{permission: refunds:write/m);
    assert.match(stdout, /^# {3}writer: \[refunds:write, returns:write\]$/m);
    assert.match(stderr, /2 operations without an entry/);
    assert.equal((await grown.run('init', '--missing', '--openapi', 'api.json')).status, 2);
    grown.remove();
  });

  it('fetches a document once, and writes it beside the configuration', async () => {
    const { createServer } = await import('node:http');
    const fetched = new Folder();
    mkdirSync(join(fetched.path, 'etc'));
    let asked = 0;
    const document = JSON.stringify({ openapi: '3.1.0', info: { title: 'd', version: '1' }, paths: { '/orders': { get: { operationId: 'listOrders', responses: { 200: { description: 'ok' } } } } } });
    const server = createServer((request, answer) => {
      asked += 1;
      if (request.url === '/v1/openapi?token=abc') answer.writeHead(200, { 'Content-Type': 'application/json' }).end(document);
      else answer.writeHead(404).end('no');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${server.address().port}`;
    const made = await fetched.run('init', '--openapi', `${url}/v1/openapi?token=abc`, '--upstream', url, '-o', 'etc/gatehouse.yaml');
    assert.equal(made.status, 0, made.stderr);
    assert.equal(asked, 1);
    assert.equal(fetched.read('etc/openapi.json'), document);
    assert.match(fetched.read('etc/gatehouse.yaml'), /^openapi: \[openapi\.json\]$/m);
    const again = await fetched.run('init', '--openapi', `${url}/v1/openapi?token=abc`, '--upstream', url, '-o', 'etc/other.yaml');
    assert.equal(again.status, 1);
    assert.match(again.stderr, /openapi\.json exists and is not overwritten/);
    const missing = await fetched.run('init', '--openapi', `${url}/none?token=secret`, '--upstream', url, '-o', 'other.yaml');
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /\/none answers 404/);
    assert.doesNotMatch(missing.stderr, /secret/);
    await new Promise((resolve) => server.close(resolve));
    fetched.remove();
  });

  it('overwrites nothing', async () => {
    folder.write('small.json', small);
    folder.write('kept.yaml', 'mine');
    const { status, stderr } = await init('small.json', '-o', 'kept.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /not overwritten/);
    assert.equal(folder.read('kept.yaml'), 'mine');
  });

  it('names the document as the configuration must, wherever that is made', async () => {
    folder.write('small.json', small);
    mkdirSync(join(folder.path, 'etc'));
    const { status } = await init('small.json', '-o', 'etc/gatehouse.yaml');
    assert.equal(status, 0);
    assert.match(folder.read('etc/gatehouse.yaml'), /^openapi: \["\.\.\/small\.json"\]$/m);
  });

  it('lets no name of a document become a key, a comment or a command', async () => {
    const nasty = 'a"b: {permission: x}\n  evil: {}\u001b[31m# ';
    folder.write('nasty.json', {
      ...small, info: { title: 'T\nevil: 1', version: '1' },
      paths: { '/a': { get: { operationId: nasty, tags: ['x: y\nz'], responses: {} } }, '/true': { get: { operationId: 'true', responses: {} } }, '/{n}': { get: { parameters: [{ name: 'n', in: 'path', required: true, schema: { type: 'string' } }], responses: {} } } },
      components: { securitySchemes: { 'k.y': { type: 'apiKey', in: 'header', name: 'K' }, null: { type: 'openIdConnect', openIdConnectUrl: 'https://x\n    issuer: https://evil/.well-known/openid-configuration' } } },
    });
    const { name, status, text } = await initTo(join(folder.path, 'nasty.json'));
    assert.equal(status, 0);
    assert.doesNotMatch(text, /^\s*evil/m);
    assert.doesNotMatch(text, /^\s*issuer/m);
    assert.doesNotMatch(text, /\x1b/);
    folder.write(name, decided(text));
    const { status: checked, stderr } = await folder.run('check', '-c', name);
    assert.equal(checked, 0, `${stderr}\n${text}`);
  });

  it('reports unusable input, and writes nothing', async () => {
    folder.write('small.json', small);
    folder.write('old.json', { swagger: '2.0', info: { title: 'T', version: '1' }, paths: {} });
    for (const [words, wanted, text] of [
      [['--openapi', 'none.json', '--upstream', upstream], 1, /none\.json: no such file/],
      [['--openapi', 'old.json', '--upstream', upstream], 1, /OpenAPI 2\.0/],
      [['--openapi', 'small.json', '--upstream', 'localhost:3000'], 2, /is not the URL of a service/],
      [['--openapi', 'small.json', '--upstream', 'http://user:password@host'], 2, /is not the URL of a service/],
      [['--openapi', 'small.json'], 2, /--upstream/],
      [['--openapi', 'small.json', '--upstream', upstream, '-o', 'nowhere/gatehouse.yaml'], 1, /cannot be created/],
    ]) {
      const { status, stderr } = await folder.run('init', ...words);
      assert.equal(status, wanted, stderr);
      assert.match(stderr, text);
    }
    assert.ok(!existsSync(join(folder.path, 'gatehouse.yaml')));
  });
});
