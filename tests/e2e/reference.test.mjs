// The list of keys: `gatehouse reference`, and that each entry says what the readers do.
// Rooms: policy app docs

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Authority, Folder, Issuer, makeDatabase, unlessBuilt } from './harness.mjs';

const api = {
  openapi: '3.1.0',
  info: { title: 'Orders', version: '1' },
  paths: {
    '/orders/{id}': {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
      get: { operationId: 'getOrder', responses: { 200: { description: 'Done' } } },
    },
    '/catalogue': { get: { operationId: 'listCatalogue', security: [{}], responses: { 200: { description: 'Done' } } } },
    '/registrations': {
      post: {
        operationId: 'register',
        security: [{ userToken: [] }],
        requestBody: { content: { 'application/json': { schema: { type: 'object', required: ['email'], properties: { email: { type: 'string' } } } } } },
        responses: { 201: { description: 'Done' } },
      },
    },
  },
  components: {
    securitySchemes: {
      partnerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      userToken: { type: 'http', scheme: 'bearer' },
      partnerCertificate: { type: 'mutualTLS' },
    },
  },
};

const configuration = {
  openapi: ['api.yaml'],
  listen: { https: '127.0.0.1:8443', http: { address: '127.0.0.1:8080', do: 'reject' }, admin: { address: '127.0.0.1:9443' } },
  tls: { certificate: 'server.crt', private_key: 'file:server.key', client_ca: 'clients.crt' },
  upstreams: { orders: { url: 'http://127.0.0.1:3000' } },
  authenticators: {
    partnerKey: { type: 'api_key', prefix: 'partner:' },
    userToken: { type: 'jwt', issuer: 'https://idp.example.com/', audience: 'orders', jwks: 'file:keys.json', algorithms: ['ES256'] },
    partnerCertificate: { type: 'mtls', prefix: 'certificate:' },
  },
  roles: { reader: ['orders:*', 'registrations:*'], anonymous: ['catalogue:read'] },
  limits: { per_ip: { per: 'ip', rate: '60/min', burst: 20 } },
  trusted_proxies: ['192.0.2.0/24'],
  defaults: { limits: ['per_ip'], upstream: 'orders', security: [{ partnerKey: [] }] },
  operations: { getOrder: { permission: 'orders:read' }, listCatalogue: { permission: 'catalogue:read', public: 'prices' }, register: { permission: 'registrations:write' } },
};

// The names that the sections' paths leave open, and the members that an object needs beside the example.
const chosen = { 'upstreams.NAME': 'upstreams.orders', 'limits.NAME': 'limits.per_ip', 'operations.OPERATION': 'operations.getOrder' };
const needed = {
  'listen.admin.tls': { certificate: 'server.crt', private_key: 'file:server.key' },
  'tls.hsts': { max_age: '1d' },
  security_txt: { contact: ['mailto:security@example.com'], expires: '2099-06-30T00:00:00Z' },
  'operations.OPERATION.resource': {},
  'operations.OPERATION.resource.upstream': {},
};
// The keys of the list that are refused for a reason of their value: this binary has no handlers, `operations` has names without it, and
// no scheme of the document is in Authorization.
const refused = {
  'operations.OPERATION.handler': 'this program has no handler `price`',
  'authenticators.SCHEME.auth_scheme': 'whose header is Authorization',
  'openapi[].name': 'operations.getOrder: no OpenAPI document has an operation of that operationId',
};

const nameOf = ({ section, key }) => (section ? `${section}.${key}` : key);

// The members of the inside of a flow map, by their names.
function membersOf(text) {
  const parts = [];
  let depth = 0;
  let quote = '';
  let part = '';
  for (const c of text) {
    if (quote) quote = c === quote ? '' : quote;
    else if (c === '"' || c === "'") quote = c;
    else if ('[{('.includes(c)) depth += 1;
    else if (']})'.includes(c)) depth -= 1;
    if (c === ',' && depth === 0 && !quote) {
      parts.push(part.trim());
      part = '';
    } else part += c;
  }
  return [...parts, part.trim()].map((one) => [one.slice(0, one.indexOf(':')), one]);
}

