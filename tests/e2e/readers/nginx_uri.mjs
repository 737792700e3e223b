// nginx before Express, as many write it: `proxy_pass http://…$uri`. $uri is the decoded path, which nginx writes into its own request
// as it is: a decoded `?` ends the path, and Express decodes once more.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { accepts, eventually, freePort } from '../support/gatehouse.mjs';

const folder = process.argv[2];
const port = await freePort();
const express = spawn(process.execPath, [join(dirname(fileURLToPath(import.meta.url)), 'express.mjs')], { stdio: ['ignore', 'pipe', 'ignore'] });
const behind = await new Promise((resolve) => express.stdout.on('data', (bytes) => resolve(Number(/port (\d+)/.exec(bytes)?.[1]))));
writeFileSync(`${folder}/nginx.conf`, `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${behind}$uri$is_args$args; }
  }
}
`);
const nginx = spawn('/usr/sbin/nginx', ['-c', `${folder}/nginx.conf`, '-p', folder], { stdio: 'ignore' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => nginx.kill('SIGQUIT'));
nginx.on('exit', () => {
  express.kill();
  process.exit();
});
await eventually(() => accepts(port), 'nginx');
console.log(`port ${port}`);
