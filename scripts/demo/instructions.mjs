// What a person types to reach the demo.
import path from 'node:path';
import { HOST, program, USER } from './place.mjs';

/** A path as it can be typed from here. */
function shown(file) {
  const relative = path.relative(process.cwd(), file);
  const text = relative.startsWith('..') ? file : relative;
  return quoted(text);
}

/** For the shell. */
function quoted(text) {
  return /^[\w./@%+=:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function instructions(files, port) {
  const key = shown(files.key);
  const hosts = shown(files.knownHosts);
  const password = shown(files.password);
  const ssh = `-i ${key} -o IdentitiesOnly=yes -o UserKnownHostsFile=${hosts}`;
  const rclone = `--sftp-host ${HOST} --sftp-port ${port} --sftp-user ${USER} --sftp-key-file ${key} --sftp-known-hosts-file ${hosts}`;
  const settings = `set sftp:connect-program "ssh -a -x -o UserKnownHostsFile=${hosts}"`;
  const lftp = `-e ${quoted(settings)} sftp://${USER}@${HOST}:${port}`;
  return `
Clients can connect now. What they store goes to ${shown(files.vault)}, encrypted.

  OpenSSH:    sftp -P ${port} ${ssh} ${USER}@${HOST}
              scp -P ${port} ${ssh} README.md ${USER}@${HOST}:/
  rclone:     rclone lsf :sftp:/ ${rclone}
  lftp:       LFTP_PASSWORD="$(cat ${password})" lftp --env-password ${lftp}
  FileZilla:  host sftp://${HOST}, port ${port}, user ${USER}, password: the line in ${password}
  latchkey:   node ${shown(program)} --config ${shown(files.configuration)} ls -l

Ctrl-C stops the server. The next npm start serves the same vault.
`;
}