// Puts the members, texts of a flow map, into the object at the path; gives the configuration as YAML.
function withMembers(entry, members) {
  const whole = structuredClone(configuration);
  const document = structuredClone(api);
  let { section } = entry;
  let at = whole;
  if (!section && ['authenticators', 'roles', 'operations', 'defaults'].includes(entry.key)) {  // beside the others of the map
    section = entry.key;
    members = membersOf(/{(.*)}$/.exec(members[0][1])[1]);
  }
  if (section === 'authenticators.SCHEME') {
    const type = /^`(jwt|mtls)`/.exec(entry.meaning)?.[1];
    section = `authenticators.${{ jwt: 'userToken', mtls: 'partnerCertificate' }[type] ?? 'partnerKey'}`;
    if (['same_as', 'exclude'].includes(entry.key)) {
      document.components.securitySchemes.other = { type: 'http', scheme: 'bearer' };
      whole.authenticators.other = {};
      section = 'authenticators.other';
    }
  }
  for (const [open, name] of Object.entries(chosen)) section = section.replace(open, name);
  if (section.startsWith('operations.') && members.some(([name, text]) => name === 'permission' && text.includes('catalogue'))) section = section.replace('getOrder', 'listCatalogue');
  if (section === 'x-gatehouse') {
    at = document.paths['/orders/{id}'].parameters[0]['x-gatehouse'] = {};
  } else if (section) {
    for (const step of section.split('.')) {
      const [name, isList] = [step.replace('[]', ''), step.endsWith('[]')];
      if (isList) at = (at[name] = [{}])[0];
      else at = at[name] = typeof at[name] === 'object' ? at[name] : {};
    }
  }
  Object.assign(at, needed[entry.section]);
  for (const [name] of members) delete at[name];
  at['(here)'] = 0;
  const text = members.map(([, one]) => one).join(', ');
  const put = (value) => JSON.stringify(value, null, 1).replace(/"\(here\)": 0/, () => text);
  return { yaml: put(whole), document: put(document) };
}

