// `gatehouse demo`: its printed lines are true, and it leaves nothing behind.
// Rooms: app docs

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Folder, accepts, binary, eventually, unlessBuilt } from './harness.mjs';

// A running demo whose temporary files are in a folder of the test's own.
class Demo {
  output = '';
  exit = null;
  folder = new Folder();

  static async start(...words) {
    const demo = new Demo();
    demo.process = spawn(binary, ['demo', ...words], { cwd: demo.folder.path, env: { ...process.env, TMPDIR: demo.folder.path } });
    for (const stream of [demo.process.stdout, demo.process.stderr]) stream.on('data', (bytes) => (demo.output += bytes));
    demo.process.on('exit', (code, signal) => (demo.exit = { code, signal }));
    await eventually(() => demo.exit || demo.output.includes('Events as they happen'), 'tour');
    return demo;
  }

  // The lines to paste first: D, URL, the key and the tokens.
  get settings() {
    return this.output.split('\n').filter((line) => /^[A-Z]+=/.test(line));
  }

  setting(name) {
    return this.settings.find((line) => line.startsWith(`${name}=`)).slice(name.length + 1);
  }

  // Every line to try: {statuses, its title, line}.
  get tour() {
    return [...this.output.matchAll(/^ {2}(\d{3}(?: \d{3})*) {2}(.+)\n {7}(curl .+)$/gm)].map(([, statuses, what, line]) => ({ statuses, what, line }));
  }

  // The line of the page that begins so, as a shell runs it.
  command(word) {
    return this.output.split('\n').find((line) => line.startsWith(`       ${realpathSync(binary)} ${word}`)).trim();
  }

  // Runs a line like a person who has pasted the settings before.
  shell(line) {
    return new Promise((resolve) => {
      execFile('bash', ['-c', `${this.settings.join('\n')}\n${line}`], { env: { ...process.env, no_proxy: '*' }, timeout: 20_000 },
        (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
    });
  }

  ports() {
    const configuration = readFileSync(join(this.setting('D'), 'gatehouse.yaml'), 'utf8');
    return [...configuration.matchAll(/"127\.0\.0\.1:(\d+)"/g)].map(([, port]) => Number(port));
  }

  async end(signal = 'SIGINT') {
    if (!this.exit) this.process.kill(signal);
    await eventually(() => this.exit, 'end');
    return this.exit;
  }

  async close() {
    await this.end();
    this.folder.remove();
  }
}

const statusesIn = (text) => [...text.matchAll(/HTTP\/[\d.]+ (\d{3})/g)].map(([, status]) => status).join(' ');

describe('gatehouse demo', unlessBuilt, () => {
  let demo;
  before(async () => (demo = await Demo.start()));
  after(() => demo?.close());

  it('gives every line of its page the status that is printed before it', async () => {
    const { tour } = demo;
    assert.ok(tour.length >= 35, `${tour.length} lines`);
    assert.equal(tour.length, demo.output.split('\n').filter((line) => /^ +curl /.test(line)).length, 'each curl line has its status');
    const wrong = [];
    for (const { statuses, what, line } of tour) {
      const { stdout, stderr } = await demo.shell(line);
      if (statusesIn(stdout) !== statuses) wrong.push(`${what}: ${statuses} was printed, ${statusesIn(stdout)} came\n${line}\n${stdout}\n${stderr}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('meets every status that a gate can give a caller', () => {
    const statuses = new Set(demo.tour.flatMap(({ statuses: some }) => some.split(' ')));
    for (const status of ['200', '204', '400', '401', '403', '404', '405', '409', '413', '415', '429', '502']) assert.ok(statuses.has(status), status);
  });

  it('gives every malformed search the same answer, without the error', async () => {
    const malformed = ['"', "'", 'NEAR(', '*', 'title:', 'name:', 'products_fts:', 'AND', 'pen OR', '(', ')', '^', '{', '-pen', 'pen)', 'a"b', "';--",
      "' UNION SELECT email FROM customers --", '"pen" "', 'rank:x', 'pen NEAR/x ink', '\\', '\u0000', 'pen\u0000', '\u0001', '\uffff'];
    const answers = new Map();
    for (const query of malformed) {
      const { stdout } = await demo.shell(`curl -s --cacert "$D/ca.crt" -w '\\n%{http_code}' "$URL/products/search?q=${encodeURIComponent(query).replaceAll("'", '%27')}"`);
      const [text, status] = stdout.split('\n');
      assert.doesNotMatch(text, /fts|sql|syntax|column|table|near|malformed|unterminated|customer|@/i, query);
      if (status === '200') continue;  // A text that looks malformed may be a search that finds nothing.
      assert.equal(status, '400', query);
      const { correlation_id: id, ...rest } = JSON.parse(text);
      assert.match(id, /^[0-9a-f-]{36}$/);
      answers.set(JSON.stringify(rest), query);
    }
    assert.deepEqual([...answers.keys()], ['{"error":"invalid_request","message":"The request does not match what this operation accepts."}']);
  });

  it('withholds the upstream\'s address from the caller, and shows it to the operator', async () => {
    const { line } = demo.tour.find(({ statuses }) => statuses === '502');
    const { stdout } = await demo.shell(line);
    assert.doesNotMatch(stdout, /127\.0\.0\.1|carrier|refused/i);
    const id = /"correlation_id":"([^"]+)"/.exec(stdout)[1];
    const why = await eventually(async () => {
      const told = await demo.shell(demo.command('why').replace('CORRELATION_ID', id));
      return told.status === 0 && told;
    }, 'event in the store');
    assert.match(why.stdout, /^call +failed +upstream_unreachable/m);
  });

  it('shows events as they happen', async () => {
    await demo.shell('curl -s --cacert "$D/ca.crt" "$URL/products"');
    await eventually(() => /allowed +200 +listProducts +anonymous/.test(demo.output), 'line of the event');
  });

  it('has commands for operators that work as they are printed', async () => {
    assert.match((await demo.shell(demo.command('log'))).stdout, /refused/);
    const review = await demo.shell(demo.command('review'));
    assert.match(review.stdout, /searchProducts/);
    assert.equal((await demo.shell(demo.command('key revoke'))).status, 0);
    const { line } = demo.tour.find(({ what }) => what === "Acme's key");
    assert.equal(statusesIn((await demo.shell(line)).stdout), '401');
  });

  it('keeps no key of an authority or issuer, and its files from others', () => {
    const folder = demo.setting('D');
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    const files = readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());
    const keys = files.filter((name) => readFileSync(join(folder, name), 'latin1').includes('PRIVATE KEY'));
    assert.deepEqual(keys.sort(), ['bank.key', 'server.key']);
    assert.doesNotMatch(readFileSync(join(folder, 'issuer.jwks.json'), 'utf8'), /"d":/);
  });

  it('never writes its key or tokens into the log', () => {
    const log = readFileSync(join(demo.setting('D'), 'events.jsonl'), 'utf8');
    for (const name of ['ACME', 'ADA', 'GRACE', 'OLD']) assert.ok(!log.includes(demo.setting(name)), name);
  });
});

