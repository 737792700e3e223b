// The room graph, and the tests that a change can affect.
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {basename, join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const top = fileURLToPath(new URL('../..', import.meta.url));
const read = path => readFileSync(join(top, path), 'utf8');

// room → the rooms of its USES line.
export function readRooms() {
  const rooms = new Map();
  for (const room of readdirSync(join(top, 'src'))) {
    if (!existsSync(join(top, 'src', room, 'CMakeLists.txt'))) continue;
    const call = read(`src/${room}/CMakeLists.txt`).match(/gatehouse_room\(\s*\w+([^)]*)\)/);
    const uses = call?.[1].match(/USES([\s\w]*)/)?.[1].replace(/LIBRARIES[\s\S]*/, '') ?? '';
    rooms.set(room, uses.split(/\s+/).filter(Boolean));
  }
  // The engines' program for outside suites is not a room: it is linked with these.
  rooms.set('lab', ['json', 'http', 'schema', 'cel', 'crypto', 'openapi']);
  return rooms;
}

// The rooms, and all that use one of them.
export function withUsers(rooms, changed) {
  const touched = new Set(changed);
  for (let size = -1; size !== touched.size;) {
    size = touched.size;
    for (const [room, uses] of rooms) if (uses.some(used => touched.has(used))) touched.add(room);
  }
  return touched;
}

// fuzzer → the rooms that it is linked with.
export function readFuzzers() {
  const fuzzers = new Map();
  for (const [, name, rooms] of read('tests/fuzz/CMakeLists.txt').matchAll(/^gatehouse_fuzzer\((\w+) ([\w ]+)\)$/gm)) {
    fuzzers.set(name, rooms.split(' '));
  }
  return fuzzers;
}

// e2e file → the rooms of its line `// Rooms: …`.
export function readEndToEnd() {
  const files = new Map();
  for (const file of readdirSync(join(top, 'tests/e2e')).filter(name => name.endsWith('.test.mjs')).sort()) {
    files.set(file, read(`tests/e2e/${file}`).match(/^\/\/ Rooms: (.*)$/m)?.[1].split(' ') ?? []);
  }
  return files;
}

// conformance script → the engine that it holds against its suite.
const engines = {
  cel: 'cel', directory: 'openapi', fields_differential: 'http', jose: 'crypto', json: 'json', openapi: 'openapi', parameters: 'openapi', parameters_differential: 'openapi',
  patterns_differential: 'schema', schema: 'schema', schema_differential: 'schema', schema_examples: 'schema',
};
export const conformanceScripts = () =>
  readdirSync(join(top, 'tests/conformance')).filter(name => name.endsWith('.mjs')).map(name => basename(name, '.mjs')).filter(name => name in engines);

const git = (...words) => execFileSync('git', words, {cwd: top, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).split('\n').filter(Boolean);

// The files that differ from the main branch, with those that are not committed. On the main branch itself: those of its last day.
export function changedFiles() {
  const attempt = (...words) => { try { return git(...words); } catch { return undefined; } };
  const [head] = attempt('rev-parse', 'HEAD') ?? [];
  const [base] = attempt('merge-base', 'HEAD', 'origin/main') ?? attempt('merge-base', 'HEAD', 'main') ?? [];
  const committed = base && base !== head ? attempt('diff', '--name-only', base, 'HEAD')
                                          : attempt('log', '--since=1.day', '--name-only', '--format=');
  const open = [...attempt('diff', '--name-only', 'HEAD') ?? [], ...attempt('ls-files', '--others', '--exclude-standard') ?? []];
  return {files: [...new Set([...committed ?? [], ...open])].sort(), onMain: !base || base === head, open: [...new Set(open)]};
}

const roomOf = file => file.match(/^src\/(\w+)\//)?.[1];

// The tests to run for a change, by the room graph: unit test programs, conformance scripts, fuzzers and
// end-to-end files. `everything` for a file that all of them use: the build itself, or shared test code.
export function reach(files) {
  const rooms = readRooms();
  const changed = new Set(files.map(roomOf).filter(Boolean));
  const touched = withUsers(rooms, changed);
  const everything = files.some(file => /^(CMake|cmake\/|dev$|tests\/check\/|tests\/package|tests\/e2e\/(support|harness\.mjs)|src\/CMakeLists)/.test(file));
  const named = (pattern) => new Set(files.map(file => file.match(pattern)?.[1]).filter(Boolean));

  const endToEnd = readEndToEnd();
  const ownFiles = named(/^tests\/e2e\/(\w+\.test\.mjs)$/);
  // Documents and examples are typed as they are printed by some of them.
  const pages = files.some(file => /^(README\.md|docs\/|examples\/|tests\/golden\/)/.test(file));
  const ownScripts = named(/^tests\/conformance\/(\w+)\.mjs$/);
  const shared = files.some(file => file.startsWith('tests/conformance/support/'));
  const ownFuzzers = named(/^tests\/fuzz\/(\w+)_fuzz\.cc$/);
  const cases = touched.has('app') || files.some(file => file.startsWith('tests/cases/'));
  return {
    everything,
    rooms: [...changed],
    units: everything ? undefined : [...touched, ...(cases ? ['cases'] : [])],
    conformance: conformanceScripts().filter(name => everything || shared || ownScripts.has(name) || withinEngine(rooms, engines[name], changed)),
    fuzzers: [...readFuzzers()].filter(([name, linked]) => ownFuzzers.has(name) || linked.some(room => changed.has(room))).map(([name]) => name),
    endToEnd: [...endToEnd].filter(([name, tagged]) => everything || ownFiles.has(name) || (pages && tagged.includes('docs')) ||
      tagged.some(room => changed.has(room))).map(([name]) => name),
  };
}

// An engine's suite is held against it again where its own room changed, or json/, whose values all of them read.
const withinEngine = (rooms, engine, changed) =>
  changed.has(engine) || changed.has('lab') || (changed.has('json') && rooms.get(engine)?.includes('json'));
