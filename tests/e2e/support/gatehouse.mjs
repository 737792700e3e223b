// The release binary under test: started with a configuration of its own in a folder of its own.

import { spawn, execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = process.env.GATEHOUSE_BINARY ?? join(top, 'build/release/gatehouse');

// For `describe(name, unlessBuilt, …)`: without the binary there is nothing to test, and the build stage has failed already.
export const unlessBuilt = { skip: existsSync(binary) ? false : `${binary} is not there`, concurrency: false };

const deadline = 20_000;
const poll = 10;

export async function eventually(find, what, milliseconds = deadline) {
  for (const end = Date.now() + milliseconds; ; await pause(poll)) {
    const found = await find();
    if (found) return found;
    if (Date.now() > end) throw new Error(`no ${what} within ${milliseconds} ms`);
  }
}

// Below the ports that the kernel gives to connections and to listeners on port 0, so that neither takes it before the server does.
const given = new Set();
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    if (given.has(port)) continue;
    const server = createServer();
    const free = await new Promise((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    given.add(port);
    return port;
  }
}

export const accepts = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
  socket.on('error', () => resolve(false));
});

// A folder for one test, with files in it; values that are not strings are written as JSON, which is YAML
// too.
export class Folder {
  path = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));

  write(name, content) {
    writeFileSync(join(this.path, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
    return join(this.path, name);
  }

  read(name) {
    return readFileSync(join(this.path, name), 'utf8');
  }

  // Runs `gatehouse ARGUMENTS` here; resolves to {status, stdout, stderr} with any status.
  run(...words) {
    const environment = typeof words.at(-1) === 'object' ? words.pop() : {};
    return new Promise((resolve) => {
      execFile(binary, words, { cwd: this.path, env: { ...process.env, ...environment }, maxBuffer: 1 << 26, timeout: deadline },
        (error, stdout, stderr) => resolve({ status: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
    });
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export class Gatehouse {
  output = '';
  exit = null; // {code, signal} once it has ended

  // Starts `gatehouse serve -c gatehouse.yaml` in the folder and waits until it accepts connections on `port`, and on `adminPort`:
  // workers begin side by side. `program` is another program with the same commands.
  static async start(folder, port, { adminPort, environment = {}, eventFile = 'events.jsonl', program = binary } = {}) {
    const gatehouse = new Gatehouse();
    gatehouse.folder = folder;
    gatehouse.port = port;
    gatehouse.eventFile = join(folder.path, eventFile);
    gatehouse.process = spawn(program, ['serve', '-c', 'gatehouse.yaml'], { cwd: folder.path, env: { ...process.env, ...environment } });
    for (const stream of [gatehouse.process.stdout, gatehouse.process.stderr]) {
      stream.on('data', (bytes) => (gatehouse.output += bytes));
    }
    gatehouse.process.on('exit', (code, signal) => (gatehouse.exit = { code, signal }));
    await eventually(() => {
      if (gatehouse.exit) throw new Error(`gatehouse did not start:\n${gatehouse.output}`);
      return accepts(port);
    }, `listener on port ${port}`);
    if (adminPort) await eventually(() => accepts(adminPort), `admin listener on port ${adminPort}`);
    return gatehouse;
  }

  // Every event of the server so far, oldest first. Those of `gatehouse key` come seconds later, between any others.
  events() {
    if (!existsSync(this.eventFile)) return [];
    return readFileSync(this.eventFile, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line)).filter((event) => event['event.name'] !== 'key');
  }

  // The first event for which `wanted` holds, as soon as it is written.
  event(wanted, what = 'such event') {
    return eventually(() => this.events().find(wanted), what).catch((error) => {
      throw new Error(`${error.message}; the last events:\n${this.events().slice(-5).map((e) => JSON.stringify(e)).join('\n')}`);
    });
  }

  eventOf(correlationId) {
    return this.event((event) => event['request.id'] === correlationId && event['event.name'] !== 'intent', `event ${correlationId}`);
  }

  signal(name) {
    this.process.kill(name);
  }

  ended(milliseconds) {
    return eventually(() => this.exit, 'exit', milliseconds);
  }

  // Ends it as an operator would; that it ends cleanly is part of every test (sanitizers report at exit).
  async stop() {
    if (!this.exit) this.signal('SIGTERM');
    const { code, signal } = await this.ended().catch((error) => {
      this.signal('SIGKILL');
      throw new Error(`${error.message}\n${this.output.slice(-2000)}`);
    });
    if (code !== 0) throw new Error(`gatehouse ended with ${code ?? signal}:\n${this.output.slice(-4000)}`);
  }
}
