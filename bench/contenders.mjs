// The contenders of the side-by-side benchmark: the configuration and start of each, and the files of its
// folder.

import { spawn, execFileSync } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(top, 'build/bench/run');
const binary = process.env.GATEHOUSE_BINARY ?? join(top, 'build/release/gatehouse');
const ports = { backend: 18400, 'nginx-log': 18401, 'haproxy-log': 18402, 'haproxy-rs256': 18403, gatehouse: 18404, admin: 18405, before: 18406, 'before-admin': 18407 };
const tokenBytes = 700;
export const tokenCount = 64;

// In the order of the first round. `gates`: it must refuse a request without a token.
const known = [
  { name: 'gatehouse', file: 'gatehouse.yaml', gates: true, command: (file) => [binary, 'serve', '-c', file] },
  // Another build, with the same configuration in a folder of its own.
  { name: 'before', file: 'before/gatehouse.yaml', gates: true, command: (file, before) => [before, 'serve', '-c', file] },
  { name: 'nginx-log', file: 'nginx-log.conf', gates: false, command: (file) => ['nginx', '-p', folder, '-c', file] },
  { name: 'haproxy-log', file: 'haproxy-log.cfg', gates: false, command: (file) => ['haproxy', '-db', '-f', file] },
  { name: 'haproxy-rs256', file: 'haproxy-rs256.cfg', gates: true, command: (file) => ['haproxy', '-db', '-f', file] },
];

export const load = {
  tokens: join(folder, 'tokens.txt'),
  body: join(top, 'bench/config/order.json'),
  script: join(top, 'bench/load.lua'),
};

const running = [];
process.on('exit', () => running.forEach((process) => process.kill('SIGKILL')));

// Writes certificates, tokens and configurations, starts the upstream and the contenders named, and sees to it that each
// answers, and that those with gates refuse. `before`: the binary of the contender with that name. Resolves to [{name, pid, url}].
export async function startContenders(names, cores, before) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeCertificate();
  const token = writeTokens();
  for (const file of ['gatehouse.yaml', 'orders.yaml', 'nginx-log.conf', 'haproxy-log.cfg', 'haproxy-rs256.cfg']) writeConfiguration(file);
  if (before) {
    cpSync(folder, `${folder}-before`, { recursive: true });
    renameSync(`${folder}-before`, join(folder, 'before'));
    writeConfiguration('gatehouse.yaml', 'before');
  }

  start('backend', cores.load, [join(top, 'build/release/bench_backend'), String(ports.backend)]);
  await listening(ports.backend);

  const contenders = [];
  for (const { name, file, gates, command } of known) {
    if (name === 'before' ? !before : names && !names.includes(name)) continue;
    if (name === 'gatehouse' && !existsSync(binary)) {
      console.log(`${binary} is not there: the peers alone`);
      continue;
    }
    const process = start(name, cores.proxy, command(join(folder, file), before));
    await listening(ports[name], process);
    const url = `https://127.0.0.1:${ports[name]}`;
    await expectStatus(name, `${url}/api/v1/orders/42`, { authorization: `Bearer ${token}` }, 200);
    if (gates) await expectStatus(name, `${url}/api/v1/orders/42`, {}, 401);
    contenders.push({ name, pid: process.pid, url });
  }
  return contenders;
}

export async function stopContenders() {
  await Promise.all(running.splice(0).map((process) => new Promise((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) return resolve();
    const patience = setTimeout(() => process.kill('SIGKILL'), 10_000);
    process.once('exit', () => resolve(clearTimeout(patience)));
    process.kill('SIGTERM');
  })));
}

function start(name, core, command) {
  const log = openSync(join(folder, `${name}.out`), 'w');
  const process = spawn('taskset', ['-c', core, ...command], { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  running.push(process);
  process.on('exit', (code) => {
    if (running.includes(process)) console.error(`${name} ended (${code}): see ${join(folder, `${name}.out`)}`);
  });
  return process;
}

function writeCertificate() {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', join(folder, 'server.key'), '-out', join(folder, 'server.crt')], { stdio: 'ignore' });
  writeFileSync(join(folder, 'server.pem'), readFileSync(join(folder, 'server.crt')) + readFileSync(join(folder, 'server.key')));
}

function writeTokens() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };
  writeFileSync(join(folder, 'token.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(folder, 'token.jwks'), JSON.stringify({ keys: [jwk] }));
  const tokens = Array.from({ length: tokenCount }, (_, index) => tokenOf(privateKey, index));
  writeFileSync(load.tokens, tokens.join('\n') + '\n');
  return tokens[0];
}

function tokenOf(privateKey, index) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'https://idp.example.test/', sub: `user-${String(index).padStart(6, '0')}`, aud: 'api://orders', iat: now,
    exp: now + 86400, scope: 'orders:read orders:write', azp: 'client-0001', roles: ['clerk'], padding: '',
  };
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: 'k1' });
  const signed = () => `${header}.${encode(claims)}`;
  while (signed().length + 1 + 342 < tokenBytes) claims.padding += 'x';
  return `${signed()}.${createSign('RSA-SHA256').update(signed()).sign(privateKey, 'base64url')}`;
}

function writeConfiguration(file, name = file.replace(/\..*/, '')) {
  const to = name === 'before' ? join(folder, name) : folder;
  const values = {
    DIR: to, BACKEND: ports.backend, ADMIN: ports[name === 'before' ? 'before-admin' : 'admin'], PORT: ports[name],
    NGINX_USER: process.getuid() === 0 ? 'user root;' : '',
  };
  const text = readFileSync(join(top, 'bench/config', file), 'utf8');
  writeFileSync(join(to, file), text.replace(/@([A-Z_]+)@/g, (_, name) => values[name]));
}

// Resolves when something accepts connections on the port; rejects when `process` ends before that, or in half a minute.
async function listening(port, process) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    if (process?.exitCode != null) throw new Error('it did not start');
    const accepted = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
      socket.on('error', () => resolve(false));
    });
    if (accepted) return;
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function expectStatus(name, url, headers, expected) {
  const status = await new Promise((resolve, reject) => {
    request(url, { headers, rejectUnauthorized: false, agent: false }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject).end();
  });
  if (status !== expected) throw new Error(`${name} answered ${status} where ${expected} was due; see ${folder}/${name}.out`);
}