describe('the list of keys', unlessBuilt, () => {
  let folder;
  let keys;
  before(async () => {
    folder = new Folder();
    new Authority(folder.path).issue('server', { names: 'DNS:localhost,DNS:api.example.com' });
    new Authority(folder.path, 'clients', { subject: '/CN=Partners' }).takeBack([]);
    folder.write('keys.json', (await Issuer.create()).jwks);
    folder.write('pepper', 'p'.repeat(64));
    folder.write('motd.json', '{}');
    folder.write('production.yaml', 'overlay: 1.0.0\ninfo: {title: Production, version: "1"}\nactions: [{target: $.info, update: {description: Orders}}]\n');
    mkdirSync(join(folder.path, 'state'));
    for (const name of ['state/data.db', 'orders.db']) makeDatabase(folder, name, 'CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL)');
    keys = JSON.parse((await folder.run('reference', '--json')).stdout);
  });
  after(() => folder?.remove());

  const check = async (entry, members) => {
    const { yaml, document } = withMembers(entry, members);
    folder.write('gatehouse.yaml', yaml);
    folder.write('api.yaml', document);
    const { status, stderr } = await folder.run('check', { BILLING_TOKEN: 'Bearer x' });
    return { status, problems: stderr.split('\n').filter((line) => /^(gatehouse|api)\.yaml:/.test(line)) };
  };

  it('has an example of each key that `check` accepts', async () => {
    assert.ok(keys.length > 150, `${keys.length}`);
    const wrong = [];
    for (const entry of keys) {
      const members = membersOf(entry.example);
      assert.ok(members.some(([name]) => name === entry.key), `the example of ${nameOf(entry)} has the key: ${entry.example}`);
      const { status, problems } = await check(entry, members);
      const expected = refused[nameOf(entry)];
      if (expected ? !problems.join().includes(expected) : status !== 0) wrong.push(`${nameOf(entry)}: ${entry.example}\n  ${problems.join('\n  ')}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('states the words that each choice accepts', async () => {
    const wrong = [];
    for (const entry of keys.filter(({ kind }) => kind === 'choice')) {
      const members = membersOf(entry.example).map(([name, text]) => [name, name === entry.key ? `${name}: no-such-word` : text]);
      const { problems } = await check(entry, members);
      if (!problems.some((line) => line.endsWith(`${entry.key}: must be ${entry.type}, not \`no-such-word\``))) wrong.push(`${nameOf(entry)} (${entry.type}):\n  ${problems.join('\n  ')}`);
      for (const [, word] of entry.type.matchAll(/`([^`]+)`/g)) {
        const told = (await check(entry, membersOf(entry.example).map(([name, text]) => [name, name === entry.key ? `${name}: "${word}"` : text]))).problems;
        if (told.some((line) => line.includes('must be'))) wrong.push(`${nameOf(entry)}: ${word}\n  ${told.join('\n  ')}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('states the keys without which an object is incomplete', async () => {
    const wrong = [];
    for (const entry of keys.filter((one) => one.default.kind === 'required')) {
      const members = membersOf(entry.example).filter(([name]) => name !== entry.key);
      needed[entry.section] &&= Object.fromEntries(Object.entries(needed[entry.section]).filter(([name]) => name !== entry.key));
      const { yaml } = withMembers(entry, [[entry.key, '(gone)'], ...members]);
      folder.write('gatehouse.yaml', yaml.replace(/\(gone\)(, )?/, '').replace(/,(\s*})/g, '$1'));
      folder.write('api.yaml', api);
      const { stderr } = await folder.run('check');
      const said = entry.key === 'permission' ? /getOrder: has no `permission`/ : new RegExp(`(^|: )\`${entry.key}\` is missing`, 'm');
      if (!said.test(stderr)) wrong.push(`${nameOf(entry)}:\n${stderr}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('states bounds that the readers keep', async () => {
    const units = { d: 86_400_000_000_000n, h: 3_600_000_000_000n, m: 60_000_000_000n, s: 1_000_000_000n, ms: 1_000_000n, us: 1000n, ns: 1n, GiB: 1n << 30n, MiB: 1n << 20n, KiB: 1n << 10n, B: 1n };
    const wrong = [];
    let bounded = 0;
    for (const entry of keys) {
      const [, least, most] = /, from (\S+) to (\S+)$/.exec(entry.type) ?? /, at least (\S+)()$/.exec(entry.type) ?? /, at most ()(\S+)$/.exec(entry.type) ?? [];
      const step = (text, by) => {
        const [, digits, unit] = /^(\d+)(\D*)$/.exec(text);
        const value = BigInt(digits) * (units[unit] ?? 1n) + by;
        return `${value}${{ duration: 'ns', size: 'B', count: '' }[entry.kind]}`;
      };
      const told = async (text) => (await check(entry, membersOf(entry.example).map(([name, one]) => [name, name === entry.key ? `${name}: ${text}` : one]))).problems.some((line) => line.includes(`${entry.key}: must be`));
      if (least || most) bounded += 1;
      for (const [bound, by] of [[least, -1n], [most, 1n]]) {
        if (!bound) continue;
        if (await told(bound)) wrong.push(`${nameOf(entry)}: ${bound} is refused`);
        if (!(await told(step(bound, by)))) wrong.push(`${nameOf(entry)}: ${step(bound, by)} is accepted`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(bounded > 30, `${bounded}`);
  });

  it('is asked by the name of a key, by its path, and by the path in a file', async () => {
    for (const words of ['upstreams.NAME.timeout', 'upstreams.billing.timeout']) {
      const { status, stdout } = await folder.run('reference', words);
      assert.equal(status, 0);
      assert.equal(stdout, `upstreams.NAME.timeout
  The time until the head of the answer.
  type     duration, from 1ms to 1d
  default  10s
  example  timeout: 5s
`);
    }
    const all = (await folder.run('reference', 'timeout')).stdout;
    for (const name of ['upstreams.NAME.timeout', 'defaults.timeout', 'operations.OPERATION.timeout']) assert.match(all, new RegExp(`^${name}$`, 'm'));
    assert.match((await folder.run('reference', 'authenticators.SCHEME')).stderr, /there is no key/);
    assert.match((await folder.run('reference', 'authenticators')).stdout, /^ {2}keys {4}.* issuer .* id/m);
    assert.match((await folder.run('reference')).stdout, /^upstreams\.NAME\.timeout +The time until the head of the answer\.$/m);
  });

  it('names the nearest key for one that there is not', async () => {
    const { status, stdout, stderr } = await folder.run('reference', 'upstreams.billing.timout');
    assert.deepEqual([status, stdout, stderr], [1, '', 'gatehouse reference: there is no key `upstreams.billing.timout`; did you mean `timeout`?\n']);
    assert.match((await folder.run('reference', 'qqqqqqqqqqqqqqqqqqq')).stderr, /`gatehouse reference` lists all/);
  });

  it('says where a key belongs that stands at the wrong place', async () => {
    const { problems } = await check({ section: '', key: 'hsts', meaning: '' }, [['hsts', 'hsts: {max_age: 1d}']]);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0], /: there is no key `hsts` here; it is a key of `tls`$/);
  });
});
