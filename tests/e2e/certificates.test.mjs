// Whose certificates count: authorities in between, lists of every authority up to the root, and every listener.
// Rooms: gate crypto net policy server app

import assert from 'node:assert/strict';
import { X509Certificate, createHash } from 'node:crypto';
import { Agent, get } from 'node:https';
import { describe, it } from 'node:test';

import { Authority, Desk, assertRefused, eventually, undiciClient, unlessBuilt } from './harness.mjs';

const denied = (reason) => ({ status: 401, error: 'authentication_required', reason, stage: 'authenticate' });

// A desk whose `client_ca` has the root and the authorities below it that `make(root)` gives, with an empty list of each.
async function deskBelow(make, change = () => {}) {
  let below;
  const desk = await Desk.open({ change: (configuration, api, opened) => {
    const { clients, folder } = opened;
    below = make(clients);
    opened.writeLists = () => folder.write('lists.crl', [clients, ...below].map(({ name }) => folder.read(`${name}.crl`)).join(''));
    for (const authority of [clients, ...below]) authority.takeBack([]);
    opened.writeLists();
    folder.write('authorities.crt', [clients, ...below].map(({ certificate }) => certificate).join(''));
    Object.assign(configuration.tls, { client_ca: 'authorities.crt', client_crl: 'lists.crl' });
    change(configuration, api, opened);
  } });
  return { desk, below };
}

async function ask(desk, pair, chain = '') {
  const client = undiciClient({ ca: desk.authority.certificate, cert: pair.cert + chain, key: pair.key });
  try {
    return await desk.send('GET', '/settlements', { headers: {}, client });
  } finally {
    client.close();
  }
}

const machine = { subject: '/CN=machine', use: 'clientAuth' };

describe('an authority in between', unlessBuilt, () => {
  it('that only the client sends is not trusted, with any name', async () => {
    const desk = await Desk.open({ change: (configuration, _, { folder, clients, authority }) => {
      folder.write('authorities.crt', clients.certificate + authority.certificate);
      configuration.tls.client_ca = 'authorities.crt';
      configuration.authenticators.partnerCertificate.issuers = ['CN=Test ca'];
    } });
    assert.equal((await ask(desk, desk.authority.issue('honest', machine))).status, 200);
    for (const subject of ['/CN=Test ca', '/CN=Own']) {
      const own = desk.clients.authority('own', { subject });
      await assert.rejects(ask(desk, own.issue('impostor', machine), own.certificate), `through ${subject}`);
    }
    const event = await desk.gatehouse.event(({ reason }) => reason === 'handshake_failed', 'handshake_failed');
    assert.match(event.detail, /the peer's certificate is not accepted|handshake/);
    await desk.close();
  });

  it('that was taken back takes its certificates with it', async () => {
    const { desk, below: [branch] } = await deskBelow((root) => [root.authority('branch')],
      ({ authenticators }) => (authenticators.partnerCertificate.issuers = ['CN=Test branch']));
    const pair = branch.issue('machine', machine);
    assert.equal((await ask(desk, pair)).status, 200);
    assert.equal((await ask(desk, pair, branch.certificate)).status, 200, 'sent along by the client too');
    desk.clients.takeBack([{ cert: branch.certificate }]);
    desk.writeLists();
    await eventually(async () => (await ask(desk, pair)).status === 401, 'end of the authority');
    await assertRefused(desk.gatehouse, await ask(desk, pair), denied('credential_revoked'));
    await desk.close();
  });

  it('has a list of its own, and so has the root', async () => {
    const { desk } = await deskBelow((root) => [root.authority('branch')],
      ({ authenticators }) => (authenticators.partnerCertificate.issuers = ['CN=Test branch']));
    desk.folder.write('lists.crl', desk.folder.read('branch.crl'));
    const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /tls\.client_crl: lists\.crl: there is no list of `CN=Test clients`, which is one of the authorities/);
    await desk.close();
  });

  it('could give a name that another gives: the authenticator says which it takes', async () => {
    const { desk, below: [east, west] } = await deskBelow((root) => [root.authority('east'), root.authority('west')],
      ({ authenticators }) => (authenticators.partnerCertificate.issuers = ['CN=Test east']));
    assert.equal((await ask(desk, east.issue('machine', machine))).status, 200);
    await assertRefused(desk.gatehouse, await ask(desk, west.issue('machine', machine)), denied('credential_unknown'));
    const check = async (issuers) => {
      desk.configuration.authenticators.partnerCertificate.issuers = issuers;
      desk.writeFiles();
      return (await desk.folder.run('check', '-c', 'gatehouse.yaml')).stderr;
    };
    assert.match(await check(undefined), /holds 3 authorities.*`issuers: \["CN=Test clients", "CN=Test east", "CN=Test west"\]`/);
    assert.match(await check(['CN=Test esat']), /issuers: tls\.client_ca holds no authority `CN=Test esat`; it holds: "CN=Test clients"/);
    await desk.close();
  });
});

