// Gatehouse with every gate on beside nginx and HAProxy: one core for the contender, the others for the load (wrk, 64
// keep-alive TLS 1.3 connections, 64 tokens) and the upstream. The contenders take turns, and each round starts them anew,
// because where a process's memory happens to lie is worth some percent; a round in which the hypervisor took more than
// 2 % of the CPU is measured again. Figures are medians over the rounds; comparisons are medians of the
// ratios within a round, because what disturbs a round disturbs all its contenders.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';

import { load, startContenders, stopContenders, tokenCount, top } from './contenders.mjs';
import { cpuSeconds, machineTicks, median, stealShare } from './machine.mjs';

const connections = 64;
const stealAllowed = 0.02;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    before: { type: 'string' },
    scenarios: { type: 'string' },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 3 : 9));
const scenarios = (options.scenarios ?? 'get,post').split(','); // load.lua has `browser` and `stream` too
const seconds = Number(options.seconds ?? (options.quick ? 2 : 5));
if (cpus().length < 2) throw new Error('at least two cores are needed: one for the contender, one for the load');
const cores = { proxy: '0', load: cpus().length === 2 ? '1' : `1-${cpus().length - 1}` };

async function runWrk(contender, scenario, duration) {
  const { stdout } = await promisify(execFile)('taskset', ['-c', cores.load, 'wrk', '-t', '1', '-c', String(connections),
    '-d', `${duration}s`, '-s', load.script, contender.url, '--', scenario, load.tokens, load.body]);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

async function measure(contender, scenario) {
  const cpuBefore = cpuSeconds(contender.pid);
  const wrk = await runWrk(contender, scenario, seconds);
  const cpu = cpuSeconds(contender.pid) - cpuBefore;
  if (wrk.refused || wrk.broken) {
    throw new Error(`${contender.name}, ${scenario}: ${wrk.refused} refused and ${wrk.broken} broken of ${wrk.requests}`);
  }
  return { per_second: wrk.requests / wrk.seconds, cpu_us: (cpu / wrk.requests) * 1e6, p50_ms: wrk.p50_ms, p99_ms: wrk.p99_ms };
}

// {scenario: {contender: figures}}, or null when the round does not count.
async function runRound(order) {
  const contenders = order(await startContenders(options.only?.split(','), cores, options.before && resolve(options.before)));
  for (const contender of contenders) await runWrk(contender, 'get', 1); // Connections to the upstream, caches, keys.
  const before = machineTicks();
  const round = {};
  for (const scenario of scenarios) {
    round[scenario] = {};
    for (const contender of contenders) round[scenario][contender.name] = await measure(contender, scenario);
  }
  const steal = stealShare(before, machineTicks());
  await stopContenders();
  if (steal > stealAllowed) console.log(`  discarded: ${(steal * 100).toFixed(1)} % CPU steal`);
  return steal > stealAllowed ? null : round;
}

async function runRounds() {
  const counted = [];
  for (let attempt = 1; counted.length < rounds; ++attempt) {
    if (attempt > 4 * rounds) throw new Error('the machine is too busy: too many rounds were discarded');
    console.log(`round ${counted.length + 1} of ${rounds}`);
    const round = await runRound((contenders) => (attempt % 2 ? contenders : contenders.reverse()));
    if (round) counted.push(round);
  }
  return counted;
}

function summarise(counted) {
  const names = Object.keys(counted[0][scenarios[0]]);
  const [subject] = names;
  return scenarios.flatMap((scenario) => names.map((name) => {
    const figures = (key) => counted.map((round) => round[scenario][name][key]);
    const ratios = (ratio) => counted.map((round) => ratio(round[scenario][subject], round[scenario][name]));
    return {
      scenario, contender: name,
      per_second: Math.round(median(figures('per_second'))),
      cpu_us: Number(median(figures('cpu_us')).toFixed(2)),
      p50_ms: Number(median(figures('p50_ms')).toFixed(2)),
      p99_ms: Number(median(figures('p99_ms')).toFixed(2)),
      [`${subject}_per_second_ratio`]: Number(median(ratios((own, peer) => own.per_second / peer.per_second)).toFixed(2)),
      [`${subject}_cpu_efficiency`]: Number(median(ratios((own, peer) => peer.cpu_us / own.cpu_us)).toFixed(2)),
    };
  }));
}

const counted = await runRounds();
const table = summarise(counted);
console.log(`\n${rounds} rounds of ${seconds} s, ${connections} connections, ${tokenCount} tokens, one core each; medians, and medians of the ratios in a round`);
console.table(table);
const file = join(top, 'build/bench/peers.json');
writeFileSync(file, JSON.stringify({ rounds, seconds, connections, cpu: cpus()[0].model, table, counted }, null, 2) + '\n');
console.log(`All rounds are in ${file}`);
process.exit(0);
