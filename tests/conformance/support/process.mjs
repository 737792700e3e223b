// The kernel's data about a running process.
import {readFileSync} from 'node:fs';

// The most memory that it has had, in MiB.
export const peakOf = pid => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// The CPU time that it has used, in ms: independent of other load on the machine.
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  return (user + system) * 10; // in ticks of 1/100 s on every Linux
}
