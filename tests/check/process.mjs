// Programs that the check runs, with their output in a file.
import {spawn} from 'node:child_process';
import {closeSync, mkdirSync, openSync, readFileSync} from 'node:fs';
import {availableParallelism, cpus} from 'node:os';
import {dirname, join} from 'node:path';
import {top} from './rooms.mjs';

export const cores = availableParallelism?.() ?? cpus().length;

// Ends with its exit status (128 for a signal, or after `seconds`), its time in seconds, and the text of both
// outputs.
export function run(command, words, {log, environment = {}, seconds, cwd = top} = {}) {
  const file = join(top, log);
  mkdirSync(dirname(file), {recursive: true});
  const out = openSync(file, 'w');
  const begin = process.hrtime.bigint();
  return new Promise(resolve => {
    const child = spawn(command, words, {cwd, env: {...process.env, ...environment}, stdio: ['ignore', out, out], detached: seconds !== undefined});
    // The whole group: a test runner's own programs end with it.
    const timer = seconds && setTimeout(() => { try { process.kill(-child.pid, 'SIGKILL'); } catch { child.kill('SIGKILL'); } }, seconds * 1000);
    const end = status => {
      clearTimeout(timer);
      closeSync(out);
      resolve({status, seconds: Number(process.hrtime.bigint() - begin) / 1e9, text: readFileSync(file, 'utf8')});
    };
    child.on('error', () => end(127));
    child.on('exit', (code, signal) => end(signal ? 128 : code));
  });
}

// `work` for each item, at most `width` at once; the results in the order of the items.
export async function pooled(items, width, work) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at], at);
    }
  };
  await Promise.all(Array.from({length: Math.min(width, items.length)}, worker));
  return results;
}

export const sumOf = (text, pattern) => [...text.matchAll(pattern)].reduce((sum, found) => sum + Number(found[1]), 0);
export const tail = (text, lines) => text.trimEnd().split('\n').slice(-lines).map(line => `    ${line}`).join('\n');
