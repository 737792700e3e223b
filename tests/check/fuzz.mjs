// The fuzzers: tests/fuzz/NAME_fuzz.cc, with seeds in tests/fuzz/corpus/NAME and a dictionary in
// tests/fuzz/NAME.dict. A fuzzer's new inputs are kept in build/fuzz/corpus/NAME; an input that breaks
// something is written to build/fuzz/findings.
import {existsSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {cores, pooled, run, tail} from './process.mjs';
import {readFuzzers, top} from './rooms.mjs';

// Divides `budget` seconds of fuzzing. The fuzzers whose rooms changed get four fifths of it, up to two
// minutes each; a third of the others, another third every day, gets the rest. Without a change that third
// gets all of it. Each runs for at least five seconds.
export function shares(budget, changed, day = Math.floor(Date.now() / 86_400_000), all = [...readFuzzers().keys()]) {
  const others = all.filter(name => !changed.includes(name));
  const turn = others.filter((_, at) => at % 3 === day % 3);
  const seconds = (names, sum, most = Infinity) => names.map(name => ({name, seconds: Math.max(5, Math.floor(Math.min(most, sum / names.length)))}));
  const first = changed.length ? seconds(changed, others.length ? budget * 0.8 : budget, 120) : [];
  const left = budget - first.reduce((sum, one) => sum + one.seconds, 0);
  return [...first, ...seconds(turn, Math.max(0, left))].sort((a, b) => b.seconds - a.seconds);
}

// Each counts as one test. `say` gets a line as soon as one has ended.
export async function fuzz(plan, say = () => {}) {
  mkdirSync(join(top, 'build/fuzz/findings'), {recursive: true});
  const results = await pooled(plan, cores, async ({name, seconds}) => {
    const corpus = `build/fuzz/corpus/${name}`;
    mkdirSync(join(top, corpus), {recursive: true});
    const words = [corpus];
    if (existsSync(join(top, `tests/fuzz/corpus/${name}`))) words.push(`tests/fuzz/corpus/${name}`);
    if (existsSync(join(top, `tests/fuzz/${name}.dict`))) words.push(`-dict=tests/fuzz/${name}.dict`);
    const {status, text} = await run(`build/fuzz/${name}_fuzz`, [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', '-print_final_stats=1',
      `-artifact_prefix=build/fuzz/findings/${name}-`, ...words], {log: `build/fuzz/logs/${name}.log`});
    const inputs = text.match(/^stat::number_of_executed_units: (\d+)/m)?.[1];
    if (status === 0) say(`  ${name.padEnd(24)} ${String(seconds).padStart(4)} s  ${inputs} inputs`);
    else say(`  ${name.padEnd(24)} FAILED\n${tail(text.replace(/^#\d+\s.*\n/gm, ''), 60)}`);
    return status === 0;
  });
  const passed = results.filter(Boolean).length;
  return {passed, failed: results.length - passed, lines: []};
}
