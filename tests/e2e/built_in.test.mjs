// Built-in operations: ordinary operations, and no configuration removes a gate from them.
// Rooms: core policy well_known review app docs

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, assertOneEvent, assertRefused, assertSecurityHeaders, eventually, unlessBuilt } from './harness.mjs';

const page = readFileSync(new URL('../../docs/built-in.md', import.meta.url), 'utf8');
const [securityTxt, entry] = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, block]) => block);

const path = '/.well-known/security.txt';
const name = 'well_known.security_txt';
const file = `Contact: mailto:security@example.com
Contact: https://example.com/report
Expires: 2027-06-30T00:00:00Z
Preferred-Languages: en, de
Canonical: https://api.example.com/.well-known/security.txt
Policy: https://example.com/disclosure
`;

// The desk's configuration is JSON; a block of the page stands behind it as YAML.
const inYaml = (configuration) => Object.entries(configuration).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('');

describe('security.txt', unlessBuilt, () => {
  let desk;
  const write = (change = (text) => text, more = {}) => {
    const { operations, ...rest } = { ...desk.configuration, ...more };
    desk.folder.write('gatehouse.yaml', change(`${inYaml(rest)}operations:\n${Object.entries(operations).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`).join('')}`));
  };
  const check = (...words) => desk.folder.run('check', '-c', 'gatehouse.yaml', ...words);
  before(async () => {
    desk = await Desk.open({
      before: (opened) => {
        desk = opened;
        write((text) => text + securityTxt);
      },
    });
  });
  after(() => desk?.close());

  it('has the configured values, as on the page', async () => {
    const answer = await desk.get(path, {});
    assert.equal(answer.status, 200);
    assert.equal(answer.text, file);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(answer.headers['cache-control'], 'max-age=3600');
    assertSecurityHeaders({ headers: { ...answer.headers, 'cache-control': 'no-store' } });
  });

  it('leaves one event for each request, which log and why show', async () => {
    const answer = await desk.get(path, {});
    const id = answer.headers['x-request-id'];
    const event = await desk.gatehouse.eventOf(id);
    assert.deepEqual([event.operation, event['http.route'], event.outcome, event.rule, event['user.id']],
      [name, path, 'allowed', `${name}.permission`, 'anonymous']);
    assertOneEvent(desk.gatehouse, id);
    const listed = await eventually(async () => {
      const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--operation', name, '--json');
      return stdout.includes(id) && stdout;
    }, 'the event in the log');
    assert.ok(listed.split('\n').filter(Boolean).every((line) => JSON.parse(line).operation === name));
    const { status, stdout } = await desk.folder.run('why', '-c', 'gatehouse.yaml', id);
    assert.equal(status, 0);
    assert.match(stdout, /Gatehouse answered/);
  });

  it('is the same for every caller, and nothing of it reaches the upstream', async () => {
    desk.upstream.requests.length = 0;
    for (const headers of [{}, desk.bearer, { 'accept-language': 'de' }]) {
      const answer = await desk.get(path, headers);
      assert.deepEqual([answer.status, answer.text], [200, file]);
    }
    assert.equal(desk.upstream.requests.length, 0);
  });

  it('answers HEAD with the fields of GET', async () => {
    const wire = await Wire.open(desk.port, desk.tls);
    await wire.send(`HEAD ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`).closedByServer();
    const head = wire.received.toString('latin1');
    assert.match(head, /^HTTP\/1\.1 200 /);
    assert.match(head, new RegExp(`^content-length: ${file.length}\r$`, 'im'));
    assert.match(head, /^content-type: text\/plain; charset=utf-8\r$/im);
    assert.equal(head.indexOf('\r\n\r\n'), head.length - 4, 'no body');
  });

  it('is refused like any other operation', async () => {
    const posted = await desk.post(path, {});
    await assertRefused(desk.gatehouse, posted, { status: 405, error: 'method_not_allowed', reason: 'method_not_allowed', stage: 'route' });
    assert.match(posted.headers.allow, /\bGET\b/);
    const queried = await desk.get(`${path}?debug=1`, {});
    await assertRefused(desk.gatehouse, queried, { status: 400, error: 'invalid_request', reason: 'parameters_invalid', stage: 'validate' });
    const wrong = await desk.get(path, { authorization: 'Bearer x.y.z' });
    const listed = await desk.get('/catalogue', { authorization: 'Bearer x.y.z' });
    assert.equal(wrong.status, listed.status, 'as any public operation');
  });

  it('is counted by check, and listed by review with its gates', async () => {
    const checked = JSON.parse((await check('--json')).stdout);
    assert.equal(checked.operations, Object.keys(desk.configuration.operations).length + 1);
    const { stdout } = await desk.folder.run('review', '-c', 'gatehouse.yaml', '--json');
    const { operations } = JSON.parse(stdout);
    const listed = operations.find(({ operation }) => operation === name);
    assert.deepEqual([listed.method, listed.route, listed.public, listed.permission, listed.held_by, listed.target, listed.limits.map((limit) => limit.name)],
      ['GET', path, true, 'well_known:read', ['anonymous'], 'Gatehouse', ['well_known.per_ip']]);
    const table = await desk.folder.run('review', '-c', 'gatehouse.yaml');
    assert.match(table.stdout, /the finder of a vulnerability has no credential/);
  });

  it('is found by review where its date is over, near or far', async () => {
    const found = async (days) => {
      const expires = new Date(Date.now() + days * 86_400_000).toISOString();
      write((text) => text + securityTxt.replace(/expires: \S+/, `expires: ${expires}`));
      const { status, stdout } = await desk.folder.run('review', '-c', 'gatehouse.yaml', '--json');
      assert.equal(status, 0);
      return JSON.parse(stdout).findings.filter(({ rule }) => rule.startsWith('security-txt')).map(({ rule, what }) => `${rule}: ${what.replace(/ \d{4}-.*/, '')}`);
    };
    assert.deepEqual(await found(-1), ['security-txt-ending: it has expired']);
    assert.deepEqual(await found(10), ['security-txt-ending: in less than 30 days']);
    assert.deepEqual(await found(300), []);
    assert.deepEqual(await found(500), ['security-txt-far: expires']);
  });

  it('changes with a reload', async () => {
    write((text) => text + securityTxt.replace('/report', '/tell-us'));
    desk.gatehouse.signal('SIGHUP');
    await eventually(async () => (await desk.get(path, {})).text.includes('https://example.com/tell-us\n'), 'the new contact');
  });

  it('may have other limits of the same kind, as the page has it, and they hold', async () => {
    write((text) => text + entry.replace('operations:\n', '') + securityTxt, { limits: { ...desk.configuration.limits, per_ip: { per: 'ip', rate: '3/h', burst: 3 } } });
    desk.gatehouse.signal('SIGHUP');
    const limited = await eventually(async () => {
      const answer = await desk.get(path, {});
      return answer.status === 429 && answer;
    }, 'a refusal');
    await assertRefused(desk.gatehouse, limited, { status: 429, error: 'rate_limited', reason: 'rate_limited', stage: 'limit' });
  });

  it('keeps its gates, its path and its name', async () => {
    const refused = async (change, wanted) => {
      write((text) => change(text + securityTxt));
      const { status, stderr } = await check();
      assert.equal(status, 1);
      assert.match(stderr, wanted);
    };
    const say = (what) => (text) => text.replace('operations:\n', `operations:\n  ${name}: ${what}\n`);
    await refused(say('{permission: "catalogue:read"}'), /^gatehouse\.yaml:\d+:\d+: operations\.well_known\.security_txt: `permission` is fixed/m);
    await refused(say('{upstream: orders}'), /`upstream` is fixed/);
    await refused(say('{limits: [per_principal]}'), /`limits` needs one per ip/);
    desk.api.paths[path] = { post: { operationId: 'mine', security: [{}], responses: { 200: { description: 'Done' } } } };
    desk.folder.write('api.json', desk.api);
    await refused(say('{}'), /^api\.json:\d+:\d+: mine: Gatehouse answers \/\.well-known\/security\.txt itself \(well_known\.security_txt, turned on in gatehouse\.yaml:\d+\)/m);
    write((text) => text.replace('operations:\n', 'operations:\n  mine: {permission: "catalogue:read", public: "a path of ours"}\n'));
    assert.equal((await check()).status, 0, 'where it is not turned on, the path is any document\'s');
    delete desk.api.paths[path];
    desk.folder.write('api.json', desk.api);
  });
});
