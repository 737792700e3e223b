// Descriptors and connections: the reserved ones, and the listeners besides the public one.
// Rooms: net server app policy

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { Desk, Gatehouse, Wire, binary, eventually, freePort, sendUntilClosed, unlessBuilt } from './harness.mjs';

const get = (target, host = 'localhost', more = '') => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

describe('descriptors', unlessBuilt, () => {
  it('are as many as the system allows, with any soft limit', async () => {
    const desk = await Desk.open();
    await desk.gatehouse.stop();
    const program = desk.folder.write('limited.sh', `#!/bin/sh\nulimit -Sn 200\nexec ${binary} "$@"\n`);
    chmodSync(program, 0o755);
    desk.gatehouse = await Gatehouse.start(desk.folder, desk.port, { program });
    const [, soft, hard] = readFileSync(`/proc/${desk.gatehouse.process.pid}/limits`, 'utf8').match(/Max open files\s+(\d+)\s+(\d+)/);
    assert.equal(soft, hard);
    const wires = [];
    for (let count = 0; count < 300; ++count) wires.push(await Wire.open(desk.port, desk.tls));
    assert.equal((await wires[299].send(get('/nothing')).responses())[0].status, 404);
    wires.forEach((wire) => wire.destroy());
    await desk.close();
  });

  it('that are fewer than is configured for are a problem of the start, and of check', async () => {
    const desk = await Desk.open();
    const limit = Number(execFileSync('sh', ['-c', 'ulimit -Hn']).toString());
    desk.configuration.listen.connections = Math.min(limit, 1_000_000);
    desk.writeFiles();
    for (const command of ['check', 'serve']) {
      const { status, stdout, stderr } = await desk.folder.run(command, '-c', 'gatehouse.yaml');
      assert.equal(status, 1, command);
      assert.match(stdout + stderr, new RegExp(`listen: ${desk.configuration.listen.connections} connections, .* exceed the ${limit} file descriptors`));
    }
    await desk.close();
  });

  it('of one address leave the handshakes of the others alone', async () => {
    const desk = await Desk.open({ change: (configuration) => Object.assign(configuration.listen, { connections: 40, connections_per_address: 5 }) });
    const wires = [];
    for (let count = 0; count < 5; ++count) wires.push(await Wire.open(desk.port, desk.tls));
    const sixth = await Wire.open(desk.port, desk.tls).catch(() => null);
    if (sixth) await sixth.closedByServer();
    await desk.gatehouse.event(({ reason }) => reason === 'too_many_connections', 'too_many_connections');
    const other = await Wire.open(desk.port, { ...desk.tls, localAddress: '127.0.0.2' });
    assert.equal((await other.send(get('/nothing')).responses())[0].status, 404);
    [...wires, other].forEach((wire) => wire.destroy());
    await desk.close();
  });
});

