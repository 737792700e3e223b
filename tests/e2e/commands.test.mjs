// The commands for operators: keys, the log, and why.
// Rooms: app audit store trial

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { Desk, binary, eventually, response, unlessBuilt } from './harness.mjs';

describe('gatehouse key', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const key = (...words) => desk.folder.run('key', words[0], '-c', 'gatehouse.yaml', ...words.slice(1));

  it('shows a key once', async () => {
    const made = await desk.createKey('partner:once');
    const { stdout } = await key('list');
    assert.ok(stdout.includes(made.id));
    assert.ok(stdout.includes('partner:once'));
    assert.ok(!stdout.includes(made.key));
    assert.ok(!(await key('list', '--json')).stdout.includes(made.key));
  });

  it('does not give a role that the configuration does not have', async () => {
    const { status, stderr } = await key('create', '--principal', 'partner:x', '--role', 'emperor');
    assert.equal(status, 1);
    assert.match(stderr, /emperor/);
  });

  it('reports wrong arguments, with status 2', async () => {
    for (const words of [['--expires', 'soon'], ['--address', 'here'], ['--no-such-word']]) {
      const { status, stderr } = await key('create', '--principal', 'partner:x', ...words);
      assert.equal(status, 2);
      assert.ok(stderr.includes(words[0]), stderr);
    }
  });

  it('does not revoke a missing key', async () => {
    assert.equal((await key('revoke', 'nothing')).status, 1);
  });

  it('takes the id of a key, and does not repeat a whole one', async () => {
    const made = await desk.createKey('partner:whole');
    for (const command of ['revoke', 'rotate']) {
      const { status, stdout, stderr } = await key(command, made.key);
      assert.equal(status, 2);
      assert.match(stderr, /is a whole key; write its id alone/);
      assert.ok(!(stdout + stderr).includes(made.key.slice(0, 20)));
    }
  });

  it('makes no key without an end of an empty `--expires`', async () => {
    const { status, stdout, stderr } = await key('create', '--principal', 'partner:x', '--expires', '');
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /--expires/);
  });

  it('works while a document, a certificate or a variable of the configuration is missing', async () => {
    const made = await desk.createKey('partner:leaked');
    desk.folder.write('incomplete.yaml', {
      ...desk.configuration, openapi: ['none.json'], tls: { ...desk.configuration.tls, private_key: 'file:none.key' },
      upstreams: { orders: { ...desk.configuration.upstreams.orders, set: { Authorization: 'env:NOT_HERE' } } },
      blocked: { addresses: 'file:none.txt' },
    });
    const run = (...words) => desk.folder.run('key', words[0], '-c', 'incomplete.yaml', ...words.slice(1));
    assert.equal((await desk.folder.run('check', '-c', 'incomplete.yaml')).status, 1);
    assert.ok((await run('list')).stdout.includes('partner:leaked'));
    assert.equal((await run('revoke', made.id)).status, 0);
    assert.equal((await desk.get('/orders/1', { 'x-api-key': made.key })).status, 401);
    assert.equal((await run('create', '--principal', 'partner:x', '--role', 'emperor')).status, 1);
    desk.folder.write('incomplete.yaml', { ...desk.configuration, nonsense: 1 });
    const { status, stderr } = await run('list');
    assert.equal(status, 1);
    assert.match(stderr, /nonsense/);
  });

  it('remembers when a key was last used', async () => {
    const made = await desk.createKey('partner:used');
    assert.equal((await desk.get('/orders/1', { 'x-api-key': made.key })).status, 200);
    await eventually(async () => {
      const keys = (await key('list', '--json')).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
      return keys.find(({ id }) => id === made.id).last_used.startsWith('20');
    }, 'time of last use');
  });
});

