// docs/from-kong.md as printed: each block of gatehouse.yaml runs in front of two services, each command in a shell, and each block of
// kong.yml is read as YAML. Addresses of services, ports and the end of a maintenance are those of the test.
// Rooms: docs app gate http policy target store

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';

import { Authority, Folder, Gatehouse, Upstream, binary, freePort, response, undiciClient, unlessBuilt } from './harness.mjs';

const page = readFileSync(new URL('../../docs/from-kong.md', import.meta.url), 'utf8');
// heading → its blocks: {kong, gatehouse, commands}, each a text.
const sections = new Map([...page.matchAll(/^## (.*)\n([^]*?)(?=^## |$(?![^]))/gm)].map(([, heading, text]) => {
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```/gm)].map(([, language, block]) => ({ language, block }));
  const of = (wanted) => blocks.filter(wanted).map(({ block }) => block).join('');
  const isKong = ({ language, block }) => language === 'yaml' && block.startsWith('# kong.yml');
  return [heading, { kong: of(isKong), gatehouse: of((one) => one.language === 'yaml' && !isKong(one)), commands: of(({ language }) => language === 'sh') }];
}));

const done = { 200: { description: 'Done' } };
const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } };
const titled = { required: true, content: { 'application/json': { schema: { type: 'object', properties: { title: { type: 'string' } } } } } };
const document = (title, paths) => ({ openapi: '3.1.0', info: { title, version: '1' }, paths, components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } } });
const health = { get: { operationId: 'getHealth', security: [{}], responses: done } };
const documents = {
  'billing.json': document('Billing', {
    '/health': health,
    '/motd': { get: { operationId: 'motd', security: [{}], responses: done } },
    '/invoices': { get: { operationId: 'listInvoices', responses: done }, post: { operationId: 'createInvoice', requestBody: titled, responses: done } },
    '/invoices/import': { post: { operationId: 'importInvoices', responses: done } },
    '/invoices/{id}': { get: { operationId: 'getInvoice', parameters: [id], responses: done } },
  }),
  'customers.json': document('Customers', { '/health': health, '/customers/{id}': { get: { operationId: 'getCustomer', parameters: [id], responses: done } } }),
};
const operations = {
  'billing.json': { getHealth: 'health:read', motd: 'motd:read', listInvoices: 'invoices:read', createInvoice: 'invoices:write', importInvoices: 'invoices:write', getInvoice: 'invoices:read' },
  'customers.json': { getHealth: 'health:read', getCustomer: 'customers:read' },
};

// The block's keys as printed, with the members of `base` that they leave out, and the other keys of `base`.
function composed(base, block) {
  const written = new Set();
  const chunks = block.split(/^(?=\w)/m).filter((chunk) => chunk.trim()).map((chunk) => {
    const [, key, inline] = /^(\w+):(?: (\{)|)/.exec(chunk);
    written.add(key);
    if (typeof base[key] !== 'object' || Array.isArray(base[key])) return chunk;
    const more = Object.entries(base[key]).filter(([name]) => !new RegExp(`(?:^  |[{,] ?)${name.replaceAll('.', '\\.')}:`, 'm').test(chunk));
    if (inline) return more.length ? chunk.replace('{', `{${more.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')}, `) : chunk;
    return chunk.replace(/\n*$/, `\n${more.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`).join('')}`);
  });
  return [...Object.entries(base).filter(([key]) => !written.has(key)).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`), ...chunks].join('');
}

class Place {
  ran = new Set();

  // `moved`: further texts of the blocks, and what stands for them here. `prefix`: of the names of operations, by document.
  static async open(heading, { moved = {}, names = {}, base = {}, environment = {} } = {}) {
    const place = new Place();
    place.heading = heading;
    place.section = sections.get(heading);
    place.folder = new Folder();
    place.authority = new Authority(place.folder.path);
    place.authority.issue('server');
    place.services = [await Upstream.start(), await Upstream.start()];
    place.port = await freePort();
    place.environment = { NO_PROXY: '*', no_proxy: '*', ...environment };
    place.moved = { 'http://10.0.0.1:3000': place.services[0].url, 'http://10.0.0.2:3000': place.services[1].url, ...moved };
    for (const [name, api] of Object.entries(documents)) place.folder.write(name, api);
    const files = Object.keys(names).length ? names : { 'billing.json': '' };
    const all = Object.entries(files).flatMap(([file, prefix]) => Object.entries(operations[file]).map(([name, permission]) => [prefix + name, { permission, ...(/health|motd/.test(permission) && { public: 'a test' }) }]));
    place.base = {
      openapi: ['billing.json'], threat_model: { exposure: 'partner', data: 'internal' }, workers: 1,
      listen: { https: `127.0.0.1:${place.port}`, names: ['localhost'] },
      tls: { certificate: 'server.crt', private_key: 'file:server.key' }, store: 'sqlite:state.db',
      upstreams: { billing: { url: place.services[0].url } }, authenticators: { key: { type: 'api_key' } },
      roles: { anonymous: ['health:read', 'motd:read'], partners: ['invoices:*', 'customers:*'] },
      limits: { per_ip: { per: 'ip', rate: '100000/s', burst: 100000 } }, defaults: { limits: ['per_ip'], upstream: 'billing', security: [{ key: [] }] },
      operations: Object.fromEntries(all), log: [{ file: 'events.jsonl' }], ...base,
    };
    place.text = composed(place.base, place.here(place.section.gatehouse));
    place.folder.write('gatehouse.yaml', place.text);
    const checked = await place.folder.run('check', '-c', 'gatehouse.yaml', place.environment);
    assert.equal(checked.status, 0, `${checked.stderr}\n${place.text}`);
    place.gatehouse = await Gatehouse.start(place.folder, place.port, { environment: place.environment });
    place.client = undiciClient({ ca: place.authority.certificate });
    return place;
  }

  here(text) {
    return Object.entries(this.moved).reduce((now, [from, to]) => now.replaceAll(from, to), text);
  }

  async key(principal = 'acme') {
    const { stdout, stderr } = await this.folder.run('key', 'create', '-c', 'gatehouse.yaml', '--principal', principal, '--role', 'partners', '--json', this.environment);
    assert.equal(stderr, '');
    return { 'x-api-key': JSON.parse(stdout).key };
  }

  send(method, target, headers = {}, body = undefined) {
    return this.client.send(method, `https://localhost:${this.port}${target}`, { headers: { ...headers, ...(body && { 'content-type': 'application/json' }) }, body: body && JSON.stringify(body) });
  }

  get(target, headers) {
    return this.send('GET', target, headers);
  }

  // undici would look for the host in the certificate.
  getOf(host, target, headers = {}) {
    return new Promise((resolve, reject) => {
      const options = { port: this.port, path: target, servername: 'localhost', ca: this.authority.certificate, headers: { ...headers, host }, agent: false };
      request(options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))).on('error', reject).end();
    });
  }

  // A line of the section's commands, of which the beginning is given, as it stands there.
  async command(beginning) {
    const line = this.section.commands.split('\n').find((one) => one.startsWith(beginning));
    assert.ok(line, `${this.heading}: no line \`${beginning}\``);
    this.ran.add(line);
    return shell(this.folder, this.here(line), this.environment);
  }

  async close() {
    this.client?.close();
    await this.gatehouse?.stop();
    await Promise.all(this.services.map((service) => service.close()));
    this.folder.remove();
  }
}