describe('certificates that are taken back', unlessBuilt, () => {
  const admin = (desk, pair, agent = false) => new Promise((resolve, reject) => {
    get({ port: desk.adminPort, host: '127.0.0.1', servername: 'localhost', path: '/health', ca: desk.authority.certificate, agent, ...pair },
      (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });

  it('open the admin listener no more', async () => {
    let operators;
    const { desk } = await deskBelow(() => [], (configuration, _, { clients }) => {
      operators = ['one', 'other'].map((name) => clients.issue(name, machine));
      configuration.listen.admin = { address: configuration.listen.admin, tls: { certificate: 'server.crt', private_key: 'file:server.key', client_ca: 'authorities.crt' } };
    });
    for (const pair of operators) assert.equal(await admin(desk, pair), 200);
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    assert.equal(await admin(desk, operators[1], kept), 200);
    const [open] = Object.values(kept.freeSockets).flat();
    desk.clients.takeBack([operators[1]]);
    desk.writeLists();
    await eventually(() => admin(desk, operators[1]).then(() => false, () => true), 'end of the certificate');
    const event = await desk.gatehouse.event(({ reason }) => reason === 'credential_revoked', 'credential_revoked');
    assert.match(event.detail, /^listen\.admin: the certificate, or an authority/);
    assert.ok(!open.destroyed, 'a connection from before');
    await assert.rejects(admin(desk, operators[1], kept), 'gets no answer either');
    kept.destroy();
    assert.equal(await admin(desk, operators[0]), 200);
    await desk.close();
  });

  it('by the authority of the admin listener alone are in the same file', async () => {
    const { desk } = await deskBelow(() => []);
    desk.configuration.listen.admin = { address: `127.0.0.1:${desk.adminPort}`, tls: { certificate: 'server.crt', private_key: 'file:server.key', client_ca: 'ca.crt' } };
    desk.writeFiles();
    const check = () => desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.match((await check()).stderr, /there is no list of `CN=Test ca`/);
    desk.authority.takeBack([]);
    desk.folder.write('lists.crl', desk.folder.read('clients.crl') + desk.folder.read('ca.crl'));
    const { status, stderr } = await check();
    assert.equal(status, 0, stderr);
    await desk.close();
  });
});

describe('a token that is bound to a certificate', unlessBuilt, () => {
  const thumbprint = ({ cert }) => createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');
  const bearer = (desk, pair) => desk.bearerOf({ cnf: { 'x5t#S256': thumbprint(pair) } });

  it('is good on the connections of its holder alone, and while the certificate is', async () => {
    let pairs;
    const { desk } = await deskBelow(() => [], (_, api, { clients }) => {
      pairs = ['own', 'other'].map((name) => clients.issue(name, machine));
    });
    const [own, other] = pairs.map((pair) => undiciClient({ ca: desk.authority.certificate, ...pair }));
    const headers = await bearer(desk, pairs[0]);
    const get = (client, fields = headers) => desk.send('GET', '/orders/1', { headers: fields, client });
    await assertRefused(desk.gatehouse, await get(other), denied('credential_claims'));
    for (const _ of [1, 2]) assert.equal((await get(own)).status, 200);
    const event = await assertRefused(desk.gatehouse, await get(other), denied('credential_claims'));
    assert.match(event.detail, /a client certificate other than the connection's/);
    assert.match((await assertRefused(desk.gatehouse, await get(desk.client), denied('credential_claims'))).detail, /the connection has none/);
    assert.equal((await get(own, desk.bearer)).status, 200, 'a token that is bound to nothing');
    assert.equal((await get(own, await desk.bearerOf({ cnf: { 'x5t#S256': thumbprint(pairs[0]), jkt: 'x' } }))).status, 401);

    desk.clients.takeBack([pairs[0]]);
    desk.writeLists();
    await eventually(async () => (await get(own)).status === 401, 'end of the certificate');
    await assertRefused(desk.gatehouse, await get(own), denied('credential_revoked'));
    await assertRefused(desk.gatehouse, await get(own, await bearer(desk, pairs[0])), denied('credential_revoked'));
    assert.equal((await get(other, await bearer(desk, pairs[1]))).status, 200);
    own.close();
    other.close();
    await desk.close();
  });

  it('is refused where no client shows a certificate', async () => {
    const desk = await Desk.open({ change: ({ tls, authenticators, operations }, api) => {
      delete tls.client_ca;
      delete authenticators.partnerCertificate;
      for (const path of ['/settlements', '/transfers']) delete api.paths[path];
      delete api.components.securitySchemes.partnerCertificate;
      delete operations.listSettlements;
      delete operations.listTransfers;
    } });
    const pair = desk.clients.issue('own', machine);
    const client = undiciClient({ ca: desk.authority.certificate, ...pair });
    const answer = await desk.send('GET', '/orders/1', { headers: await bearer(desk, pair), client });
    await assertRefused(desk.gatehouse, answer, denied('credential_claims'));
    client.close();
    await desk.close();
  });
});

describe('the name of an authority', unlessBuilt, () => {
  for (const subject of ['/CN=TEST clients', '/CN=Test  clients']) {
    it(`is the same where an older certificate writes it ${subject}`, async () => {
      let direct;
      const { desk, below: [branch] } = await deskBelow((root) => {
        root.renew(subject);
        direct = root.issue('direct', machine);
        const made = root.authority('branch');
        root.renew('/CN=Test clients');
        return [made];
      }, ({ authenticators }) => (authenticators.partnerCertificate.issuers = ['CN=Test branch', 'CN=test Clients']));
      const pair = branch.issue('machine', machine);
      assert.equal((await ask(desk, pair)).status, 200);
      assert.equal((await ask(desk, direct)).status, 200);
      desk.clients.takeBack([{ cert: branch.certificate }]);
      desk.writeLists();
      await eventually(async () => (await ask(desk, pair)).status === 401, 'end of the branch');
      await assertRefused(desk.gatehouse, await ask(desk, pair), denied('credential_revoked'));
      assert.equal((await ask(desk, direct)).status, 200);
      desk.clients.takeBack([{ cert: branch.certificate }, direct]);
      desk.writeLists();
      await eventually(async () => (await ask(desk, direct)).status === 401, 'end of the certificate');
      await desk.close();
    });
  }

  it('is not the name of another', async () => {
    const desk = await Desk.open();
    const [one, other] = ['/CN=Root CA', '/CN=ROOT ca'].map((subject, i) => new Authority(desk.folder.path, `root${i}`, { subject }));
    desk.folder.write('authorities.crt', one.certificate + other.certificate);
    desk.configuration.tls.client_ca = 'authorities.crt';
    desk.writeFiles();
    const { status, stderr } = await desk.folder.run('check', '-c', 'gatehouse.yaml');
    assert.equal(status, 1);
    assert.match(stderr, /two authorities with different keys have the name `CN=Root CA`/);
    await desk.close();
  });
});

describe('two ways to read a name from certificates', unlessBuilt, () => {
  it('are two sources of ids', async () => {
    const desk = await Desk.open();
    desk.api.components.securitySchemes.otherCertificate = { type: 'mutualTLS' };
    const check = async (settings) => {
      desk.configuration.authenticators.otherCertificate = { type: 'mtls', ...settings };
      desk.writeFiles();
      return desk.folder.run('check', '-c', 'gatehouse.yaml');
    };
    const refused = await check({ prefix: 'certificate:', id: 'claims.common_name' });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /could give a caller the principal\.id of a principal that \w+ proves/);
    for (const settings of [{ prefix: 'name:', id: 'claims.common_name' }, { prefix: 'certificate:' }, { same_people_as: 'partnerCertificate', prefix: 'certificate:', id: 'claims.common_name' }]) {
      const { status, stderr } = await check(settings);
      assert.equal(status, 0, stderr);
    }
    await desk.close();
  });
});
