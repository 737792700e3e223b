// How long a differential test runs: a fixed number of rounds of a fixed seed, or for a time with seeds that nobody chose.
//
//   --rounds N    of the fixed seed
//   --seconds N   for that time, from a seed that is printed
//   --seed N      from that seed
import {parseArgs} from 'node:util';

export function* seeds({rounds}) {
  const {values} = parseArgs({strict: false, options: {rounds: {type: 'string'}, seconds: {type: 'string'}, seed: {type: 'string'}}});
  const deadline = values.seconds ? Date.now() + 1000 * Number(values.seconds) : Infinity;
  const first = values.seed ? Number(values.seed) : values.seconds ? Math.floor(Math.random() * 2 ** 31) : 1;
  if (values.seconds) console.log(`from seed ${first} on`);
  const most = values.seconds ? Infinity : Number(values.rounds ?? rounds);
  for (let round = 0; round < most && Date.now() < deadline; round++) yield first + round;
}
