import type { Client } from './client.js';
import { lftp } from './clients/lftp.js';
import { opensshScp, opensshSftp } from './clients/openssh.js';
import { paramiko } from './clients/paramiko.js';
import { rclone } from './clients/rclone.js';
import { requireProgram, requirePython } from './run.js';
import type { Suite } from './suite.js';

export type ClientOf<C extends Client> = Omit<Suite<C>, 'start'>;

export const OPENSSH_SFTP: ClientOf<Client> = {
  name: 'OpenSSH sftp',
  require: (test) => requireProgram(test, 'sftp'),
  connect: opensshSftp,
};

export const OPENSSH_SCP: ClientOf<Client> = {
  name: 'OpenSSH scp',
  require: (test) => requireProgram(test, 'scp'),
  connect: opensshScp,
};

export const RCLONE: ClientOf<ReturnType<typeof rclone>> = {
  name: 'rclone',
  require: (test) => requireProgram(test, 'rclone'),
  connect: rclone,
};

export const LFTP: ClientOf<Client> = {
  name: 'lftp',
  require: (test) => requireProgram(test, 'lftp'),
  connect: lftp,
};

export const PARAMIKO: ClientOf<ReturnType<typeof paramiko>> = {
  name: 'paramiko',
  require: (test) => requirePython(test, 'paramiko'),
  connect: (python, target) => paramiko(python, target),
};
