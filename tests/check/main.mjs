// What `./dev test`, `./dev fuzz` and `./dev times` run; they install what this needs.
//
//   node tests/check/main.mjs test [--full | --changed | --asan | --tsan] [--only PART]
//   node tests/check/main.mjs conformance [NAME]
//   node tests/check/main.mjs fuzz [NAME] [SECONDS]
//   node tests/check/main.mjs times [--headers]
//
// The last line is the sum: `N passed, N failed`.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fuzz, shares} from './fuzz.mjs';
import {build, conformance, endToEnd, script, structure, units} from './parts.mjs';
import {cores} from './process.mjs';
import {changedFiles, conformanceScripts, reach, readFuzzers, top} from './rooms.mjs';
import {showTimes} from './times.mjs';

const kFuzzBudget = 600;  // seconds of fuzzing on a submission, over all cores

const begin = Date.now();
const since = start => Math.round((Date.now() - start) / 1000);
const say = text => console.log(text);

class Check {
  #parts = new Map();
  #ended = [];
  passed = 0;
  failed = 0;

  // Starts `work` as soon as the parts of `after` have ended; nothing of it where one of them was broken. Its lines are printed together when it ends.
  part(name, after, work) {
    const started = Promise.all(after.map(other => this.#parts.get(other)));
    this.#parts.set(name, started.then(async before => {
      if (before.some(one => one.broken)) return {broken: true};
      const start = Date.now();
      if (process.stdout.isTTY) say(`   ${name} …`);
      const result = await work();
      this.passed += result.passed;
      this.failed += result.failed;
      this.#ended.push({name, seconds: since(start), from: Math.round((start - begin) / 1000), slow: result.slow ?? []});
      say(`\n== ${name}: ${result.failed ? 'FAILED' : 'ok'}, ${since(start)} s`);
      if (result.lines.length) say(result.lines.join('\n'));
      return result;
    }));
  }

  async finish() {
    await Promise.all(this.#parts.values());
    const slow = this.#ended.flatMap(part => part.slow).sort((a, b) => b.seconds - a.seconds).slice(0, 10);
    if (slow.length) say('\n== the ten slowest tests');
    for (const {name, seconds} of slow) say(`  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
    mkdirSync(join(top, 'build/test'), {recursive: true});
    writeFileSync(join(top, 'build/test/times.json'), JSON.stringify({when: new Date(begin).toISOString(), cores, seconds: since(begin),
      parts: this.#ended.map(({name, seconds, from}) => ({name, seconds, from})), slow}));
    say(`\n== all of it, in ${Math.floor(since(begin) / 60)} min ${since(begin) % 60} s (./dev times says where it went)`);
    say(`${this.passed} passed, ${this.failed} failed`);
    process.exitCode = this.failed ? 1 : 0;
  }
}

async function test(words) {
  const has = flag => words.includes(flag);
  const only = has('--only') ? words[words.indexOf('--only') + 1] : undefined;
  const preset = has('--asan') ? 'asan' : has('--tsan') ? 'tsan' : 'release';
  const wanted = name => (only ? only === name : preset === 'release' || name === 'unit' || name === 'e2e');
  const change = has('--changed') || has('--full') ? changedFiles() : undefined;
  // On the main branch itself a change is the uncommitted one; only the fuzzers' shares count the commits of
  // its last day.
  if (has('--changed') && change.onMain) change.files = change.open;
  const touched = change && reach(change.files);
  const chosen = has('--changed') ? touched : undefined;
  const check = new Check();
  if (chosen) {
    say(change.files.length ? `changed against main: ${change.files.length} files${chosen.rooms.length ? ` in ${chosen.rooms.join(' ')}` : ''}` : 'nothing differs from main');
  }

  if (wanted('structure')) check.part('structure', [], structure);
  if (wanted('unit') || wanted('e2e') || wanted('conformance')) check.part(`build ${preset}`, [], () => build(preset, targets(chosen)));
  const built = [`build ${preset}`];
  const some = list => !list || list.length > 0;
  if (wanted('unit') && some(chosen?.units)) check.part('unit tests', built, () => units(preset, chosen?.units));
  if (wanted('conformance') && some(chosen?.conformance)) check.part('conformance', built, () => conformance(chosen?.everything ? undefined : chosen?.conformance));
  if (wanted('e2e') && some(chosen?.endToEnd)) check.part('end to end', built, () => endToEnd(`build/${preset}/gatehouse`, chosen?.endToEnd));
  if (has('--full')) {
    // Beside the tests, which mostly wait; they go first. One build for both: the fuzzers' instrumentation does the unit tests no harm.
    check.part('build fuzz', built, () => build('fuzz', ['unit_tests', 'fuzzers'], {nice: 10}));
    check.part('unit tests, asan', ['build fuzz', 'end to end'], () => units('fuzz'));
    check.part('fuzzers', ['unit tests, asan', 'conformance'], () => fuzz(shares(kFuzzBudget, touched.fuzzers), say));
  }
  await check.finish();
}

// The targets to build for a choice of tests: all of them without a choice.
function targets(chosen) {
  if (!chosen || chosen.everything) return [];
  return [...chosen.units.map(name => `${name}_test`).filter(name => name !== 'lab_test'), ...(chosen.endToEnd.length ? ['gatehouse'] : []),
    ...(chosen.conformance.length ? ['lab', 'gatehouse'] : []), ...(chosen.endToEnd.includes('handler.test.mjs') ? ['gatehouse_program'] : [])];
}

async function fuzzFor(name, seconds) {
  const fuzzers = [...readFuzzers().keys()].filter(one => !name || one === name);
  const differentials = conformanceScripts().filter(one => one.endsWith('_differential') && (!name || one === name));
  const check = new Check();
  if (fuzzers.length) {
    check.part('build fuzz', [], () => build('fuzz', fuzzers.map(one => `${one}_fuzz`)));
    check.part('fuzzers', ['build fuzz'], () => fuzz(fuzzers.map(one => ({name: one, seconds})), say));
  }
  if (differentials.length) {
    check.part('build release', fuzzers.length ? ['fuzzers'] : [], () => build('release', ['lab']));
    check.part('differential tests', ['build release'], async () => {
      const results = [];
      for (const one of differentials) results.push(await script(one, [`tests/conformance/${one}.mjs`, '--seconds', String(seconds)]));
      const sum = field => results.reduce((total, one) => total + one[field], 0);
      return {passed: sum('passed'), failed: sum('failed'), lines: results.flatMap(one => one.lines)};
    });
  }
  await check.finish();
}

async function hold(name) {
  const check = new Check();
  check.part('build release', [], () => build('release', ['lab']));
  check.part('conformance', ['build release'], () => conformance(name && [name]));
  await check.finish();
}

const [command, ...words] = process.argv.slice(2);
switch (command) {
  case 'test': await test(words); break;
  case 'conformance': await hold(words[0]); break;
  case 'fuzz': await fuzzFor(words[0] === 'all' ? undefined : words[0], Number(words[1])); break;
  case 'times': await showTimes(words.includes('--headers')); break;
  default: throw new Error(`no command '${command}'`);
}
