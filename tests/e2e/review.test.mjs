// The review of whole configurations, word for word, and the output for programs.
// Rooms: review well_known docs

import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Authority, Folder, Issuer, assertGolden, deskApi, deskConfiguration, makeDatabase, unlessBuilt } from './harness.mjs';

const demo = (name) => readFileSync(new URL(`../../src/app/demo/${name}`, import.meta.url), 'utf8');

// Everything that a configuration of these tests names beside its document.
async function folderWith(files) {
  const folder = new Folder();
  new Authority(folder.path).issue('server', { days: 90 });
  for (const name of ['clients', 'bank-ca']) new Authority(folder.path, name);
  const keys = (await Issuer.create()).jwks;
  for (const name of ['keys.json', 'issuer.jwks.json']) folder.write(name, keys);
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  return folder;
}

const desk = () => ({
  'api.json': deskApi(),
  'gatehouse.yaml': { ...deskConfiguration({ https: 8443, admin: 9443, upstream: 'http://127.0.0.1:3000' }), threat_model: { exposure: 'public', data: 'sensitive' } },
});

const review = (folder, ...words) => folder.run('review', '-c', 'gatehouse.yaml', ...words);

describe('the review of a whole configuration', unlessBuilt, () => {
  for (const [name, files, prepare] of [
    ['desk', desk, () => {}],
    ['demo', () => ({ 'gatehouse.yaml': demo('gatehouse.yaml'), 'order-desk.yaml': demo('order-desk.yaml') }),
      (folder) => makeDatabase(folder, 'desk.db', demo('tables.sql'))],
    // Of the built-in operations. The date is not part of the text, unless it is near or far.
    ['built_in', () => {
      const { 'gatehouse.yaml': configuration, ...files } = desk();
      const expires = new Date(Date.now() + 200 * 86_400_000).toISOString();
      return { ...files, 'gatehouse.yaml': { ...configuration, security_txt: { contact: 'mailto:security@example.com', expires } } };
    }, () => {}],
  ]) {
    it(`is kept word for word: ${name}`, async () => {
      const folder = await folderWith(files());
      prepare(folder);
      for (const [format, ending] of [['table', 'txt'], ['json', 'json'], ['markdown', 'md']]) {
        const { status, stdout, stderr } = await review(folder, '--format', format);
        assert.equal(status, 0, stderr);
        assertGolden(`${name}/review.${ending}`, stdout);
      }
      folder.remove();
    });
  }
});

describe('gatehouse review', unlessBuilt, () => {
  let folder;
  before(async () => (folder = await folderWith(desk())));
  after(() => folder?.remove());

  it('knows which secrets every user of the machine can read', async () => {
    const found = async () => JSON.parse((await review(folder, '--json')).stdout).findings.filter(({ rule }) => rule === 'secret-readable');
    chmodSync(`${folder.path}/server.key`, 0o600);
    assert.deepEqual(await found(), []);
    chmodSync(`${folder.path}/server.key`, 0o644);
    assert.deepEqual((await found()).map(({ severity, what }) => [severity, what]), [['high', 'tls.private_key is readable by all (0644)']]);
    chmodSync(`${folder.path}/server.key`, 0o600);
  });

  it('fails where it is asked to, by severity', async () => {
    assert.equal((await review(folder)).status, 0);
    const high = await review(folder, '--fail-on', 'high');
    assert.equal(high.status, 1);
    assert.match(high.stderr, /severity high/);
    const mild = { ...desk()['gatehouse.yaml'], threat_model: { exposure: 'internal', data: 'public' } };
    folder.write('mild.yaml', mild);
    assert.equal((await folder.run('review', '-c', 'mild.yaml', '--fail-on', 'high')).status, 0);
    assert.equal((await folder.run('review', '-c', 'mild.yaml', '--fail-on', 'low')).status, 1);
    assert.equal((await review(folder, '--fail-on', 'nothing')).status, 2);
  });

  it('lets findings be accepted, and fails again for new ones', async () => {
    const configuration = desk()['gatehouse.yaml'];
    const { findings } = JSON.parse((await review(folder, '--json')).stdout);
    const accept = findings.filter(({ severity }) => severity !== 'low').flatMap(({ rule, operations }) => (operations.length ? operations : [undefined])
      .map((operation) => ({ rule, operation, reason: `known: ${rule}` })));
    folder.write('accepted.yaml', { ...configuration, review: { accept } });
    const { status, stdout } = await folder.run('review', '-c', 'accepted.yaml', '--fail-on', 'medium');
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^ACCEPTED +RULE +BECAUSE$/m);
    assert.match(stdout, new RegExp(`known: ${accept[0].rule}`));
    assert.match(stdout, / 0 high \(!!\), 0 medium \(!\), \d+ low, \d+ accepted$/m);
    const { accepted } = JSON.parse((await folder.run('review', '-c', 'accepted.yaml', '--json')).stdout);
    assert.ok(accepted.length >= accept.length && accepted.every(({ rule, accepted_because: reason }) => reason === `known: ${rule}`));

    folder.write('fewer.yaml', { ...configuration, review: { accept: accept.slice(1) } });
    assert.equal((await folder.run('review', '-c', 'fewer.yaml', '--fail-on', 'medium')).status, 1);
    folder.write('stale.yaml', { ...configuration, review: { accept: [...accept, { rule: accept[0].rule, operation: 'nobody', reason: 'x' }] } });
    const stale = await folder.run('review', '-c', 'stale.yaml', '--fail-on', 'medium');
    assert.equal(stale.status, 1);
    assert.match(stale.stdout, /acceptance-stale/);
  });

  it('requires a reason for an acceptance', async () => {
    folder.write('mute.yaml', { ...desk()['gatehouse.yaml'], review: { accept: [{ rule: 'default-cap', operation: 'listOrders', reason: '' }] } });
    const { status, stderr } = await folder.run('review', '-c', 'mute.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /mute\.yaml:\d+:\d+: review\.accept\[0\]\.reason/);
  });

  it('warns before the certificate ends, and when it has', async () => {
    const other = await folderWith(desk());
    for (const [days, what] of [[13, /in less than 14 days/], [-1, /it has ended/]]) {
      new Authority(other.path).issue('server', { days });
      const { findings } = JSON.parse((await review(other, '--json')).stdout);
      assert.match(findings.find(({ rule }) => rule === 'certificate-ending').what, what);
    }
    other.remove();
  });

  it('says nothing about a configuration that does not load, and exits with 1', async () => {
    folder.write('wrong.yaml', { ...desk()['gatehouse.yaml'], stroe: 'x' });
    const { status, stdout, stderr } = await folder.run('review', '-c', 'wrong.yaml', '--format', 'json');
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /wrong\.yaml:\d+:\d+: .*stroe/);
  });

  it('gives every finding a place in a file that is there, and every rule a text', async () => {
    const { operations, findings } = JSON.parse((await review(folder, '--format', 'json')).stdout);
    const names = new Set(operations.map(({ operation }) => operation));
    const rules = (await folder.run('review', '--rules')).stdout;
    for (const { rule, severity, file, line, operations: about } of findings) {
      assert.ok(rules.includes(`### \`${rule}\`: `), rule);
      assert.ok(['high', 'medium', 'low'].includes(severity));
      assert.ok(folder.read(file).split('\n').length >= line && line > 0, `${file}:${line}`);
      for (const one of about) assert.ok(names.has(one), one);
    }
    const order = ['high', 'medium', 'low'];
    const severities = findings.map(({ severity }) => order.indexOf(severity));
    assert.deepEqual(severities, severities.toSorted(), 'the worst first');
  });
});
