// Chromium without a window, with a profile of its own.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = '/usr/bin/chromium';

// The first of these files that is not there, said as a reason to skip; false where all are.
export function missing(...files) {
  const file = [program, ...files].find((one) => !existsSync(one));
  return file ? `${file} is not installed` : false;
}

// Opens the page; resolves stop() when browser and profile are gone.
export function browse(url) {
  const profile = mkdtempSync(join(tmpdir(), 'gatehouse-chromium-'));
  const words = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--no-proxy-server', '--ignore-certificate-errors', `--user-data-dir=${profile}`];
  const browser = spawn(program, [...words, url], { stdio: 'ignore' });
  const ended = new Promise((resolve) => browser.once('exit', resolve));
  return {
    async stop() {
      browser.kill('SIGKILL');
      await ended;
      // Children of the browser may still write: a folder that is left in /tmp is not a failure of the tested code.
      try {
        rmSync(profile, { recursive: true, force: true, maxRetries: 3, retryDelay: 100 });
      } catch {}
    },
  };
}
