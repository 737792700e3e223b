// The parts of the check. Each gives {passed, failed, lines, slow}: the numbers of passed and failed tests,
// the text to print, and the times of single tests, as {name, seconds}.
import {existsSync, mkdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {cores, pooled, run, sumOf, tail} from './process.mjs';
import {conformanceScripts, readEndToEnd, top} from './rooms.mjs';

// A part that failed without counting a failure counts as one.
const counted = (passed, failed, status) => ({passed, failed: status !== 0 && failed === 0 ? 1 : failed});

// Failing is not a failed test: nothing else can run.
export async function build(preset, targets, {nice = 0} = {}) {
  const log = `build/test/build-${preset}.log`;
  const made = await run('cmake', ['--preset', preset, '--log-level=WARNING'], {log});
  if (made.status !== 0) return {passed: 0, failed: 1, broken: true, lines: [tail(made.text, 60)]};
  const built = await run('nice', ['-n', String(nice), 'ninja', '-C', `build/${preset}`, '-j', String(cores), ...targets], {log});
  if (built.status !== 0) return {passed: 0, failed: 1, broken: true, lines: [tail(built.text, 100)]};
  return {passed: 0, failed: 0, lines: [tail(built.text, 1).trim()]};
}

export async function structure() {
  const {status, text} = await run('python3', ['-m', 'unittest', 'discover', '-s', 'tests/structure', '-p', '*_test.py', '-v'], {log: 'build/test/structure.log'});
  const ran = sumOf(text, /^Ran (\d+) tests?/gm);
  const bad = [...text.matchAll(/^(FAIL|ERROR): /gm)].length;
  const own = await run('node', ['--test', '--test-reporter=tap', 'tests/check/check.test.mjs'], {log: 'build/test/check.log'});
  const [passed, failed] = ['pass', 'fail'].map(word => sumOf(own.text, new RegExp(`^# ${word} (\\d+)$`, 'gm')));
  const table = await run('python3', ['tests/structure/headers.py'], {log: 'build/test/headers.log'});
  return together([
    {passed: 0, failed: 0, lines: [`what the rooms' headers pull in`, table.text.trimEnd().replace(/^/gm, '  ')]},
    {...counted(ran - bad, bad, status), lines: status === 0 ? [`  tests/structure ${ran} passed`] : [tail(text, 100)]},
    {...counted(passed, failed, own.status), lines: own.status === 0 ? [`  tests/check ${passed} passed`] : [failures(own.text)]},
  ]);
}

// `names`: the test programs to run; all where it is not given.
export async function units(preset, names) {
  const file = `build/${preset}/Testing/Temporary/LastTest.log`;
  rmSync(join(top, file), {force: true});
  const chosen = names ? ['-R', `^(${names.join('|')})(_fuzz)?$`] : [];
  const {status, text} = await run('ctest', ['--test-dir', `build/${preset}`, '-j', String(cores), '--output-on-failure', '--timeout', '300', '--no-tests=error', ...chosen], {log: `build/test/units-${preset}.log`});
  const all = existsSync(join(top, file)) ? readFileSync(join(top, file), 'utf8') : '';
  const passed = sumOf(all, /^\[  PASSED  \] (\d+) tests?\./gm);
  const failed = sumOf(all, /^\[  FAILED  \] (\d+) tests?, listed below:/gm);
  const slow = [...all.matchAll(/^\[ {7}OK \] (\S+) \((\d+) ms\)/gm)].map(([, name, ms]) => ({name, seconds: ms / 1000}));
  return {...counted(passed, failed, status), slow, lines: status === 0 ? [tail(text.replace(/\n+Total Test time.*/, ''), 1).trim()] : [tail(text, 200)]};
}

// A conformance script prints its findings, ends with the line `N passed, N failed`, and exits with 0 only
// when its target is met. Cases that are waived by name, or beyond the target, count as neither.
export async function script(name, words) {
  const {status, seconds, text} = await run('node', words, {log: `build/test/conformance-${name.replace(/.*\//, '')}.log`, seconds: 600});
  const passed = sumOf(text, /^(\d+) passed, \d+ failed$/gm);
  const failed = sumOf(text, /^\d+ passed, (\d+) failed$/gm);
  const line = `  ${name.padEnd(24)} ${text.trimEnd().split('\n').at(-1)}`;
  return {...counted(passed, failed, status), slow: [{name: `conformance ${name}`, seconds}], lines: status === 0 ? [line] : [line, tail(text, 60)]};
}

const together = results => ({
  passed: results.reduce((sum, one) => sum + one.passed, 0),
  failed: results.reduce((sum, one) => sum + one.failed, 0),
  slow: results.flatMap(one => one.slow ?? []),
  lines: results.flatMap(one => one.lines),
});

export async function conformance(names) {
  const chosen = names ?? conformanceScripts();
  const results = await pooled(chosen, cores, name => script(name, [`tests/conformance/${name}.mjs`]));
  // The page that all of it adds up to is one more test.
  if (!names) results.push(await script('docs/conformance.md', ['tests/conformance/support/page.mjs']));
  return together(results);
}

// One process for each file. They mostly wait, so there is one more of them than cores.
export async function endToEnd(binary, names) {
  const chosen = names ?? [...readEndToEnd().keys()];
  mkdirSync(join(top, 'build/test/e2e'), {recursive: true});
  return together(await pooled(chosen, cores + 1, async name => {
    const log = `build/test/e2e/${name}.log`;
    const {status, text} = await run('node', ['--test', '--test-reporter=tap', `tests/e2e/${name}`], {log, seconds: 600, environment: {GATEHOUSE_BINARY: join(top, binary)}});
    const [passed, failed, cancelled] = ['pass', 'fail', 'cancelled'].map(word => sumOf(text, new RegExp(`^# ${word} (\\d+)$`, 'gm')));
    const lines = status === 0 ? [`  ${name.padEnd(28)} ${passed} passed`] : [`  ${name.padEnd(28)} ${failed + cancelled} FAILED`, failures(text), `    all of it: ${log}`];
    return {...counted(passed, failed + cancelled, status), slow: durations(text, name), lines};
  }));
}

// The innermost tests that failed, with TAP's text about them.
function failures(text) {
  const lines = text.split('\n');
  const found = lines.flatMap((line, at) => {
    const indent = line.match(/^( *)not ok /)?.[1].length;
    const end = lines.findIndex((other, i) => i > at && /^ *\.\.\.$/.test(other));
    const block = lines.slice(at, end < 0 ? at + 40 : end);
    return indent === undefined || block.some(entry => entry.includes("failureType: 'subtestsFailed'")) ? [] : [block.slice(0, 60).join('\n')];
  });
  return found.length ? tail(found.join('\n'), 200) : tail(text, 60);
}

function durations(text, file) {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const name = line.match(/^ +ok \d+ - (.*)$/)?.[1];
    const ms = lines.slice(at, at + 4).join('\n').match(/duration_ms: ([\d.]+)/)?.[1];
    return name && ms && !/type: 'suite'/.test(lines.slice(at, at + 4).join('\n')) ? [{name: `${file}: ${name}`, seconds: ms / 1000}] : [];
  });
}
