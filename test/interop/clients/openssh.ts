import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Cannot, type Client, type Login, type Target } from '../client.js';
import { type Done, run, succeed } from '../run.js';

/** Options that make OpenSSH independent of the machine's own configuration. */
export function sshOptions(target: Target, login: Login): string[] {
  const options = [
    '-F/dev/null',
    '-oStrictHostKeyChecking=yes',
    `-oUserKnownHostsFile=${target.knownHosts}`,
    '-oGlobalKnownHostsFile=/dev/null',
    '-oNumberOfPasswordPrompts=1',
    '-oIdentityAgent=none',
    '-oLogLevel=ERROR',
  ];
  if ('key' in login) options.push('-oIdentitiesOnly=yes', `-oIdentityFile=${login.key}`, '-oBatchMode=yes');
  else options.push('-oPubkeyAuthentication=no', '-oPreferredAuthentications=password');
  return options;
}

/** Environment in which ssh reads its password from a program instead of a terminal. */
export function passwordEnvironment(scratch: string, login: Login): Record<string, string> {
  if ('key' in login) return {};
  const file = path.join(scratch, 'askpass');
  writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${login.password}\nEND\n`);
  chmodSync(file, 0o700);
  return { SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: 'force' };
}

/** A word of an sftp batch. Inside quotes only the quote and the backslash are special, globs are not. */
function word(text: string): string {
  if (/[\n\r]/.test(text)) throw new Cannot('a batch of sftp has one command a line');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** sftp; the rest of OpenSSH's client is there for the script's own steps. */
export interface OpensshSftp extends Client {
  /** Runs a batch of commands and returns what was printed. */
  batch(commands: string): Promise<string>;
  /** Asks the server to run a command. */
  ssh(command: string): Promise<Done>;
}

/** OpenSSH's sftp with a batch on standard input. */
export function opensshSftp(program: string, target: Target, scratch: string): OpensshSftp {
  const batch = (commands: string, login: Login = { key: target.keyFile }): Promise<string> => {
    const args = [...sshOptions(target, login), '-q', '-b', '-', '-P', String(target.port)];
    const options = { input: `${commands}\n`, env: passwordEnvironment(scratch, login) };
    // -b sets BatchMode, which forbids a password; an earlier option wins over it.
    const asked = 'password' in login ? ['-oBatchMode=no', ...args] : args;
    return succeed(program, [...asked, `${target.user}@${target.host}`], options);
  };
  return {
    name: 'OpenSSH sftp',
    batch: (commands) => batch(commands),
    ssh: (command) => {
      const options = sshOptions(target, { key: target.keyFile });
      return run('ssh', [...options, '-p', String(target.port), `${target.user}@${target.host}`, command]);
    },
    login: async (as) => void (await batch(`ls ${word(target.base || '/')}`, as)),
    put: async (local, remote) => void (await batch(`put -p ${word(local)} ${word(remote)}`)),
    get: async (remote, local) => void (await batch(`get -p ${word(remote)} ${word(local)}`)),
    putTree: async (local, remote) =>
      void (await batch(`mkdir ${word(remote)}\nput -pR ${word(`${local}/.`)} ${word(remote)}`)),
    getTree: async (remote, local) => void (await batch(`get -pR ${word(remote)} ${word(local)}`)),
    resumePut: async (local, remote) => void (await batch(`reput -p ${word(local)} ${word(remote)}`)),
    resumeGet: async (remote, local) => void (await batch(`reget -p ${word(remote)} ${word(local)}`)),
    names: async (remote) => shownNames(await batch(`ls -1a ${word(remote)}`), remote),
    mkdir: async (remote) => void (await batch(`mkdir ${word(remote)}`)),
    rmdir: async (remote) => void (await batch(`rmdir ${word(remote)}`)),
    remove: async (remote) => void (await batch(`rm ${word(remote)}`)),
    rename: async (from, to) => void (await batch(`rename ${word(from)} ${word(to)}`)),
    renameOver: async (from, to) => void (await batch(`rename ${word(from)} ${word(to)}`)),
    renameDirectory: async (from, to) => void (await batch(`rename ${word(from)} ${word(to)}`)),
    chmod: async (remote, mode) => void (await batch(`chmod ${mode.toString(8)} ${word(remote)}`)),
    symlink: async (to, remote) => void (await batch(`symlink ${word(to)} ${word(remote)}`)),
    freeSpace: async (remote) => {
      const row = (await batch(`df ${word(remote)}`)).split('\n').find((line) => /^\s*\d/.test(line)) ?? '';
      return Number(row.trim().split(/\s+/)[2]) * 1024;
    },
  };
}

/** Names as sftp prints them, one a line under the path that was asked for, odd characters as octal. */
function shownNames(output: string, remote: string): string[] {
  return output
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('sftp> '))
    .map((line) => (line.startsWith(`${remote}/`) ? line.slice(remote.length + 1) : line))
    .map((name) =>
      name.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    )
    .filter((name) => name !== '.' && name !== '..');
}

/** OpenSSH's scp, which speaks SFTP since version 9. */
export function opensshScp(program: string, target: Target, scratch: string): Client {
  const host = `${target.user}@${target.host}:`;
  const scp = async (
    flags: string[],
    from: string,
    to: string,
    login: Login = { key: target.keyFile },
  ): Promise<void> => {
    const args = [...sshOptions(target, login), '-q', '-p', ...flags, '-P', String(target.port), from, to];
    await succeed(program, args, { env: passwordEnvironment(scratch, login) });
  };
  /** A remote source is a pattern; a remote target is not. */
  const source = (remote: string): string => `${host}${remote.replace(/[\\*?[\]{}]/g, '\\$&')}`;
  return {
    name: 'OpenSSH scp',
    login: (as) => {
      const file = path.join(scratch, 'scp-login');
      writeFileSync(file, 'logged in');
      return scp([], file, `${host}${target.base}/scp-login`, as);
    },
    put: (local, remote) => scp([], local, host + remote),
    get: (remote, local) => scp([], source(remote), local),
    putTree: (local, remote) => scp(['-r'], local, host + remote),
    getTree: (remote, local) => scp(['-r'], source(remote), local),
  };
}
