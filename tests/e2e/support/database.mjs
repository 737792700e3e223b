// SQLite databases beside Gatehouse, through Python's own module: made, asked, and locked as another program would.

import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

export function makeDatabase(folder, name, script) {
  execFileSync('python3', ['-c', 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])', join(folder.path, name), script]);
}

export function askDatabase(folder, name, question) {
  const program = 'import json, sqlite3, sys; print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))';
  return JSON.parse(execFileSync('python3', ['-c', program, join(folder.path, name), question], { encoding: 'utf8' }));
}

// Holds the write lock until `release()`, which resolves when the lock is free.
export async function lockDatabase(folder, name) {
  const program = `import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")`;
  const holder = spawn('python3', ['-c', program, join(folder.path, name)], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => holder.on('error', reject).stdout.once('data', resolve));
  return {
    release: () => new Promise((resolve) => {
      holder.on('exit', resolve);
      holder.stdin.end();
    }),
  };
}
