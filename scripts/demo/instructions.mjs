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

/** `accessKeyId`: of the key for S3. */
export function instructions(files, ports, accessKeyId) {
  const key = shown(files.key);
  const config = shown(files.sshConfig);
  const rclone = [
    `--sftp-host ${HOST} --sftp-port ${ports.sftp} --sftp-user ${USER}`,
    `--sftp-key-file ${key} --sftp-known-hosts-file ${shown(files.knownHosts)}`,
  ].join(' ');
  const password = `"$(cat ${shown(files.password)})"`;
  const ftp = `--ssl-reqd --cacert ${shown(files.certificate)} --user ${USER}:${password}`;
  const endpoint = `http://${HOST}:${ports.s3}`;
  const aws = `AWS_CONFIG_FILE=${shown(files.awsConfig)} aws --profile latchkey --endpoint-url ${endpoint}`;
  const lftp = quoted(`set sftp:connect-program "ssh -a -x -F ${config}"`);
  return `
Clients can connect now: in another terminal, in this folder. What they store goes to ${shown(files.vault)}, encrypted.

  OpenSSH:    sftp -F ${config} latchkey
              scp -F ${config} README.md latchkey:/
  rclone:     rclone lsf :sftp:/ ${rclone}
  lftp:       lftp -e ${lftp} sftp://${USER}:@latchkey
  FileZilla:  host sftp://${HOST}, port ${ports.sftp}, user ${USER}, password: the line in ${shown(files.password)}
  curl, FTPS: curl -sS ${ftp} ftp://localhost:${ports.ftp}/
              curl -sS ${ftp} -T README.md ftp://localhost:${ports.ftp}/
  other FTP:  host ${HOST}, port ${ports.ftp}, the same user and password, with TLS or without
  AWS CLI:    ${aws} s3 cp README.md s3://photos/
              ${aws} s3 ls s3://photos
  rclone, S3: rclone lsf latchkey-s3:photos --config ${shown(files.rcloneConfig)}
  other S3:   endpoint ${endpoint}, region us-east-1, path style, access key id ${accessKeyId},
              secret access key: the one in ${shown(files.awsConfig)}
  latchkey:   node ${shown(program)} --config ${shown(files.configuration)} ls -l

Ctrl-C stops the server. The next npm start serves the same vault.
`;
}
