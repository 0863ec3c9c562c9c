import { bracketed, type ClientSettings, type Endpoint, shellQuoted } from './endpoint.js';
import { filezillaSite, lftpScript, rcloneSection } from './formats.js';

function knownHostsStep(given: string): string {
  return `trust the server: latchkey connect known-hosts${given} >> ~/.ssh/known_hosts`;
}

export function knownHosts({ host, port, hostKey }: Endpoint): ClientSettings {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return { settings: `${name} ${hostKey ?? ''}`, steps: ['append this line to ~/.ssh/known_hosts'] };
}

export function openssh({ host, port, user, identity, given }: Endpoint): ClientSettings {
  const lines = ['Host latchkey', `  HostName ${host}`, `  Port ${port}`, `  User ${user}`];
  if (identity !== undefined) lines.push(`  IdentityFile "${identity}"`, '  IdentitiesOnly yes');
  return {
    settings: lines.join('\n'),
    steps: ['append this to ~/.ssh/config', knownHostsStep(given), 'sftp latchkey', 'scp FILE latchkey:/'],
  };
}

export function rclone(endpoint: Endpoint): ClientSettings {
  const { identity, given } = endpoint;
  const options = [
    identity === undefined ? 'ask_password = true' : `key_file = ${identity}`,
    'known_hosts_file = ~/.ssh/known_hosts',
    // The server answers these, so rclone verifies every transfer.
    'shell_type = unix',
    'md5sum_command = md5sum',
    'sha1sum_command = sha1sum',
    // Larger requests than rclone's cautious default; the server takes up to 255 KiB.
    'chunk_size = 255k',
  ];
  const steps = [knownHostsStep(given), 'rclone copy FOLDER latchkey:/FOLDER'];
  return rcloneSection('latchkey', endpoint, 'sftp', options, steps);
}

export function lftp({ host, port, user, identity, given }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -i ${shellQuoted(identity)}`;
  const lines = [
    `set sftp:connect-program "ssh -a -x${key}"`,
    'set sftp:max-packets-in-flight 64',
    `open -u ${user}${identity === undefined ? '' : ','} sftp://${bracketed(host)}:${port}`,
  ];
  return lftpScript(lines, [knownHostsStep(given)]);
}

export function sshfs({ host, port, user, identity, given }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -o IdentityFile=${shellQuoted(identity)}`;
  return {
    settings: `sshfs -p ${port}${key} -o reconnect,idmap=user ${user}@${bracketed(host)}:/ "$HOME/latchkey"`,
    steps: [
      knownHostsStep(given),
      'mkdir ~/latchkey, then run this line',
      'fusermount -u ~/latchkey to unmount',
    ],
  };
}

export function filezilla(endpoint: Endpoint): ClientSettings {
  return filezillaSite(endpoint, {
    protocol: 1,
    name: 'Latchkey',
    keyFile: endpoint.identity,
    fingerprint: 'fingerprint',
  });
}

export function winscp({ host, port, user, identity }: Endpoint): ClientSettings {
  const key = identity === undefined ? '' : ` -privatekey="${identity}.ppk"`;
  return {
    settings: `open sftp://${user}@${bracketed(host)}:${port}/${key}`,
    steps: [
      'save this as latchkey.txt and run: winscp.com /script=latchkey.txt',
      'or in the login window: file protocol SFTP, and the same host, port and user',
      'compare the fingerprint that WinSCP shows with the one that latchkey serve prints',
      ...(identity === undefined ? [] : ['WinSCP offers to convert the private key to its own form, .ppk']),
    ],
  };
}