describe('behind a proxy', unlessBuilt, () => {
  const proxied = (change = () => {}) => Desk.open({ change: (configuration) => {
    Object.assign(configuration.listen, { proxy_protocol: 'required', connections: 40, connections_per_address: 2 });
    configuration.trusted_proxies = ['127.0.0.0/8'];
    change(configuration);
  } });
  const header = (...source) => {
    const addresses = Buffer.from([...source, 127, 0, 0, 1, 0x30, 0x39, 0x20, 0xfb]);
    return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), Buffer.from([0x21, 0x11, 0, addresses.length]), addresses]);
  };
  const from = async (desk, ...source) => {
    const wire = await Wire.open(desk.port, { tls: false });
    wire.send(header(...source));
    return Wire.open(desk.port, { ...desk.tls, socket: wire.socket, port: undefined, host: undefined });
  };

  it('the bound of an address is the client’s, not the proxy’s', async () => {
    const desk = await proxied();
    const wires = [];
    for (let client = 1; client <= 4; ++client) {
      for (let count = 0; count < 2; ++count) wires.push(await from(desk, 203, 0, 113, client));
    }
    await assert.rejects(from(desk, 203, 0, 113, 1));
    const event = await desk.gatehouse.event(({ reason }) => reason === 'too_many_connections', 'too_many_connections');
    assert.equal(event['client.address'], '203.0.113.1');
    assert.equal((await wires[7].send(get('/nothing')).responses())[0].status, 404);
    wires.forEach((wire) => wire.destroy());
    await desk.close();
  });

  it('that says for whom it speaks by a field, its connections are not one client’s', async () => {
    const desk = await proxied(({ listen }) => (listen.proxy_protocol = 'off'));
    const wires = [];
    for (let count = 0; count < 6; ++count) wires.push(await Wire.open(desk.port, desk.tls));
    assert.equal((await wires[5].send(get('/nothing')).responses())[0].status, 404);
    wires.forEach((wire) => wire.destroy());
    await desk.close();
  });

  it('a PROXY header that breaks off or does not come is an event, and an empty connection is not', async () => {
    const desk = await proxied((configuration) => (configuration.deadlines = { handshake: '300ms' }));
    const look = await Wire.open(desk.port, { tls: false });
    look.destroy();
    const whole = header(203, 0, 113, 9);
    for (const size of [1, 12, 15, 16, 20, whole.length - 1]) {
      const before = desk.gatehouse.events().length;
      const wire = await Wire.open(desk.port, { tls: false });
      await new Promise((resolve) => wire.socket.write(whole.subarray(0, size), resolve));
      wire.socket.end();
      const event = await eventually(() => desk.gatehouse.events()[before], `event of ${size} bytes`);
      assert.deepEqual([event.reason, event['event.name'], event['client.address']], ['proxy_header', 'connection', '127.0.0.1']);
      wire.destroy();
    }
    const before = desk.gatehouse.events().length;
    await (await Wire.open(desk.port, { tls: false })).closedByServer();
    const late = await eventually(() => desk.gatehouse.events()[before], 'event of silence');
    assert.equal(late.reason, 'proxy_header');
    await desk.close();
  });
});

describe('the plaintext listener redirects', unlessBuilt, () => {
  const open = async (change = () => {}) => {
    const plain = await freePort();
    const desk = await Desk.open({ change: (configuration) => {
      configuration.listen.http = { address: `127.0.0.1:${plain}`, do: 'redirect' };
      change(configuration);
    } });
    const ask = async (bytes) => (await sendUntilClosed(plain, bytes, { tls: false }))[0];
    return { desk, ask };
  };

  it('to the names of its certificate, and to no other', async () => {
    const { desk, ask } = await open();
    assert.equal((await ask('OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n')).headers.location, undefined);
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1']) {
      const answer = await ask(get('/orders/7?a=1', host));
      assert.deepEqual([answer.status, answer.headers.location], [308, `https://${host.toLowerCase()}:${desk.port}/orders/7?a=1`]);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['strict-transport-security'], undefined, 'RFC 6797, section 7.2');
    }
    for (const host of ['evil.example', 'localhost.evil.example', 'evil.localhost', '127.0.0.2', '[::1]', 'xlocalhost']) {
      const answer = await ask(get('/', host));
      assert.deepEqual([answer.status, answer.headers.location], [403, undefined], host);
      assert.equal(answer.headers['strict-transport-security'], undefined, 'RFC 6797, section 7.2');
    }
    const malformed = await ask('GET / HTTP/1.1\r\nHost: localhost\r\nA B: c\r\n\r\n');
    assert.deepEqual([malformed.status, malformed.headers['strict-transport-security']], [400, undefined]);
    await desk.close();
  });

  it('to the port that is listed, where one is', async () => {
    const { desk, ask } = await open((configuration) => (configuration.listen.names = ['api.example.com', 'api.other.example:443']));
    for (const [host, to] of [['api.example.com:80', `api.example.com:${desk.port}`], ['api.other.example:8080', 'api.other.example'], ['api.example.com:6666', `api.example.com:${desk.port}`]]) {
      const answer = await ask(get('/', host));
      assert.deepEqual([answer.status, answer.headers.location], [308, `https://${to}/`]);
    }
    await desk.close();
  });

  it('to the configured names', async () => {
    const { desk, ask } = await open((configuration) => (configuration.listen.names = ['api.example.com', '*.shop.example']));
    for (const host of ['api.example.com', 'a.shop.example']) assert.equal((await ask(get('/', host))).status, 308, host);
    for (const host of ['localhost', 'shop.example', 'a.b.shop.example', '.shop.example', 'evilshop.example']) assert.ok((await ask(get('/', host))).status >= 400, host);
    await desk.close();
  });

  it('no request that carries a credential, wherever and however often', async () => {
    const { desk, ask } = await open();
    const { id, key } = await desk.createKey();
    const carried = [`X-API-Key: nothing\r\nX-API-Key: ${key}\r\n`, `X-API-Key: ${key}\r\nX-API-Key: nothing\r\n`, `Authorization: Basic Zm9vOmJhcg==\r\nx-api-key: ${key}\r\n`];
    for (const fields of carried) {
      const before = desk.gatehouse.events().length;
      const answer = await ask(get('/orders', 'localhost', fields));
      assert.deepEqual([answer.status, answer.headers.location], [403, undefined], fields);
      const event = await eventually(() => desk.gatehouse.events()[before], 'event');
      assert.deepEqual([event.reason, event['auth.credential.id']], ['credential_in_plaintext', id]);
    }
    for (const fields of ['Cookie: a=b\r\n', 'Proxy-Authorization: Basic Zm9vOmJhcg==\r\n']) {
      assert.equal((await ask(get('/orders', 'localhost', fields))).status, 403, fields);
    }
    await desk.close();
  });
});