const shell = (folder, line, environment = {}) => new Promise((resolve) => {
  execFile('bash', ['-c', line], { cwd: folder.path, env: { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH}`, ...environment }, timeout: 60_000 },
    (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
});

// By the heading: what the section promises.
const tests = {
  'Services and paths': async (open) => {
    const place = await open();
    const key = await place.key();
    assert.equal((await place.get('/billing/invoices', key)).status, 200);
    const { target, headers } = place.services[0].last;
    assert.deepEqual([target, headers['x-forwarded-prefix']], ['/invoices', '/billing']);
    for (const path of ['/invoices', '/billing/unknown', '/billing', '/billinginvoices']) assert.equal((await place.get(path, key)).status, 404, path);
  },
  'Several hosts': async (open) => {
    const place = await open({ names: { 'billing.json': 'billing.', 'customers.json': 'customers.' } });
    const key = await place.key();
    for (const [service, host] of ['billing.example.com', 'customers.example.com'].entries()) {
      const before = place.services.map(({ requests }) => requests.length);
      assert.equal(await place.getOf(host, '/health'), 200, host);
      assert.deepEqual(place.services.map(({ requests }, i) => requests.length - before[i]), [service === 0 ? 1 : 0, service === 1 ? 1 : 0]);
    }
    assert.equal(await place.getOf('customers.example.com', '/customers/1', key), 200);
    assert.equal(await place.getOf('billing.example.com', '/customers/1', key), 404);
    assert.equal(await place.getOf('other.example.com', '/health'), 421);
  },
  Weights: async (open) => {
    const place = await open();
    for (let i = 0; i < 20; ++i) assert.equal((await place.get('/health')).status, 200);
    assert.deepEqual(place.services.map(({ requests }) => requests.length), [18, 2]);
  },
  Retries: async (open) => {
    const place = await open();
    const key = await place.key();
    place.services[0].answer = (_, socket) => void socket.destroy();
    for (let i = 0; i < 4; ++i) assert.equal((await place.get('/invoices', key)).status, 200);
    const posted = [];
    const before = place.services.map(({ requests }) => requests.length);
    for (let i = 0; i < 4; ++i) posted.push((await place.send('POST', '/invoices', key, { title: 'a' })).status);
    assert.deepEqual(posted.toSorted(), [200, 200, 502, 502]);
    assert.deepEqual(place.services.map(({ requests }, i) => requests.length - before[i]), [2, 2], 'a POST is sent once');
  },
  'The host that the service sees': async (open) => {
    const place = await open();
    await place.get('/health');
    assert.match(place.services[0].last.headers.host, /^localhost(:\d+)?$/);
  },
  'Fixed fields of requests': async (open) => {
    const place = await open({ environment: { BILLING_TOKEN: 'Bearer of-the-service' } });
    const key = await place.key();
    assert.equal((await place.get('/invoices', { ...key, 'x-env': 'mine' })).status, 200);
    const { headers } = place.services[0].last;
    assert.deepEqual([headers.authorization, headers['x-env'], headers['x-api-key']], ['Bearer of-the-service', 'prod', undefined]);
    assert.deepEqual([headers['gatehouse-principal'], headers['gatehouse-roles']], ['acme', 'partners']);
  },
  'Fixed fields of answers': async (open) => {
    const place = await open();
    place.services[0].answer = () => response(200, { ok: true }, { 'X-Region': 'us', 'X-Total-Count': '7', 'X-Powered-By': 'Express' });
    const { headers } = await place.get('/health');
    assert.deepEqual([headers['x-region'], headers['x-total-count'], headers['x-powered-by']], ['eu', '7', undefined]);
  },
  'Fixed answers': async (open) => {
    const place = await open();
    const answer = await place.get('/motd');
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.text], [200, 'application/json', '{"text": "Hello"}']);
    assert.equal(place.services[0].requests.length, 0);
  },
  Maintenance: async (open) => {
    const until = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z');
    const customers = { file: 'customers.json', name: 'customers' };
    const place = await open({ moved: { '2026-12-01T06:00:00Z': until }, names: { 'billing.json': 'billing.', 'customers.json': 'customers.' }, base: { openapi: [{ file: 'billing.json', name: 'billing', prefix: '/billing' }, customers] } });
    const key = await place.key();
    const closed = await place.get('/billing/invoices', key);
    assert.equal(closed.status, 503);
    assert.match(closed.text, /Back at six\./);
    assert.ok(Number(closed.headers['retry-after']) > 3000, closed.headers['retry-after']);
    assert.equal((await place.get('/health')).status, 200);
    // Without the block, by the commands.
    place.folder.write('gatehouse.yaml', composed(place.base, ''));
    assert.equal((await shell(place.folder, 'gatehouse reload', place.environment)).status, 0);
    assert.equal((await place.get('/billing/invoices', key)).status, 200);
    assert.equal((await place.command('gatehouse maintenance on')).status, 0);
    const answer = await place.get('/billing/invoices', key);
    assert.deepEqual([answer.status, /Back in two hours\./.test(answer.text)], [503, true]);
    assert.match((await place.command('gatehouse maintenance list')).stdout, /billing\.\*/);
    assert.equal((await place.command('gatehouse maintenance off')).status, 0);
    assert.equal((await place.get('/billing/invoices', key)).status, 200);
  },
  Addresses: async (open) => {
    for (const [moved, status] of [[{}, 403], [{ '10.0.0.0/8': '127.0.0.0/8' }, 200], [{ '10.0.0.0/8': '127.0.0.0/8', '10.1.0.0/16': '127.0.0.1' }, 403]]) {
      const place = await open({ moved });
      const answer = await place.get('/health');
      assert.equal(answer.status, status, JSON.stringify(moved));
      if (status === 403) assert.deepEqual([answer.headers['www-authenticate'], /credential|key/i.test(answer.text)], [undefined, false]);
    }
  },
  'Blocking a caller': async (open) => {
    const place = await open({ moved: { '203.0.113.0/24': '127.0.0.0/24' } });
    const [mallory, acme] = [await place.key('mallory'), await place.key('acme')];
    assert.deepEqual([(await place.get('/invoices', mallory)).status, (await place.get('/invoices', acme)).status], [403, 200]);
    place.folder.write('gatehouse.yaml', composed(place.base, ''));
    assert.equal((await shell(place.folder, 'gatehouse reload', place.environment)).status, 0);
    assert.equal((await place.get('/invoices', mallory)).status, 200);
    assert.equal((await place.command('gatehouse block mallory')).status, 0);
    assert.equal((await place.get('/invoices', mallory)).status, 403);
    assert.match((await place.command('gatehouse block --list')).stdout, /mallory/);
    assert.equal((await place.command('gatehouse unblock mallory')).status, 0);
    assert.equal((await place.get('/invoices', mallory)).status, 200);
    assert.equal((await place.command('gatehouse block 203')).status, 0);
    assert.equal((await place.get('/health')).status, 403);
  },
  'Keys, consumers and groups': async (open) => {
    const place = await open({ base: { authenticators: undefined, roles: { anonymous: ['health:read', 'motd:read'] } } });
    const made = await place.command('gatehouse key create');
    assert.equal(made.status, 0, made.stderr);
    const key = { 'x-api-key': /gh_\S+/.exec(made.stdout)[0] };
    assert.equal((await place.get('/invoices', key)).status, 200);
    assert.equal(place.services[0].last.headers['gatehouse-principal'], 'acme');
    assert.equal((await place.get('/invoices')).status, 401);
  },
  'Correlation ids': async (open) => {
    const sent = { 'x-request-id': 'order-4711' };
    for (const [moved, kept] of [[{}, false], [{ '10.0.0.0/8': '127.0.0.0/8' }, true]]) {
      const place = await open({ moved });
      const answer = await place.get('/health', sent);
      const { headers } = place.services[0].last;
      assert.equal(headers['x-request-id'] === 'order-4711', kept, JSON.stringify(moved));
      if (!kept) assert.equal(headers['x-request-id'], answer.headers['x-request-id']);
      const event = await place.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.equal(event['request.sent.id'], 'order-4711');
      const { status, stdout, stderr } = await place.command('gatehouse log');
      assert.equal(status, 0, stderr);
      assert.ok(stdout.includes(answer.headers['x-request-id']), stdout);
    }
  },
  Rates: async (open) => {
    const place = await open();
    let refused;
    for (let i = 0; i < 1000 && !refused; ++i) {
      const answer = await place.get('/health');
      if (answer.status !== 200) refused = answer;
      else assert.ok(i < 999);
    }
    assert.ok(place.services[0].requests.length >= 20);
    assert.deepEqual([refused.status, Number(refused.headers['retry-after']) >= 1], [429, true]);
  },
  'Paths that are not served': async (open) => {
    const place = await open();
    const key = await place.key();
    const [excluded, unknown] = [await place.send('POST', '/invoices/import', key), await place.send('POST', '/unknown', key)];
    assert.deepEqual([excluded.status, unknown.status], [404, 404]);
    assert.equal(excluded.json().message, unknown.json().message);
    assert.match((await place.folder.run('review', '-c', 'gatehouse.yaml')).stdout, /not for partners/);
  },
  'Errors of the service': async (open) => {
    const place = await open();
    const key = await place.key();
    place.services[0].answer = () => response(409, { code: 'paid' });
    assert.deepEqual([(await place.get('/invoices/1', key)).status, (await place.get('/invoices/1', key)).text], [409, '{"code":"paid"}']);
    place.services[0].answer = () => response(409, 'paid', { 'Content-Type': 'text/plain' });
    assert.doesNotMatch((await place.get('/invoices/1', key)).text, /paid/);
  },
};

describe('docs/from-kong.md', unlessBuilt, () => {
  it('has a test for each section, and a block of each side', () => {
    assert.deepEqual([...sections.keys()], [...Object.keys(tests), 'nginx and Traefik']);
    for (const [heading, { kong, gatehouse }] of sections) {
      if (heading === 'nginx and Traefik') continue;
      assert.ok(gatehouse, heading);
      if (heading !== 'Errors of the service') assert.ok(kong, heading);
    }
  });

  it('begins with a document', async () => {
    const folder = new Folder();
    folder.write('billing.json', documents['billing.json']);
    const [, line] = /^```sh\n(gatehouse init .*)\n```/m.exec(page);
    const { status, stderr } = await shell(folder, line);
    assert.equal(status, 0, stderr);
    assert.match(folder.read('gatehouse.yaml'), /http:\/\/10\.0\.0\.1:3000[^]*listInvoices/);
    folder.remove();
  });

  for (const [heading, test] of Object.entries(tests)) {
    it(heading, async () => {
      const places = [];
      const open = async (options) => places[places.push(await Place.open(heading, options)) - 1];
      try {
        await test(open);
        const lines = sections.get(heading).commands.split('\n').filter(Boolean);
        assert.deepEqual(lines.filter((line) => !places.some(({ ran }) => ran.has(line))), [], 'these lines were not run');
      } finally {
        for (const place of places) await place.close();
      }
    });
  }

  it('has YAML for Kong, with entities of its format 3.0', { skip: hasYaml() ? false : 'python3 has no yaml' }, () => {
    const known = ['services', 'routes', 'upstreams', 'plugins', 'consumers'];
    for (const [heading, { kong }] of sections) {
      if (!kong) continue;
      const read = JSON.parse(execFileSync('python3', ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'], { input: kong }));
      for (const [entity, list] of Object.entries(read)) {
        assert.ok(known.includes(entity) && Array.isArray(list), `${heading}: ${entity}`);
        for (const one of list) assert.ok(one.name ?? one.username, `${heading}: ${JSON.stringify(one)}`);
      }
    }
  });

  it('names no key that `gatehouse reference` does not know', async () => {
    const folder = new Folder();
    const [, table] = /^\| \| nginx[^]*?\n\|---.*\n([^]*)$/m.exec(page);
    const named = table.trim().split('\n').flatMap((row) => [...row.split(' | ').at(-1).matchAll(/`([^`]+)`/g)].map(([, key]) => key.replace(/: .*$/, '')));
    assert.ok(named.length > 20);
    for (const key of named) {
      const { status, stderr } = await folder.run('reference', key);
      assert.equal(status, 0, `${key}: ${stderr}`);
    }
    folder.remove();
  });
});

function hasYaml() {
  try {
    execFileSync('python3', ['-c', 'import yaml'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
