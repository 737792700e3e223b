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
