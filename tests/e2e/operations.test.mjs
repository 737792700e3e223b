// docs/operations.md as printed: its blocks run here, with other ports, folders and users.
// Rooms: app net server docs

import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { Authority, Folder, Upstream, accepts, binary, eventually, freePort, response, unlessBuilt } from './harness.mjs';

const page = readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../../docs/operations.md'), 'utf8');

// The blocks below a heading, by their language.
const block = (heading, language, index = 0) => {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`)).split(/\n## /)[1];
  const found = [...section.matchAll(/^```(\w+)\n([^]*?)^```/gm)].filter(([, one]) => one === language)[index];
  assert.ok(found, `${heading} has a block in ${language}`);
  return found[2];
};

const api = {
  openapi: '3.0.3',
  info: { title: 'Orders', version: '1' },
  paths: { '/orders/{id}': { get: {
    operationId: 'getOrder', security: [{ partnerKey: [] }], responses: { 200: { description: 'Done' } },
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
  } } },
  components: { securitySchemes: { partnerKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } } },
};

const isRoot = process.getuid() === 0;
const root = { skip: isRoot ? false : 'changing the user needs root' };
const needs = (program) => ({ skip: existsSync(program) ? false : `${program} is not installed` });
const nobody = isRoot ? { uid: 65534, gid: Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' })) } : { uid: process.getuid(), gid: process.getgid() };

// Free for a listener, below the ports that every user may take.
async function lowPort() {
  for (let port = 600; ; port += 1) {
    const server = createServer();
    const free = await new Promise((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

describe('docs/operations.md', { ...unlessBuilt, concurrency: false }, () => {
  let folder;
  let authority;
  let upstream;
  let ports;
  let key;
  const running = [];

  const at = (name) => join(folder.path, name);
  // As printed, but in the test's folder, with its ports, its program and a user that every machine has.
  const moved = (text) => text
    .replaceAll(/\/(etc|var\/lib|var\/log|var\/backups)\/(gatehouse|nginx)/g, (path) => folder.path + path)
    .replaceAll('/usr/local/bin/gatehouse', at('bin/gatehouse'))
    .replaceAll(/\b(8443|9443)\b/g, (port) => ports[port])
    .replaceAll(/(?<=(-u|User=))( ?)gatehouse\b/g, '$2nobody')
    .replaceAll(/(?<=(-g|Group=))( ?)gatehouse\b/g, `$2${isRoot ? 'nogroup' : nobody.gid}`);
  const shell = (text, environment = {}) => new Promise((resolve) => {
    const env = { ...process.env, PATH: `${at('bin')}:${process.env.PATH}`, no_proxy: '*', ...environment };
    execFile('bash', ['-ec', moved(text)], { cwd: folder.path, env, timeout: 20_000 },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
  });
  const configuration = (changes = {}) => ({
    openapi: ['api.yaml'],
    threat_model: { exposure: 'partner', data: 'internal' },
    listen: { https: `127.0.0.1:${ports[8443]}`, admin: `127.0.0.1:${ports[9443]}`, names: ['api.example.com', 'localhost', '127.0.0.1'] },
    tls: { certificate: 'server.crt', private_key: 'file:server.key' },
    upstreams: { orders: { url: upstream.url } },
    authenticators: { partnerKey: { type: 'api_key', prefix: 'partner:' } },
    roles: { reader: ['orders:read'] },
    limits: { per_ip: { per: 'ip', rate: '6000/min', burst: 1000 } },
    defaults: { limits: ['per_ip'], upstream: 'orders' },
    operations: { getOrder: { permission: 'orders:read' } },
    ...changes,
  });
  // The snippet's keys stand for those of the configuration.
  const configure = (snippet = '', changes = {}) => {
    const whole = configuration(changes);
    for (const [, name] of `${block('Users and rights', 'yaml')}${snippet}`.matchAll(/^(\w+):/gm)) delete whole[name];
    const rest = Object.entries(whole).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join('');
    writeFileSync(at('etc/gatehouse/gatehouse.yaml'), moved(`${block('Users and rights', 'yaml')}${snippet}`) + rest);
  };
  // As the unit starts it.
  const start = async ({ program = at('bin/gatehouse'), rights = 'all' } = {}) => {
    const unit = block('The unit', 'ini');
    const capability = /^AmbientCapabilities=(\w+)$/m.exec(unit)[1].toLowerCase().replace('cap_', '');
    const set = rights === 'all' ? `-all,+${capability}` : '-all';
    const words = isRoot ? ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--no-new-privs',
      `--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`] : [];
    const [first, ...more] = [...words, program, 'serve', '-c', at('etc/gatehouse/gatehouse.yaml')];
    const server = { output: '', exit: null, process: spawn(first, more, { cwd: at('etc/gatehouse') }) };
    for (const stream of [server.process.stdout, server.process.stderr]) stream.on('data', (bytes) => (server.output += bytes));
    server.process.on('exit', (code) => (server.exit = { code }));
    running.push(server);
    await eventually(() => server.exit ?? /, serving /.test(server.output), 'start');
    return server;
  };
  const stop = async (server) => {
    server.process.kill('SIGTERM');
    await eventually(() => server.exit, 'end', 30_000);
  };
  const events = (file = 'var/log/gatehouse/events.jsonl') => (existsSync(at(file)) ? readFileSync(at(file), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line)) : []);
  const ask = (port, { headers = { 'x-api-key': key }, from = '127.0.0.1', path = '/orders/7', host = 'api.example.com' } = {}) => new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, localAddress: from, servername: host, ca: authority.certificate, headers: { host, ...headers }, agent: false, timeout: 10_000 }, (answer) => {
      let body = '';
      answer.on('data', (bytes) => (body += bytes));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body }));
    });
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.end();
  });
  const eventOf = (answer) => eventually(() => events().find((event) => event['request.id'] === answer.headers['x-request-id']), 'event');

  before(async () => {
    folder = new Folder();
    chmodSync(folder.path, 0o755);
    for (const name of ['bin', 'etc/gatehouse', 'etc/nginx', 'var/lib/gatehouse', 'var/log/gatehouse', 'var/backups/gatehouse', 'var/backups/gatehouse-pepper']) mkdirSync(at(name), { recursive: true });
    // The unit's StateDirectory and LogsDirectory.
    for (const name of ['var/lib/gatehouse', 'var/log/gatehouse', 'var/backups/gatehouse', 'var/backups/gatehouse-pepper']) chownSync(at(name), nobody.uid, nobody.gid);
    copyFileSync(binary, at('bin/gatehouse'));
    copyFileSync(binary, at('bin/gatehouse.new'));
    writeFileSync(at('bin/systemctl'), `#!/bin/sh\necho "$@" >> ${at('systemctl.asked')}\ncase "$*" in *--signal=HUP*) kill -HUP "$(cat ${at('pid')})";; esac\n`, { mode: 0o755 });
    authority = new Authority(folder.path);
    authority.issue('server', { names: 'DNS:api.example.com,DNS:localhost,IP:127.0.0.1' });
    upstream = await Upstream.start();
    upstream.answer = () => response(200, { id: 7 });
    ports = { 8443: await freePort(), 9443: await freePort() };
    folder.write('api.yaml', api);
    folder.write('gatehouse.yaml', configuration());
  });
  afterEach(async () => {
    for (const server of running.splice(0)) if (!server.exit) await stop(server);
  });
  after(async () => {
    await upstream?.close();
    folder?.remove();
  });

  it('makes the user', needs('/usr/bin/systemd-sysusers'), () => {
    for (const name of ['usr/lib/sysusers.d', 'etc']) mkdirSync(at(`image/${name}`), { recursive: true });
    writeFileSync(at('image/usr/lib/sysusers.d/gatehouse.conf'), block('Users and rights', 'sysusers'));
    execFileSync('systemd-sysusers', [`--root=${at('image')}`], { stdio: 'pipe' });
    assert.match(readFileSync(at('image/etc/passwd'), 'utf8'), /^gatehouse:.*:\/var\/lib\/gatehouse:.*nologin$/m);
  });

  it('installs files that the service can read and others cannot', root, async () => {
    const { status, stderr } = await shell(block('Users and rights', 'sh').replace('systemd-sysusers\n', ''));
    assert.equal(status, 0, stderr);
    const modes = { '': 0o750, '/server.key': 0o640, '/gatehouse.yaml': 0o640 };
    for (const [name, mode] of Object.entries(modes)) {
      const { uid, gid, mode: found } = statSync(at(`etc/gatehouse${name}`));
      assert.deepEqual([uid, gid, found & 0o777], [0, nobody.gid, mode], name);
    }
  });

  it('has a unit that systemd accepts', needs('/usr/bin/systemd-analyze'), () => {
    const unit = at('gatehouse.service');
    writeFileSync(unit, moved(block('The unit', 'ini')).replace(`WorkingDirectory=${folder.path}/etc`, 'WorkingDirectory=/etc'));
    // Says what it does not know or cannot find, and exits with 0 all the same.
    const said = execFileSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    assert.equal(said, '');
    const wrong = at('wrong.service');
    writeFileSync(wrong, readFileSync(unit, 'utf8').replace('ExecStart=', 'ExecStrat='));
    assert.throws(() => execFileSync('systemd-analyze', ['verify', '--man=no', wrong], { stdio: 'pipe' }), /ExecStrat|ExecStart/);
  });

  it('serves a port below 1024 with the capability of the unit, and names it without', root, async () => {
    const port = await lowPort();
    configure('', { listen: { https: `127.0.0.1:${port}`, admin: `127.0.0.1:${ports[9443]}` } });
    const without = await start({ rights: 'none' });
    assert.deepEqual(without.exit, { code: 1 }, without.output);
    assert.match(without.output, /cannot listen on 127\.0\.0\.1:\d+: Permission denied; a port below 1024 needs the capability CAP_NET_BIND_SERVICE \(docs\/operations\.md\)/);
    const server = await start();
    assert.equal(server.exit, null, server.output);
    assert.match(server.output, new RegExp(`1 operation, serving https://127\\.0\\.0\\.1:${port}, http://127\\.0\\.0\\.1:${ports[9443]} \\(/health, /metrics\\)`));
    assert.ok(await accepts(port));
  });

  it("makes keys as the service's user, while the server runs", { skip: root.skip || needs('/usr/sbin/runuser').skip }, async () => {
    configure();
    const server = await start();
    const { status, stdout, stderr } = await shell(block('Keys', 'sh'));
    assert.equal(status, 0, stderr);
    key = stdout.trim();
    const answer = await ask(ports[8443]);
    assert.equal(answer.status, 200, answer.body + server.output);
    for (const name of ['gatehouse.db', 'gatehouse.pepper']) assert.equal(statSync(at(`var/lib/gatehouse/${name}`)).uid, nobody.uid, name);
  });

  it('reloads as the unit does, and fails with what is wrong', root, async () => {
    configure();
    await start();
    const [, reload] = /^ExecReload=(.*)$/m.exec(block('The unit', 'ini'));
    assert.equal((await shell(`runuser -u gatehouse -- ${reload}`)).status, 0);
    configure('', { defaults: { limits: ['per_pi'], upstream: 'orders' } });
    const { status, stdout, stderr } = await shell(`runuser -u gatehouse -- ${reload}`);
    assert.equal(status, 1);
    assert.match(stdout + stderr, /there is no limit `per_pi`; did you mean `per_ip`\?/);
    configure();
  });

  const served = (port) => new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.certificate }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw).serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });

  it('takes up a renewed certificate by the hook, without a signal and without a complaint', root, async () => {
    configure();
    const server = await start();
    authority.issue('fullchain', { names: 'DNS:api.example.com,DNS:localhost,IP:127.0.0.1' });
    mkdirSync(at('lineage'), { recursive: true });
    renameSync(at('fullchain.crt'), at('lineage/fullchain.pem'));
    renameSync(at('fullchain.key'), at('lineage/privkey.pem'));
    const renewed = new X509Certificate(readFileSync(at('lineage/fullchain.pem'))).serialNumber;
    assert.notEqual(await served(ports[8443]), renewed);
    const { status, stderr } = await shell(block('Certificates', 'sh'), { RENEWED_LINEAGE: at('lineage') });
    assert.equal(status, 0, stderr);
    await eventually(() => /the changed certificate is in use/.test(server.output), 'new certificate');
    assert.equal(await served(ports[8443]), renewed);
    assert.doesNotMatch(server.output, /is not used/);
  });

  it('complains once about half of a pair that stays, and serves the old one', async () => {
    configure();
    if (!isRoot) for (const name of ['api.yaml', 'server.crt', 'server.key']) copyFileSync(at(name), at(`etc/gatehouse/${name}`));
    const server = await start();
    const before = await served(ports[8443]);
    authority.issue('half', { names: 'DNS:api.example.com,DNS:localhost,IP:127.0.0.1' });
    const began = Date.now();
    writeFileSync(at('etc/gatehouse/server.crt'), readFileSync(at('half.crt')));
    await eventually(() => /the changed certificate is not used: /.test(server.output), 'complaint');
    assert.ok(Date.now() - began >= 2000, `after ${Date.now() - began} ms`);
    assert.equal(await served(ports[8443]), before);
    writeFileSync(at('etc/gatehouse/server.key'), readFileSync(at('half.key')));
    await eventually(() => /the changed certificate is in use/.test(server.output), 'new certificate');
    assert.equal(server.output.match(/is not used/g).length, 1);
    assert.notEqual(await served(ports[8443]), before);
  });

  it('writes to a new log file after another program has renamed it', root, async () => {
    configure();
    const server = await start();
    writeFileSync(at('pid'), `${server.process.pid}`);
    const first = await ask(ports[8443]);
    await eventOf(first);
    const { status, stderr } = await shell(block('Log files', 'sh'));
    assert.equal(status, 0, stderr);
    await eventually(() => existsSync(at('var/log/gatehouse/events.jsonl')), 'new file');
    const second = await ask(ports[8443]);
    await eventOf(second);
    const old = events('var/log/gatehouse/events.jsonl.1').map((event) => event['request.id']);
    assert.ok(old.includes(first.headers['x-request-id']));
    assert.ok(!old.includes(second.headers['x-request-id']));
  });

  it('is backed up while it runs, and its keys are valid after a restore', { skip: root.skip || needs('/usr/bin/sqlite3').skip }, async () => {
    configure();
    const server = await start();
    const { status, stderr } = await shell(block('Backup', 'sh'));
    assert.equal(status, 0, stderr);
    await stop(server);
    renameSync(at('var/lib/gatehouse'), at('var/lib/lost'));
    mkdirSync(at('var/lib/gatehouse'));
    copyFileSync(at('var/backups/gatehouse/gatehouse.db'), at('var/lib/gatehouse/gatehouse.db'));
    copyFileSync(at('var/backups/gatehouse-pepper/gatehouse.pepper'), at('var/lib/gatehouse/gatehouse.pepper'));
    execFileSync('cp', ['-a', at('var/backups/gatehouse/gatehouse.db-events'), at('var/lib/gatehouse/')]);
    execFileSync('chown', ['-R', 'nobody:nogroup', at('var/lib/gatehouse')]);
    await start();
    assert.equal((await ask(ports[8443])).status, 200);
  });

  it('is upgraded by a new program that has checked the configuration', root, async () => {
    configure();
    const old = await start();
    const { status, stdout, stderr } = await shell(block('Upgrade', 'sh'));
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^gatehouse \d+\.\d+\.\d+$/m);
    assert.match(readFileSync(at('systemctl.asked'), 'utf8'), /^restart gatehouse$/m);
    await stop(old);
    await start();
    assert.equal((await ask(ports[8443])).status, 200);
  });

  it('stands behind HAProxy, which tells the client by the PROXY protocol', { skip: root.skip || needs('/usr/sbin/haproxy').skip }, async () => {
    configure(block('Behind HAProxy', 'yaml'));
    const server = await start();
    const port = await freePort();
    writeFileSync(at('haproxy.cfg'), moved(block('Behind HAProxy', 'haproxy')).replace('bind :443', `bind 127.0.0.1:${port}`));
    const proxy = spawn('/usr/sbin/haproxy', ['-db', '-f', at('haproxy.cfg')]);
    let said = '';
    for (const stream of [proxy.stdout, proxy.stderr]) stream.on('data', (bytes) => (said += bytes));
    const ended = new Promise((resolve) => proxy.on('exit', resolve));
    try {
      await eventually(() => accepts(port), 'HAProxy');
      const answer = await ask(port, { from: '127.0.0.9' });
      assert.equal(answer.status, 200, answer.body + said);
      assert.equal((await eventOf(answer))['client.address'], '127.0.0.9');
      await assert.rejects(ask(ports[8443]), 'no connection without the header');
      assert.doesNotMatch(said, /DOWN/, 'the health check passes');
      await stop(server);
      await eventually(() => /Server gatehouse\/one is DOWN/.test(said), 'health check that fails');
    } finally {
      proxy.kill('SIGTERM');
      await ended;
    }
  });

  it('stands behind nginx, which alone writes the client and the host', { skip: root.skip || needs('/usr/sbin/nginx').skip }, async () => {
    configure(block('Behind nginx', 'yaml'));
    await start();
    const port = await freePort();
    for (const [from, to] of [['server.crt', 'api.crt'], ['server.key', 'api.key'], ['ca.crt', 'gatehouse-ca.crt']]) copyFileSync(at(from), at(`etc/nginx/${to}`));
    writeFileSync(at('nginx.conf'), `daemon off; master_process off; pid ${at('nginx.pid')}; error_log ${at('nginx.log')};
events {}
http { access_log off; client_body_temp_path ${at('b')}; proxy_temp_path ${at('p')}; fastcgi_temp_path ${at('f')}; uwsgi_temp_path ${at('u')}; scgi_temp_path ${at('s')};
${moved(block('Behind nginx', 'nginx')).replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)} }`);
    const proxy = spawn('/usr/sbin/nginx', ['-c', at('nginx.conf'), '-p', folder.path]);
    let said = '';
    for (const stream of [proxy.stdout, proxy.stderr]) stream.on('data', (bytes) => (said += bytes));
    const ended = new Promise((resolve) => proxy.on('exit', resolve));
    try {
      await eventually(() => accepts(port), 'nginx');
      const answer = await ask(port, { from: '127.0.0.9', headers: { 'x-api-key': key, 'x-forwarded-for': '203.0.113.1', 'x-forwarded-host': 'evil.example' } });
      assert.equal(answer.status, 200, answer.body + said + (existsSync(at('nginx.log')) ? readFileSync(at('nginx.log'), 'utf8') : ''));
      const event = await eventOf(answer);
      assert.equal(event['client.address'], '127.0.0.9');
      // The target arrives as the client sent it: decoded, the first would be /7, which is not found.
      assert.equal((await ask(port, { path: '/orders/%2e%2e/7' })).status, 400);
      assert.equal((await ask(port, { path: '//orders/7' })).status, 400);
    } finally {
      proxy.kill('SIGQUIT');
      await ended;
    }
  });

  it('answers health and metrics where the page says', root, async () => {
    configure();
    await start();
    const { status, stdout, stderr } = await shell(block('Health and metrics', 'sh'));
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^ready\n[^]*^# TYPE gatehouse_/m);
  });
});
