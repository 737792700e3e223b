// The ten minutes of README.md as printed: the commands of its blocks run here, with other ports.
// Rooms: app docs

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Folder, Gatehouse, Upstream, binary, eventually, freePort, response, unlessBuilt } from './harness.mjs';

const readme = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../README.md'), 'utf8');

// The blocks of each numbered step: {1: [{language, text}], …}.
const steps = Object.fromEntries([...readme.matchAll(/^\*\*(\d)\. [^]*?(?=^\*\*\d\.|^## Speed)/gm)].map(([text, number]) => [
  number, [...text.matchAll(/^```(\w*)\n([^]*?)^```/gm)].map(([, language, block]) => ({ language, text: block })),
]));

const api = {
  openapi: '3.0.3',
  info: { title: 'Shop', version: '1' },
  paths: {
    '/catalogue': { get: { operationId: 'listCatalogue', responses: { 200: { description: 'Done' } } } },
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer', minimum: 1, maximum: 999999 } }],
      get: { operationId: 'getOrder', security: [{ partnerKey: [] }], responses: { 200: { description: 'Done' } } },
      delete: { operationId: 'deleteOrder', security: [{ partnerKey: [] }], responses: { 204: { description: 'Gone' } } },
    },
  },
  components: { securitySchemes: { partnerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
};

describe('the ten minutes of the README', unlessBuilt, () => {
  let folder;
  let upstream;
  let ports;
  let gatehouse;
  let key;
  before(async () => {
    folder = new Folder();
    folder.write('api.yaml', api);
    upstream = await Upstream.start();
    ports = { 3000: upstream.port, 8443: await freePort(), 9443: await freePort() };
  });
  after(async () => {
    await gatehouse?.stop();
    await upstream.close();
    folder.remove();
  });

  const moved = (text) => text.replace(/\b(3000|8443|9443)\b/g, (port) => ports[port]);
  const shell = (text) => new Promise((resolve) => {
    const env = { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH}`, KEY: key, no_proxy: '*' };
    execFile('bash', ['-c', moved(text)], { cwd: folder.path, env, timeout: 20_000 },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
  });
  const block = (step, number = 0) => steps[step][number].text;
  const configuration = () => folder.read('gatehouse.yaml');

  it('write a configuration to start from', async () => {
    const { status, stderr } = await shell(block(1).split('\n').filter((line) => line.startsWith('gatehouse ')).join('\n'));
    assert.equal(status, 0, stderr);
    folder.write('gatehouse.yaml', moved(configuration()).replace('0.0.0.0', '127.0.0.1'));
  });

  it('list the missing decisions, until they are made', async () => {
    const undecided = await shell(block(2, 0));
    assert.equal(undecided.status, 1);
    assert.match(undecided.stderr, /^gatehouse\.yaml:\d+:\d+: listCatalogue: .*public/m);
    assert.equal((await shell(block(2, 1))).status, 0);
    // The block's lines take the place of those of the same name.
    const [, threatModel] = /^(threat_model: .*)$/m.exec(block(2, 2));
    let decided = configuration().replace(/^# threat_model: .*$/m, threatModel);
    assert.ok(decided.includes(threatModel));
    for (const [line, name] of block(2, 2).matchAll(/^ {2}(\w+): .*$/gm)) {
      const before = decided;
      decided = decided.replace(new RegExp(`^  ${name}: .*$`, 'm'), line);
      assert.ok(before.includes(`  ${name}: `), `init has no line for ${name}`);
    }
    folder.write('gatehouse.yaml', decided);
    const { status, stderr } = await shell('gatehouse check');
    assert.equal(status, 0, stderr);
  });

  it('list the weaknesses', async () => {
    const { status, stdout } = await shell(block(3));
    assert.equal(status, 0);
    assert.match(stdout, /object-unchecked/);
  });

  it('make a key, and start', async () => {
    const made = await shell(`${block(4).split('\n')[0]}; echo "$KEY"`);
    key = made.stdout.trim();
    assert.match(key, /^gh_/);
    gatehouse = await Gatehouse.start(folder, ports[8443]);
  });

  it('try the gates, each with the status that is said', async () => {
    const [address, ...lines] = block(5).trim().split('\n');
    assert.equal(lines.length, 7);
    for (const line of lines) {
      const { stdout } = await shell(`${address}\n${line.replace('curl ', "curl -s -o answer.json -w '%{http_code}' ")}`);
      assert.equal(stdout, /# (\d{3}):?/.exec(line)[1], `${line}\n${folder.read('answer.json')}`);
    }
    assert.deepEqual(upstream.requests.map(({ target }) => target), ['/catalogue', '/orders/42']);
    assert.equal(upstream.last.headers['gatehouse-principal'], 'partner:acme');
  });

  it('print the events, and the reason', async () => {
    const [log] = block(6, 0).split('\n');
    const event = await eventually(async () => {
      const { stdout } = await shell(`${log} --json`);
      return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)).find(({ operation }) => operation === 'deleteOrder');
    }, 'event of the refused deletion');
    const { stdout } = await shell(`gatehouse why ${event['request.id']}`);
    // As printed in the README, without the parts that differ from one request to the next.
    const shown = (text) => text.split('\n').filter((line) => /^(GATE|\w+ +(passed|refused|not asked)| +none)/.test(line))
      .map((line) => line.replace(/credential \w+/, 'credential …').replace(/ +/g, ' '));
    const printed = shown(block(6, 1));
    assert.ok(printed.length >= 9);
    assert.deepEqual(shown(stdout).slice(0, printed.length), printed);
  });

  it('let each caller see their own objects only, without a restart', async () => {
    upstream.answer = ({ target }) => (target.startsWith('/internal/') ? response(200, { customer: target.endsWith('/42') ? 'partner:acme' : 'partner:globex' }) : response(200));
    folder.write('gatehouse.yaml', configuration().replace(/^ {2}getOrder: .*$/m, block(7).trimEnd()));
    assert.equal((await shell('gatehouse check')).status, 0);
    const ask = async (id) => (await shell(`curl -s -o answer.json -w '%{http_code}' --cacert server.crt -H "X-API-Key: $KEY" https://localhost:8443/orders/${id}`)).stdout;
    assert.equal(await ask(43), '200');
    gatehouse.signal('SIGHUP');
    await eventually(async () => (await ask(43)) === '404', 'new configuration');
    assert.equal(await ask(42), '200');
  });
});
