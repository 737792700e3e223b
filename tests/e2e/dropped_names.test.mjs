// Names of fields and cookies that no upstream got: counted for each operation by `log --dropped` and a metric, and proposed for
// `fields` by `init --from-log`.
// Rooms: app audit gate docs

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Desk, Wire, eventually, unlessBuilt } from './harness.mjs';

const often = 10;

describe('names that no upstream got', unlessBuilt, () => {
  let desk;
  let wire;
  let sent = 0;
  // Answers of `/catalogue`, to requests with these lines.
  const send = async (lines, times = 1) => {
    for (let i = 0; i < times; ++i) {
      wire.send(`GET /catalogue HTTP/1.1\r\nHost: localhost\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
      const answer = (await wire.responses(++sent)).at(-1);
      assert.equal(answer.status, 200, answer.body);
      if (i + 1 === times) return answer;
    }
  };
  const run = (...words) => desk.folder.run(words[0], '-c', 'gatehouse.yaml', ...words.slice(1));
  const counted = async (...words) => {
    const { status, stdout, stderr } = await run('log', '--dropped', '--json', ...words);
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  };

  before(async () => {
    desk = await Desk.open();
    wire = await Wire.open(desk.port, desk.tls);
    const browser = ['User-Agent: Mozilla/5.0 (X11; Linux x86_64)', 'Accept: */*', 'DNT: 1', 'Referer: https://a.test/', 'Upgrade-Insecure-Requests: 1', 'Sec-CH-UA: "x"'];
    await send([...browser, 'X-Tenant: a', 'Cookie: theme=dark; lang=x'], often);
    await send(['x-tenant: b', 'Client-IP: 10.0.0.1', 'X-Seldom: 1', 'User-Agent: ${jndi:ldap://x}']);
    await send(['User-Agent: ${jndi:ldap://x}', 'Client-IP: 10.0.0.1', 'X-Forwarded-Host: x', 'X-Auth-Request-User: root'], often);
    await desk.get('/orders/1', { ...desk.bearer, 'X-Tenant': 'c' });
    await eventually(async () => (await counted()).some(({ operation }) => operation === 'getOrder'), 'events in the store');
  });
  after(() => {
    wire?.destroy();
    return desk?.close();
  });

  it('are counted for each operation, and no value is shown', async () => {
    const list = await counted();
    const of = (operation, name) => list.find((one) => one.operation === operation && one.name === name);
    assert.equal(of('listCatalogue', 'X-Tenant').requests, often + 1, 'without regard to case');
    assert.equal(of('getOrder', 'X-Tenant').requests, 1);
    assert.equal(of('listCatalogue', 'cookie:theme').requests, often);
    assert.equal(of('listCatalogue', 'cookie:lang').requests, often);
    assert.equal(of('listCatalogue', 'User-Agent').requests, often + 1, 'its value did not parse');
    assert.equal(of('listCatalogue', 'X-Tenant').callers, 1);
    assert.match(of('listCatalogue', 'X-Tenant').last, /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(list.map(({ requests }) => requests), list.map(({ requests }) => requests).sort((a, b) => b - a));
    for (const name of ['DNT', 'Referer', 'Upgrade-Insecure-Requests', 'Sec-CH-UA', 'Client-IP', 'X-Forwarded-Host', 'X-Auth-Request-User', 'Accept'])
      assert.ok(!list.some((one) => one.name === name), name);
    assert.doesNotMatch(JSON.stringify(list), /dark|jndi/);
  });

  it('are a table for people, and can be narrowed', async () => {
    const { stdout } = await run('log', '--dropped');
    assert.match(stdout, /^OPERATION +NAME +REQUESTS +CALLERS +LAST \(UTC\)$/m);
    assert.match(stdout, new RegExp(`^listCatalogue +X-Tenant +${often + 1} +1 `, 'm'));
    assert.deepEqual((await counted('--operation', 'getOrder')).map(({ name, requests }) => [name, requests]), [['X-Tenant', 1]]);
    assert.deepEqual(await counted('--user', 'nobody'), []);
    assert.match((await run('log', '--dropped', '--user', 'nobody')).stderr, /No event since 1d in .* lists a dropped name/);
    const { status, stderr } = await run('log', '--dropped', '--follow');
    assert.equal(status, 2);
    assert.match(stderr, /--dropped/);
  });

  it('are counted by a metric, for operations and not for names', async () => {
    const metrics = async () => (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text();
    // The first ten had three each, the next one three, the last ten one.
    const all = new RegExp(`^gatehouse_dropped_names_total\\{operation="listCatalogue"\\} ${3 * often + 3 + often}$`, 'm');
    const text = await eventually(async () => all.test(await metrics()) && metrics(), 'the counts');
    assert.match(text, /^gatehouse_dropped_names_total\{operation="getOrder"\} 1$/m);
    assert.doesNotMatch(text, /X-Tenant|theme/i);
  });

  it('are proposed for `fields`, where they came often and can be forwarded', async () => {
    const { status, stdout, stderr } = await run('init', '--from-log');
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#')), [], 'marks to decide, nothing more');
    assert.match(stdout, /DECIDE/);
    assert.match(stdout, /- \{name: X-Tenant, schema: .*\} # 12 requests of 1 caller, last .*, of listCatalogue, getOrder$/m);
    assert.match(stdout, /- theme +# 10 requests/);
    for (const name of ['User-Agent', 'Client-IP', 'X-Forwarded-Host', 'X-Auth-Request-User', 'Referer', 'DNT', 'X-Seldom', 'Authorization'])
      assert.ok(!stdout.includes(name), name);
    // The edit of an owner who needs all of them.
    const { fields: before, ...rest } = desk.configuration;
    assert.equal(before, undefined);
    const pasted = stdout.slice(stdout.indexOf('# fields:')).replace(/^# /gm, '');
    desk.folder.write('decided.yaml', `${pasted}${Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join('')}`);
    const checked = await desk.folder.run('check', '-c', 'decided.yaml');
    assert.match(desk.folder.read('decided.yaml'), /^fields:\n {2}forward:\n {4}- \{name: X-Tenant, /m);
    assert.equal(checked.status, 0, checked.stderr);
  });

  it('are none of those that browsers send unasked, and those that browsers mean go on as sent', async () => {
    const fetched = ['Sec-Fetch-Dest: document', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Site: none', 'Sec-Fetch-User: ?1'];
    for (const lines of [
      ['sec-ch-ua: "Chromium";v="142", "Not_A Brand";v="99"', 'sec-ch-ua-mobile: ?0', 'sec-ch-ua-platform: "Linux"', 'Upgrade-Insecure-Requests: 1', 'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
        'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7', ...fetched, 'Sec-Fetch-Storage-Access: active', 'Sec-Purpose: prefetch;prerender', 'Accept-Encoding: gzip, deflate, br, zstd', 'Accept-Language: en-US,en;q=0.9,de;q=0.8', 'Cache-Control: max-age=0', 'Referer: https://a.test/'],
      ['User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'Accept-Language: de,en-US;q=0.7,en;q=0.3', 'Accept-Encoding: gzip, deflate, br, zstd', 'DNT: 1', 'Sec-GPC: 1', 'Upgrade-Insecure-Requests: 1', ...fetched, 'Priority: u=0, i', 'Pragma: no-cache', 'Cache-Control: no-cache', 'TE: trailers'],
      ['User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1', 'Accept: */*', 'Origin: https://a.test', 'Referer: https://a.test/', 'Sec-Fetch-Dest: empty', 'Sec-Fetch-Mode: cors', 'Sec-Fetch-Site: same-site', 'Accept-Language: en-GB,en;q=0.9', 'Priority: u=3, i', 'Accept-Encoding: gzip, deflate, br'],
    ]) {
      const answer = await send(lines);
      assert.equal((await desk.gatehouse.eventOf(answer.headers['x-request-id']))['http.request.dropped'], undefined);
      const { headers } = desk.upstream.last;
      for (const line of lines) {
        const name = line.slice(0, line.indexOf(':')).toLowerCase();
        if (/^(user-agent|accept|origin|priority|cache-control|sec-gpc|sec-fetch-(dest|mode|site|user))/.test(name)) assert.equal(headers[name], line.slice(line.indexOf(':') + 2), name);
      }
    }
  });

  it('are not proposed of a time without any', async () => {
    const { status, stdout, stderr } = await run('init', '--from-log', '--since', '1ms');
    assert.deepEqual([status, stdout], [0, '']);
    assert.match(stderr, /No name that can be forwarded/);
    for (const words of [['--since', 'yesterday'], ['--openapi', 'api.json'], ['--upstream', 'http://127.0.0.1:1']])
      assert.equal((await run('init', '--from-log', ...words)).status, 2, words.join(' '));
  });

  it('that cannot be declared are counted, and the list of one event is bounded', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `X-Flood-${i}: 1`);
    await send(names);
    await eventually(async () => (await counted()).some(({ name }) => name === '(others)'), 'the event');
    const all = new RegExp(`^gatehouse_dropped_names_total\\{operation="listCatalogue"\\} ${3 * often + 3 + often + 40}$`, 'm');
    await eventually(async () => all.test(await (await fetch(`http://127.0.0.1:${desk.adminPort}/metrics`)).text()), 'the counts');
    assert.equal((await counted()).filter(({ name }) => name.startsWith('X-Flood')).length, 16);
  });
});
