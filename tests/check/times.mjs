// The times of the last run: its parts, and each room and each compilation.
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {cores, pooled, run} from './process.mjs';
import {top} from './rooms.mjs';

const number = (value, width = 8, digits = 1) => value.toFixed(digits).padStart(width);

// The compilations of a build tree, from Ninja's log: {room, name, seconds} for each object that is there now. A log has the time
// on the wall, so it says most where each job had a core.
function compilations(preset) {
  const log = join(top, 'build', preset, '.ninja_log');
  if (!existsSync(log)) return [];
  const last = new Map();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [from, to, , output] = line.split('\t');
    if (output?.endsWith('.o') && existsSync(join(top, 'build', preset, output))) last.set(output, (to - from) / 1000);
  }
  return [...last].map(([output, seconds]) => ({room: output.match(/^(?:src\/)?([\w]+)/)[1], name: nameOf(preset, output), seconds}));
}

// A joined batch is named by its first file and how many it has.
function nameOf(preset, output) {
  const batch = output.match(/^(.*)\/CMakeFiles\/(\w+)\.dir\/Unity\/(\w+)_cxx\.cxx\.o$/);
  if (!batch) return output.replace(/CMakeFiles\/\w+\.dir\//, '').replace(/\.o$/, '');
  const text = readFileSync(join(top, 'build', preset, batch[1], 'CMakeFiles', `${batch[2]}.dir`, 'Unity', `${batch[3]}_cxx.cxx`), 'utf8');
  const files = [...text.matchAll(/#include "(.*)"/g)].map(found => basename(found[1]));
  return `${batch[1]}/{${files.slice(0, 3).join(' ')}${files.length > 3 ? ` … ${files.length} files` : ''}}`;
}

function linesOf(room) {
  const folder = join(top, room === 'fuzz' || room === 'cases' ? 'tests' : 'src', room);
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).filter(name => /\.(cc|h)$/.test(name))
    .reduce((sum, name) => sum + readFileSync(join(folder, name), 'utf8').split('\n').length, 0);
}

export async function showTimes(withHeaders) {
  const last = join(top, 'build/test/times.json');
  if (existsSync(last)) {
    const {when, seconds, parts} = JSON.parse(readFileSync(last, 'utf8'));
    console.log(`parts of the run of ${when}: ${Math.floor(seconds / 60)} min ${seconds % 60} s\n   from    took`);
    for (const part of parts.sort((a, b) => a.from - b.from)) console.log(`${number(part.from, 7, 0)} ${number(part.seconds, 7, 0)} s  ${part.name}`);
  } else {
    console.log('no run of ./dev test yet');
  }
  for (const preset of ['release', 'fuzz', 'asan', 'tsan', 'debug']) {
    const all = compilations(preset);
    if (!all.length) continue;
    const rooms = new Map();
    for (const {room, seconds} of all) rooms.set(room, (rooms.get(room) ?? 0) + seconds);
    const total = all.reduce((sum, one) => sum + one.seconds, 0);
    console.log(`\nbuild/${preset}: ${total.toFixed(0)} s of compiling, tests included\n seconds  s per 1,000 lines  room`);
    for (const [room, seconds] of [...rooms].sort((a, b) => b[1] - a[1])) {
      const lines = linesOf(room === 'tests' ? 'cases' : room);
      console.log(`${number(seconds)} ${lines ? number(seconds / lines * 1000, 18, 2) : ' '.repeat(18)}  ${room}`);
    }
    console.log('the slowest twenty compilations');
    for (const {name, seconds} of all.sort((a, b) => b.seconds - a.seconds).slice(0, 20)) console.log(`${number(seconds)}  ${name}`);
  }
  const {text} = await run('python3', ['tests/structure/headers.py'], {log: 'build/test/headers.log'});
  console.log(`\nwhat the rooms' headers pull in\n${text.trimEnd()}`);
  if (withHeaders) await showHeaders();
  else console.log('\n./dev times --headers also measures each header alone');
}

// Each header alone, through the compiler's front end: the cost of including it.
async function showHeaders() {
  const commands = JSON.parse(readFileSync(join(top, 'build/release/compile_commands.json'), 'utf8'));
  const flags = [...new Set(commands.flatMap(({command}) => command.match(/-(?:I|isystem |std=|D)\S+/g) ?? []))].flatMap(word => word.split(' '));
  const headers = readdirSync(join(top, 'src')).flatMap(room => {
    const folder = join(top, 'src', room);
    return existsSync(join(folder, 'CMakeLists.txt')) ? readdirSync(folder).filter(name => name.endsWith('.h')).map(name => `${room}/${name}`) : [];
  });
  mkdirSync(join(top, 'build/test'), {recursive: true});
  const kept = join(top, 'build/test/headers.json');
  const state = createHash('sha256').update(headers.map(header => readFileSync(join(top, 'src', header))).join()).digest('hex');
  let measured = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {};
  if (measured.state !== state) {
    let done = 0;
    const times = await pooled(headers, cores, async header => {
      const {seconds} = await run('c++', [...flags, '-fsyntax-only', '-x', 'c++', join('src', header)], {log: 'build/test/header.log'});
      if (process.stderr.isTTY) process.stderr.write(`\r${++done} of ${headers.length} headers `);
      return seconds;
    });
    measured = {state, times: Object.fromEntries(headers.map((header, at) => [header, times[at]]))};
    writeFileSync(kept, JSON.stringify(measured));
  }
  console.log('\nthe twenty headers that cost most, each alone');
  for (const [header, seconds] of Object.entries(measured.times).sort((a, b) => b[1] - a[1]).slice(0, 20)) console.log(`${number(seconds, 8, 2)}  ${header}`);
}
