// How long an edit takes to be checked: changes one .cc after the other, evenly chosen over all rooms, runs `test --changed` for
// each, and takes the change back. Of a tree without changes only.
//
//   node tests/check/edits.mjs [N]
import {appendFileSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {run} from './process.mjs';
import {changedFiles, readRooms, top} from './rooms.mjs';

const wanted = Number(process.argv[2] ?? 20);
if (changedFiles().open.length) throw new Error('the tree has changes that are not committed; commit or stash them first');

const files = [...readRooms().keys()].flatMap(room =>
  readdirSync(join(top, 'src', room)).filter(name => /\.cc$/.test(name)).map(name => `src/${room}/${name}`));
const chosen = Array.from({length: wanted}, (_, at) => files[Math.floor((at + 0.5) * files.length / wanted)]);
const times = [];
for (const file of chosen) {
  const before = readFileSync(join(top, file));
  // A declaration, so that the compiler's cache does not know the file.
  appendFileSync(join(top, file), `\nstatic_assert(${Date.now()} > 0);\n`);
  try {
    const {status, seconds, text} = await run('node', ['tests/check/main.mjs', 'test', '--changed'], {log: 'build/test/edit.log'});
    times.push(seconds);
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}  ${status === 0 ? text.trimEnd().split('\n').at(-1) : `FAILED: ${text.slice(-2000)}`}`);
  } finally {
    writeFileSync(join(top, file), before);
  }
}
console.log(`median ${[...times].sort((a, b) => a - b)[times.length >> 1].toFixed(1)} s over ${times.length} files`);