describe('gatehouse log and why', unlessBuilt, () => {
  let desk;
  let refused;
  before(async () => {
    desk = await Desk.open();
    await desk.get('/orders/1');
    refused = (await desk.get('/users')).json().correlation_id;
    await desk.get('/orders/x');
    await eventually(async () => (await log('--json')).length >= 3, 'events in the store');
  });
  after(() => desk?.close());

  const log = async (...words) => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json', ...words)).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

  it('finds events by user, operation, address, outcome and time', async () => {
    assert.equal((await log('--user', 'ann')).length, 3);
    assert.equal((await log('--user', 'nobody')).length, 0);
    assert.deepEqual((await log('--operation', 'listUsers')).map((event) => event['request.id']), [refused]);
    assert.equal((await log('--outcome', 'allowed')).length, 1);
    const requests = (await log('--ip', '127.0.0.1', '--since', '1h')).filter((event) => event['event.name'] === 'request');
    assert.equal(requests.length, 3);
    assert.equal((await log('--ip', '203.0.113.1')).length, 0);
  });

  it('takes no SQL for a filter', async () => {
    assert.equal((await log('--user', "' OR 1=1 --")).length, 0);
  });

  it('is a table for people', async () => {
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml');
    assert.match(stdout, /listUsers/);
    assert.doesNotMatch(stdout, /^\{/m);
  });

  it('is in colour on a terminal, unless NO_COLOR is set', async () => {
    const onTerminal = (environment) => new Promise((resolve) => {
      execFile('script', ['-qec', `'${binary}' log -c gatehouse.yaml`, '/dev/null'], { cwd: desk.folder.path, env: { ...process.env, NO_COLOR: '', ...environment }, timeout: 20_000 },
        (error, stdout) => resolve(stdout));
    });
    assert.match(await onTerminal({}), /\u001b\[33mrefused\u001b\[0m/);
    const plain = await onTerminal({ NO_COLOR: '1' });
    assert.match(plain, /refused/);
    assert.ok(!plain.includes('\u001b['), plain);
  });

  it('follows new events', async () => {
    const child = spawn(binary, ['log', '-c', 'gatehouse.yaml', '--json', '--follow', '--operation', 'listCatalogue'], { cwd: desk.folder.path });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    try {
      for (let count = 0; count < 3; ++count) {
        const { headers } = await desk.get('/catalogue', {});
        await eventually(() => output.includes(headers['x-request-id']), 'line of the event');
      }
      assert.equal(output.trim().split('\n').length, 3, 'each once, and no other operation');
    } finally {
      child.kill();
    }
  });

  const why = (...words) => desk.folder.run('why', '-c', 'gatehouse.yaml', ...words);

  it('says why one request was refused', async () => {
    const { status, stdout } = await why(refused);
    assert.equal(status, 0);
    for (const word of ['permission_missing', 'listUsers', 'ann', 'authorise', 'users:read']) assert.ok(stdout.includes(word), `${word} is not in\n${stdout}`);
    assert.match(stdout, /^authenticate +passed +ann by userToken of https:\/\/idp\.example\.test\/$/m);
    assert.match(stdout, /^permit +refused/m);
    assert.match(stdout, /^call +not asked/m);
  });

  it('says which part of the input was wrong, and never its value', async () => {
    for (const [answer, found] of [
      [await desk.get('/orders/s3cr3t'), /path\/id: type/],
      [await desk.get('/orders?limit=1&zebra=s3cr3t'), /query\/zebra: undeclared/],
      [await desk.post('/orders', { title: 's3cr3t', quantity: 5000 }), /body\/quantity: maximum/],
      [await desk.post('/orders', { title: 'pen', quantity: 1, s3cr3t: 1 }), /body: additionalProperties/],
    ]) {
      assert.equal(answer.status, 400);
      const { stdout } = await eventually(async () => {
        const told = await why(answer.json().correlation_id);
        return told.status === 0 && told;
      }, 'event in the store');
      assert.match(stdout, found);
      assert.doesNotMatch(stdout, /s3cr3t/);
    }
  });

  it('says it to programs', async () => {
    const { requests, originals } = JSON.parse((await why(refused, '--json')).stdout);
    assert.equal(requests[0].event['request.id'], refused);
    assert.deepEqual(requests[0].gates.filter(({ decision }) => decision === 'ended').map(({ gate }) => gate), ['permit']);
    assert.deepEqual(originals, []);
  });

  it('shows operators the upstream\'s answer, with its control characters escaped', async () => {
    desk.upstream.answer = () => response(500, 'Traceback: \u001b[2Jdesk.db line 7', { 'Content-Type': 'text/plain', 'X-Powered-By': 'PHP', 'Set-Cookie': 'session=s3cr3t' });
    const answer = await desk.get('/orders/1');
    desk.upstream.answer = () => response(200);
    assert.doesNotMatch(answer.text, /Traceback/);
    const { stdout } = await eventually(async () => {
      const found = await why(answer.json().correlation_id);
      return found.status === 0 && found;
    }, 'event in the store');
    assert.match(stdout, /^filter +failed/m);
    assert.match(stdout, /Traceback: \\u001b\[2Jdesk.db line 7/);
    assert.match(stdout, /Content-Type: text\/plain/);
    assert.match(stdout, /X-Powered-By: PHP/);
    assert.match(stdout, /Set-Cookie: \[withheld\]/);
    assert.doesNotMatch(stdout, /s3cr3t/);
    assert.ok(!stdout.includes('\u001b'));
  });

  it('says so when it knows nothing', async () => {
    const { status, stderr } = await why('01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11');
    assert.equal(status, 1);
    assert.match(stderr, /state\.db has no request 01939c1e/);
  });

  it('reports that nothing matches, and wrong arguments', async () => {
    const nothing = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--user', 'nobody');
    assert.equal(nothing.status, 0);
    assert.match(nothing.stderr, /since 1d/);
    for (const words of [['log', '--since', 'yesterday'], ['log', '--ip', 'here'], ['log', '--outcome', 'good'], ['why', 'abc'], ['why']]) {
      const { status, stderr } = await desk.folder.run(words[0], '-c', 'gatehouse.yaml', ...words.slice(1));
      assert.equal(status, 2, words.join(' '));
      assert.notEqual(stderr, '');
    }
  });

  it('works while the rest of the configuration is wrong', async () => {
    desk.folder.write('wrong.yaml', { store: 'sqlite:state.db', operations: { nothing: 7 } });
    const { status, stdout } = await desk.folder.run('why', '-c', 'wrong.yaml', refused);
    assert.equal(status, 0);
    assert.match(stdout, /^permit +refused/m);
  });

  it('names the place of a missing store', async () => {
    desk.folder.write('new.yaml', { ...desk.configuration, store: 'sqlite:new.db' });
    for (const words of [['log'], ['why', refused]]) {
      const { status, stderr } = await desk.folder.run(words[0], '-c', 'new.yaml', ...words.slice(1));
      assert.equal(status, 1);
      assert.match(stderr, /new\.db/);
    }
    const missing = await desk.folder.run('log', '-c', 'missing.yaml');
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /missing\.yaml/);
  });
});

describe('gatehouse explain', unlessBuilt, () => {
  let desk;
  before(async () => (desk = await Desk.open()));
  after(() => desk?.close());

  const explain = (...words) => desk.folder.run('explain', ...words);
  const asked = async (...words) => JSON.parse((await explain(...words, '--json')).stdout);
  const ended = ({ gates }) => gates.filter(({ decision }) => decision === 'ended').map(({ gate }) => gate);

  const event = async (id) => {
    let found;
    await eventually(async () => (found = await events()).some((one) => one['request.id'] === id), 'event in the store');
    return found.find((one) => one['request.id'] === id);
  };
  const events = async () => (await desk.folder.run('log', '-c', 'gatehouse.yaml', '--json', '--since', '1h')).stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));

  it('prints the server\'s decision about each request', async () => {
    const bodies = { 'order.json': '{"title": "pen", "quantity": 1}', 'wrong.json': '{"title": "pen", "quantity": -1}' };
    for (const [name, text] of Object.entries(bodies)) desk.folder.write(name, text);
    const clerk = ['--as', 'clerk', '--by', 'userToken'];
    for (const [request, headers, words, file] of [
      ['GET /orders/1', desk.bearer, clerk],
      ['GET /orders/1', {}, []],
      ['GET /orders/none', desk.bearer, clerk],
      ['GET /nothing', desk.bearer, clerk],
      ['GET /orders/1?more=1', desk.bearer, clerk],
      ['DELETE /orders/1', desk.bearer, clerk],
      ['DELETE /orders/1', await desk.bearerOf({ roles: ['admin'] }), ['--as', 'admin', '--by', 'userToken']],
      ['POST /orders', desk.bearer, clerk, 'order.json'],
      ['POST /orders', desk.bearer, clerk, 'wrong.json'],
      ['POST /orders', desk.bearer, clerk],
    ]) {
      const said = await asked(request, ...words, ...(file ? ['--body', file] : []));
      const [method, target] = request.split(' ');
      const type = file ? { 'content-type': 'application/json' } : {};
      const answer = await desk.send(method, target, { headers: { ...headers, ...type }, body: file && bodies[file] });
      const { outcome, reason } = await event(answer.headers['x-request-id']);
      assert.deepEqual([said.outcome, said.reason], outcome === 'allowed' ? ['admitted', ''] : ['refused', reason], `${request} ${words} ${file}: ${answer.status}`);
    }
  });

  it('asks nothing and leaves nothing behind', async () => {
    const before = (await events()).length;
    const arrived = desk.upstream.requests.length;
    assert.equal((await asked('GET /orders/1', '--as', 'clerk')).outcome, 'admitted');
    assert.deepEqual(ended(await asked('DELETE /orders/1', '--as', 'clerk')), ['permit']);
    assert.equal((await events()).length, before);
    assert.equal(desk.upstream.requests.length, arrived);
  });

  it('is a table for people, with the conditions that are asked with the object', async () => {
    const { stdout } = await explain('PUT /orders/1', '--as', 'clerk', '--by', 'userToken', '--body', 'order.json');
    assert.match(stdout, /^permit\s+passed/m);
    assert.match(stdout, /^decide\s+not asked\s+request\.body\.quantity <= 100/m);
    const deleted = await explain('DELETE /orders/42', '--as', 'partner');
    assert.match(deleted.stdout, /refused, 403 permission_missing/);
    assert.match(deleted.stdout, /^record\s+not asked/m);
  });

  it('explains a reason, and reports wrong arguments', async () => {
    assert.match((await explain('permission_missing')).stdout, /^permission_missing: \w/);
    for (const [words, status, what] of [
      [['nonsense'], 2, /neither a reason nor a request/],
      [['GET /orders/1', '--from', 'here'], 2, /--from/],
      [['GET /orders/1', '--header', 'nothing'], 2, /--header/],
      [['GET /orders/1', '--as', 'emperor'], 1, /no role `emperor`/],
      [['GET /orders/1', '--by', 'nobody'], 1, /no authenticator `nobody`/],
      [['GET orders'], 1, /not a request/],
      [['POST /orders', '--as', 'clerk', '--body', 'missing.json'], 1, /missing\.json/],
    ]) {
      const outcome = await explain(...words);
      assert.equal(outcome.status, status, words.join(' '));
      assert.match(outcome.stderr, what);
    }
  });

  it('knows the hosts of the server and the answers before the gates', async () => {
    assert.equal((await asked('GET /orders/1', '--as', 'clerk', '--header', 'Host: localhost')).outcome, 'admitted');
    assert.equal((await asked('GET /orders/1', '--as', 'clerk', '--header', 'Host: other.test')).reason, 'host_not_served');
    desk.folder.write('healthy.yaml', { ...desk.configuration, listen: { ...desk.configuration.listen, health: '/healthz' } });
    assert.equal((await asked('GET /healthz', '-c', 'healthy.yaml')).outcome, 'answered');
    assert.equal((await asked('DELETE /healthz', '-c', 'healthy.yaml')).reason, 'no_such_operation');
    assert.equal((await explain('GET /orders/1', '--header', 'X: y\r\nHost: other.test')).status, 1);
    const escape = String.fromCharCode(0x9b);
    assert.ok(!(await explain('GET /orders/1', '--as', 'clerk', '--id', `a${escape}b`, '--json')).stdout.includes(escape));
    assert.ok(!(await explain('GET /orders/1', '--as', `a${escape}b`)).stderr.includes(escape));
  });

  it('takes no credential that a header carries for proven', async () => {
    assert.equal((await asked('GET /orders/1', '--header', `Authorization: Bearer ${desk.token}`)).reason, 'credential_unknown');
  });
});
