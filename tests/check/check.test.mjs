// The check's own choices: which tests a change reaches, and how the fuzzers' time is divided.
import assert from 'node:assert/strict';
import {describe, it} from 'node:test';
import {shares} from './fuzz.mjs';
import {conformanceScripts, reach, readEndToEnd, readFuzzers, readRooms, withUsers} from './rooms.mjs';

const seconds = plan => plan.reduce((sum, one) => sum + one.seconds, 0);

describe('a change', () => {
  it('in a room reaches the unit tests of every room above it, and the cases', () => {
    const {units, everything} = reach(['src/cel/checker.cc']);
    assert.equal(everything, false);
    for (const name of ['cel', 'policy', 'gate', 'app', 'cases']) assert.ok(units.includes(name), name);
    for (const name of ['base', 'schema', 'net', 'db']) assert.ok(!units.includes(name), name);
  });
  it('in an engine reaches the suites that it is held against, and no others', () => {
    assert.deepEqual(reach(['src/cel/checker.cc']).conformance, ['cel']);
    assert.ok(reach(['src/json/parser.cc']).conformance.includes('schema'));
    assert.deepEqual(reach(['src/audit/journal.cc']).conformance, []);
  });
  it('reaches the fuzzers that are linked with its room', () => {
    assert.deepEqual(reach(['src/cel/checker.cc']).fuzzers, ['cel']);
    assert.deepEqual(reach(['tests/fuzz/json_fuzz.cc']).fuzzers, ['json']);
  });
  it('of the build, of what the tests share or of the check itself reaches everything', () => {
    for (const file of ['cmake/options.cmake', 'CMakeLists.txt', 'dev', 'tests/check/main.mjs', 'tests/e2e/support/wire.mjs']) {
      const all = reach([file]);
      assert.equal(all.units, undefined, file);
      assert.equal(all.endToEnd.length, readEndToEnd().size, file);
      assert.equal(all.conformance.length, conformanceScripts().length, file);
    }
  });
  it('of a page reaches the tests that type what it prints', () => {
    assert.ok(reach(['README.md']).endToEnd.includes('readme.test.mjs'));
  });
  it('of nothing reaches nothing', () => {
    const none = reach([]);
    assert.deepEqual([none.units, none.endToEnd, none.conformance, none.fuzzers], [[], [], [], []]);
  });
});

describe('every room', () => {
  it('that the server is made of has an end-to-end file that names it', () => {
    const named = new Set([...readEndToEnd().values()].flat());
    assert.deepEqual([...readRooms().keys()].filter(room => room !== 'lab' && !named.has(room)), []);
  });
  it('that a file names is one', () => {
    const rooms = readRooms();
    for (const [file, tags] of readEndToEnd()) {
      assert.ok(tags.length > 0, `${file} has no line "// Rooms: …"`);
      for (const tag of tags) assert.ok(tag === 'docs' || rooms.has(tag), `${file} names ${tag}`);
    }
  });
  it('is below app', () => assert.equal(withUsers(readRooms(), ['base']).has('app'), true));
});

describe('ten minutes of fuzzing', () => {
  const all = [...readFuzzers().keys()];
  it('go mostly to what changed', () => {
    const plan = shares(600, ['cel', 'schema', 'policy', 'json'], 0);
    assert.ok(seconds(plan) <= 600 && seconds(plan) > 500, `${seconds(plan)}`);
    for (const name of ['cel', 'schema', 'policy', 'json']) assert.ok(plan.find(one => one.name === name).seconds >= 100);
  });
  it('reach every fuzzer within three days, whatever changed', () => {
    const met = new Set([0, 1, 2].flatMap(day => shares(600, [], day)).map(one => one.name));
    assert.equal(met.size, all.length);
  });
  it('are not exceeded where everything changed', () => assert.ok(seconds(shares(600, all, 0)) <= 600));
});
