// A certificate authority made for one test, with the openssl command.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...words) => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] });
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Authority {
  // Writes NAME.crt and NAME.key into `directory`.
  constructor(directory, name = 'ca', { subject = `/CN=Test ${name}`, above } = {}) {
    this.directory = directory;
    this.name = name;
    const what = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
    if (above) {
      above.#sign(name, subject, what);
    } else {
      openssl('req', '-x509', ...newKey, '-days', '2', '-subj', subject, ...what.flatMap((one) => ['-addext', one]),
        '-keyout', this.#path(`${name}.key`), '-out', this.#path(`${name}.crt`));
    }
    this.certificate = readFileSync(this.#path(`${name}.crt`), 'utf8');
  }

  // Certifies itself anew, with the same key.
  renew(subject) {
    openssl('req', '-x509', '-key', this.#path(`${this.name}.key`), '-days', '2', '-subj', subject, '-addext', 'basicConstraints=critical,CA:TRUE',
      '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-out', this.#path(`${this.name}.crt`));
    this.certificate = readFileSync(this.#path(`${this.name}.crt`), 'utf8');
  }

  // An authority that this one certifies.
  authority(name, options = {}) {
    return new Authority(this.directory, name, { ...options, above: this });
  }

  // Issues NAME.crt and NAME.key; `use` is serverAuth or clientAuth; `days` may be negative for one that is over.
  issue(name, { subject = `/CN=${name}`, use = 'serverAuth', days = 1, names = 'DNS:localhost,IP:127.0.0.1' } = {}) {
    this.#sign(name, subject, [`subjectAltName=${names}`, `extendedKeyUsage=${use}`, 'basicConstraints=CA:FALSE'], days);
    return { cert: readFileSync(this.#path(`${name}.crt`), 'utf8'), key: readFileSync(this.#path(`${name}.key`), 'utf8') };
  }

  // Writes NAME.crl: the revoked certificates of this authority, as issue() returned them. It is valid for
  // `seconds`.
  takeBack(certificates, { seconds = 3600 } = {}) {
    const [index, settings] = [this.#path(`${this.name}.index`), this.#path(`${this.name}.cnf`)];
    const now = `${new Date().toISOString().slice(2, 19).replace(/[-T:]/g, '')}Z`;
    const lines = certificates.map(({ cert }) => {
      const { serialNumber } = new X509Certificate(cert);
      return `R\t491231235959Z\t${now}\t${serialNumber}\tunknown\t/CN=x\n`;
    });
    writeFileSync(index, lines.join(''));
    writeFileSync(settings, `[ca]\ndefault_ca=own\n[own]\ndatabase=${index}\ndefault_md=sha256\n`);
    openssl('ca', '-gencrl', '-config', settings, '-keyfile', this.#path(`${this.name}.key`), '-cert', this.#path(`${this.name}.crt`),
      '-crlsec', String(seconds), '-out', this.#path(`${this.name}.crl.new`));
    renameSync(this.#path(`${this.name}.crl.new`), this.#path(`${this.name}.crl`));
  }

  #sign(name, subject, lines, days = 1) {
    const [request, extensions] = [this.#path(`${name}.csr`), this.#path(`${name}.ext`)];
    openssl('req', ...newKey, '-subj', subject, '-keyout', this.#path(`${name}.key`), '-out', request);
    writeFileSync(extensions, lines.join('\n'));
    openssl('x509', '-req', '-in', request, '-CA', this.#path(`${this.name}.crt`), '-CAkey', this.#path(`${this.name}.key`),
      '-CAcreateserial', '-days', String(days), '-extfile', extensions, '-out', this.#path(`${name}.crt`));
  }

  #path(file) {
    return join(this.directory, file);
  }
}
