// vsftpd on a plain directory, in clear and with TLS: the peer that FTP is measured against. Nothing is encrypted at rest.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { program } from '../../scripts/setup/clients.mjs';
import { freePort, startListening } from './child.mjs';

/**
 * Starts vsftpd for the user who runs this, everybody logged in as `anonymous`, all state in `place`. What was served
 * before is kept. Each connection is a process of its own, as it always is with vsftpd.
 * @param {string} place
 */
export async function startVsftpd(place) {
  const vsftpd = program('vsftpd');
  if (!vsftpd) throw new Error('vsftpd is not installed');
  const port = await freePort();
  const files = path.join(place, 'files');
  const empty = path.join(place, 'empty');
  for (const folder of [files, empty]) mkdirSync(folder, { recursive: true });
  const certificate = makeCertificate(place);
  const config = {
    listen: 'YES',
    listen_port: port,
    listen_address: '127.0.0.1',
    background: 'NO',
    run_as_launching_user: 'YES',
    seccomp_sandbox: 'NO',
    isolate_network: 'NO',
    one_process_model: 'NO',
    secure_chroot_dir: empty,
    anonymous_enable: 'YES',
    no_anon_password: 'YES',
    anon_root: files,
    allow_writeable_chroot: 'YES',
    write_enable: 'YES',
    anon_upload_enable: 'YES',
    anon_mkdir_write_enable: 'YES',
    anon_other_write_enable: 'YES',
    anon_world_readable_only: 'NO',
    anon_umask: '022',
    mdtm_write: 'YES',
    xferlog_enable: 'NO',
    max_per_ip: 0,
    ssl_enable: 'YES',
    allow_anon_ssl: 'YES',
    force_local_logins_ssl: 'NO',
    force_local_data_ssl: 'NO',
    require_ssl_reuse: 'NO',
    ssl_ciphers: 'HIGH',
    rsa_cert_file: certificate.both,
    rsa_private_key_file: certificate.both,
  };
  const file = path.join(place, 'vsftpd.conf');
  writeFileSync(
    file,
    `${Object.entries(config)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n')}\n`,
  );
  const child = await startListening(vsftpd, [file], { port });
  return {
    name: 'vsftpd',
    host: '127.0.0.1',
    user: 'anonymous',
    password: 'nobody@localhost',
    ftp: { port, implicitPort: undefined, certificate: certificate.public },
    /** The directory that is served: without a chroot, paths are the system's. */
    base: files,
    /** Where the bytes lie. */
    storage: files,
    pid: child.pid,
    stop: child.stop,
  };
}

/** The same kind of key and certificate that Latchkey makes for itself, so that handshakes cost the same. */
function makeCertificate(/** @type {string} */ place) {
  const both = path.join(place, 'both.pem');
  const key = path.join(place, 'key.pem');
  const cert = path.join(place, 'certificate.pem');
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...make, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  execFileSync('sh', ['-c', 'umask 077; cat "$1" "$2" > "$3"', 'sh', key, cert, both]);
  return { both, public: cert };
}