describe('the end of gatehouse demo', unlessBuilt, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    it(`leaves nothing behind, by ${signal}`, async () => {
      const demo = await Demo.start();
      try {
        const ports = demo.ports();
        assert.equal(ports.length, 3);
        for (const port of ports) assert.equal(await accepts(port), true);
        assert.ok(existsSync(demo.setting('D')));
        assert.deepEqual(await demo.end(signal), { code: 0, signal: null });
        assert.deepEqual(readdirSync(demo.folder.path), []);
        for (const port of ports) assert.equal(await accepts(port), false);
      } finally {
        await demo.close();
      }
    });
  }

  it('is a clear message when the port is taken, and leaves nothing behind either', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await eventually(() => taken.listening, 'listener');
    const { port } = taken.address();
    const demo = await Demo.start('--port', `${port}`);
    taken.close();
    assert.deepEqual(demo.exit, { code: 1, signal: null });
    assert.match(demo.output, new RegExp(`port ${port} is taken`));
    assert.deepEqual(readdirSync(demo.folder.path), []);
    await demo.close();
  });

  it('reports an invalid port as wrong usage', async () => {
    const folder = new Folder();
    for (const port of ['0', '70000', 'http', '80x']) assert.equal((await folder.run('demo', '--port', port)).status, 2, port);
    folder.remove();
  });

  it('is not needed for a second one to start', async () => {
    const first = await Demo.start();
    const second = await Demo.start();
    try {
      const ports = [...first.ports(), ...second.ports()];
      assert.equal(new Set(ports).size, 6);
      const { stdout } = await second.shell('curl -s --cacert "$D/ca.crt" "$URL/products"');
      assert.equal(JSON.parse(stdout).length, 4);
    } finally {
      await first.close();
      await second.close();
    }
  });

  it('keeps the files on request, and they are a configuration like any other', async () => {
    const demo = await Demo.start('--keep', 'desk');
    try {
      const folder = demo.setting('D');
      assert.equal(folder, join(demo.folder.path, 'desk'));
      await demo.end();
      assert.equal((await demo.folder.run('check', '-c', 'desk/gatehouse.yaml')).status, 0);
      const again = await demo.folder.run('demo', '--keep', 'desk');
      assert.equal(again.status, 1);
      assert.match(again.stderr, /exists already/);
    } finally {
      await demo.close();
    }
  });
});
