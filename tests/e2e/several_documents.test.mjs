// Several documents in one server: by host, below a prefix, with a part of the path that the upstream does not get. The block of
// docs/documents.md runs as printed.
// Rooms: http openapi policy gate target app docs

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Desk, Upstream, Wire, response, unlessBuilt } from './harness.mjs';

const page = readFileSync(new URL('../../docs/documents.md', import.meta.url), 'utf8');
const block = [...page.matchAll(/^```yaml\n([^]*?)^```/gm)].map(([, text]) => text).find((text) => text.startsWith('openapi:\n'));

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string', maxLength: 40 } };
const ok = { 200: { description: 'ok', headers: { 'X-Own': {} } }, 201: { description: 'made' } };
const documentOf = (servers, paths) => ({
  openapi: '3.1.0', info: { title: 'd', version: '1' }, servers, security: [{ partnerKey: [] }],
  components: { securitySchemes: { partnerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
  paths: Object.fromEntries(Object.entries(paths).map(([path, [operationId, permission, more]]) =>
    [path, { get: { operationId, 'x-gatehouse': { permission }, parameters: path.includes('{id}') ? [id] : [], responses: ok, ...more } }])),
});
const hosts = ['billing.example.com', 'staff.example.com', '*.office.example.com', 'localhost', 'api.example.com'];

describe('documents beside each other', unlessBuilt, () => {
  let desk, billing, key;
  // The status and the upstream's target, or undefined if it got none.
  const ask = async (host, path, line = path, more = '') => {
    const before = [desk.upstream.requests.length, billing.requests.length];
    const wire = await Wire.open(desk.port, desk.tls);
    const [answer] = await wire.send(`GET ${line} HTTP/1.1\r\nHost: ${host}\r\nX-API-Key: ${key}\r\n${more}\r\n`).responses();
    wire.destroy();
    const got = desk.upstream.requests.length > before[0] ? desk.upstream.last : billing.requests.length > before[1] ? billing.last : undefined;
    return { ...answer, target: got?.target, request: got };
  };
  const brief = async (...words) => {
    const { status, target } = await ask(...words);
    return [status, target];
  };

  before(async () => {
    billing = await Upstream.start();
    desk = await Desk.open({
      change: (configuration, api, { folder }) => {
        folder.write('catalogue.json', documentOf([], { '/catalogue/items/{id}': ['getItem', 'orders:read'], '/health': ['health', 'orders:read'] }));
        folder.write('billing.json', documentOf([{ url: 'https://old.example.com/v0' }], {
          '/invoices/{id}': ['getInvoice', 'orders:read'], '/': ['root', 'orders:read'], '/health': ['billingHealth', 'orders:read'],
        }));
        folder.write('staff.json', documentOf([], {
          '/v1/invoices/{id}': ['getInvoice', 'orders:write'], '/v1/invoices/export': ['exportInvoices', 'orders:export'],
        }));
        delete configuration.authenticators;
        configuration.authenticators = { partnerKey: { type: 'api_key', prefix: 'partner:' } };
        configuration.operations = {};
        delete configuration.defaults.principal;
        delete configuration.openapi;
        configuration.upstreams.billing = { url: billing.url };
        configuration.listen.names = hosts;
        configuration.roles.partner = ['orders:read', 'orders:write', 'orders:export'];
        for (const role of ['anonymous', 'authenticated', 'clerk', 'admin']) delete configuration.roles[role];
      },
      before: (opened) => {
        const inYaml = Object.entries(opened.configuration).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('');
        opened.folder.write('gatehouse.yaml', inYaml + block);
      },
    });
    ({ key } = await desk.createKey());
  });
  after(async () => {
    await desk?.close();
    await billing?.close();
  });

  it('are chosen by the host, and the stripped part does not reach the upstream', async () => {
    const one = await ask('billing.example.com', '/billing/v1/invoices/7?x=1', '/billing/v1/invoices/7');
    assert.deepEqual([one.status, one.target], [200, '/v1/invoices/7']);
    assert.equal(one.request.headers['x-forwarded-prefix'], '/billing');
    assert.equal(one.request.headers['x-forwarded-host'], 'billing.example.com');
    assert.deepEqual(await brief('billing.example.com', '/billing/v1/'), [200, '/v1/']);
    assert.deepEqual(await brief('staff.example.com', '/v1/invoices/7'), [200, '/v1/invoices/7']);
    assert.equal(billing.last.headers['x-forwarded-prefix'], undefined);
    assert.deepEqual(await brief('a.office.example.com', '/v1/invoices/7'), [200, '/v1/invoices/7']);
    for (const host of ['localhost', 'billing.example.com', 'staff.example.com'])
      assert.deepEqual(await brief(host, '/catalogue/items/x'), [200, '/catalogue/items/x']);
  });

  it('are not reached under another host, or by another spelling of the path', async () => {
    for (const [host, path] of [
      ['localhost', '/billing/v1/invoices/7'], ['staff.example.com', '/billing/v1/invoices/7'], ['billing.example.com', '/v1/invoices/7'],
      ['billing.example.com', '/v0/invoices/7'], ['billing.example.com', '/billing/v0/invoices/7'], ['billing.example.com', '/billing/billing/v1/invoices/7'],
      ['billing.example.com', '/Billing/v1/invoices/7'], ['billing.example.com', '/billingv1/invoices/7'], ['api.example.com', '/v1/invoices/export'],
    ]) assert.deepEqual(await brief(host, path), [404, undefined], `${host}${path}`);
    for (const path of ['/%62illing/v1/invoices/7', '/billing//v1/invoices/7', '/billing/../v1/invoices/7', '/billing/v1/%2e%2e/v1/invoices/7', '//billing/v1/invoices/7'])
      assert.deepEqual(await brief('billing.example.com', path), [400, undefined], path);
    assert.deepEqual(await brief('other.example.com', '/health'), [421, undefined]);
    assert.deepEqual(await brief('b.a.office.example.com', '/v1/invoices/7'), [421, undefined]);
  });

  it('compare the host without its case, its port and a final dot, and that of an absolute target', async () => {
    for (const host of ['BILLING.example.com', `billing.example.com:${desk.port}`, 'billing.example.com.', 'billing.example.com:1234'])
      assert.deepEqual(await brief(host, '/billing/v1/invoices/7'), [200, '/v1/invoices/7'], host);
    assert.deepEqual(await brief('billing.example.com', '', 'https://billing.example.com/billing/v1/invoices/7'), [200, '/v1/invoices/7']);
    assert.deepEqual(await brief('staff.example.com', '', 'https://billing.example.com/billing/v1/invoices/7'), [421, undefined]);
    // A client is not believed about the host.
    assert.deepEqual(await brief('localhost', '/billing/v1/invoices/7', undefined, 'X-Forwarded-Host: billing.example.com\r\n'), [404, undefined]);
  });

  it('of one service are told apart as the service may read the path', async () => {
    assert.deepEqual(await brief('staff.example.com', '/v1/invoices/export'), [200, '/v1/invoices/export']);
    for (const name of ['export', 'Export', 'export.json', 'export;x', 'export%20', '%2565xport']) {
      const answer = await ask('billing.example.com', `/billing/v1/invoices/${name}`);
      assert.deepEqual([answer.status, answer.target], [404, undefined], name);
      const event = await desk.gatehouse.eventOf(answer.headers['x-request-id']);
      assert.equal(event.reason, 'path_ambiguous', name);
    }
    assert.deepEqual(await brief('billing.example.com', '/billing/v1/invoices/exported'), [200, '/v1/invoices/exported']);
  });

  it('get their paths back in answers', async () => {
    const outside = async (fields) => {
      billing.answer = () => response(201, {}, fields);
      const { headers } = await ask('billing.example.com', '/billing/v1/invoices/7');
      billing.answer = () => response(200);
      return headers;
    };
    for (const [inner, outer] of [
      ['/v1/invoices/8?x=/y', '/billing/v1/invoices/8?x=/y'], ['/billing/v1/invoices/8', '/billing/v1/invoices/8'], ['/billing', '/billing'],
      ['/billing-2/x', '/billing/billing-2/x'], ['8', '8'], ['?page=2', '?page=2'], ['https://elsewhere.example.org/a', 'https://elsewhere.example.org/a'],
      [`${billing.url}/v1/invoices/8`, '/billing/v1/invoices/8'], [`${billing.url}`, '/billing/'], ['https://billing.example.com/v1/x', '/billing/v1/x'],
      ['https://billing.example.com/billing/v1/x', '/billing/v1/x'], [`${billing.url}//evil.example.org/`, '/billing/'],
    ]) assert.equal((await outside({ Location: inner })).location, outer, inner);
    assert.equal((await outside({ Link: '</v1/invoices?page=2>; rel="next"' })).link, '</billing/v1/invoices?page=2>; rel="next"');
  });

  it('have their names and hosts in events, explain and the record of a path that no document has', async () => {
    const served = await ask('A.office.example.com', '/v1/invoices/7');
    const event = await desk.gatehouse.eventOf(served.headers['x-request-id']);
    assert.deepEqual([event.operation, event['http.route'], event['server.address']], ['staff.getInvoice', '/v1/invoices/{id}', 'a.office.example.com']);
    const stripped = await desk.gatehouse.eventOf((await ask('billing.example.com', '/billing/v1/invoices/7')).headers['x-request-id']);
    assert.deepEqual([stripped.operation, stripped['http.route'], stripped['server.address']], ['getInvoice', '/billing/v1/invoices/{id}', 'billing.example.com']);
    const none = await desk.gatehouse.eventOf((await ask('staff.example.com', '/none')).headers['x-request-id']);
    assert.deepEqual([none.reason, none['server.address']], ['no_such_operation', 'staff.example.com']);
    const explain = async (question, ...words) => (await desk.folder.run('explain', '-c', 'gatehouse.yaml', question, ...words)).stdout.split('\n')[0];
    assert.match(await explain('GET https://staff.example.com/v1/invoices/7', '--as', 'partner'), /: admitted/);
    assert.match(await explain('GET https://staff.example.com/v1/invoices/7'), /: refused, 401/);
    assert.match(await explain('GET /v1/invoices/7', '--as', 'partner', '--header', 'Host: staff.example.com:8443'), /: admitted/);
    assert.match(await explain('GET https://billing.example.com/v1/invoices/7', '--as', 'partner'), /: refused, 404 no_such_operation/);
    assert.match(await explain('GET https://billing.example.com/billing/v1/invoices/export', '--as', 'partner'), /: refused, 404 path_ambiguous/);
    const { stdout } = await desk.folder.run('log', '-c', 'gatehouse.yaml', '--host', 'a.office.example.com', '--json');
    const listed = stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(listed.length > 0 && listed.every((one) => one['server.address'] === 'a.office.example.com'), stdout);
  });

  it('are refused by check where a host is not served, or one path is two operations', async () => {
    const check = async (change) => {
      const before = desk.folder.read('gatehouse.yaml');
      desk.folder.write('gatehouse.yaml', change(before));
      const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
      desk.folder.write('gatehouse.yaml', before);
      assert.equal(status, 1);
      return stderr;
    };
    assert.match(await check((text) => text.replace('hosts: [staff.example.com', 'hosts: [elsewhere.example.com')),
      /gatehouse\.yaml:\d+:\d+: openapi: this server does not serve the host elsewhere\.example\.com/);
    assert.match(await check((text) => text.replace('strip: /billing, prefix: /v1, hosts: [billing.example.com]', 'prefix: /v1')),
      /`staff\.getInvoice` \(\/v1\/invoices\/\{id\}\) and `getInvoice` \(\/v1\/invoices\/\{id\}\) are the same method and path; give their documents different `hosts`/);
    assert.match(await check((text) => text.replace('name: staff, ', '')), /`getInvoice` also names the operation at .*billing\.json:.*give its document a `name`/);
    assert.match(await check((text) => text.replace('"url"', '"urls"')), /urls/);
  });
});
