import { LISTED } from './script/names.js';

/** What a client cannot do, whatever the server. A deviation that turns out not to be needed fails its test. */
export interface Deviation {
  readonly client: string;
  /** Ids of steps of the script. */
  readonly steps: readonly string[];
  readonly reason: string;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    client: 'OpenSSH sftp',
    steps: ['see'],
    reason: 'its listings show times to the minute',
  },
  {
    client: 'OpenSSH sftp',
    steps: ['remove-tree'],
    reason: 'it has no recursive remove',
  },
  {
    client: 'OpenSSH sftp',
    steps: ['name-newline'],
    reason: 'a batch has one command a line; whole directories with such names work',
  },
  {
    client: 'OpenSSH scp',
    steps: [
      'see',
      'resume-upload',
      'resume-download',
      'rename',
      'rename-across',
      'rename-over',
      'mkdir-rmdir',
      'remove',
      'permissions',
      'symlinks',
      'free-space',
      'rename-directory',
      'remove-tree',
      ...LISTED,
    ],
    reason: 'it copies and does nothing else',
  },
  {
    client: 'rclone',
    steps: ['resume-upload', 'resume-download'],
    reason: 'it starts an interrupted transfer again',
  },
  {
    client: 'rclone',
    steps: ['permissions', 'symlinks'],
    reason: 'it knows neither permissions nor symbolic links over SFTP',
  },
  {
    client: 'lftp',
    steps: ['name-newline'],
    reason: 'a script has one command a line; whole directories with such names work',
  },
  {
    client: 'lftp',
    steps: ['rename-over'],
    reason: 'it renames as version 3 of the protocol says, which never replaces',
  },
  {
    client: 'lftp',
    steps: ['free-space'],
    reason: 'it has no command for it',
  },
  {
    client: 'paramiko',
    steps: ['remove-tree', 'free-space'],
    reason: 'its API has neither',
  },
];

export function deviationOf(client: string, step: string): Deviation | undefined {
  return DEVIATIONS.find((deviation) => deviation.client === client && deviation.steps.includes(step));
}