describe('the admin listener', unlessBuilt, () => {
  const ask = async (port, host, options = { tls: false }) => (await sendUntilClosed(port, get('/health', host, 'Connection: close\r\n'), options))[0].status;

  it('answers no page that a name of its own leads here', async () => {
    const desk = await Desk.open({ change: ({ listen }) => (listen.admin = { address: listen.admin, names: ['gatehouse.internal'] }) });
    // The listener answers 503 until every worker has begun.
    await eventually(async () => (await ask(desk.adminPort, 'localhost')) === 200, 'readiness');
    for (const host of ['127.0.0.1', `127.0.0.1:${desk.adminPort}`, 'localhost', '[::1]', '10.1.2.3', 'gatehouse.internal', 'Gatehouse.Internal:9443']) assert.equal(await ask(desk.adminPort, host), 200, host);
    for (const host of ['evil.example', 'localhost.evil.example', 'gatehouse.internal.evil.example', '127.0.0.1.evil.example']) assert.equal(await ask(desk.adminPort, host), 421, host);
    await desk.close();
  });

  it('has a bounded number of connections at once, and continues', async () => {
    const desk = await Desk.open();
    const wires = [];
    for (let count = 0; count < 64; ++count) wires.push(await Wire.open(desk.adminPort, { tls: false }));
    const late = await Wire.open(desk.adminPort, { tls: false }).catch(() => null); // reset already
    if (late) await late.closedByServer();
    wires[0].destroy();
    await eventually(async () => (await ask(desk.adminPort, 'localhost').catch(() => 0)) === 200, 'a free place');
    wires.forEach((wire) => wire.destroy());
    await desk.close();
  });

  it('can be HTTPS, for those whose certificate is known', async () => {
    const desk = await Desk.open({ change: ({ listen }) => (listen.admin = { address: listen.admin, tls: { certificate: 'server.crt', private_key: 'file:server.key', client_ca: 'clients.crt' } }) });
    const operator = { ca: desk.authority.certificate, ...desk.clients.issue('operator', { use: 'clientAuth' }) };
    assert.equal(await ask(desk.adminPort, 'localhost', operator), 200);
    await assert.rejects(ask(desk.adminPort, 'localhost', desk.tls), 'without a certificate');
    await assert.rejects(ask(desk.adminPort, 'localhost', { ca: desk.authority.certificate, ...desk.authority.issue('stranger', { use: 'clientAuth' }) }));
    const plain = await Wire.open(desk.adminPort, { tls: false });
    await plain.send(get('/health')).closedByServer();
    assert.ok(!plain.received.includes('ready'));
    await desk.close();
  });
});
