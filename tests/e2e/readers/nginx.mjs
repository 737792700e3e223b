// What nginx makes of a request as a second proxy: its locations, its arguments, its cookies, and names with `_` let through.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

import { accepts, eventually, freePort } from '../support/gatehouse.mjs';

const folder = process.argv[2];
const port = await freePort();
const answer = (route, doc = '') => `default_type application/json; return 200 '{"route":"${route}","doc":"${doc}","q":"$arg_q","tenant":"$http_x_tenant","theme":"$cookie_theme"}';`;
writeFileSync(`${folder}/nginx.conf`, `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events {}
http {
  access_log off; underscores_in_headers on;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location ~* "^/docs/admin(\\.|/|;|$)" { ${answer('admin')} }
    location ~* "^/jobs/[^/]+:delete" { ${answer('admin')} }
    location ~ ^/jobs/([^/]+):cancel$ { ${answer('doc', '$1')} }
    location ~ ^/docs/([^/]+)$ { ${answer('doc', '$1')} }
    location / { ${answer('none')} }
  }
}
`);
const nginx = spawn('/usr/sbin/nginx', ['-c', `${folder}/nginx.conf`, '-p', folder], { stdio: 'ignore' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => nginx.kill('SIGQUIT'));
nginx.on('exit', () => process.exit());
await eventually(() => accepts(port), 'nginx');
console.log(`port ${port}`);
