// Operations that are C++ functions: the installed package, the example built from it, and handlers that misbehave.
// Rooms: target docs

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Authority, Folder, Gatehouse, Wire, assertRefused, binary, eventually, freePort, undiciClient } from './harness.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const built = dirname(binary);
const archive = join(built, 'libgatehouse.a');
const unlessInstallable = { skip: existsSync(archive) ? false : `${archive} is not there`, concurrency: false };
const run = async (program, words, options = {}) => {
  try {
    return { status: 0, ...(await promisify(execFile)(program, words, { timeout: 120_000, ...options })) };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { status: error.code, stdout: error.stdout, stderr: error.stderr };
  }
};
const runWell = async (...of) => {
  const done = await run(...of);
  assert.equal(done.status, 0, `${of[0]} ${of[1].join(' ')}\n${done.stdout}${done.stderr}`);
  return done;
};

// A program must be instrumented as the archive is.
function compilerWords() {
  const cache = readFileSync(join(built, 'CMakeCache.txt'), 'utf8');
  const of = (name) => cache.match(new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm'))?.[1] ?? '';
  const flags = { address: '-fsanitize=address,undefined', thread: '-fsanitize=thread' }[of('GATEHOUSE_SANITIZE')];
  return flags ? [`-DCMAKE_CXX_COMPILER=${of('CMAKE_CXX_COMPILER')}`, `-DCMAKE_CXX_FLAGS=${flags}`] : [];
}

// One installation for all; each project is copied out of the checkout, so that nothing but the package is found.
let prefix;
async function build(source, target) {
  const folder = new Folder();
  cpSync(source, folder.path, { recursive: true });
  await runWell('cmake', ['-S', '.', '-B', 'build', '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', `-DCMAKE_PREFIX_PATH=${prefix.path}`, ...compilerWords()], { cwd: folder.path });
  await runWell('cmake', ['--build', 'build'], { cwd: folder.path });
  return { folder, program: join(folder.path, 'build', target) };
}

// A program with handlers, running in its folder, and a caller with a key.
class Desk {
  static async open(source, target, configuration) {
    const desk = Object.assign(new Desk(), await build(source, target));
    desk.authority = new Authority(desk.folder.path);
    desk.authority.issue('server');
    [desk.port, desk.adminPort] = [await freePort(), await freePort()];
    desk.folder.write('gatehouse.yaml', configuration(desk));
    desk.gatehouse = await Gatehouse.start(desk.folder, desk.port, { program: desk.program });
    desk.client = undiciClient({ ca: desk.authority.certificate });
    return desk;
  }

  async key(role) {
    const made = await runWell(this.program, ['key', 'create', '-c', 'gatehouse.yaml', '--principal', `office:${role}`, '--role', role, '--json'], { cwd: this.folder.path });
    return { 'x-api-key': JSON.parse(made.stdout).key };
  }

  send(method, path, headers, body) {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    return this.client.send(method, `https://127.0.0.1:${this.port}${path}`, { headers: { ...json, ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
  }

  async close() {
    this.client?.close();
    try {
      await this.gatehouse?.stop();
    } finally {
      this.folder.remove();
    }
  }
}

describe('handlers', unlessInstallable, () => {
  before(async () => {
    prefix = new Folder();
    await runWell('cmake', ['--install', built, '--prefix', prefix.path]);
  });
  after(() => prefix?.remove());

  describe('of the example', () => {
    let desk;
    let clerk;
    before(async () => {
      desk = await Desk.open(join(here, '../../examples/handler'), 'box_office', ({ folder, port, adminPort }) => folder.read('gatehouse.yaml')
        .replace('127.0.0.1:8443', `127.0.0.1:${port}`).replace('127.0.0.1:9443', `127.0.0.1:${adminPort}`)
        .replace('log: [stdout]', 'log: [{file: events.jsonl, rotate: 10MiB, keep: 1}]'));
      clerk = await desk.key('clerk');
    });
    after(() => desk?.close());

    it('answer requests that passed the gates', async () => {
      assert.deepEqual((await desk.send('GET', '/shows', clerk)).json(), [{ show: 1, left: 100 }, { show: 2, left: 3 }]);
      assert.deepEqual((await desk.send('GET', '/shows?seats=4', clerk)).json(), [{ show: 1, left: 100 }]);
      const reserved = await desk.send('POST', '/shows/1/reservations', clerk, { seats: 2, note: 'aisle' });
      assert.equal(reserved.status, 201);
      assert.deepEqual(reserved.json(), { show: 1, seats: 2, left: 98, for: 'office:clerk' });
    });

    it('are not called for other requests', async () => {
      const visitor = await desk.key('visitor');
      const path = '/shows/1/reservations';
      await assertRefused(desk.gatehouse, await desk.send('POST', path, {}, { seats: 1 }), { status: 401, error: 'authentication_required', reason: 'credential_missing' });
      await assertRefused(desk.gatehouse, await desk.send('POST', path, visitor, { seats: 1 }), { status: 403, error: 'forbidden', reason: 'permission_missing' });
      for (const body of [{ seats: 7 }, { seats: 0 }, { seats: '1' }, { seats: 1.5 }, {}, { seats: 1, price: 0 }]) {
        await assertRefused(desk.gatehouse, await desk.send('POST', path, clerk, body), { status: 400, error: 'invalid_request', reason: 'body_invalid' });
      }
      await assertRefused(desk.gatehouse, await desk.send('POST', '/shows/one/reservations', clerk, { seats: 1 }), { status: 400, error: 'invalid_request', reason: 'parameters_invalid' });
      assert.deepEqual((await desk.send('GET', '/shows', clerk)).json()[0], { show: 1, left: 98 });
    });

    it('refuse with fixed texts', async () => {
      const conflict = await desk.send('POST', '/shows/2/reservations', clerk, { seats: 4 });
      const event = await assertRefused(desk.gatehouse, conflict, { status: 409, error: 'conflict', reason: 'handler_refused', stage: 'call' });
      assert.doesNotMatch(conflict.text, /seats/);
      assert.match(JSON.stringify(event), /asked for more seats/);
      await assertRefused(desk.gatehouse, await desk.send('POST', '/shows/3/reservations', clerk, { seats: 4 }), { status: 404, error: 'not_found', reason: 'handler_refused', stage: 'call' });
    });

    it('run several at once', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => desk.send('POST', '/shows/1/reservations', clerk, { seats: 1 })));
      const left = answers.filter(({ status }) => status === 201).map((answer) => answer.json().left);
      assert.equal(new Set(left).size, left.length);
      assert.ok(left.length > 5);
    });

    it('leave the program every other command', async () => {
      for (const [words, text] of [[['check'], /2 operations/], [['review'], /reserveSeats/], [['--help'], /serve/]]) {
        assert.match((await runWell(desk.program, words, { cwd: desk.folder.path })).stdout, text);
      }
    });

    it('that are not linked in keep the server from starting, and the problem has the remedy', async () => {
      const { status, stderr } = await run(binary, ['check'], { cwd: desk.folder.path });
      assert.equal(status, 1);
      assert.match(stderr, /gatehouse\.yaml:\d+:\d+: listShows: this program has no handler `listShows`: it was built without handlers; link .*gatehouse::run/);
      assert.match(stderr, /2 problems/);
    });
  });

  describe('that misbehave', () => {
    let desk;
    let clerk;
    before(async () => {
      const security = [{ officeKey: [] }];
      const responses = { 200: { description: 'Done' } };
      const api = {
        openapi: '3.1.0', info: { title: 'Misbehaving', version: '1' },
        paths: {
          '/misbehave': { get: { operationId: 'misbehave', security, responses, parameters: [
            { name: 'do', in: 'query', required: true, schema: { type: 'string', maxLength: 40 } },
            { name: 'count', in: 'query', schema: { type: 'integer', minimum: 0, maximum: 9 } }] } },
          '/echo': { post: { operationId: 'echo', security, responses, requestBody: { content: {
            'application/json': { schema: { type: 'object', required: ['list'], properties: { list: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'number' } }, word: { type: 'string', maxLength: 20 } } } },
            'application/octet-stream': {} } } } },
        },
        components: { securitySchemes: { officeKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
      };
      desk = await Desk.open(join(here, 'handlers'), 'misbehaving', ({ folder, port, adminPort }) => {
        folder.write('api.json', api);
        const limit = { per: 'ip', rate: '100000/s', burst: 100000 };
        return {
          openapi: ['api.json'], threat_model: { exposure: 'partner', data: 'internal' },
          listen: { https: `127.0.0.1:${port}`, admin: `127.0.0.1:${adminPort}` }, tls: { certificate: 'server.crt', private_key: 'file:server.key' },
          store: 'sqlite:state.db', authenticators: { officeKey: { type: 'api_key' } }, roles: { clerk: ['all'] },
          limits: { per_ip: limit }, defaults: { limits: ['per_ip'], timeout: '1s' }, deadlines: { answer: '500ms' },
          operations: { misbehave: { permission: 'all', handler: 'misbehave' }, echo: { permission: 'all', handler: 'echo', timeout: '10s' } },
          log: [{ file: 'events.jsonl', rotate: '10MiB', keep: 1 }],
        };
      });
      clerk = await desk.key('clerk');
    });
    after(() => desk?.close());

    const misbehave = (what) => desk.send('GET', `/misbehave?do=${what}`, clerk);

    for (const [what, told] of Object.entries({
      throw: /for operators only/, throw_int: /threw/, status_500: /status/, status_302: /status/, status_99: /status/, undeclared: /declares no query parameter/,
      another_place: /declares no header parameter/, wrong_kind: /integer/, no_body: /no body/, infinite: /finite/, twice: /twice/,
    })) {
      it(`(${what}) say so to operators alone`, async () => {
        const answer = await misbehave(what);
        const event = await assertRefused(desk.gatehouse, answer, { status: 500, error: 'internal_error', reason: 'handler_failed', stage: 'call', outcome: 'failed' });
        assert.match(JSON.stringify(event), told);
        assert.doesNotMatch(answer.text, /operators|nobody|declares|threw|finite|twice/);
      });
    }

    for (const [what, status, error] of [['invalid', 400, 'invalid_request'], ['forbidden', 403, 'forbidden'], ['not_found', 404, 'not_found'], ['conflict', 409, 'conflict'], ['unavailable', 503, 'unavailable']]) {
      it(`(${what}) have a status and no words of their own`, async () => {
        const answer = await misbehave(what);
        await assertRefused(desk.gatehouse, answer, { status, error, reason: 'handler_refused', stage: 'call', outcome: status < 500 ? 'refused' : 'failed' });
        assert.doesNotMatch(answer.text, /operators/);
      });
    }

    it('are not waited for in the answer when they are late', async () => {
      await assertRefused(desk.gatehouse, await misbehave('late'), { status: 504, error: 'unavailable', reason: 'deadline_passed', stage: 'call', outcome: 'failed' });
    });

    it('hold up others, and a key that is revoked meanwhile runs nothing', async () => {
      const made = await runWell(desk.program, ['key', 'create', '-c', 'gatehouse.yaml', '--principal', 'office:other', '--role', 'clerk', '--json'], { cwd: desk.folder.path });
      const { id, key } = JSON.parse(made.stdout);
      const begun = () => desk.gatehouse.output.match(/a handler that is late begins/g)?.length ?? 0;
      const before = begun();
      // Four are the caller's share of the threads, for 1.2 s.
      const late = Array.from({ length: 16 }, () => desk.send('GET', '/misbehave?do=late', { 'x-api-key': key }));
      await eventually(() => begun() >= before + 4, 'threads that are all taken');
      const asked = desk.send('POST', '/echo', { 'x-api-key': key }, { list: [1] });
      await runWell(desk.program, ['key', 'revoke', '-c', 'gatehouse.yaml', id], { cwd: desk.folder.path });
      await assertRefused(desk.gatehouse, await asked, { status: 401, error: 'authentication_required', reason: 'credential_revoked', stage: 'authenticate' });
      await Promise.all(late);
    });

    it('and have more work than threads refuse the rest, and come back', async () => {
      const client = undiciClient({ ca: desk.authority.certificate, connections: 400 });
      const answers = await Promise.all(Array.from({ length: 400 }, () => client.send('GET', `https://127.0.0.1:${desk.port}/misbehave?do=late`, { headers: clerk })));
      client.close();
      const refused = answers.filter(({ status }) => status === 503);
      assert.ok(refused.length > 0);
      await assertRefused(desk.gatehouse, refused[0], { status: 503, error: 'unavailable', reason: 'handler_overloaded', stage: 'call', outcome: 'failed' });
      assert.equal((await misbehave('who')).status, 200);
    });

    it('answer with JSON and with nothing else', async () => {
      const text = await misbehave('text');
      assert.equal(text.json(), '\uFFFD"\r\nSet-Cookie: a=b</script>');
      assert.equal(text.headers['set-cookie'], undefined);
      assert.match(text.headers['content-type'], /^application\/json/);
      const nothing = await misbehave('nothing');
      assert.deepEqual([nothing.status, nothing.text], [204, '']);
      assert.deepEqual((await misbehave('absent')).json(), { count: null });
      assert.deepEqual((await misbehave('absent&count=3')).json(), { count: 3 });
      const who = await misbehave('who');
      assert.deepEqual(who.json(), { caller: 'office:clerk', anonymous: false, clerk: true, operation: 'misbehave', id: who.headers['x-request-id'] });
    });

    it('give a large answer that keeps its client’s pace: one that takes too little is client_slow', async () => {
      const wire = await Wire.open(desk.port, { ca: desk.authority.certificate });
      wire.socket.pause();
      // More than the kernel holds for it.
      wire.send(`GET /misbehave?do=large HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${clerk['x-api-key']}\r\n\r\n`.repeat(16));
      const event = await desk.gatehouse.event(({ reason }) => reason === 'client_slow', 'client_slow');
      assert.deepEqual([event.outcome, event.stage, event.operation, event['http.response.status_code']], ['allowed', 'respond', 'misbehave', 200]);
      assert.ok(event['http.response.body.size'] < 900_000, `${event['http.response.body.size']} bytes were taken`);
      wire.destroy();
      const used = async () => Number((await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()).match(/^gatehouse_body_memory_bytes (\d+)/m)[1]);
      await eventually(async () => (await used()) === 0, 'the memory given back');
      const taken = await misbehave('large');
      assert.equal(taken.json().length, 900_000, 'whole for whom takes it');
    });

    it('see bodies as they were checked', async () => {
      assert.deepEqual((await desk.send('POST', '/echo', clerk, { list: [1.5, 2], word: 'a"b' })).json(), { members: 2, first: 1.5, copy: { list: [1.5, 2], word: 'a"b' } });
      const opaque = await desk.client.send('POST', `https://127.0.0.1:${desk.port}/echo`, { headers: { ...clerk, 'content-type': 'application/octet-stream' }, body: Buffer.from([0, 255, 13, 10]) });
      assert.deepEqual(opaque.json(), { bytes: 4 });
    });
  });
});
